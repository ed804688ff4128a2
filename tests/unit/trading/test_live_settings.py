"""What a change of settings does to a bot that runs: when its ticks begin to go by it."""

from dataclasses import replace
from typing import Any

import pytest

from functions.api.bots.edits import LADDER_FIELDS
from functions.api.bots.effects import Applies, effects_of
from pairtrader.model.bot import Status
from pairtrader.model.settings import LIVE_EDITABLE, BotSettings
from tests.fakes.trading_desk import BOT, LADDER, TradingDesk


def change(desk: TradingDesk, **changes: Any) -> dict[str, Applies]:
    """Change settings as the API does; return what it tells of them."""
    old = desk.bot.config.settings
    merged = {**old.model_dump(), **changes}
    if "dca_config" in changes:
        merged.pop("max_dca_times")
    settings = BotSettings.model_validate(merged)
    desk.store.put(replace(desk.bot, config=replace(desk.bot.config, settings=settings)))
    return {each.field: each.applies for each in effects_of(old, desk.bot)}


def open_desk(**changes: Any) -> TradingDesk:
    desk = TradingDesk(**{"profit_ratio": 50, "stop_loss_ratio": 50, **changes})
    desk.tick_at(101.5)
    assert desk.state.cycle is not None
    return desk


def test_a_lowered_target_closes_at_the_next_tick() -> None:
    desk = open_desk()
    assert desk.tick_at(100.5).level == 1
    assert change(desk, profit_ratio=0.3) == {"profit_ratio": Applies.NOW}
    desk.tick()
    assert desk.store.cycles[BOT, 1].reason == "take_profit"


def test_a_nearer_stop_closes_at_the_next_tick() -> None:
    desk = open_desk(max_position_value="200")
    assert desk.tick_at(104).level == 1
    assert change(desk, stop_loss_ratio=1) == {"stop_loss_ratio": Applies.NOW}
    desk.tick()
    assert desk.store.cycles[BOT, 1].reason == "stop_loss"


def test_a_pause_after_the_close_is_made_at_the_close() -> None:
    desk = open_desk(profit_ratio=0.3)
    assert change(desk, pause_after_close=True) == {"pause_after_close": Applies.AT_CLOSE}
    desk.tick()
    assert desk.state.status is Status.RUNNING
    desk.tick_at(100)
    assert desk.state.status is Status.PAUSED


def test_a_cooldown_begins_with_the_close_and_a_running_one_changes_at_once() -> None:
    desk = open_desk(profit_ratio=0.3)
    assert change(desk, cooldown_seconds=3600) == {"cooldown_seconds": Applies.AT_CLOSE}
    desk.tick_at(100)
    assert desk.state.cycle is None
    desk.tick_at(100.2)
    assert desk.tick_at(101.5).reason == "cooldown"
    assert change(desk, cooldown_seconds=0) == {"cooldown_seconds": Applies.NOW}
    assert desk.tick().level == 1


def test_a_lowered_cap_holds_the_next_row_and_reduces_nothing() -> None:
    desk = open_desk()
    held = desk.positions()
    assert change(desk, max_position_value="250") == {"max_position_value": Applies.AT_NEXT_ENTRY}
    assert desk.tick_at(102.6).reason == "over_cap"
    assert desk.positions() == held


def test_a_row_to_come_is_done_as_it_now_is() -> None:
    desk = open_desk()
    rows = [LADDER[0], {"times": 2, "spread": 0.2, "multiplier": 1}]
    told = change(desk, dca_config=rows)
    assert told == dict.fromkeys(LADDER_FIELDS, Applies.AT_NEXT_ENTRY)
    assert desk.tick_at(101.9).level == 2


def resting(**changes: Any) -> TradingDesk:
    desk = TradingDesk(order_type_open="limit", limit_timeout_seconds=600, **changes)
    desk.tick_at(101.5)
    assert len(desk.bot.intents) == 2
    return desk


@pytest.mark.parametrize(("seconds", "goes_on"), [(600, True), (1, False)])
def test_limit_orders_under_way_get_the_new_time(seconds: int, goes_on: bool) -> None:
    desk = resting()
    told = change(desk, limit_timeout_seconds=seconds)
    assert told == ({} if goes_on else {"limit_timeout_seconds": Applies.NOW})
    before = desk.bot.intents
    desk.tick(after=10)
    assert (desk.bot.intents == before) is goes_on


@pytest.mark.parametrize(("seconds", "level"), [(60, 0), (2, 1)])
def test_a_leg_alone_waits_for_the_other_as_long_as_it_now_says(seconds: int, level: int) -> None:
    desk = resting(leg_timeout_seconds=60)
    desk.see(101.6)  # the sale is met, the purchase is not
    desk.tick()
    told = change(desk, leg_timeout_seconds=seconds)
    assert told == ({} if level == 0 else {"leg_timeout_seconds": Applies.NOW})
    assert desk.tick(after=10).level == level


def test_exits_of_a_flat_bot_count_from_the_next_position_on() -> None:
    desk = TradingDesk()
    assert change(desk, profit_ratio=3, stop_loss_ratio=7) == {
        "profit_ratio": Applies.NEXT_CYCLE,
        "stop_loss_ratio": Applies.NEXT_CYCLE,
    }


def test_a_stopped_bot_goes_by_everything_when_it_next_trades() -> None:
    desk = TradingDesk()
    desk.store.edit(BOT, status=Status.STOPPED)
    told = change(desk, bot_name="other", leverage=5, cooldown_seconds=60, spread_mode="log_ratio")
    assert told.pop("bot_name") is Applies.NOW
    assert set(told.values()) == {Applies.NEXT_CYCLE}
    assert set(told) == {"leverage", "cooldown_seconds", "spread_mode"}


@pytest.mark.parametrize("name", sorted(LIVE_EDITABLE | LADDER_FIELDS))
def test_every_setting_that_may_change_has_a_rule(name: str) -> None:
    desk = open_desk()
    old = desk.bot.config.settings
    other = old.model_copy(update={name: "other"})
    bot = replace(desk.bot, config=replace(desk.bot.config, settings=other))
    assert [each.field for each in effects_of(old, bot)] == [name]
