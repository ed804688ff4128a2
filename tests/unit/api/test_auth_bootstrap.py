"""The first administrator."""

from typing import Any

import pytest

from functions.api.identity.bootstrap import BootstrapToken
from tests.fakes.api_world import BOOTSTRAP_TOKEN, PASSWORD, ApiWorld
from tests.fakes.memory_logins import FixedSecret


def bootstrap(world: ApiWorld, **changes: str) -> Any:
    body = {
        "token": BOOTSTRAP_TOKEN,
        "username": "root",
        "email": "root@example.com",
        "password": PASSWORD,
        **changes,
    }
    return world.client.post("/api/v1/auth/bootstrap", json=body)


def options(world: ApiWorld) -> Any:
    return world.client.get("/api/v1/auth/options").json()


def test_the_token_makes_the_first_administrator_with_registration_closed() -> None:
    world = ApiWorld(registration_open=False)
    assert options(world) == {"registration_open": False, "bootstrapped": False}
    answer = bootstrap(world)
    assert (answer.status_code, answer.json()["role"]) == (201, "admin")
    assert BOOTSTRAP_TOKEN not in answer.text
    assert options(world)["bootstrapped"] is True
    form = {"username": "root", "password": PASSWORD}
    assert world.client.post("/api/v1/auth/login", data=form).status_code == 200


def test_it_does_so_once_for_ever(world: ApiWorld) -> None:
    bootstrap(world)
    world.users.users.clear()
    again = bootstrap(world, username="other", email="other@example.com")
    assert (again.status_code, again.json()["code"]) == (409, "already_bootstrapped")
    assert world.users.users == {}


def test_of_two_at_once_one_gets_through(world: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.users, "is_done", lambda _: False)
    assert bootstrap(world).status_code == 201
    late = bootstrap(world, username="other", email="other@example.com")
    assert (late.status_code, late.json()["code"]) == (409, "already_bootstrapped")


@pytest.mark.parametrize("token", ["x", BOOTSTRAP_TOKEN + "b", BOOTSTRAP_TOKEN[:-1], "é\x00"])
def test_another_token_is_refused_whatever_there_is(world: ApiWorld, token: str) -> None:
    for _ in range(2):
        answer = bootstrap(world, token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_bootstrap_token")
        bootstrap(world)


def test_names_are_checked_as_anybody_s(world: ApiWorld) -> None:
    world.user("ada")
    assert bootstrap(world, username="ADA").json()["code"] == "username_taken"
    assert bootstrap(world, password="i am root again").json()["code"] == "weak_password"
    assert bootstrap(world, password="short").status_code == 422
    assert bootstrap(world).status_code == 201, "what was refused does not use the token up"


def test_the_token_is_read_from_the_stack_s_secret() -> None:
    source = BootstrapToken("arn", FixedSecret("a token"))  # type: ignore[arg-type]
    assert source.read().get_secret_value() == "a token"
    assert "a token" not in repr(source.read())
