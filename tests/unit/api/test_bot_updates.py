"""Changing and deleting bots."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.bot import Status
from pairtrader.model.cycle import Cycle, Leg
from tests.fakes.api_world import ApiWorld, Caller, bot_body

ROWS = [
    {"times": 1, "spread": 1.0, "multiplier": 1},
    {"times": 2, "spread": 0.8, "multiplier": 1.5},
    {"times": 3, "spread": 0.5, "multiplier": 2},
]


@pytest.fixture
def bot_id(ada: Caller) -> str:
    return ada.bot(ada.account())


def fields(answer: Any) -> list[str]:
    return sorted(error["field"] for error in answer.json()["errors"])


def test_stopped_and_flat_everything_changes_and_the_rest_stays(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    before = ada("GET", f"/bots/{bot_id}").json()
    world.clock.advance(1)
    changes = {"leverage": 5, "market1_symbol": "BTC-USDT", "start_time": "2026-05-30T00:00:00Z"}
    answer = ada("PUT", f"/bots/{bot_id}", changes)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert after["start_price1"] == "60000"
    assert after["updated_at"] == "2026-06-01T12:00:01.000Z"
    assert after["triggers_exit"] is None
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {*changes, "start_price1", "updated_at", "warnings"}
    assert world.bots.bots[bot_id].config.market1.symbol == "BTC-USDT"


def test_a_whole_body_is_as_good_as_a_part(ada: Caller, bot_id: str) -> None:
    bot = ada("GET", f"/bots/{bot_id}").json()
    body = bot_body(bot["exchange_account_id"], bot_name="new name")
    answer = ada("PUT", f"/bots/{bot_id}", body)
    assert answer.status_code == 200
    assert answer.json()["bot_name"] == "new name"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"leverage": 7}, ["leverage"]),
        ({"market2_symbol": "GALA-USDT"}, ["market2_symbol"]),
        ({"market2_symbol": "NOPE-USDT"}, ["market2_symbol"]),
        ({"dca_config": [{"times": 1, "spread": 0, "multiplier": 1}]}, ["dca_config.0.spread"]),
        ({"max_position_value": "10"}, ["max_position_value"]),
        ({"investment_per_order": "1"}, ["investment_per_order"]),
        ({"bot_name": None}, ["bot_name"]),
        ({"status": "running"}, ["status"]),
    ],
)
def test_changes_are_judged_as_a_whole(
    world: ApiWorld, ada: Caller, bot_id: str, changes: dict[str, Any], named: list[str]
) -> None:
    before = world.bots.bots[bot_id]
    answer = ada("PUT", f"/bots/{bot_id}", changes)
    assert answer.status_code == 422, answer.text
    assert fields(answer) == named
    assert world.bots.bots[bot_id] == before


def test_a_ladder_of_another_length_brings_its_length(ada: Caller, bot_id: str) -> None:
    answer = ada("PUT", f"/bots/{bot_id}", {"dca_config": ROWS[:2]})
    assert answer.json()["max_dca_times"] == 2


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED, Status.ERROR])
def test_live_only_some_settings_change(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    world.bots.edit(bot_id, status=status)
    live = {
        "bot_name": "renamed",
        "profit_ratio": 2,
        "stop_loss_ratio": 5,
        "pause_after_close": False,
        "cooldown_seconds": 60,
        "tick_interval_seconds": 10,
        "limit_timeout_seconds": 20,
        "leg_timeout_seconds": 3,
        "max_position_value": "900",
    }
    assert ada("PUT", f"/bots/{bot_id}", live).status_code == 200
    locked = ada("PUT", f"/bots/{bot_id}", {"leverage": 5, "profit_ratio": 3, "bot_name": "x"})
    assert (locked.status_code, locked.json()["code"]) == (409, "not_editable_now")
    assert fields(locked) == ["leverage"]
    assert ada("PUT", f"/bots/{bot_id}", {"leverage": 10}).status_code == 200


def test_stopped_with_a_position_is_not_flat(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.open_cycle(bot_id)
    answer = ada("PUT", f"/bots/{bot_id}", {"start_time": "2026-05-30T00:00:00Z"})
    assert fields(answer) == ["start_time"]


def test_rows_done_stay_and_rows_to_come_change(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.bots.edit(bot_id, status=Status.RUNNING)
    world.open_cycle(bot_id, level=2)
    wider = [*ROWS[:2], {"times": 3, "spread": 2.0, "multiplier": 1}]
    assert ada("PUT", f"/bots/{bot_id}", {"dca_config": wider}).status_code == 200
    assert ada("PUT", f"/bots/{bot_id}", {"dca_config": ROWS[:2]}).status_code == 200
    for refused in (ROWS[:1], [ROWS[0], {**ROWS[1], "spread": 0.9}]):
        answer = ada("PUT", f"/bots/{bot_id}", {"dca_config": refused})
        assert answer.status_code == 409
        assert fields(answer) == ["dca_config"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"profit_ratio": 0.46}, None),
        ({"profit_ratio": 0.44}, "take_profit"),
        ({"bot_name": "renamed"}, None),
    ],
)
def test_the_answer_says_whether_a_change_closes_the_position(
    world: ApiWorld, ada: Caller, bot_id: str, changes: dict[str, Any], expected: str | None
) -> None:
    world.bots.edit(bot_id, status=Status.RUNNING)
    world.open_cycle(bot_id)
    answer = ada("PUT", f"/bots/{bot_id}", changes)
    assert answer.json()["triggers_exit"] == expected
    assert answer.json()["pnl_percent"] == pytest.approx(0.45)


def test_a_change_says_from_when_on_each_setting_counts(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.bots.edit(bot_id, status=Status.RUNNING)
    world.open_cycle(bot_id)
    changes = {"pause_after_close": False, "profit_ratio": 3, "max_position_value": "900"}
    effects = ada("PUT", f"/bots/{bot_id}", changes).json()["effects"]
    assert {each["field"]: each["applies"] for each in effects} == {
        "pause_after_close": "at_close",
        "profit_ratio": "now",
        "max_position_value": "at_next_entry",
    }
    assert ada("PUT", f"/bots/{bot_id}", changes).json()["effects"] == []


@pytest.mark.parametrize("status", [Status.ERROR, Status.STOPPING])
def test_no_exit_is_promised_where_none_is_judged(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    world.bots.edit(bot_id, status=status)
    world.open_cycle(bot_id)
    answer = ada("PUT", f"/bots/{bot_id}", {"profit_ratio": 0.44})
    assert (answer.status_code, answer.json()["triggers_exit"]) == (200, None)


def test_another_interval_counts_slots_anew(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.bots.edit(bot_id, status=Status.RUNNING, last_slot=1200)
    ada("PUT", f"/bots/{bot_id}", {"tick_interval_seconds": 10})
    assert world.bots.bots[bot_id].state.last_slot == 600


def test_a_change_overtaken_by_a_tick_is_made_on_what_the_tick_left(
    world: ApiWorld, ada: Caller, bot_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.bots.edit(bot_id, status=Status.RUNNING)
    real, overtaken = world.bots.reconfigure, []

    def raced(config: Any, old: Any, new: Any, **extra: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            world.bots.edit(bot_id, hold_reason="below_ladder")
        real(config, old, new, **extra)

    monkeypatch.setattr(world.bots, "reconfigure", raced)
    answer = ada("PUT", f"/bots/{bot_id}", {"bot_name": "renamed"})
    assert answer.status_code == 200
    assert answer.json()["hold_reason"] == "below_ladder"


HANDED_OVER = Cycle(
    direction=1,
    level=2,
    legs=(Leg(amount=Decimal(-5), cost=Decimal(100)), Leg(amount=Decimal(5), cost=Decimal(100))),
    invested=Decimal(200),
)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"bot_name": "renamed", "profit_ratio": 2, "max_slippage": 1}, True),
        ({"dca_config": [*ROWS[:2], {"times": 3, "spread": 2.0, "multiplier": 1}]}, True),
        ({"dca_config": ROWS[:2]}, True),
        ({"dca_config": ROWS[:1]}, False),
        ({"dca_config": [ROWS[0], {**ROWS[1], "spread": 0.9}]}, False),
        ({"market1_symbol": "BTC-USDT"}, False),
        ({"start_time": "2026-05-30T00:00:00Z"}, False),
        ({"leverage": 5}, False),
        ({"margin_mode": "isolated"}, False),
        ({"spread_mode": "log_ratio"}, False),
        ({"market1_direction": "sell", "market2_direction": "buy"}, False),
    ],
)
def test_what_was_handed_over_is_forgotten_when_it_means_nothing_any_more(
    world: ApiWorld, ada: Caller, bot_id: str, changes: dict[str, Any], kept: bool
) -> None:
    world.bots.edit(bot_id, handed_over=HANDED_OVER)
    assert ada("GET", f"/bots/{bot_id}").json()["handed_over"][1]["amount"] == "5"
    answer = ada("PUT", f"/bots/{bot_id}", changes)
    assert answer.status_code == 200, answer.text
    assert (world.bots.bots[bot_id].state.handed_over == HANDED_OVER) is kept
    assert (answer.json()["handed_over"] is not None) is kept


def test_markets_are_new_when_the_pair_is(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    made = world.bots.bots[bot_id].config
    assert made.markets_checked_at == made.created_at == world.clock.now()
    world.clock.advance(60)
    ada("PUT", f"/bots/{bot_id}", {"bot_name": "renamed"})
    assert world.bots.bots[bot_id].config.markets_checked_at == made.created_at
    world.clock.advance(60)
    ada("PUT", f"/bots/{bot_id}", {"market1_symbol": "BTC-USDT"})
    assert world.bots.bots[bot_id].config.markets_checked_at == world.clock.now()


def test_two_changes_in_a_millisecond_are_told_apart(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    seen = [world.bots.bots[bot_id].config.updated_at]
    for name in ("one", "two"):
        ada("PUT", f"/bots/{bot_id}", {"bot_name": name})
        seen.append(world.bots.bots[bot_id].config.updated_at)
    assert len(set(seen)) == 3


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.STOPPED])
def test_only_a_stopped_bot_is_deleted(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    world.bots.edit(bot_id, status=status)
    answer = ada("DELETE", f"/bots/{bot_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "bot_not_stopped")
    world.bots.edit(bot_id, status=Status.STOPPED)
    assert ada("DELETE", f"/bots/{bot_id}").status_code == 204
    assert ada("GET", f"/bots/{bot_id}").status_code == 404


def test_a_stopped_bot_with_orders_under_way_is_not_deleted(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    bot = world.bots.bots[bot_id]
    world.bots.bots[bot_id] = replace(bot, intents=(object(),))  # type: ignore[arg-type]
    assert ada("DELETE", f"/bots/{bot_id}").status_code == 409


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/start"),
        ("POST", "/pause"),
        ("POST", "/stop"),
        ("POST", "/close"),
        ("GET", "/orders"),
        ("GET", "/positions"),
        ("GET", "/cycles"),
        ("GET", "/logs"),
        ("GET", "/spread-history"),
    ],
)
def test_other_peoples_bots_are_not_there(
    world: ApiWorld, ada: Caller, bot_id: str, method: str, path: str
) -> None:
    bob, before = world.user("bob"), world.bots.bots[bot_id]
    for wrong in (bot_id, "nothing", "x" * 3000, "%00%23"):
        answer = bob(method, f"/bots/{wrong}{path}", {} if method == "PUT" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "bot_not_found")
    assert bob("GET", "/bots").json()["items"] == []
    assert world.bots.bots[bot_id] == before


def test_what_holds_entries_back_after_a_close_is_shown(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada("PUT", f"/bots/{bot_id}", {"cooldown_seconds": 60})
    free = ada("GET", f"/bots/{bot_id}").json()
    world.bots.edit(bot_id, disarmed=1, closed_at=1_767_225_600_000)

    held = ada("GET", f"/bots/{bot_id}").json()

    assert (free["disarmed_side"], free["cooldown_until"]) == (None, None)
    assert held["disarmed_side"] == "sell"
    assert held["cooldown_until"] == "2026-01-01T00:01:00.000Z"
