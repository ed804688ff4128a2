"""A position left to the user, and what becomes of it when a start adopts it again."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.bot import BotState, CommandKind, Status
from pairtrader.model.cycle import Cycle
from pairtrader.trading.conclusion import hand_over
from tests.fakes.trading_desk import BOT, TradingDesk

D = Decimal


def left_desk(**changes: Any) -> TradingDesk:
    """A bot that has opened and added, and was stopped with its position left."""
    desk = TradingDesk(**changes)
    desk.tick_at(101.5)
    desk.tick_at(102.6)
    desk.store.edit(BOT, status=Status.STOPPING)
    desk.command(CommandKind.HAND_OVER)
    desk.tick_at(102)
    return desk


def adopt(desk: TradingDesk) -> Cycle:
    """Start as the API does after it has found the exchange's position equal."""
    left = desk.state.handed_over
    assert left is not None
    now = desk.clock.now()
    legs = [replace(leg, funding_until=now) for leg in left.legs]
    cycle = replace(left, legs=(legs[0], legs[1]), opened_at=now)
    desk.store.edit(
        BOT, status=Status.RUNNING, generation=2, cycle=cycle, handed_over=None, reconciled_at=0
    )
    return cycle


def test_what_is_left_is_kept_at_the_mark_it_was_booked_at() -> None:
    desk = left_desk()
    held, row = desk.positions(), desk.store.cycles[BOT, 1]

    left = desk.state.handed_over

    assert left is not None
    assert (desk.state.status, desk.state.cycle) == (Status.STOPPED, None)
    assert (left.legs[0].amount, left.legs[1].amount) == held
    assert left.legs[0].cost == abs(held[0]) * 102
    assert left.legs[1].cost == abs(held[1]) * 100
    assert left.invested == left.legs[0].cost + left.legs[1].cost
    assert (left.direction, left.level) == (row.direction, row.levels) == (1, 2)
    assert (left.first_spread, left.last_spread) == (row.first_spread, row.last_spread)
    assert (left.realised, left.fees, left.funding) == (0, 0, 0)


def test_an_adopted_position_is_watched_and_closed_like_an_own_one() -> None:
    desk = left_desk(profit_ratio=0.3)
    sent = set(desk.exchange_orders())
    adopt(desk)

    watched = desk.tick_at(102)
    assert desk.state.mismatch == ""
    desk.tick_at(100)

    assert watched.level == 2
    assert desk.positions() == desk.books() == (0, 0)
    row = desk.store.cycles[BOT, 2]
    assert row.reason == "take_profit"
    assert row.realised > 0
    assert len(set(desk.exchange_orders()) - sent) == 2, "no name of an order is used twice"


def test_profit_is_split_at_the_mark_and_counted_once() -> None:
    """Two cycles over one position earn what one would have earned."""
    desk = left_desk(profit_ratio=0.3)
    adopt(desk)
    desk.tick_at(100)
    plain = TradingDesk(profit_ratio=50)
    for price in (101.5, 102.6, 102):
        plain.tick_at(price)
    plain.command(CommandKind.CLOSE)
    plain.tick_at(100)

    realised = sum(desk.store.cycles[BOT, number].realised for number in (1, 2))

    assert realised == plain.store.cycles[BOT, 1].realised
    assert desk.state.total_profit == plain.state.total_profit


def test_an_adopted_ladder_goes_on_where_it_was() -> None:
    desk = left_desk()
    cycle = adopt(desk)

    desk.tick_at(103)
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 2
    desk.tick_at(102.6 + 0.6)

    assert desk.state.cycle.level == 3
    assert desk.state.cycle.invested > cycle.invested


def leg_gone(state: BotState) -> BotState:
    assert state.cycle is not None
    first, second = state.cycle.legs
    gone = replace(second, amount=D(0), cost=D(0))
    return replace(state, cycle=replace(state.cycle, legs=(first, gone)))


def never_done(state: BotState) -> BotState:
    assert state.cycle is not None
    return replace(state, cycle=replace(state.cycle, level=0))


@pytest.mark.parametrize("broken", [leg_gone, never_done])
def test_half_a_pair_is_left_but_not_kept_for_adoption(broken: Any) -> None:
    desk = TradingDesk()
    desk.tick_at(101.5)
    state = broken(replace(desk.state, status=Status.STOPPING))

    change = hand_over(desk.bot.config, state, (D(101), D(100)), desk.clock.now())

    assert change.state.handed_over is None
    assert change.state.cycle is None
