"""Registration, login and the life of a session."""

import base64
import json
from typing import Any

import pytest
from jose import jwt
from pydantic import ValidationError

from functions.api.identity import logins, sessions
from functions.api.identity.access_tokens import (
    AUDIENCE,
    LIFETIME_SECONDS,
    AccessClaims,
    AccessTokens,
    InvalidToken,
)
from pairtrader.storage.rotating_keys import RotatingKey, RotatingKeys, RotatingKeySource
from tests.fakes.api_world import NOW, PASSWORD, ApiWorld, Caller, FixedKeys

LOGIN, REFRESH = "/api/v1/auth/login", "/api/v1/auth/refresh"


def register(world: ApiWorld, **changes: str) -> Any:
    body = {"username": "ada", "email": "ada@example.com", "password": PASSWORD, **changes}
    return world.client.post("/api/v1/auth/register", json=body)


def log_in(world: ApiWorld, username: str = "ada", password: str = PASSWORD) -> Any:
    return world.client.post(LOGIN, data={"username": username, "password": password})


def refresh(world: ApiWorld, token: str) -> Any:
    world.client.cookies.clear()
    return world.client.post(REFRESH, json={"refresh_token": token})


def test_a_registered_user_logs_in_by_name_or_address_whatever_the_case(world: ApiWorld) -> None:
    answer = register(world)
    assert answer.status_code == 201
    assert answer.json()["role"] == "user"
    assert PASSWORD not in answer.text
    assert "argon2" not in answer.text
    for name in ("ada", "ADA", "ada@example.com", "Ada@Example.com"):
        tokens = log_in(world, name)
        assert tokens.status_code == 200
        assert tokens.json()["token_type"] == "bearer"
        assert tokens.json()["expires_in"] == LIFETIME_SECONDS
        me = world.client.get(
            "/api/v1/users/me",
            headers={"Authorization": f"Bearer {tokens.json()['access_token']}"},
        )
        assert me.json()["username"] == "ada"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "ab"}, "username"),
        ({"username": "a" * 51}, "username"),
        ({"username": "a da"}, "username"),
        ({"username": "ada@x"}, "username"),
        ({"email": "ada"}, "email"),
        ({"email": "ada@nowhere"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"role": "admin"}, "role"),
    ],
)
def test_bad_registrations_name_the_field(
    world: ApiWorld, changes: dict[str, str], field: str
) -> None:
    answer = register(world, **changes)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_names_and_addresses_are_unique_whatever_the_case(world: ApiWorld) -> None:
    register(world)
    taken = register(world, username="ADA", email="other@example.com")
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
    taken = register(world, username="other", email="Ada@example.com")
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    assert taken.json()["errors"] == [{"field": "email", "message": "is taken"}]


def test_registration_may_be_closed() -> None:
    answer = register(ApiWorld(registration_open=False))
    assert (answer.status_code, answer.json()["code"]) == (403, "registration_closed")


def test_wrong_name_and_wrong_password_look_the_same_and_cost_the_same(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(world)
    checks: list[str] = []
    real = logins.password_matches

    def counted(password: str, stored: str | None) -> bool:
        checks.append(password)
        return real(password, stored)

    monkeypatch.setattr(logins, "password_matches", counted)
    answers = [log_in(world, "nobody", "wrong password"), log_in(world, "ada", "wrong password")]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    bodies = [{k: v for k, v in a.json().items() if k != "request_id"} for a in answers]
    assert bodies[0] == bodies[1]
    assert len(checks) == 2


def test_an_outdated_hash_is_renewed_by_a_login(
    world: ApiWorld, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "is_outdated", lambda _: True)
    before = world.users.find("ada")
    world.clock.advance(1)
    assert log_in(world).status_code == 200
    after = world.users.find("ada")
    assert before is not None
    assert after is not None
    assert after.password_hash != before.password_hash
    assert log_in(world).status_code == 200


@pytest.mark.parametrize("name", ["", "x" * 101, "é" * 3000, "a#b"])
def test_names_nobody_can_have_are_refused(world: ApiWorld, name: str) -> None:
    assert log_in(world, name).status_code in (401, 422)


def test_a_login_without_fields_names_them(world: ApiWorld) -> None:
    answer = world.client.post(LOGIN, data={})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"username", "password"}


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(world: ApiWorld) -> None:
    register(world)
    first = log_in(world).json()["refresh_token"]
    second = refresh(world, first).json()["refresh_token"]
    assert second != first
    world.clock.advance(sessions.GRACE_MS / 1000 + 1)
    reused = refresh(world, first)
    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    revoked = refresh(world, second)
    assert (revoked.status_code, revoked.json()["code"]) == (401, "invalid_refresh_token")


