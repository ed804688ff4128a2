"""A kill closes what is open and stops the bot, in any status and over any other command."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.bot import CommandKind, Status
from pairtrader.model.order import OrderRequest, OrderType, Side
from pairtrader.storage.bots import Guard
from pairtrader.trading.lifecycle import TRANSITIONS, Move
from tests.crash_scenes import LEASE_SECONDS, about_to_add, run_until, steps_of
from tests.fakes.faulty_exchange import Fault, FaultyExchange
from tests.fakes.fuse import Fuse
from tests.fakes.trading_desk import BOT, TradingDesk

A, B = "AAA-USDT", "BBB-USDT"
ZERO = Decimal(0)
FLAT = (ZERO, ZERO)


def open_desk(**changes: Any) -> TradingDesk:
    desk = TradingDesk(**changes)
    desk.exchange = FaultyExchange(desk.exchange)
    desk.tick_at(101.5)
    desk.see(101.4)
    desk.tick()
    assert desk.positions() != FLAT
    return desk


def kill(desk: TradingDesk) -> None:
    """As the API writes it."""
    desk.store.edit(BOT, status=Status.STOPPING)
    desk.command(CommandKind.KILL)


def by_hand(desk: TradingDesk, leg: int, side: Side, amount: Decimal) -> None:
    """Somebody else closes what the bot holds."""
    request = OrderRequest(f"byhand{leg}", desk.markets[leg], side, OrderType.MARKET, amount)
    asyncio.run(desk.new_exchange().place(request))


def told_to_kill(make: Any = TradingDesk, **changes: Any) -> TradingDesk:
    desk = about_to_add(make, **changes)
    desk.tick()
    kill(desk)
    return desk


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED, Status.ERROR])
def test_a_killed_bot_closes_and_stops(status: Status) -> None:
    desk = open_desk()
    desk.store.edit(BOT, status=status)
    kill(desk)

    desk.tick()

    assert desk.positions() == desk.books() == FLAT
    assert (desk.state.status, desk.state.command) == (Status.STOPPED, None)
    assert desk.store.cycles[BOT, 1].reason == "user"
    assert desk.retirements.released == [BOT]
    assert desk.retirements.removed == [(BOT, 1)]


def test_killed_at_any_step_of_a_kill_the_next_ticks_end_it() -> None:
    for number in range(1, len(steps_of(told_to_kill)) + 1):
        desk = told_to_kill()
        assert run_until(desk, Fuse(number))
        desk.tick(after=LEASE_SECONDS + 1)
        desk.tick()
        assert desk.positions() == desk.books() == FLAT, number
        assert desk.state.status is Status.STOPPED, number
        assert BOT in desk.retirements.released, number


def test_a_kill_outlasts_an_order_that_can_not_be_proven() -> None:
    desk = TradingDesk(profit_ratio=0.3)
    exchange = FaultyExchange(desk.exchange)
    exchange.faults = {(A, 1): Fault.LOST_AFTER, (B, 1): Fault.LOST_AFTER}
    exchange.hides_orders = 10_000
    desk.exchange = exchange
    desk.tick_at(101.5)
    kill(desk)
    for _ in range(3):
        desk.tick(after=60)
    assert desk.state.status is Status.ERROR
    assert desk.state.command is not None, "a stop would be forgotten here"
    held = desk.positions()

    exchange.hides_orders = 0
    for _ in range(3):
        desk.tick(after=60)

    assert held != FLAT
    assert desk.positions() == desk.books() == FLAT
    assert (desk.state.status, desk.state.command) == (Status.STOPPED, None)
    assert desk.retirements.released == [BOT]


def test_a_kill_of_what_is_gone_ends_in_error_and_is_not_tried_for_ever() -> None:
    desk = open_desk(on_broken_pair="hold")
    for leg, side in ((0, Side.BUY), (1, Side.SELL)):
        by_hand(desk, leg, side, abs(desk.positions()[leg]))
    kill(desk)

    for _ in range(3):
        desk.tick(after=10)

    assert (desk.state.status, desk.state.status_reason) == (Status.ERROR, "position_mismatch")
    assert desk.state.command is None


def test_a_kill_while_the_position_is_being_handed_over_closes_it() -> None:
    desk = open_desk()
    desk.store.edit(BOT, status=Status.STOPPING)
    desk.command(CommandKind.HAND_OVER)
    real, overtaken = desk.store.commit, []

    def raced(old: Any, new: Any, guard: Guard, **kwargs: Any) -> None:
        if new.handed_over is not None and not overtaken:
            overtaken.append(True)
            desk.command(CommandKind.KILL)
        real(old, new, guard, **kwargs)

    desk.store.commit = raced
    desk.tick()
    desk.store.commit = real
    desk.tick()

    assert overtaken
    assert desk.positions() == desk.books() == FLAT
    assert desk.state.handed_over is None
    assert desk.state.status is Status.STOPPED


def test_a_bot_that_is_flat_in_error_is_stopped_by_a_kill() -> None:
    desk = TradingDesk()
    desk.store.edit(BOT, status=Status.ERROR)
    desk.command(CommandKind.KILL)

    desk.tick()

    assert desk.state.status is Status.STOPPED
    assert desk.retirements.released == [BOT]


def test_a_stop_that_comes_while_a_close_comes_to_rest_gives_the_markets_up() -> None:
    desk = open_desk()
    desk.command(CommandKind.KILL)
    desk.store.edit(BOT, status=Status.ERROR)
    real, overtaken = desk.store.commit, []

    def raced(old: Any, new: Any, guard: Guard, **kwargs: Any) -> None:
        if new.cycle is None and old.cycle is None and not overtaken:
            overtaken.append(True)
            desk.store.edit(BOT, status=Status.STOPPING)
        real(old, new, guard, **kwargs)

    desk.store.commit = raced
    desk.tick()
    desk.store.commit = real
    desk.tick()

    assert desk.state.status is Status.STOPPED
    assert BOT in desk.retirements.released


@pytest.mark.parametrize("status", [Status.PAUSED, Status.ERROR, Status.STOPPING])
def test_the_markets_are_given_up_only_while_nobody_can_start_the_bot(status: Status) -> None:
    desk = TradingDesk()
    desk.store.edit(BOT, status=status)
    desk.command(CommandKind.KILL)
    release, seen = desk.retirements.release_claims, []

    def watched(config: Any) -> None:
        seen.append(desk.state.status)
        release(config)

    desk.retirements.release_claims = watched  # type: ignore[method-assign]
    desk.tick()

    assert seen == [Status.STOPPING]
    assert (Status.STOPPING, Move.START) not in TRANSITIONS
    assert desk.state.status is Status.STOPPED
