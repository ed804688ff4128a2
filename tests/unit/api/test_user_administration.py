"""Users in the hands of an administrator."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from functions.api.identity.administration import DISABLED, RESET_MS
from pairtrader.model.risk import Limits
from pairtrader.storage.risk import user_owner
from pairtrader.storage.users import Role, User
from tests.fakes.api_world import PASSWORD, ApiWorld, Caller

NEW_PASSWORD = "an entirely new phrase"


@pytest.fixture
def root(world: ApiWorld) -> Caller:
    return world.user("root", Role.ADMIN)


def stored(world: ApiWorld, name: str) -> User:
    user = world.users.find(name)
    assert user is not None
    return user


def id_of(world: ApiWorld, name: str) -> str:
    return stored(world, name).id


def log_in(world: ApiWorld, name: str, password: str = PASSWORD) -> Any:
    form = {"username": name, "password": password}
    return world.client.post("/api/v1/auth/login", data=form)


def reset(world: ApiWorld, root: Caller, name: str, **body: Any) -> str:
    answer = root("POST", f"/users/{id_of(world, name)}/reset", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["reset_token"])


def redeem(world: ApiWorld, token: str, password: str = NEW_PASSWORD) -> Any:
    body = {"token": token, "new_password": password}
    return world.client.post("/api/v1/auth/reset", json=body)


# Who may


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/users", None),
        ("GET", "/users/{}", None),
        ("PATCH", "/users/{}", {"is_active": False}),
        ("POST", "/users/{}/reset", {}),
        ("GET", "/users/{}/bots", None),
        ("GET", "/risk/stack", None),
        ("PUT", "/risk/stack", {"halted": True}),
    ],
)
@pytest.mark.parametrize("role", [Role.USER, Role.READ_ONLY])
def test_only_administrators_may(
    world: ApiWorld, ada: Caller, role: Role, method: str, path: str, body: Any
) -> None:
    before = stored(world, "ada")
    answer = world.user("bob", role)(method, path.format(before.id), body)
    assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")
    assert world.client.request(method, f"/api/v1{path.format(before.id)}").status_code == 401
    assert stored(world, "ada") == before
    assert world.risk.limits == {}


@pytest.mark.parametrize("wrong", ["nobody", "username%23ada", "a%00b", "ü"])
def test_a_user_who_is_not_there(root: Caller, wrong: str) -> None:
    for method, path, body in (
        ("GET", "/users/{}", None),
        ("PATCH", "/users/{}", {"role": "admin"}),
        ("POST", "/users/{}/reset", {}),
        ("GET", "/users/{}/bots", None),
    ):
        answer = root(method, path.format(wrong), body)
        assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")


# Finding


def test_users_are_listed_by_name_page_by_page(world: ApiWorld, root: Caller) -> None:
    for name in ("Zoe", "ada", "Bob"):
        world.user(name)
    first = root("GET", "/users?limit=3").json()
    rest = root("GET", f"/users?limit=3&cursor={first['cursor']}").json()
    names = [user["username"] for user in (*first["items"], *rest["items"])]
    assert names == ["ada", "Bob", "root", "Zoe"]
    assert rest["cursor"] is None
    assert first["items"][0] == {
        "id": id_of(world, "ada"), "username": "ada", "email": "ada@example.com", "role": "user",
        "is_active": True, "totp_enabled": False, "created_at": "2026-06-01T12:00:00.000Z",
        "updated_at": "2026-06-01T12:00:00.000Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("query=AL", ["Alan", "alice"]),
        ("query=ali", ["alice"]),
        ("query=x", []),
        ("role=admin", ["root"]),
        ("role=read_only", ["Alan"]),
        ("is_active=false", ["bob"]),
        ("query=a&is_active=true&role=user", ["alice"]),
    ],
)
def test_users_are_found(world: ApiWorld, root: Caller, query: str, names: list[str]) -> None:
    world.user("alice")
    world.user("Alan", Role.READ_ONLY)
    world.user("bob")
    root("PATCH", f"/users/{id_of(world, 'bob')}", {"is_active": False})
    found = root("GET", f"/users?{query}").json()["items"]
    assert [user["username"] for user in found] == names


@pytest.mark.parametrize(
    "query", ["query=a%20b", "query=%00", "role=king", "is_active=2", "limit=0"]
)
def test_filters_that_make_no_sense_are_named(root: Caller, query: str) -> None:
    answer = root("GET", f"/users?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


def test_one_user_is_shown_and_nothing_secret(world: ApiWorld, ada: Caller, root: Caller) -> None:
    answer = root("GET", f"/users/{id_of(world, 'ada')}")
    assert answer.json()["username"] == "ada"
    assert "argon2" not in answer.text
    assert "hash" not in answer.text


def test_bots_are_shown_without_settings_and_money(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    bot_id = ada.bot(ada.account())
    world.open_cycle(bot_id)
    [shown] = root("GET", f"/users/{id_of(world, 'ada')}/bots").json()["items"]
    assert shown == {
        "id": bot_id, "bot_name": "gala against chz", "status": "stopped", "status_reason": "",
        "exchange_name": "simulated", "mode": "paper", "market1_symbol": "GALA-USDT",
        "market2_symbol": "CHZ-USDT", "has_position": True, "last_tick_at": None,
    }  # fmt: skip


# Roles


def test_a_role_holds_from_the_next_request_on(world: ApiWorld, ada: Caller, root: Caller) -> None:
    changed = root("PATCH", f"/users/{id_of(world, 'ada')}", {"role": "read_only"}).json()
    assert (changed["role"], changed["is_active"]) == ("read_only", True)
    assert ada("GET", "/bots").status_code == 200
    refused = ada("PUT", "/risk", {"halted": True})
    assert (refused.status_code, refused.json()["code"]) == (403, "read_only")


@pytest.mark.parametrize(
    "body",
    [{}, {"role": None}, {"role": "king"}, {"is_active": "no"}, {"is_active": 0}, {"email": "x"}],
)
def test_a_change_that_makes_no_sense_changes_nothing(
    world: ApiWorld, ada: Caller, root: Caller, body: dict[str, Any]
) -> None:
    before = stored(world, "ada")
    answer = root("PATCH", f"/users/{before.id}", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert stored(world, "ada") == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"role": "user"}),
        ("PATCH", "", {"is_active": False}),
        ("PATCH", "", {"is_active": True}),
        ("POST", "/reset", {}),
    ],
)
def test_nobody_changes_their_own_user(
    world: ApiWorld, root: Caller, method: str, path: str, body: dict[str, Any]
) -> None:
    before = stored(world, "root")
    answer = root(method, f"/users/{before.id}{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "own_user")
    assert stored(world, "root") == before


@pytest.mark.parametrize(
    "fall",
    [lambda user: replace(user, role=Role.USER), lambda user: replace(user, is_active=False)],
)
def test_two_administrators_who_dismiss_each_other_at_once_leave_one(
    world: ApiWorld, root: Caller, fall: Callable[[User], User]
) -> None:
    world.user("rival", Role.ADMIN)
    rival = stored(world, "rival")

    def rival_first() -> None:
        root_user = stored(world, "root")
        world.users.administer(root_user, fall(root_user), rival.id)

    world.users.before_replace = rival_first
    answer = root("PATCH", f"/users/{rival.id}", {"role": "user"})

    assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")
    assert stored(world, "rival") == rival


def test_a_user_changed_meanwhile_is_not_written_over(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    def other_first() -> None:
        user = stored(world, "ada")
        world.users.replace(user, replace(user, email="new@example.com", updated_at=1))

    world.users.before_replace = other_first
    answer = root("PATCH", f"/users/{id_of(world, 'ada')}", {"role": "admin"})
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert (stored(world, "ada").email, stored(world, "ada").role) == ("new@example.com", Role.USER)


# Disabling


def test_a_disabled_user_is_out_at_once_and_cannot_come_back(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    tokens = log_in(world, "ada").json()
    script = ada("POST", "/auth/tokens", {"name": "script", "scope": "read"}).json()["token"]

    answer = root("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": False})

    assert answer.json()["is_active"] is False
    for bearer in (tokens["access_token"], script):
        headers = {"Authorization": f"Bearer {bearer}"}
        assert world.client.get("/api/v1/users/me", headers=headers).status_code == 401
    body = {"refresh_token": tokens["refresh_token"]}
    assert world.client.post("/api/v1/auth/refresh", json=body).status_code == 401
    assert log_in(world, "ada").json()["code"] == "user_disabled"

    root("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": True})
    assert world.client.post("/api/v1/auth/refresh", json=body).status_code == 401
    assert ada("GET", "/users/me").status_code == 401
    assert log_in(world, "ada").status_code == 200


def test_disabling_holds_entries_and_enabling_frees_them(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    ada("PUT", "/risk", {"daily_loss_limit": "100"})
    owner = user_owner(id_of(world, "ada"))
    root("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": False})
    assert world.risk.limits[owner] == Limits(
        halted=True, halted_reason=DISABLED, daily_loss_limit=Decimal(100)
    )
    root("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": True})
    assert world.risk.limits[owner] == Limits(daily_loss_limit=Decimal(100))


def test_enabling_lifts_no_halt_of_the_user_s_own(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    ada("PUT", "/risk", {"halted": True, "halted_reason": "on holiday"})
    for is_active in (False, True):
        root("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": is_active})
        limits = world.risk.limits[user_owner(id_of(world, "ada"))]
        assert (limits.halted, limits.halted_reason) == (True, "on holiday")


def test_entries_that_could_not_be_held_are_held_by_asking_again(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    path = f"/users/{id_of(world, 'ada')}"
    world.risk.unreachable = True
    answer = root("PATCH", path, {"is_active": False})
    assert (answer.status_code, answer.json()["code"]) == (503, "risk_unknown")
    assert ada("GET", "/users/me").status_code == 401

    world.risk.unreachable = False
    assert root("PATCH", path, {"is_active": False}).status_code == 200
    assert world.risk.limits[user_owner(id_of(world, "ada"))].halted


# Reset


def test_a_reset_ends_the_login_and_its_token_makes_a_new_one(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    session = log_in(world, "ada").json()
    token = reset(world, root, "ada")

    assert log_in(world, "ada").status_code == 401
    assert ada("GET", "/users/me").status_code == 401
    body = {"refresh_token": session["refresh_token"]}
    assert world.client.post("/api/v1/auth/refresh", json=body).status_code == 401

    assert redeem(world, token).status_code == 204
    assert log_in(world, "ada", NEW_PASSWORD).status_code == 200
    assert redeem(world, token).json()["code"] == "invalid_reset_token"


def test_a_reset_ends_api_tokens(world: ApiWorld, ada: Caller, root: Caller) -> None:
    script = ada("POST", "/auth/tokens", {"name": "script", "scope": "trade"}).json()["token"]
    redeem(world, reset(world, root, "ada"))
    headers = {"Authorization": f"Bearer {script}"}
    assert world.client.get("/api/v1/users/me", headers=headers).status_code == 401


def test_the_reset_token_is_nowhere_in_the_open(world: ApiWorld, ada: Caller, root: Caller) -> None:
    token = reset(world, root, "ada")
    secret = token.split(".")[1]
    assert secret not in repr(world.users.users) + str(vars(world.users))
    assert secret not in repr(world.audit.records)
    digest = stored(world, "ada").reset_digest
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert digest not in root("GET", f"/users/{id_of(world, 'ada')}").text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("x" if token[-1] != "x" else "y"),
        lambda token: token.split(".")[0] + ".",
        lambda token: "." + token.split(".")[1],
        lambda token: "nobody." + token.split(".")[1],
        lambda token: "a" * 65 + "." + token.split(".")[1],
        lambda token: token.split(".")[1],
    ],
)
def test_another_token_sets_no_password(
    world: ApiWorld, ada: Caller, root: Caller, spoil: Callable[[str], str]
) -> None:
    token = reset(world, root, "ada")
    answer = redeem(world, spoil(token))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_reset_token")
    assert redeem(world, token).status_code == 204


def test_a_user_never_reset_has_no_token(world: ApiWorld, ada: Caller) -> None:
    answer = redeem(world, f"{id_of(world, 'ada')}.anything")
    assert answer.json()["code"] == "invalid_reset_token"


@pytest.mark.parametrize(("later", "status"), [(RESET_MS - 1, 204), (RESET_MS, 401)])
def test_a_reset_token_is_good_for_a_day(
    world: ApiWorld, ada: Caller, root: Caller, later: int, status: int
) -> None:
    token = reset(world, root, "ada")
    world.clock.advance(later / 1000)
    assert redeem(world, token).status_code == status


def test_a_second_reset_ends_the_first_token(world: ApiWorld, ada: Caller, root: Caller) -> None:
    first, second = reset(world, root, "ada"), reset(world, root, "ada")
    assert redeem(world, first).status_code == 401
    assert redeem(world, second).status_code == 204


def test_a_disabled_user_s_token_sets_no_password(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    token = reset(world, root, "ada")
    root("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": False})
    assert redeem(world, token).status_code == 401
    root("PATCH", f"/users/{id_of(world, 'ada')}", {"is_active": True})
    assert redeem(world, token).status_code == 401  # disabling has ended it
    assert redeem(world, reset(world, root, "ada")).status_code == 204


def test_a_weak_password_leaves_the_token_good(world: ApiWorld, ada: Caller, root: Caller) -> None:
    token = reset(world, root, "ada")
    assert redeem(world, token, "short").json()["code"] == "invalid_request"
    assert redeem(world, token, "ada-ada-ada-ada").json()["code"] == "weak_password"
    assert redeem(world, token).status_code == 204


def test_a_token_used_twice_at_once_is_used_once(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    token = reset(world, root, "ada")
    world.users.before_replace = lambda: redeem(world, token, "the winner's password")
    answer = redeem(world, token, "the loser's password")
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert log_in(world, "ada", "the winner's password").status_code == 200
    assert log_in(world, "ada", "the loser's password").status_code == 401


def test_tokens_are_not_guessed_for_ever(world: ApiWorld) -> None:
    answers = [redeem(world, f"nobody.{i}").status_code for i in range(61)]
    assert answers[:60] == [401] * 60
    assert answers[60] == 429


@pytest.mark.parametrize("clear", [False, True])
def test_the_second_factor_stays_unless_it_is_cleared(
    world: ApiWorld, ada: Caller, root: Caller, clear: bool
) -> None:
    user = stored(world, "ada")
    secured = replace(
        user, totp_enabled=True, totp_secret="sealed", recovery_digests=("d",), updated_at=1
    )
    world.users.replace(user, secured)
    redeem(world, reset(world, root, "ada", clear_totp=clear))
    after = stored(world, "ada")
    assert (after.totp_enabled, after.totp_secret) == ((False, "") if clear else (True, "sealed"))
    assert after.recovery_digests == (() if clear else ("d",))
    answer = log_in(world, "ada", NEW_PASSWORD)
    assert answer.status_code == (200 if clear else 401)


# The stack's switch


def test_the_stack_s_switch_stops_everybody_and_lets_them_go_on(
    world: ApiWorld, ada: Caller, root: Caller
) -> None:
    assert root("GET", "/risk/stack").json() == {"halted": False, "halted_reason": ""}
    halt = {"halted": True, "halted_reason": "exchange incident"}
    assert root("PUT", "/risk/stack", halt).json() == halt
    assert root("GET", "/risk/stack").json() == halt
    refusals = ada("GET", "/risk").json()["refusals"]
    assert [each["code"] for each in refusals] == ["stack_halted"]
    free = {"halted": False, "halted_reason": ""}
    assert root("PUT", "/risk/stack", {"halted": False}).json() == free
    assert ada("GET", "/risk").json()["refusals"] == []


def test_the_stack_has_no_loss_limit(root: Caller) -> None:
    answer = root("PUT", "/risk/stack", {"daily_loss_limit": "5"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_a_switch_out_of_reach_is_told(world: ApiWorld, root: Caller) -> None:
    world.risk.unreachable = True
    for method, body in (("GET", None), ("PUT", {"halted": True})):
        answer = root(method, "/risk/stack", body)
        assert (answer.status_code, answer.json()["code"]) == (503, "risk_unknown")