def test_two_tabs_that_refresh_together_end_up_with_the_same_token(world: ApiWorld) -> None:
    register(world)
    first = log_in(world).json()["refresh_token"]
    one = refresh(world, first).json()["refresh_token"]
    world.clock.advance(sessions.GRACE_MS / 1000)
    other = refresh(world, first)
    assert other.status_code == 200
    assert other.json()["refresh_token"] == one
    world.clock.advance(60)
    assert refresh(world, one).status_code == 200


def test_a_refresh_overtaken_by_another_gives_the_same_token(world: ApiWorld) -> None:
    register(world)
    first = log_in(world).json()["refresh_token"]
    overtaking: list[str] = []
    world.families.before_rotate = lambda: overtaking.append(
        refresh(world, first).json()["refresh_token"]
    )
    assert refresh(world, first).json()["refresh_token"] == overtaking[0]


@pytest.mark.parametrize(
    "token", ["nonsense", "a.b", ".", "é.b", "a" * 200 + ".b", "01ARZ3NDEKTSV4RRFFQ69G5FAV.secret"]
)
def test_unknown_refresh_tokens_are_refused(world: ApiWorld, token: str) -> None:
    assert refresh(world, token).json()["code"] == "invalid_refresh_token"


def test_a_session_ends_a_month_after_its_last_refresh(world: ApiWorld) -> None:
    register(world)
    token = log_in(world).json()["refresh_token"]
    world.clock.advance(sessions.REFRESH_SECONDS - 1)
    token = refresh(world, token).json()["refresh_token"]
    world.clock.advance(sessions.REFRESH_SECONDS)
    assert refresh(world, token).json()["code"] == "invalid_refresh_token"


COOKIE_WAY = {"X-Refresh-Token": "cookie"}
OWN_PAGE = {"Origin": "https://bots.example.com"}


def log_in_by_browser(world: ApiWorld) -> Any:
    form = {"username": "ada", "password": PASSWORD}
    return world.client.post(LOGIN, data=form, headers=COOKIE_WAY)


def test_browsers_keep_the_refresh_token_in_a_strict_cookie_and_nowhere_else(
    world: ApiWorld,
) -> None:
    register(world)
    login = log_in_by_browser(world)
    assert login.json()["refresh_token"] is None
    cookie = login.headers["set-cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/api/v1/auth"):
        assert part in cookie
    renewed = world.client.post(REFRESH, headers=OWN_PAGE)
    assert renewed.status_code == 200
    assert renewed.json()["refresh_token"] is None
    assert renewed.headers["set-cookie"] != cookie


def test_a_page_cannot_have_the_cookie_s_successor_told_in_the_body(world: ApiWorld) -> None:
    register(world)
    log_in_by_browser(world)
    answer = world.client.post(REFRESH, headers={**OWN_PAGE, "X-Refresh-Token": "body"})
    assert answer.json()["refresh_token"] is None


def test_scripts_get_the_refresh_token_in_the_body_and_no_cookie(world: ApiWorld) -> None:
    register(world)
    login = log_in(world)
    assert "set-cookie" not in login.headers
    renewed = refresh(world, login.json()["refresh_token"])
    assert "set-cookie" not in renewed.headers
    assert renewed.json()["refresh_token"]


def test_another_way_of_handing_out_is_refused(world: ApiWorld) -> None:
    register(world)
    form = {"username": "ada", "password": PASSWORD}
    answer = world.client.post(LOGIN, data=form, headers={"X-Refresh-Token": "pigeon"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "http://[broken"},
        {"Origin": "https://bots.example.com.evil.com"},
    ],
)
@pytest.mark.parametrize("path", [REFRESH, "/api/v1/auth/logout"])
def test_the_cookie_is_taken_from_the_stack_s_own_pages_alone(
    world: ApiWorld, path: str, headers: dict[str, str]
) -> None:
    register(world)
    log_in_by_browser(world)
    foreign = world.client.post(path, headers=headers)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_origin")
    assert world.client.post(REFRESH, headers=OWN_PAGE).status_code == 200


def test_behind_another_host_the_pages_origin_is_told_by_the_stack() -> None:
    world = ApiWorld(ui_origin="https://pages.example.com")
    register(world)
    log_in_by_browser(world)
    pages = {"Origin": "https://pages.example.com"}
    assert world.client.post(REFRESH, headers=pages).status_code == 200
    assert world.client.post(REFRESH, headers=OWN_PAGE).status_code == 403


def test_logout_ends_the_session_and_takes_the_cookie_away(world: ApiWorld) -> None:
    register(world)
    access_token = log_in_by_browser(world).json()["access_token"]
    me = {"Authorization": f"Bearer {access_token}"}
    assert world.client.get("/api/v1/users/me", headers=me).status_code == 200
    answer = world.client.post("/api/v1/auth/logout", headers=OWN_PAGE)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert world.client.get("/api/v1/users/me", headers=me).status_code == 401
    assert world.client.post("/api/v1/auth/logout").status_code == 204


