"""Sessions: the list of them, their ends, and new passwords."""

from dataclasses import replace
from typing import Any

import pytest

from functions.api.identity import sessions
from functions.api.identity.access_tokens import AccessTokens
from functions.api.identity.devices import device_name
from functions.api.web.client_address import Client
from pairtrader.storage.users import User, amended, ended
from tests.fakes.api_world import NOW, PASSWORD, ApiWorld, Caller, FixedKeys

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
NEW_PASSWORD = "another horse, another battery"


def stored(world: ApiWorld, name: str = "ada") -> User:
    user = world.users.find(name)
    assert user is not None
    return user


def log_in(world: ApiWorld, password: str = PASSWORD, agent: str = FIREFOX) -> Any:
    return world.client.post(
        "/api/v1/auth/login",
        data={"username": "ada", "password": password},
        headers={"User-Agent": agent},
    )


def session(world: ApiWorld) -> Caller:
    """Another login of ada's."""
    return Caller(world.client, log_in(world).json()["access_token"])


def is_in(caller: Caller) -> bool:
    answer = caller("GET", "/users/me")
    assert answer.status_code in (200, 401)
    return bool(answer.status_code == 200)


def change_password(caller: Caller, new: str = NEW_PASSWORD, current: str = PASSWORD) -> Any:
    body = {"current_password": current, "new_password": new}
    return caller("POST", "/auth/password", body)


def test_sessions_are_listed_with_what_they_were_begun_on(world: ApiWorld, ada: Caller) -> None:
    world.clock.advance(60)
    browser = session(world)
    mine = ada("GET", "/auth/sessions").json()["items"]
    assert [(each["device"], each["current"]) for each in mine] == [
        ("curl", True),
        ("Firefox on Linux", False),
    ]
    assert mine[0]["address"] == "198.51.100.7"
    assert mine[1]["created_at"] == "2026-06-01T12:01:00.000Z"
    theirs = browser("GET", "/auth/sessions").json()["items"]
    assert [each["current"] for each in theirs] == [False, True]
    assert "hash" not in browser("GET", "/auth/sessions").text


def test_the_last_use_is_that_of_the_last_refresh(world: ApiWorld, ada: Caller) -> None:
    token = log_in(world).json()["refresh_token"]
    world.clock.advance(600)
    world.client.post("/api/v1/auth/refresh", json={"refresh_token": token})
    used = [each["last_used_at"] for each in ada("GET", "/auth/sessions").json()["items"]]
    assert "2026-06-01T12:10:00.000Z" in used


def test_an_ended_session_s_access_token_is_over_at_once(world: ApiWorld, ada: Caller) -> None:
    other = session(world)
    [theirs] = [s for s in ada("GET", "/auth/sessions").json()["items"] if not s["current"]]
    assert ada("DELETE", f"/auth/sessions/{theirs['id']}").status_code == 204
    assert not is_in(other)
    assert is_in(ada)
    assert ada("DELETE", f"/auth/sessions/{theirs['id']}").status_code == 404


@pytest.mark.parametrize("session_id", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "a%00b", "é", "x" * 200])
def test_unknown_sessions_cannot_be_ended(ada: Caller, session_id: str) -> None:
    answer = ada("DELETE", f"/auth/sessions/{session_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")


def test_somebody_else_s_session_is_not_there(world: ApiWorld, ada: Caller) -> None:
    bob = world.user("bob")
    [theirs] = bob("GET", "/auth/sessions").json()["items"]
    assert ada("DELETE", f"/auth/sessions/{theirs['id']}").status_code == 404
    assert is_in(bob)


def test_logging_out_everywhere_ends_sessions_and_api_tokens(world: ApiWorld, ada: Caller) -> None:
    other = session(world)
    token = ada("POST", "/auth/tokens", {"name": "script", "scope": "read"}).json()["token"]
    assert ada("POST", "/auth/logout-everywhere").status_code == 204
    assert not any(is_in(each) for each in (ada, other, Caller(world.client, token)))
    assert not world.families.families
    again = session(world)
    assert [s["current"] for s in again("GET", "/auth/sessions").json()["items"]] == [True]
    assert again("GET", "/auth/tokens").json()["items"] == []


def test_logging_out_everywhere_gets_through_while_others_write(
    world: ApiWorld, ada: Caller
) -> None:
    def overtake() -> None:
        world.users.users[stored(world).id] = amended(stored(world), NOW, email="new@example.com")

    world.users.before_replace = overtake
    assert ada("POST", "/auth/logout-everywhere").status_code == 204
    assert stored(world).email == "new@example.com"
    assert not is_in(ada)


