"""Limit orders over the wire: what fills is counted once, what does not fill is let go."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.bot import CommandKind, Status
from tests.fakes.trading_desk import BOT
from tests.fakes.venues.account import OrderScript
from tests.fakes.venues.wire import Request
from tests.fakes.wire_desk import WireDesk
from tests.wire_history import ANSWERS, UNPROCESSED
from tests.wire_scenes import (
    FIRST,
    FLAT,
    LEGS,
    NAMES,
    PAIR,
    SECOND,
    Alone,
    go_wrong,
    orders_fail,
    quiet,
    ready,
    require_sound,
    sent,
)

each_exchange = pytest.mark.parametrize("name", NAMES)
both_modes = pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
one_leg = pytest.mark.parametrize("base", [FIRST, SECOND])

FILLS = {FIRST: (101.6, 100.1), SECOND: (101.4, 99.9)}
"""Prices that trade through the resting order of this leg alone."""
NEITHER, BOTH = (101.4, 100.1), (101.6, 99.9)
BELOW_THE_LADDER = (100.9, 100)
LIMIT_TIMEOUT, LEG_TIMEOUT, TICK = 30, 5, 5
LATE = LEG_TIMEOUT + 2 * TICK
"""Seconds after which a leg's partner has come, when nothing goes wrong."""


def resting(name: str, **changes: Any) -> WireDesk:
    """Both orders of row 1 rest."""
    desk = ready(name, order_type_open="limit", **changes)
    desk.tick_at(101.5)
    assert [order.status for order in desk.account.orders] == ["open", "open"]
    return desk


def closing(name: str, **changes: Any) -> WireDesk:
    """Row 1 is done, and both orders of its take profit rest."""
    desk = ready(name, order_type_close="limit", **changes)
    desk.tick_at(101.5)
    desk.tick_at(100.2)
    assert [order.status for order in desk.account.orders[2:]] == ["open", "open"]
    return desk


def cancels(request: Request) -> bool:
    return request.method == "DELETE" or "cancel" in request.path


def cancels_sent(desk: WireDesk) -> int:
    return sum(map(cancels, desk.venues.requests))


def executions(desk: WireDesk) -> list[str]:
    return [order.execution for order in desk.account.orders]


# Entries


@each_exchange
def test_an_entry_that_neither_leg_fills_is_cancelled_and_not_counted(name: str) -> None:
    desk = resting(name)
    desk.see(*NEITHER)
    began = desk.clock.now()
    while desk.bot.intents:
        desk.tick()
        assert desk.clock.now() - began <= (LIMIT_TIMEOUT + 2 * TICK) * 1000

    require_sound(desk)
    assert desk.clock.now() - began >= (LIMIT_TIMEOUT - TICK) * 1000
    assert [order.status for order in desk.account.orders] == ["canceled", "canceled"]
    assert desk.state.is_flat
    assert desk.state.status is Status.RUNNING
    assert desk.account.balance == 10_000
    assert desk.store.cycles == {}


@each_exchange
@both_modes
@one_leg
def test_once_a_leg_is_filled_the_other_has_little_time_and_then_goes_to_market(
    name: str, hedge: bool, base: str
) -> None:
    desk = resting(name, hedge=hedge)
    alone = Alone(desk)

    desk.see(*FILLS[base])
    alone.look()
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == PAIR
    assert executions(desk) == ["resting", "resting", "bounded"]
    assert cancels_sent(desk) == 1
    assert alone.seconds <= LATE
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1


@each_exchange
@both_modes
@pytest.mark.parametrize("lag", [0, 2, 5, 20])
@pytest.mark.parametrize("share", [Decimal(1), Decimal("0.4")], ids=["all", "part"])
@pytest.mark.parametrize("other_leg", ["filled", "open"])
def test_what_fills_while_its_cancel_is_on_its_way_is_counted_once(
    name: str, hedge: bool, lag: int, share: Decimal, other_leg: str
) -> None:
    desk = ready(name, hedge=hedge, order_type_open="limit")
    script = OrderScript(fills_at_cancel=share, shown_as_open=lag)
    desk.account.scripts = {(FIRST, 1): script}
    desk.tick_at(101.5)
    alone = Alone(desk)

    desk.see(*(FILLS[SECOND] if other_leg == "filled" else NEITHER))
    alone.look()
    quiet(desk, 14)

    require_sound(desk)
    resting_part = Decimal("-0.98") if share == 1 else Decimal("-0.39")
    if other_leg == "filled" or share == 1:
        assert desk.positions() == PAIR
    else:
        assert desk.positions() == (resting_part, -resting_part)
    assert desk.account.orders[0].filled == -resting_part
    assert desk.store.orders[desk.account.orders[0].client_id].filled_amount == -resting_part
    assert alone.seconds <= 25


@each_exchange
@pytest.mark.parametrize("processed", [True, False], ids=["processed", "unprocessed"])
@pytest.mark.parametrize("kind", sorted(ANSWERS))
def test_a_cancel_whose_answer_is_lost_is_asked_about_and_sent_again_if_it_must(
    name: str, kind: str, processed: bool
) -> None:
    processed = (processed or ANSWERS[kind] is None) and kind not in UNPROCESSED
    desk = resting(name)
    go_wrong(desk, ANSWERS[kind], cancels, processed=processed)
    alone = Alone(desk)

    desk.see(*FILLS[SECOND])
    alone.look()
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == PAIR
    assert sent(desk) == 3
    assert cancels_sent(desk) == (1 if processed else 2)
    assert alone.seconds <= 25


