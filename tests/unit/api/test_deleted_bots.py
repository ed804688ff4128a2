"""What stays of a bot that is deleted: its name, its earnings, its history."""

from decimal import Decimal

import pytest

from pairtrader.model.risk import Limits
from pairtrader.storage.risk import bot_owner
from tests.fakes.api_world import ApiWorld, Caller

HISTORIES = ("orders", "positions", "cycles", "logs", "spread-history")


@pytest.fixture
def bot_id(world: ApiWorld, ada: Caller) -> str:
    bot_id = ada.bot(ada.account())
    for action in ("start", "stop"):
        ada("POST", f"/bots/{bot_id}/{action}")
    world.bots.edit(bot_id, total_profit=Decimal("12.5"), total_trades=3, current_cycle=3)
    world.clock.advance(60)
    assert ada("DELETE", f"/bots/{bot_id}").status_code == 204
    return bot_id


def test_it_is_listed_among_the_deleted_alone(ada: Caller, bot_id: str) -> None:
    assert ada("GET", "/bots").json()["items"] == []
    (bot,) = ada("GET", "/bots?deleted=true").json()["items"]
    assert (bot["id"], bot["bot_name"], bot["status"]) == (bot_id, "gala against chz", "stopped")
    assert bot["deleted_at"] == "2026-06-01T12:01:00.000Z"
    assert (bot["total_profit"], bot["total_trades"], bot["current_cycle"]) == ("12.5", 3, 3)


def test_its_history_is_found_under_its_id(ada: Caller, bot_id: str) -> None:
    for name in HISTORIES:
        assert ada("GET", f"/bots/{bot_id}/{name}").status_code == 200, name
    lines = [line["message"] for line in ada("GET", f"/bots/{bot_id}/logs").json()["items"]]
    assert lines == ["Stopped", "Started"]


def test_it_does_nothing_any_more(ada: Caller, bot_id: str) -> None:
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/start"),
                         ("POST", "/kill"), ("POST", "/clone"), ("GET", "/risk")):  # fmt: skip
        answer = ada(method, f"/bots/{bot_id}{path}", {} if method == "PUT" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "bot_not_found"), path


def test_it_is_its_owners_alone(world: ApiWorld, bot_id: str) -> None:
    bob = world.user("bob")
    assert bob("GET", "/bots?deleted=true").json()["items"] == []
    for name in HISTORIES:
        assert bob("GET", f"/bots/{bot_id}/{name}").status_code == 404


def test_its_account_may_go_too(ada: Caller, bot_id: str) -> None:
    (bot,) = ada("GET", "/bots?deleted=true").json()["items"]
    assert ada("DELETE", f"/exchanges/{bot['exchange_account_id']}").status_code == 204
    assert len(ada("GET", "/bots?deleted=true").json()["items"]) == 1


def test_cursors_of_the_two_lists_are_not_mixed_up(ada: Caller) -> None:
    account = ada.account()
    for _ in range(4):
        ada.bot(account)
    for bot in ada("GET", "/bots").json()["items"][:2]:
        ada("DELETE", f"/bots/{bot['id']}")
    page = ada("GET", "/bots?limit=1&deleted=true").json()
    assert page["cursor"]
    rest = ada("GET", f"/bots?deleted=true&cursor={page['cursor']}").json()["items"]
    assert len(rest) == 1
    assert ada("GET", f"/bots?cursor={page['cursor']}").status_code == 400


def test_its_switch_goes_with_it(world: ApiWorld, ada: Caller) -> None:
    bot_id = ada.bot(ada.account())
    ada("PUT", f"/bots/{bot_id}/risk", {"halted": True})
    assert world.risk.limits[bot_owner(bot_id)] == Limits(True)
    ada("DELETE", f"/bots/{bot_id}")
    assert bot_owner(bot_id) not in world.risk.limits
