"""What keeps a bot from looking or entering, and never from a way out."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pairtrader.exchanges.errors import (
    ExchangeError,
    KeysRefused,
    Maintenance,
    OrderRefused,
    RateLimited,
    RegionBlocked,
    StaleMarket,
)
from pairtrader.model.bot import CommandKind, Status
from pairtrader.model.events import EventKind
from pairtrader.model.order import OrderRequest, OrderType, Side
from pairtrader.model.records import LogType
from pairtrader.trading.incidents import Incident
from tests.fakes.faulty_exchange import Fault, FaultyExchange
from tests.fakes.trading_desk import BOT, TradingDesk

A, B = "AAA-USDT", "BBB-USDT"
ZERO = Decimal(0)
DAY = 86_400


def guarded(**changes: object) -> tuple[TradingDesk, FaultyExchange]:
    desk = TradingDesk(**changes)
    desk.exchange = exchange = FaultyExchange(desk.exchange)
    desk.tick_at(100.2)
    return desk, exchange


def opened(**changes: object) -> tuple[TradingDesk, FaultyExchange]:
    desk, exchange = guarded(**changes)
    desk.tick_at(101.5)
    assert desk.state.cycle is not None
    return desk, exchange


# Asked to wait


def test_an_exchange_that_wants_to_be_left_alone_is_not_asked_before_its_time() -> None:
    desk, exchange = guarded()
    exchange.raises["quote"] = RateLimited("slow down", retry_after_seconds=12)
    desk.tick()
    exchange.raises.clear()
    exchange.requests.clear()

    early, later = desk.tick(), desk.tick(after=8)

    assert (early.result, early.reason, early.skipped) == ("skipped", "asked_to_wait", 2)
    assert exchange.requests["quote"] == 2, "asked again after its time alone"
    assert later.result == "idle"


def test_a_close_asked_for_by_the_user_does_not_wait() -> None:
    desk, exchange = opened()
    exchange.raises["quote"] = RateLimited("slow down", retry_after_seconds=600)
    desk.tick()

    desk.command(CommandKind.CLOSE)
    desk.tick()

    assert desk.positions() == desk.books() == (ZERO, ZERO)


@pytest.mark.parametrize(
    "error",
    [
        Maintenance("closed"),
        RegionBlocked("not from here"),
        RateLimited("slow down", retry_after_seconds=86_400),
    ],
    ids=lambda error: error.code,
)
def test_a_tick_that_cannot_look_is_skipped_counted_and_shown(error: ExchangeError) -> None:
    desk, exchange = opened()
    exchange.raises["quote"] = error
    reports = [desk.tick(after=60) for _ in range(3)]

    assert [report.skipped for report in reports] == [1, 2, 3]
    assert desk.state.hold_reason in (error.code, "asked_to_wait")
    exchange.raises.clear()
    desk.tick(after=900)
    assert desk.state.skipped == 0


def test_a_clock_that_is_wrong_decides_nothing() -> None:
    desk, exchange = guarded()
    exchange.quotes_ahead_ms = 6_000
    report = desk.tick_at(101.5)
    assert (report.result, report.reason) == ("skipped", "clock_skew")
    assert desk.positions() == (ZERO, ZERO)


def test_a_bot_that_waits_for_its_start_time_skips_nothing() -> None:
    desk = TradingDesk(start_time=datetime(2026, 6, 1, tzinfo=UTC))
    desk.with_state(start_price1=None, start_price2=None)
    for _ in range(3):
        report = desk.tick()
    assert (report.reason, report.skipped) == ("before_start_time", 0)


@pytest.mark.parametrize("exits", [False, True], ids=["watching", "stop loss due"])
def test_keys_that_are_refused_are_told_while_a_cycle_is_open(exits: bool) -> None:
    desk, exchange = opened(stop_loss_ratio=0.5)
    exchange.raises["positions"] = KeysRefused("okx: invalid key")
    if exits:
        desk.see(103)
    reports = [desk.tick(after=60) for _ in range(3)]

    assert all(Incident.HELD_UP in report.incidents for report in reports)
    assert desk.state.hold_reason == "keys_refused"
    [said] = [line for line in desk.store.logs if "held up" in line.message]
    assert said.event is EventKind.HELD_UP
    exchange.raises.clear()
    desk.tick(after=60)
    assert desk.books() == desk.positions()
    assert desk.state.hold_reason != "keys_refused"


# Nothing left to close


@pytest.mark.parametrize("stopping", [False, True], ids=["close", "stop"])
def test_a_close_of_what_is_gone_ends_in_error_and_is_not_tried_for_ever(stopping: bool) -> None:
    desk, _ = opened()
    gone(desk)
    if stopping:
        desk.store.edit(BOT, status=Status.STOPPING)
    desk.command(CommandKind.CLOSE)

    reports = [desk.tick() for _ in range(3)]

    assert desk.state.status is Status.ERROR
    assert desk.state.status_reason == "position_mismatch"
    assert desk.state.command is None
    assert Incident.FAULT in {i for report in reports for i in report.incidents}
    desk.command(CommandKind.ACCEPT_EXCHANGE)
    desk.tick()
    assert desk.state.status is Status.PAUSED
    assert desk.books() == (ZERO, ZERO)


def gone(desk: TradingDesk) -> None:
    """Somebody closes both legs by hand."""
    for leg, side in enumerate((Side.BUY, Side.SELL)):
        amount = abs(desk.positions()[leg])
        request = OrderRequest(f"hand{leg}", desk.markets[leg], side, OrderType.MARKET, amount)
        asyncio.run(desk.new_exchange().place(request))


def test_told_to_close_and_accept_what_is_gone_the_exchange_is_accepted() -> None:
    desk, exchange = opened(on_broken_pair="hold")
    gone(desk)
    for _ in range(30):
        desk.tick()
    assert desk.state.status is Status.ERROR
    sent = dict(exchange.sent)

    desk.command(CommandKind.CLOSE_AND_ACCEPT)
    desk.tick()

    assert desk.state.status is Status.PAUSED
    assert desk.state.command is None
    assert desk.books() == desk.positions() == (ZERO, ZERO)
    assert exchange.sent == sent, "there was nothing to close"


def test_an_order_that_stays_unproven_is_told_once() -> None:
    desk, exchange = guarded()
    exchange.faults[A, 1] = Fault.LOST_AFTER
    exchange.hides_orders = 1_000
    desk.tick_at(101.5)
    for _ in range(10):
        desk.tick(after=60)
    assert desk.state.status_reason == "unproven_order"
    errors = [line for line in desk.store.logs if line.log_type is LogType.ERROR]
    assert len(errors) == 1
    exchange.hides_orders = 0
    desk.tick(after=60)
    desk.tick(after=60)
    assert desk.state.status is not Status.ERROR
    assert desk.books() == desk.positions()


# Limits


@pytest.mark.parametrize(
    "refusal", ["stack_halted", "user_halted", "bot_halted", "daily_loss_limit", "order_rate"]
)
def test_a_limit_holds_back_entries_says_so_once_and_costs_no_request(refusal: str) -> None:
    desk, exchange = guarded()
    desk.risk.forbids = refusal
    exchange.requests.clear()

    for _ in range(3):
        desk.tick_at(101.5)

    assert desk.positions() == (ZERO, ZERO)
    assert desk.state.status is Status.RUNNING
    assert desk.state.hold_reason == refusal
    warnings = [line for line in desk.store.logs if line.log_type is LogType.WARNING]
    assert len(warnings) == 1
    assert set(exchange.requests) == {"quote"}
    desk.risk.forbids = ""
    desk.tick()
    assert desk.positions() == (Decimal("-0.98"), Decimal(1))


def test_no_limit_is_asked_before_a_way_out() -> None:
    desk, _ = opened(profit_ratio=0.3)
    desk.risk.forbids = "stack_halted"
    asked = desk.risk.asked
    desk.tick_at(100)
    assert desk.positions() == (ZERO, ZERO)
    assert desk.risk.asked == asked


def test_no_limit_is_asked_before_a_leg_is_completed_or_taken_back() -> None:
    desk, exchange = guarded()
    exchange.faults = {(A, 1): Fault.HALF, (B, 1): Fault.LOST_BEFORE}
    desk.tick_at(101.5)
    desk.risk.forbids = "user_halted"
    for _ in range(4):
        desk.tick()
    assert desk.books() == desk.positions() != (ZERO, ZERO)
    assert desk.risk.asked == 1, "once for the pair of legs"


# Before an entry


def test_a_ladder_beyond_the_leverages_tier_is_not_begun() -> None:
    desk, exchange = guarded()
    exchange.limits[B] = Decimal(399)
    desk.tick_at(101.5)
    assert desk.state.status is Status.PAUSED
    assert "the whole ladder comes to 400" in desk.state.status_reason
    assert exchange.sent == {}


def test_a_cap_below_the_ladder_counts_for_the_tier() -> None:
    desk, exchange = guarded(max_position_value="600")
    exchange.limits[B] = Decimal(300)
    desk.tick_at(101.5)
    assert desk.positions() != (ZERO, ZERO)


def test_an_account_that_is_not_as_booked_is_not_added_to() -> None:
    desk, exchange = opened()
    desk.tick()
    exchange.stale_positions = 1
    report = desk.tick_at(102.6)
    assert report.reason.startswith("not_as_booked")
    assert desk.state.status is Status.RUNNING
    desk.tick()
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 2


def test_a_refusal_that_will_pass_does_not_pause() -> None:
    desk, exchange = guarded()
    exchange.raises["place"] = RateLimited("slow down")
    desk.tick_at(101.5)
    assert desk.state.status is Status.RUNNING
    assert desk.state.is_flat
    exchange.raises.clear()
    desk.tick()
    assert desk.positions() == desk.books() == (Decimal("-0.98"), Decimal(1))


# Hedge mode


def test_what_the_trader_holds_the_other_way_is_neither_counted_nor_closed() -> None:
    desk, exchange = opened(profit_ratio=0.3)
    exchange.held_otherwise = {A: Decimal(5), B: Decimal(-7)}
    for _ in range(30):
        desk.tick()
    assert desk.state.status is Status.RUNNING
    desk.tick_at(100)
    assert desk.books() == desk.positions() == (ZERO, ZERO)


# Large positions


def test_a_close_larger_than_one_market_order_is_sent_in_parts() -> None:
    desk, _ = opened(investment_per_order="500", max_position_value="20000", profit_ratio=0.3)
    largest = Decimal("0.7")
    markets = [replace(market, max_market_amount=largest) for market in desk.markets]
    config = replace(desk.bot.config, market1=markets[0], market2=markets[1])
    desk.store.put(replace(desk.bot, config=config))
    desk.tick_at(100)
    desk.tick()
    closes = [o for o in desk.store.orders.values() if o.purpose == "close"]
    assert desk.books() == desk.positions() == (ZERO, ZERO)
    assert len(closes) > 12
    assert max(order.amount for order in closes) == largest


# Liquidation


def test_the_exchanges_own_mark_counts_for_the_liquidation_guard() -> None:
    desk, exchange = opened(stop_loss_ratio=500, profit_ratio=500)
    leg = desk.state.cycle.legs[0] if desk.state.cycle else None
    assert leg is not None
    near = leg.entry_price + (Decimal(11_000) - leg.entry_price) * Decimal("0.9")
    exchange.marks[A] = near
    report = desk.tick(after=61)
    assert report.result == "traded"
    assert desk.store.cycles[BOT, 1].reason == "liquidation_guard"
    assert desk.positions() == (ZERO, ZERO)


# Error


def test_in_error_the_leg_that_is_left_is_closed_as_soon_as_the_exchange_lets_it() -> None:
    desk, exchange = guarded()
    exchange.faults = {(A, n): Fault.REFUSED for n in range(1, 3)}
    exchange.faults |= {(B, n): Fault.REFUSED for n in range(2, 8)}
    first = desk.tick_at(101.5)
    for _ in range(3):
        desk.tick()
    assert desk.state.status is Status.ERROR
    assert desk.positions() == desk.books() == (ZERO, Decimal(1))
    assert Incident.LEG_FAILED in first.incidents

    exchange.faults.clear()
    for _ in range(3):
        desk.tick(after=60)

    assert desk.positions() == desk.books() == (ZERO, ZERO)
    assert desk.state.status is Status.PAUSED


def test_told_to_hold_nothing_is_closed_in_error() -> None:
    desk, exchange = guarded(on_broken_pair="hold")
    exchange.faults = {(A, n): Fault.REFUSED for n in range(1, 3)}
    exchange.faults |= {(B, n): Fault.REFUSED for n in range(2, 8)}
    desk.tick_at(101.5)
    exchange.faults.clear()
    for _ in range(5):
        desk.tick(after=60)
    assert desk.positions() == desk.books() == (ZERO, Decimal(1))
    assert desk.state.status is Status.ERROR


# Markets


def test_markets_are_checked_once_a_day_by_somebody_else() -> None:
    desk, _ = guarded()
    markets = [replace(market, native="{}") for market in desk.markets]
    config = replace(
        desk.bot.config,
        market1=markets[0],
        market2=markets[1],
        markets_checked_at=desk.clock.now(),
    )
    desk.with_state(markets_asked_at=desk.clock.now())
    desk.store.put(replace(desk.bot, config=config))
    desk.tick(after=DAY - 10)
    assert desk.refreshed == []
    for _ in range(5):
        desk.tick(after=5)
    assert len(desk.refreshed) == 1, "asked for once, and patience until it comes"
    desk.tick(after=3_601)
    assert len(desk.refreshed) == 2


def test_a_refused_step_has_the_markets_checked_at_once() -> None:
    desk, exchange = guarded()
    markets = [replace(market, native="{}") for market in desk.markets]
    config = replace(
        desk.bot.config,
        market1=markets[0],
        market2=markets[1],
        markets_checked_at=desk.clock.now(),
    )
    desk.with_state(markets_asked_at=desk.clock.now())
    desk.store.put(replace(desk.bot, config=config))
    exchange.raises["place"] = StaleMarket("LOT_SIZE")
    report = desk.tick_at(101.5)
    assert Incident.STALE_MARKET in report.incidents
    desk.with_state(status=Status.RUNNING)
    exchange.raises["place"] = OrderRefused("no")
    desk.tick()
    assert len(desk.refreshed) == 1


# Funding


def test_funding_that_falls_on_full_hours_is_asked_for_once_after_each() -> None:
    desk, exchange = guarded()
    exchange.funding_grid_ms = 3_600_000
    desk.clock.advance(300)
    desk.tick_at(101.5)
    for _ in range(10):
        desk.tick(after=60)
    assert exchange.requests["funding"] == 0
    for _ in range(60):
        desk.tick(after=60)
    assert exchange.requests["funding"] == 2, "both legs, after the full hour"