@each_exchange
def test_an_order_that_is_filled_before_its_cancel_comes_needs_no_other(name: str) -> None:
    desk = resting(name)
    desk.see(*FILLS[SECOND])

    def fill(step: str) -> None:
        if step.startswith(("before DELETE", "before POST")) and desk.account.open_orders(FIRST):
            desk.see(*BOTH)

    desk.step = fill
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == PAIR
    assert sent(desk) == 2
    assert cancels_sent(desk) == 1


@each_exchange
@pytest.mark.parametrize("bases", LEGS, ids="+".join)
@pytest.mark.parametrize("processed", [True, False], ids=["processed", "unprocessed"])
@pytest.mark.parametrize("kind", ["reset", "time-out", "503"])
def test_a_resting_order_whose_answer_is_lost_is_found_or_let_go(
    name: str, bases: tuple[str, ...], kind: str, processed: bool
) -> None:
    desk = ready(name, order_type_open="limit")
    orders_fail(desk, ANSWERS[kind], bases, processed=processed)
    desk.tick_at(101.5)
    alone = Alone(desk)

    desk.see(*FILLS[SECOND])
    alone.look()
    quiet(desk)
    desk.see(*BELOW_THE_LADDER)
    quiet(desk, 10)

    require_sound(desk)
    if processed or SECOND not in bases:
        assert desk.positions() == PAIR
        assert sent(desk) == 3, "the order that is there is not sent again"
        assert alone.seconds <= 25
    else:
        assert desk.positions() == FLAT
        assert alone.seconds == 0


# Something more urgent


def profit_is_made(desk: WireDesk) -> None:
    desk.see(100.3, 100.2)


def close_command(desk: WireDesk) -> None:
    desk.command(CommandKind.CLOSE)


def stop_command(desk: WireDesk) -> None:
    desk.store.edit(BOT, status=Status.STOPPING)


@each_exchange
@pytest.mark.parametrize("share", [None, Decimal(1), Decimal("0.4")], ids=["none", "all", "part"])
@pytest.mark.parametrize("urgent", [profit_is_made, close_command, stop_command])
def test_an_entry_that_rests_is_cancelled_before_a_way_out(
    name: str, urgent: Callable[[WireDesk], None], share: Decimal | None
) -> None:
    desk = resting(name, limit_timeout_seconds=600, pause_after_close=True)
    desk.see(*BOTH)
    desk.tick()
    desk.account.scripts[FIRST, 2] = OrderScript(fills_at_cancel=share)
    desk.tick_at(102.7)
    assert len(desk.account.open_orders(FIRST) + desk.account.open_orders(SECOND)) == 2

    desk.see(102.6, 100.1)
    urgent(desk)
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert desk.state.cycle is None
    assert not any(order.status == "open" for order in desk.account.orders)
    assert desk.account.balance == 10_000 + desk.state.total_profit


@each_exchange
def test_pausing_cancels_an_entry_that_rests(name: str) -> None:
    desk = resting(name)
    desk.see(*NEITHER)
    desk.store.edit(BOT, status=Status.PAUSED)
    quiet(desk, 2)

    require_sound(desk)
    assert [order.status for order in desk.account.orders] == ["canceled", "canceled"]
    assert desk.state.is_flat


# Closes

CLOSE_FILLS = {FIRST: (100.1, 99.9), SECOND: (100.3, 100.1)}
CLOSE_NEITHER, CLOSE_BOTH = (100.3, 99.9), (100.1, 100.1)


@each_exchange
@both_modes
def test_a_close_that_both_legs_fill_pays_the_makers_fee(name: str, hedge: bool) -> None:
    desk = closing(name, hedge=hedge)
    desk.see(*CLOSE_BOTH)
    quiet(desk, 2)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert executions(desk)[2:] == ["resting", "resting"]
    assert all(fill.maker for order in desk.account.orders[2:] for fill in order.fills)
    assert desk.account.balance == 10_000 + desk.state.total_profit


@each_exchange
@both_modes
@one_leg
def test_a_close_that_one_leg_fills_sends_the_other_to_market(
    name: str, hedge: bool, base: str
) -> None:
    desk = closing(name, hedge=hedge)
    alone = Alone(desk)

    desk.see(*CLOSE_FILLS[base])
    alone.look()
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert executions(desk)[2:] == ["resting", "resting", "market"]
    assert alone.seconds <= LATE
    assert desk.account.balance == 10_000 + desk.state.total_profit


@each_exchange
@both_modes
@pytest.mark.parametrize("lag", [0, 2, 5])
@pytest.mark.parametrize("share", [None, Decimal(1), Decimal("0.4")], ids=["none", "all", "part"])
def test_a_close_that_is_given_up_counts_what_filled_meanwhile(
    name: str, hedge: bool, lag: int, share: Decimal | None
) -> None:
    desk = ready(name, hedge=hedge, order_type_close="limit")
    desk.account.scripts = {(FIRST, 2): OrderScript(fills_at_cancel=share, shown_as_open=lag)}
    desk.tick_at(101.5)
    desk.tick_at(100.2)

    desk.see(101, 99.9)
    for _ in range(14):
        desk.tick()
        assert desk.books() == desk.positions() or desk.bot.intents

    require_sound(desk)
    assert desk.positions() == (PAIR if share is None else FLAT)
    assert all(order.reduce_only for order in desk.account.orders[2:])
    assert desk.state.status is Status.RUNNING
