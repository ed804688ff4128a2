"""Whatever is sent, the API answers what its description says, and never with a 5xx."""

from typing import Any

import pytest
from argon2 import PasswordHasher

from functions.api.identity import passwords
from pairtrader.storage.users import Role
from tests.api_fuzz import CHECKS, aim, budget, draw, schema
from tests.fakes.api_world import ApiWorld

SCHEMA = schema(coverage=True)


class Sender:
    """Somebody with an account and a bot that holds a position."""

    def __init__(self, world: ApiWorld, name: str, role: Role) -> None:
        self.caller = world.user(name, role)
        account_id = self.caller.account()
        bot_id = self.caller.bot(account_id)
        world.open_cycle(bot_id)
        self.ids = {"account_id": account_id, "bot_id": bot_id}


class Senders:
    """A user and an administrator over one world."""

    def __init__(self) -> None:
        self.world = ApiWorld()
        self.all = [Sender(self.world, role.value, role) for role in (Role.USER, Role.ADMIN)]

    def ask(self, case: Any) -> None:
        choice = draw(case, 4)
        sender = self.all[choice % 2]
        if choice < 2:
            aim(case, sender.ids)
        headers = sender.caller.headers
        answer = case.call(app=self.world.app, base_url="https://bots.example.com", headers=headers)
        case.validate_response(answer, checks=CHECKS, headers=headers)


@pytest.fixture
def senders(monkeypatch: pytest.MonkeyPatch) -> Senders:
    # Hashes at their cheapest: thousands of passwords are tried.
    monkeypatch.setattr(passwords, "_hasher", lambda: PasswordHasher(1, 8, 1))
    return Senders()


@SCHEMA.parametrize()
@budget(12)
def test_any_request_is_answered_as_described(case: Any, senders: Senders) -> None:
    senders.ask(case)
