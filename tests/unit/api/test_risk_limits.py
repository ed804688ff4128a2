"""Limits and switches through the API."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.records import CycleRecord, SpreadPoint
from pairtrader.model.risk import Limits, RecentEntries
from pairtrader.storage.risk import STACK, bot_owner
from tests.fakes.api_world import NOW, ApiWorld, Caller

LIVE, SANDBOX, PAPER = "live", "sandbox", "paper"


@pytest.fixture
def bot_id(ada: Caller) -> str:
    return ada.bot(ada.account())


def close(world: ApiWorld, bot_id: str, net_pnl: str, closed_at: int = NOW) -> None:
    config = world.bots.peek(bot_id).config
    number = len(world.bots.cycles)
    world.bots.cycles[bot_id, number] = CycleRecord(
        bot_id=bot_id, user_id=config.user_id, cycle_number=number, direction=1, levels=1,
        first_spread=1.0, last_spread=1.0, close_spread=0.0, invested=Decimal(200),
        realised=Decimal(0), fees=Decimal(0), funding=Decimal(0), net_pnl=Decimal(net_pnl),
        reason="stop_loss", opened_at=0, closed_at=closed_at, mode=config.mode,
    )  # fmt: skip


def look(world: ApiWorld, bot_id: str, at: int = NOW) -> None:
    world.bots.edit(bot_id, points=(SpreadPoint(at, Decimal(1), Decimal(1), 0.0),))


def results(answer: Any) -> dict[str, Any]:
    return {each.pop("mode"): each for each in answer.json()["results"]}


def codes(refusals: list[dict[str, str]]) -> list[str]:
    return [each["code"] for each in refusals]


def fields(answer: Any) -> list[str]:
    return sorted(error["field"] for error in answer.json()["errors"])


def test_at_first_nothing_is_limited(ada: Caller) -> None:
    answer = ada("GET", "/risk")
    assert answer.status_code == 200, answer.text
    nothing = {"realised": "0", "unrealised": "0", "loss_left": None, "refusals": []}
    assert answer.json() == {
        "daily_loss_limit": None,
        "halted": False,
        "halted_reason": "",
        "day": "2026-06-01",
        "day_ends_at": "2026-06-02T00:00:00.000Z",
        "results": [{"mode": mode, **nothing} for mode in (LIVE, SANDBOX, PAPER)],
        "refusals": [],
    }


def test_the_day_is_shown_against_the_limit(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    close(world, bot_id, "-20.5")
    close(world, bot_id, "-1000", NOW - 86_400_000)
    world.open_cycle(bot_id)
    look(world, bot_id)

    answer = ada("PUT", "/risk", {"daily_loss_limit": "250.75"})

    assert answer.json()["daily_loss_limit"] == "250.75"
    assert results(answer)[PAPER] == {
        "realised": "-20.5",
        "unrealised": "0.9",
        "loss_left": "231.15",
        "refusals": [],
    }
    assert results(answer)[LIVE]["loss_left"] == "250.75"


def test_a_limit_that_is_reached_says_so_for_the_bots_it_holds(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada("PUT", "/risk", {"daily_loss_limit": "100"})
    close(world, bot_id, "-100.1")

    shown = results(ada("GET", "/risk"))

    assert shown[PAPER]["loss_left"] == "0"
    assert shown[PAPER]["refusals"] == [
        {
            "code": "daily_loss_limit",
            "message": "The loss of this UTC day, open positions included, has reached "
            "daily_loss_limit.",
        }
    ]
    assert shown[LIVE]["refusals"] == []
    assert codes(ada("GET", f"/bots/{bot_id}/risk").json()["refusals"]) == ["daily_loss_limit"]

    assert ada("PUT", "/risk", {"daily_loss_limit": None}).json()["daily_loss_limit"] is None
    assert ada("GET", f"/bots/{bot_id}/risk").json()["refusals"] == []


def test_a_position_that_nobody_looks_at_has_no_known_result(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.open_cycle(bot_id)
    look(world, bot_id, NOW - 3_600_000)
    assert results(ada("GET", "/risk"))[PAPER]["unrealised"] is None

    limited = results(ada("PUT", "/risk", {"daily_loss_limit": "100"}))[PAPER]

    assert (limited["loss_left"], codes(limited["refusals"])) == (None, ["risk_unknown"])
    assert codes(ada("GET", f"/bots/{bot_id}/risk").json()["refusals"]) == ["risk_unknown"]


def test_a_user_s_switch_stops_all_bots_and_leaves_the_limit_alone(
    ada: Caller, bot_id: str
) -> None:
    ada("PUT", "/risk", {"daily_loss_limit": "100"})

    halted = ada("PUT", "/risk", {"halted": True, "halted_reason": " on holiday "}).json()

    assert (halted["halted"], halted["halted_reason"]) == (True, "on holiday")
    assert halted["daily_loss_limit"] == "100"
    assert halted["refusals"] == [
        {"code": "user_halted", "message": "Entries of all your bots are stopped."}
    ]
    assert codes(ada("GET", f"/bots/{bot_id}/risk").json()["refusals"]) == ["user_halted"]

    assert ada("PUT", "/risk", {"daily_loss_limit": "200"}).json()["halted_reason"] == "on holiday"
    freed = ada("PUT", "/risk", {"halted": False}).json()
    assert (freed["halted"], freed["halted_reason"], freed["refusals"]) == (False, "", [])
    assert freed["daily_loss_limit"] == "200"


def test_a_bot_s_switch_stops_that_bot(ada: Caller, bot_id: str) -> None:
    other = ada.bot(ada.account(), market1_symbol="BTC-USDT")

    halted = ada("PUT", f"/bots/{bot_id}/risk", {"halted": True}).json()

    assert halted == {
        "halted": True,
        "halted_reason": "",
        "refusals": [{"code": "bot_halted", "message": "Entries of this bot are stopped."}],
    }
    assert ada("GET", f"/bots/{bot_id}/risk").json() == halted
    assert ada("GET", f"/bots/{other}/risk").json()["refusals"] == []
    assert ada("GET", "/risk").json()["refusals"] == []
    assert ada("PUT", f"/bots/{bot_id}/risk", {"halted": False}).json()["refusals"] == []


def test_the_operator_s_switch_is_shown_to_everybody(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.risk.limits[STACK] = Limits(halted=True, halted_reason="not for traders")
    ada("PUT", "/risk", {"halted": True})
    answer = ada("GET", "/risk")
    assert codes(answer.json()["refusals"]) == ["stack_halted", "user_halted"]
    assert "not for traders" not in answer.text
    world.risk.limits[bot_owner(bot_id)] = Limits(halted=True)
    shown = ada("GET", f"/bots/{bot_id}/risk").json()
    assert codes(shown["refusals"]) == ["stack_halted", "user_halted", "bot_halted"]


def test_a_tripped_fuse_is_shown(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.risk.entries[bot_id] = RecentEntries((NOW,) * 12, "0.0")
    assert ada("GET", f"/bots/{bot_id}/risk").json()["refusals"] == []

    bot = world.bots.peek(bot_id)
    real = replace(bot.config, exchange_name=ExchangeName.OKX, mode=AccountMode.LIVE)
    world.bots.put(replace(bot, config=real))
    assert codes(ada("GET", f"/bots/{bot_id}/risk").json()["refusals"]) == ["order_rate"]

    world.clock.advance(60)
    assert ada("GET", f"/bots/{bot_id}/risk").json()["refusals"] == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"daily_loss_limit": "0"}, ["daily_loss_limit"]),
        ({"daily_loss_limit": "-5"}, ["daily_loss_limit"]),
        ({"daily_loss_limit": "much"}, ["daily_loss_limit"]),
        ({"daily_loss_limit": "NaN"}, ["daily_loss_limit"]),
        ({"daily_loss_limit": "0.000000001"}, ["daily_loss_limit"]),
        ({"halted": None}, ["halted"]),
        ({"halted": "yes"}, ["halted"]),
        ({"halted": True, "halted_reason": "x" * 201}, ["halted_reason"]),
        ({"halted": True, "halted_reason": "two\nlines"}, ["halted_reason"]),
        ({"halted_reason": "no switch"}, ["halted_reason"]),
        ({"halted": False, "halted_reason": "why"}, ["halted_reason"]),
        ({"daily_limit": "5"}, ["daily_limit"]),
        ({"daily_loss_limit": "-1", "halted": 1}, ["daily_loss_limit", "halted"]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    world: ApiWorld, ada: Caller, body: dict[str, Any], named: list[str]
) -> None:
    answer = ada("PUT", "/risk", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert fields(answer) == named
    assert world.risk.limits == {}


def test_a_bot_has_no_loss_limit_of_its_own(ada: Caller, bot_id: str) -> None:
    answer = ada("PUT", f"/bots/{bot_id}/risk", {"daily_loss_limit": "5"})
    assert (answer.status_code, fields(answer)) == (422, ["daily_loss_limit"])


def test_an_empty_body_changes_nothing(world: ApiWorld, ada: Caller) -> None:
    ada("PUT", "/risk", {"halted": True, "halted_reason": "why"})
    assert ada("PUT", "/risk", {}).json()["halted_reason"] == "why"


def test_another_user_s_bot_is_not_there(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    bob = world.user("bob")
    for wrong in (bot_id, "nothing"):
        for method, body in (("GET", None), ("PUT", {"halted": True})):
            answer = bob(method, f"/bots/{wrong}/risk", body)
            assert (answer.status_code, answer.json()["code"]) == (404, "bot_not_found")
    assert world.risk.limits == {}


def test_another_user_s_day_is_not_shown(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    close(world, bot_id, "-5")
    ada("PUT", "/risk", {"halted": True, "daily_loss_limit": "5"})
    shown = world.user("bob")("GET", "/risk").json()
    assert (shown["daily_loss_limit"], shown["refusals"]) == (None, [])
    assert {each["realised"] for each in shown["results"]} == {"0"}


def test_nobody_reads_or_sets_limits_without_a_login(world: ApiWorld, bot_id: str) -> None:
    for path in ("/risk", f"/bots/{bot_id}/risk"):
        assert world.client.get(f"/api/v1{path}").status_code == 401
        assert world.client.put(f"/api/v1{path}", json={"halted": True}).status_code == 401
    assert world.risk.limits == {}


@pytest.mark.parametrize("path", ["/risk", "/bots/{}/risk"])
def test_a_table_out_of_reach_is_told_and_may_be_asked_again(
    world: ApiWorld, ada: Caller, bot_id: str, path: str
) -> None:
    world.risk.unreachable = True
    for method, body in (("GET", None), ("PUT", {"halted": True})):
        answer = ada(method, path.format(bot_id), body)
        assert (answer.status_code, answer.json()["code"]) == (503, "risk_unknown")
        assert answer.headers["Retry-After"] == "5"
