"""API tokens of scripts."""

from dataclasses import replace
from typing import Any

import pytest

from pairtrader.storage.users import User
from tests.fakes.api_world import ApiWorld, Caller


def make(ada: Caller, scope: str = "trade", **changes: Any) -> Any:
    return ada("POST", "/auth/tokens", {"name": "script", "scope": scope, **changes})


def script(world: ApiWorld, ada: Caller, scope: str = "trade", **changes: Any) -> Caller:
    return Caller(world.client, make(ada, scope, **changes).json()["token"])


def stored(world: ApiWorld) -> User:
    user = world.users.find("ada")
    assert user is not None
    return user


def test_a_token_is_shown_once_and_only_its_digest_is_kept(world: ApiWorld, ada: Caller) -> None:
    answer = make(ada, expires_in_days=30)
    assert answer.status_code == 201
    made = answer.json()
    secret = made["token"].rsplit(made["id"], 1)[1][1:]
    assert made["token"] == f"pt_{made['id']}_{secret}"
    assert made["expires_at"] == "2026-07-01T12:00:00.000Z"
    [kept] = world.api_tokens.tokens.values()
    assert secret not in str(kept) + kept.digest
    [listed] = ada("GET", "/auth/tokens").json()["items"]
    assert listed == {name: value for name, value in made.items() if name != "token"}


@pytest.mark.parametrize(
    ("scope", "method", "path", "body", "status"),
    [
        ("read", "GET", "/bots", None, 200),
        ("read", "GET", "/users/me", None, 200),
        ("read", "POST", "/bots", {}, 403),
        ("trade", "GET", "/bots", None, 200),
        ("trade", "POST", "/bots", {}, 422),
        ("trade", "POST", "/exchanges", {}, 403),
    ],
)
def test_scopes_bound_what_a_token_may_do(
    world: ApiWorld, ada: Caller, scope: str, method: str, path: str, body: Any, status: int
) -> None:
    assert script(world, ada, scope)(method, path, body).status_code == status


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 51},
        {"name": "a\x00b"},
        {"scope": "session"},
        {"expires_in_days": 0},
        {"expires_in_days": 366},
        {"expires_in_days": 10**30},
        {"digest": "x"},
    ],
)
def test_bad_tokens_name_the_field(ada: Caller, changes: dict[str, Any]) -> None:
    answer = make(ada, **changes)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(changes)


def test_a_token_ends_on_its_day(world: ApiWorld, ada: Caller) -> None:
    bot = script(world, ada, expires_in_days=1)
    forever = script(world, ada)
    world.clock.advance(86_399)
    assert bot("GET", "/bots").status_code == 200
    world.clock.advance(1)
    assert bot("GET", "/bots").json()["code"] == "invalid_token"
    assert forever("GET", "/bots").status_code == 200


def test_a_deleted_token_ends_at_once(world: ApiWorld, ada: Caller) -> None:
    made = make(ada).json()
    assert ada("DELETE", f"/auth/tokens/{made['id']}").status_code == 204
    assert Caller(world.client, made["token"])("GET", "/bots").status_code == 401
    assert ada("DELETE", f"/auth/tokens/{made['id']}").json()["code"] == "token_not_found"


def test_somebody_else_s_token_is_not_there(world: ApiWorld, ada: Caller) -> None:
    bob, made = world.user("bob"), make(ada).json()
    assert bob("DELETE", f"/auth/tokens/{made['id']}").status_code == 404
    assert bob("GET", "/auth/tokens").json()["items"] == []
    assert Caller(world.client, made["token"])("GET", "/bots").status_code == 200


def test_a_disabled_user_s_token_is_refused(world: ApiWorld, ada: Caller) -> None:
    bot = script(world, ada)
    world.users.users[stored(world).id] = replace(stored(world), is_active=False)
    assert bot("GET", "/bots").status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token + "x",
        lambda token: token[:-1],
        lambda token: token.rpartition("_")[0],
        lambda token: "pt_",
        lambda token: "pt__",
        lambda token: "pt_01ARZ3NDEKTSV4RRFFQ69G5FAV_x",
        lambda token: "pt_" + "x" * 5000,
        lambda token: "pt_a#b_c",
    ],
)
def test_what_is_not_a_token_is_refused(world: ApiWorld, ada: Caller, spoil: Any) -> None:
    answer = Caller(world.client, spoil(make(ada).json()["token"]))("GET", "/bots")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_twenty_tokens_are_enough_and_dead_ones_make_room(world: ApiWorld, ada: Caller) -> None:
    for number in range(20):
        days = 1 if number < 2 else None
        assert make(ada, name=f"script {number}", expires_in_days=days).status_code == 201
    assert (make(ada).status_code, make(ada).json()["code"]) == (409, "too_many_tokens")
    world.clock.advance(86_400)
    for family in world.families.families.values():
        assert family.expires_at > world.clock.now() // 1000
    ada = Caller(world.client, log_in_again(world))
    assert make(ada).status_code == 201
    assert len(world.api_tokens.tokens) == 19


def log_in_again(world: ApiWorld) -> str:
    [family] = world.families.families.values()
    return world.tokens.issue(family.user_id, family.family_id, world.clock.now())


def test_the_last_use_is_written_down_once_an_hour(world: ApiWorld, ada: Caller) -> None:
    bot = script(world, ada)
    for _ in range(3):
        bot("GET", "/bots")
    assert world.api_tokens.notes == 1
    [listed] = ada("GET", "/auth/tokens").json()["items"]
    assert listed["last_used_at"] == "2026-06-01T12:00:00.000Z"
    world.clock.advance(3600)
    bot("GET", "/bots")
    assert world.api_tokens.notes == 2