def test_a_disabled_user_is_out_at_once(world: ApiWorld, ada: Caller) -> None:
    token = log_in(world).json()["refresh_token"]
    user = world.users.find("ada")
    assert user is not None
    object.__setattr__(user, "is_active", False)
    assert ada("GET", "/users/me").status_code == 401
    assert refresh(world, token).status_code == 401
    assert log_in(world).json()["code"] == "user_disabled"
    assert log_in(world, password="wrong password").json()["code"] == "invalid_credentials"


def test_users_change_their_address(world: ApiWorld, ada: Caller) -> None:
    world.user("bob")
    answer = ada("PATCH", "/users/me", {"email": "countess@example.com"})
    assert answer.json()["email"] == "countess@example.com"
    taken = ada("PATCH", "/users/me", {"email": "BOB@example.com"})
    assert taken.json()["code"] == "email_taken"
    assert ada("PATCH", "/users/me", {}).status_code == 200


CLAIMS = {
    "iss": "test",
    "aud": AUDIENCE,
    "sub": "user",
    "sid": "session",
    "iat": NOW // 1000,
    "exp": NOW // 1000 + 60,
    "jti": "1",
}
OTHER_KEY = "o" * 64


def sign(
    changes: dict[str, Any] | None = None,
    drop: str = "",
    key: str = "k" * 64,
    kid: str | None = "1",
    algorithm: str = "HS256",
) -> str:
    claims = {k: v for k, v in {**CLAIMS, **(changes or {})}.items() if k != drop}
    token: str = jwt.encode(
        claims, key, algorithm=algorithm, headers={"kid": kid} if kid is not None else None
    )
    return token


def unsigned() -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "1"}).encode())
    return f"{header.decode().rstrip('=')}.{sign().split('.')[1]}."


def deep() -> str:
    """A header nested without end."""
    header = base64.urlsafe_b64encode(b'{"kid":' + b"[" * 5000).decode()
    return f"{header}.{sign().split('.')[1]}.x"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not.a.token",
        sign(key=OTHER_KEY),
        sign(kid="2"),
        sign(kid=None),
        sign(algorithm="HS512"),
        unsigned(),
        sign({"exp": NOW // 1000}),
        sign({"iat": NOW // 1000 + 3600, "exp": NOW // 1000 + 7200}),
        sign({"aud": "another"}),
        sign({"sid": 7}),
        deep(),
        sign({"iss": "another"}),
        *(sign(drop=claim) for claim in CLAIMS),
    ],
)
def test_tokens_that_are_not_ours_are_refused(token: str) -> None:
    tokens = AccessTokens(FixedKeys(), "test")
    assert tokens.verify(sign(), NOW) == AccessClaims("user", "session")
    with pytest.raises(InvalidToken):
        tokens.verify(token, NOW)


def test_the_key_before_still_verifies_but_does_not_sign() -> None:
    keys = FixedKeys()
    tokens = AccessTokens(keys, "test")
    old = tokens.issue("user", "session", NOW)
    keys.keys = RotatingKeys(kid="2", key=OTHER_KEY, previous=RotatingKey(kid="1", key="k" * 64))
    assert tokens.verify(old, NOW) == AccessClaims("user", "session")
    assert jwt.get_unverified_header(tokens.issue("user", "session", NOW))["kid"] == "2"


class FakeSecrets:
    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.reads = 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        self.reads += 1
        return {"SecretString": json.dumps(self.body)}


def test_signing_keys_are_kept_for_minutes_and_read_again_for_an_unknown_id() -> None:
    secrets = FakeSecrets({"kid": "1", "key": "k" * 64})
    time = [1000.0]
    source = RotatingKeySource("arn", secrets, timer=lambda: time[0])  # type: ignore[arg-type]
    for _ in range(3):
        assert source.current().kid == "1"
    assert secrets.reads == 1
    secrets.body = {"kid": "2", "key": OTHER_KEY, "previous": secrets.body}
    assert source.find("2") is None
    time[0] += 11
    found = source.find("2")
    assert found is not None
    assert secrets.reads == 2
    time[0] += 301
    assert source.current().previous is not None
    assert secrets.reads == 3


def test_a_short_signing_key_is_refused_and_not_shown() -> None:
    source = RotatingKeySource("arn", FakeSecrets({"kid": "1", "key": "hunter2"}))  # type: ignore[arg-type]
    with pytest.raises(ValidationError) as refused:
        source.current()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("path", ["/users/me", "/bots", "/exchanges", "/bots/x/orders"])
def test_everything_else_needs_a_login(world: ApiWorld, path: str) -> None:
    answer = world.client.get(f"/api/v1{path}")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    answer = world.client.get(f"/api/v1{path}", headers={"Authorization": "Bearer x.y.z"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
