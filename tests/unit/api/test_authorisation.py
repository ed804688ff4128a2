"""Every endpoint against every credential: who may use it, who is refused, and how."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from jose import jwt

from functions.api.app import create_app
from functions.api.identity.access_tokens import ALGORITHM, AUDIENCE, LIFETIME_SECONDS
from functions.api.identity.sessions import GRACE_MS
from functions.api.web.client_address import Client
from functions.api.web.openapi import endpoints
from functions.api.web.problems import MEDIA_TYPE
from pairtrader.storage.users import Role
from tests.fakes.api_world import ApiWorld, Caller, analysis_body, backtest_body

ROUTES: dict[str, str] = {
    "GET /health": "public",
    "GET /auth/options": "public",
    "POST /auth/bootstrap": "public",
    "POST /auth/register": "public",
    "POST /auth/login": "public",
    "POST /auth/login/totp": "public",
    "POST /auth/refresh": "public",
    "POST /auth/logout": "public",
    "POST /auth/reset": "public",
    "POST /auth/logout-everywhere": "signed in",
    "POST /auth/password": "signed in",
    "POST /auth/totp": "signed in",
    "POST /auth/totp/verify": "signed in",
    "POST /auth/totp/recovery-codes": "signed in",
    "POST /auth/totp/disable": "signed in",
    "GET /auth/sessions": "signed in",
    "DELETE /auth/sessions/{session_id}": "signed in",
    "GET /auth/tokens": "signed in",
    "POST /auth/tokens": "signed in",
    "DELETE /auth/tokens/{token_id}": "signed in",
    "GET /users/me": "look",
    "PATCH /users/me": "signed in",
    "GET /users": "admin",
    "GET /users/{user_id}": "admin",
    "PATCH /users/{user_id}": "admin",
    "POST /users/{user_id}/reset": "admin",
    "GET /users/{user_id}/bots": "admin",
    "GET /exchanges": "look",
    "POST /exchanges": "keys",
    "GET /exchanges/{account_id}": "look",
    "PATCH /exchanges/{account_id}": "keys",
    "DELETE /exchanges/{account_id}": "keys",
    "POST /exchanges/{account_id}/test": "look",
    "GET /exchanges/{account_id}/symbols": "look",
    "GET /exchanges/{account_id}/balance": "look",
    "GET /exchanges/{account_id}/spread": "look",
    "GET /bots": "look",
    "POST /bots": "trade",
    "POST /bots/import": "trade",
    "POST /bots/preview": "look",
    "GET /bots/{bot_id}": "look",
    "PUT /bots/{bot_id}": "trade",
    "DELETE /bots/{bot_id}": "trade",
    "POST /bots/{bot_id}/start": "trade",
    "POST /bots/{bot_id}/pause": "trade",
    "POST /bots/{bot_id}/stop": "trade",
    "POST /bots/{bot_id}/close": "trade",
    "POST /bots/{bot_id}/kill": "trade",
    "POST /bots/{bot_id}/resolve": "trade",
    "POST /bots/{bot_id}/clone": "trade",
    "GET /bots/{bot_id}/export": "look",
    "GET /bots/{bot_id}/orders": "look",
    "GET /bots/{bot_id}/positions": "look",
    "GET /bots/{bot_id}/cycles": "look",
    "GET /bots/{bot_id}/logs": "look",
    "GET /bots/{bot_id}/spread-history": "look",
    "GET /bots/{bot_id}/stats": "look",
    "GET /bots/{bot_id}/risk": "look",
    "PUT /bots/{bot_id}/risk": "trade",
    "GET /orders": "look",
    "GET /orders/export": "look",
    "GET /cycles": "look",
    "GET /cycles/export": "look",
    "GET /dashboard": "look",
    "GET /settings": "look",
    "PUT /settings": "signed in",
    "GET /risk": "look",
    "PUT /risk": "trade",
    "GET /risk/stack": "admin",
    "PUT /risk/stack": "admin",
    "POST /kill": "trade",
    "POST /ws/ticket": "look",
    "GET /notifications/channels": "look",
    "POST /notifications/channels": "keys",
    "GET /notifications/channels/{channel_id}": "look",
    "PATCH /notifications/channels/{channel_id}": "keys",
    "DELETE /notifications/channels/{channel_id}": "keys",
    "POST /notifications/channels/{channel_id}/test": "keys",
    "POST /notifications/channels/{channel_id}/verification": "keys",
    "POST /notifications/channels/{channel_id}/verify": "keys",
    "POST /notifications/channels/{channel_id}/secret": "keys",
    "GET /backtests": "look",
    "POST /backtests": "trade",
    "GET /backtests/{backtest_id}": "look",
    "PATCH /backtests/{backtest_id}": "trade",
    "DELETE /backtests/{backtest_id}": "trade",
    "POST /backtests/{backtest_id}/cancel": "trade",
    "GET /backtests/{backtest_id}/result": "look",
    "GET /analyses": "look",
    "POST /analyses": "trade",
    "GET /analyses/{analysis_id}": "look",
    "PATCH /analyses/{analysis_id}": "trade",
    "DELETE /analyses/{analysis_id}": "trade",
    "POST /analyses/{analysis_id}/cancel": "trade",
    "GET /analyses/{analysis_id}/result": "look",
    "GET /audit": "look",
}
"""Level of every endpoint, as functions/api/dependencies.py has them; a new one must be added."""

LET_IN = "let in"
# What each level says to each kind of good credential.
ANSWERS: dict[str, dict[str, str]] = {
    "look": dict.fromkeys(("read token", "trade token", "read only", "user", "admin"), LET_IN),
    "trade": {
        "read token": "read_only",
        "trade token": LET_IN,
        "read only": "read_only",
        "user": LET_IN,
        "admin": LET_IN,
    },
    "signed in": {
        "read token": "session_required",
        "trade token": "session_required",
        "read only": LET_IN,
        "user": LET_IN,
        "admin": LET_IN,
    },
    "keys": {
        "read token": "session_required",
        "trade token": "session_required",
        "read only": "read_only",
        "user": LET_IN,
        "admin": LET_IN,
    },
    "admin": {
        "read token": "session_required",
        "trade token": "session_required",
        "read only": "admin_required",
        "user": "admin_required",
        "admin": LET_IN,
    },
}
# Keys of requests are looked at before anything else, and only who may trade has any.
EXCEPTIONS = {"POST /exchanges": {"read token": "read_only"}}
REFUSALS = {
    "not_authenticated": 401,
    "invalid_token": 401,
    "read_only": 403,
    "session_required": 403,
    "admin_required": 403,
}

APPLICATION = create_app(None)  # type: ignore[arg-type]
PREFIX = "/api/v1"


def served() -> set[str]:
    return {
        f"{method} {context.path_format.removeprefix(PREFIX)}"
        for context in endpoints(APPLICATION.routes)
        for method in context.methods or ()
    }


def each(routes: Any) -> Any:
    return pytest.mark.parametrize("route", sorted(routes))


def send(caller: Caller, route: str, ids: dict[str, str]) -> Any:
    """Send the request that the description shows, to these objects."""
    method, path = route.split()
    operation = APPLICATION.openapi()["paths"][f"{PREFIX}{path}"][method.lower()]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    names = re.findall(r"{(\w+)}", path)
    query = {
        parameter["name"]: parameter["example"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter["required"]
    }
    address = path.format(**{n: ids[n] for n in names})
    if query:
        address = f"{address}?{urlencode(query)}"
    return caller(method, address, content.get("example"))


def refusal(answer: Any) -> str:
    """The code by which a credential was refused, or that it was not."""
    assert answer.status_code < 500, answer.text
    told = answer.headers.get("content-type") == MEDIA_TYPE
    code = answer.json()["code"] if told else ""
    if code in REFUSALS:
        assert answer.status_code == REFUSALS[code]
        return str(code)
    assert answer.status_code != 401, answer.text
    return LET_IN


NOBODYS = "01KV3ZQ6T2E8W4N5Y7R9B1C3D0"
NO_OBJECTS = dict.fromkeys(
    (
        "bot_id",
        "account_id",
        "session_id",
        "token_id",
        "user_id",
        "channel_id",
        "backtest_id",
        "analysis_id",
    ),
    NOBODYS,
)


def test_the_table_names_every_endpoint() -> None:
    assert served() == set(ROUTES), "give it its level in ROUTES"


@each(ROUTES)
def test_the_description_tells_the_level(route: str) -> None:
    method, path = route.split()
    operation = APPLICATION.openapi()["paths"][f"{PREFIX}{path}"][method.lower()]
    assert operation["x-level"] == ROUTES[route]


# Credentials that are no good


class Forger:
    """Makes the tokens that attackers send, all for a user who exists."""

    def __init__(self, world: ApiWorld) -> None:
        self.world = world
        self.caller = world.user("ada")
        self.user = world.users.find("ada")
        assert self.user is not None
        self.good = self.caller.headers["Authorization"].removeprefix("Bearer ")
        self.claims = jwt.get_unverified_claims(self.good)
        self.key = world.keys.keys.key.get_secret_value()

    def token(self, key: str | None = None, kid: str = "1", **changes: Any) -> str:
        claims = {k: v for k, v in {**self.claims, **changes}.items() if v is not None}
        return jwt.encode(claims, key or self.key, algorithm=ALGORITHM, headers={"kid": kid})

    def unsigned(self) -> str:
        parts = [b'{"alg":"none","typ":"JWT","kid":"1"}', jwt.json.dumps(self.claims).encode()]
        return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."

    def headed(self, **changes: str) -> str:
        """The good token under another header: the signature stands for nothing then."""
        header = jwt.json.dumps({**jwt.get_unverified_header(self.good), **changes})
        rest = self.good.partition(".")[2]
        return f"{urlsafe_b64encode(header.encode()).rstrip(b'=').decode()}.{rest}"

    def disabled(self) -> str:
        self.world.users.replace(self.user, replace(self.user, is_active=False))
        return self.good

    def logged_out(self) -> str:
        self.world.families.revoke(self.claims["sid"])
        return self.good

    def expired(self) -> str:
        self.world.clock.advance(LIFETIME_SECONDS * 1000)
        return self.good

    def stolen(self) -> str:
        """The session's refresh token was used twice: the thief's access token ends as well."""
        services = self.world.app.state.services
        first = services.sessions.begin(self.user, Client())
        second = services.sessions.refresh(first.refresh_token)
        self.world.clock.advance(GRACE_MS + 1)
        with pytest.raises(Exception, match="refresh_token_reused"):
            services.sessions.refresh(first.refresh_token)
        return str(second.access_token)

    def refresh_token(self) -> str:
        return str(self.world.app.state.services.sessions.begin(self.user, Client()).refresh_token)

    def mfa(self) -> str:
        return self.world.tokens.issue_mfa(self.user.id, self.user.epoch, self.world.clock.now())

    def api_token(self) -> str:
        made = self.caller("POST", "/auth/tokens", {"name": "script", "scope": "trade"})
        assert made.status_code == 201, made.text
        return str(made.json()["token"])

    def deleted_api_token(self) -> str:
        token = self.api_token()
        (listed,) = self.caller("GET", "/auth/tokens").json()["items"]
        assert self.caller("DELETE", f"/auth/tokens/{listed['id']}").status_code == 204
        return token

    def api_token_with_another_secret(self) -> str:
        return self.api_token()[:-4] + "AAAA"

    def api_token_of_a_disabled_user(self) -> str:
        token = self.api_token()
        self.world.users.replace(self.user, replace(self.user, is_active=False))
        return token


FORGERIES: dict[str, Callable[[Forger], str]] = {
    "nothing like a token": lambda f: "x",
    "expired": Forger.expired,
    "issued in the future": lambda f: f.token(iat=f.claims["iat"] + 3600),
    "wrong audience": lambda f: f.token(aud="another-api"),
    "several audiences": lambda f: f.token(aud=None),
    "wrong issuer": lambda f: f.token(iss="another-stack"),
    "no subject": lambda f: f.token(sub=None),
    "no session": lambda f: f.token(sid=None),
    "never expires": lambda f: f.token(exp=None),
    "somebody else's session": lambda f: f.token(sub=NOBODYS),
    "alg none": Forger.unsigned,
    "alg none over a signature": lambda f: f.headed(alg="none"),
    "alg RS256 over an HMAC": lambda f: f.headed(alg="RS256"),
    "alg HS512": lambda f: f.headed(alg="HS512"),
    "HS256 with the wrong key": lambda f: f.token(key="w" * 64),
    "HS256 with an empty key": lambda f: f.token(key=" "),
    "unknown key id": lambda f: f.token(kid="2"),
    "disabled user": Forger.disabled,
    "ended session": Forger.logged_out,
    "stolen refresh token": Forger.stolen,
    "refresh token": Forger.refresh_token,
    "mfa token": Forger.mfa,
    "deleted API token": Forger.deleted_api_token,
    "API token with another secret": Forger.api_token_with_another_secret,
    "API token of a disabled user": Forger.api_token_of_a_disabled_user,
    "unknown API token": lambda f: f"pt_{NOBODYS}_secret",
}
PROTECTED = {route for route, level in ROUTES.items() if level != "public"}


def test_forgeries_start_from_a_token_that_is_good() -> None:
    forger = Forger(ApiWorld())
    assert forger.caller("GET", "/users/me").status_code == 200
    copied = Caller(forger.world.client, forger.token())
    assert copied("GET", "/users/me").status_code == 200
    assert Caller(forger.world.client, forger.api_token())("GET", "/users/me").status_code == 200
    assert forger.claims["aud"] == AUDIENCE


@pytest.mark.parametrize("name", FORGERIES)
def test_no_endpoint_takes_a_bad_credential(name: str) -> None:
    forger = Forger(ApiWorld())
    caller = Caller(forger.world.client, FORGERIES[name](forger))
    answers = {route: refusal(send(caller, route, NO_OBJECTS)) for route in sorted(PROTECTED)}
    assert set(answers.values()) == {"invalid_token"}, answers


def test_no_endpoint_takes_none() -> None:
    world = ApiWorld()
    caller = Caller(world.client, "")
    caller.headers = {}
    answers = {route: refusal(send(caller, route, NO_OBJECTS)) for route in sorted(PROTECTED)}
    assert set(answers.values()) == {"not_authenticated"}, answers


# Credentials that are good for something


def credentials(world: ApiWorld) -> dict[str, Caller]:
    """One of each kind, each of another user: what one of them ends, ends for no other."""
    callers = {role.value.replace("_", " "): world.user(role.value, role) for role in Role}
    for scope in ("read", "trade"):
        owner = world.user(f"script-{scope}")
        made = owner("POST", "/auth/tokens", {"name": scope, "scope": scope}).json()
        callers[f"{scope} token"] = Caller(world.client, made["token"])
    return callers


@each(PROTECTED)
def test_every_endpoint_lets_in_whom_its_level_says(route: str) -> None:
    callers = credentials(ApiWorld())
    answers = {name: refusal(send(each, route, NO_OBJECTS)) for name, each in callers.items()}
    assert answers == ANSWERS[ROUTES[route]] | EXCEPTIONS.get(route, {})


# Other people's objects


def a_channel(owner: Caller) -> str:
    body = {"kind": "webhook", "label": "mine", "url": "https://example.com/hook"}
    answer = owner("POST", "/notifications/channels", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def an_api_token(owner: Caller) -> str:
    answer = owner("POST", "/auth/tokens", {"name": "script", "scope": "read"})
    return str(answer.json()["id"])


def a_session(owner: Caller) -> str:
    return str(owner("GET", "/auth/sessions").json()["items"][0]["id"])


def a_backtest(owner: Caller) -> str:
    answer = owner("POST", "/backtests", backtest_body(owner.account()))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def an_analysis(owner: Caller) -> str:
    answer = owner("POST", "/analyses", analysis_body(owner.account()))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


OBJECTS: dict[str, Callable[[Caller], str]] = {
    "backtest_id": a_backtest,
    "analysis_id": an_analysis,
    "account_id": lambda owner: owner.account(),
    "bot_id": lambda owner: owner.bot(owner.account()),
    "session_id": a_session,
    "token_id": an_api_token,
    "channel_id": a_channel,
    "user_id": lambda owner: str(owner("GET", "/users/me").json()["id"]),
}
"""How to make an object of every kind that a path may name."""
OWNED = {r for r, level in ROUTES.items() if "{" in r and level != "admin"}
"""Administrators' endpoints name other people's objects on purpose."""


def test_every_kind_of_object_can_be_made() -> None:
    assert {name for route in ROUTES for name in re.findall(r"{(\w+)}", route)} == set(OBJECTS)


@each(OWNED)
def test_an_object_of_somebody_else_is_not_there(route: str) -> None:
    world = ApiWorld()
    ada = world.user("ada")
    ids = {name: OBJECTS[name](ada) for name in re.findall(r"{(\w+)}", route)}
    strangers = [world.user("bob"), world.user("root", Role.ADMIN)]
    answers = [send(stranger, route, ids) for stranger in strangers]
    nobodys = send(strangers[0], route, NO_OBJECTS)
    for answer in answers:
        assert answer.status_code == 404, answer.text
        assert answer.json()["code"] == nobodys.json()["code"]
        assert answer.json()["detail"] == nobodys.json()["detail"]
    own = send(ada, route, ids)
    code = own.json()["code"] if own.headers.get("content-type") == MEDIA_TYPE else ""
    assert code != nobodys.json()["code"], "the object is there for its owner"