def test_a_stolen_refresh_token_ends_the_access_tokens_of_its_session(world: ApiWorld) -> None:
    world.user("ada")
    tokens = log_in(world).json()
    renewed = world.client.post(
        "/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}
    ).json()
    thief = Caller(world.client, renewed["access_token"])
    assert is_in(thief)
    world.clock.advance(sessions.GRACE_MS / 1000 + 1)
    reused = world.client.post(
        "/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}
    )
    assert reused.json()["code"] == "refresh_token_reused"
    assert not is_in(thief)


def test_another_epoch_ends_the_session_and_its_refresh_token(world: ApiWorld, ada: Caller) -> None:
    refresh_token, user = log_in(world).json()["refresh_token"], stored(world)
    world.users.replace(user, ended(user, NOW))
    assert not is_in(ada)
    answer = world.client.post("/api/v1/auth/refresh", json={"refresh_token": refresh_token})
    assert answer.json()["code"] == "invalid_refresh_token"


def test_a_session_that_has_run_out_ends_its_access_tokens(world: ApiWorld, ada: Caller) -> None:
    [family] = world.families.families.values()
    world.families.families[family.family_id] = replace(family, expires_at=NOW // 1000)
    assert not is_in(ada)


def test_a_token_of_one_user_and_another_s_session_is_refused(world: ApiWorld, ada: Caller) -> None:
    [session_id] = world.families.families
    bob = world.user("bob")
    mixed = AccessTokens(FixedKeys(), "test").issue(stored(world, "bob").id, session_id, NOW)
    assert is_in(bob)
    assert not is_in(Caller(world.client, mixed))


def test_a_new_password_ends_all_sessions_and_begins_a_new_one(
    world: ApiWorld, ada: Caller
) -> None:
    other = session(world)
    script = ada("POST", "/auth/tokens", {"name": "script", "scope": "read"}).json()["token"]
    answer = change_password(ada)
    assert answer.status_code == 200
    assert not is_in(ada)
    assert not is_in(other)
    assert is_in(Caller(world.client, answer.json()["access_token"]))
    assert is_in(Caller(world.client, script)), "scripts were given their tokens on purpose"
    assert log_in(world).status_code == 401
    assert log_in(world, NEW_PASSWORD).status_code == 200


def test_a_login_with_the_old_password_that_was_overtaken_is_worth_nothing(
    world: ApiWorld, ada: Caller
) -> None:
    before = stored(world)
    change_password(ada)
    services = world.app.state.services
    late = services.sessions.begin(before, Client())
    assert not is_in(Caller(world.client, late.access_token))


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (PASSWORD, "weak_password"),
        ("my name is Ada now", "weak_password"),
        ("password1234", "weak_password"),
        ("Qwertyuiop", "weak_password"),
        ("abababababab", "weak_password"),
        ("short", "invalid_request"),
        ("x" * 129, "invalid_request"),
    ],
)
def test_weak_passwords_are_refused_and_nothing_ends(ada: Caller, new: str, code: str) -> None:
    answer = change_password(ada, new)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [error["field"] for error in answer.json()["errors"]] == ["new_password"]
    assert new not in answer.text
    assert is_in(ada)


def test_a_wrong_current_password_is_refused(world: ApiWorld, ada: Caller) -> None:
    answer = change_password(ada, current="wrong password")
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_password")
    assert is_in(ada)
    assert log_in(world).status_code == 200


def test_two_new_passwords_at_once_one_gets_through(world: ApiWorld, ada: Caller) -> None:
    other = session(world)
    overtaking: list[Any] = []
    world.users.before_replace = lambda: overtaking.append(change_password(other))
    late = change_password(ada, "yet another password")
    assert overtaking[0].status_code == 200
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert log_in(world, NEW_PASSWORD).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/auth/sessions", None),
        ("DELETE", "/auth/sessions/x", None),
        ("POST", "/auth/logout-everywhere", None),
        ("POST", "/auth/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}),
        ("POST", "/auth/totp", {"password": PASSWORD}),
        ("POST", "/auth/totp/verify", {"code": "123456"}),
        ("POST", "/auth/totp/recovery-codes", {"password": PASSWORD, "code": "123456"}),
        ("POST", "/auth/totp/disable", {"password": PASSWORD, "code": "123456"}),
        ("POST", "/auth/tokens", {"name": "x", "scope": "trade"}),
        ("GET", "/auth/tokens", None),
        ("DELETE", "/auth/tokens/x", None),
        ("PATCH", "/users/me", {"email": "other@example.com"}),
    ],
)
def test_what_concerns_the_login_needs_one(
    world: ApiWorld, ada: Caller, method: str, path: str, body: Any
) -> None:
    anonymous = world.client.request(method, f"/api/v1{path}", json=body)
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_authenticated")
    token = ada("POST", "/auth/tokens", {"name": "script", "scope": "trade"}).json()["token"]
    answer = Caller(world.client, token)(method, path, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "session_required")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("python-httpx/0.28", "Python"),
        ("", "Unknown program"),
        ("\x00<script>", "Unknown program"),
    ],
)
def test_devices_have_short_names(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name
