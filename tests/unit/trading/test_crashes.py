"""The tick's process dies between any two steps; the next one finds books and exchange in order."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from pairtrader.model.bot import CommandKind, Status
from pairtrader.storage.bots import Guard
from pairtrader.storage.errors import Superseded
from pairtrader.trading.metronome import TickRequest, TickSource
from tests.fakes.fuse import Fragile, Fuse, ProcessKilled
from tests.fakes.trading_desk import BOT, TradingDesk

LEASE_SECONDS = 20
Scene = Callable[[], TradingDesk]


def about_to_open(**changes: object) -> TradingDesk:
    desk = TradingDesk(profit_ratio=0.3, **changes)
    desk.tick_at(100.2)
    desk.see(101.5)
    return desk


def about_to_add() -> TradingDesk:
    desk = about_to_open()
    desk.tick()
    desk.see(102.6)
    return desk


def about_to_take_profit() -> TradingDesk:
    desk = about_to_open()
    desk.tick()
    desk.see("100.1")
    return desk


def told_to_close() -> TradingDesk:
    desk = about_to_add()
    desk.tick()
    desk.command(CommandKind.CLOSE)
    return desk


def told_to_stop() -> TradingDesk:
    desk = about_to_add()
    desk.tick()
    desk.store.edit(BOT, status=Status.STOPPING)
    return desk


def told_to_hand_over() -> TradingDesk:
    desk = about_to_add()
    desk.tick()
    desk.store.edit(BOT, status=Status.STOPPING)
    desk.command(CommandKind.HAND_OVER)
    return desk


def about_to_open_with_limit_orders() -> TradingDesk:
    return about_to_open(order_type_open="limit")


SCENES = [
    about_to_open,
    about_to_add,
    about_to_take_profit,
    told_to_close,
    told_to_stop,
    about_to_open_with_limit_orders,
]


def run_until(desk: TradingDesk, fuse: Fuse) -> bool:
    """Run one scheduled tick in a process with this fuse; whether it was killed."""
    store, account_store = desk.store, desk.account_store
    desk.store = Fragile(store, fuse, "bots")  # type: ignore[assignment]
    desk.account_store = Fragile(account_store, fuse, "account")  # type: ignore[assignment]
    desk.slots.send, send = Fragile(desk.slots, fuse, "slots").send, desk.slots.send  # type: ignore[method-assign]
    desk.exchange = desk.new_exchange()
    try:
        desk.tick(request=TickRequest(BOT, TickSource.SCHEDULE, 1, None))
    except ProcessKilled:
        return True
    finally:
        desk.store, desk.account_store, desk.slots.send = store, account_store, send  # type: ignore[method-assign]
        desk.exchange = desk.new_exchange()
    return False


def steps_of(scene: Scene) -> list[str]:
    fuse = Fuse()
    run_until(scene(), fuse)
    return fuse.steps


def check_books(desk: TradingDesk, where: str) -> None:
    assert desk.books() == desk.positions(), where
    assert desk.state.status is not Status.ERROR, where
    booked = set(desk.store.orders)
    intended = {intent.client_order_id for intent in desk.bot.intents}
    assert set(desk.exchange_orders()) <= booked | intended, where


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_killed_at_any_step_the_next_tick_puts_the_books_right(scene: Scene) -> None:
    unharmed = scene()
    unharmed.tick()
    steps = steps_of(scene)
    assert len(steps) > 10
    for number in range(1, len(steps) + 1):
        where = f"{scene.__name__}: killed at step {number}, {steps[number - 1]}"
        desk = scene()
        assert run_until(desk, Fuse(number)), where

        desk.tick(after=LEASE_SECONDS + 1)

        check_books(desk, where)
        for _ in range(4):
            desk.tick()
        check_books(desk, where)
        assert desk.books() == unharmed.books() or scene is about_to_open_with_limit_orders, where


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_killed_twice_in_a_row(scene: Scene) -> None:
    steps = len(steps_of(scene))
    for first in range(1, steps + 1, 3):
        for second in range(1, steps + 1, 5):
            where = f"{scene.__name__}: killed at steps {first} and {second}"
            desk = scene()
            run_until(desk, Fuse(first))
            desk.clock.advance(LEASE_SECONDS)
            run_until(desk, Fuse(second))
            desk.tick(after=LEASE_SECONDS + 1)
            desk.tick()
            check_books(desk, where)


def test_killed_while_handing_over_the_position_stays_the_users() -> None:
    steps = len(steps_of(told_to_hand_over))
    for number in range(1, steps + 1):
        desk = told_to_hand_over()
        held = desk.positions()
        run_until(desk, Fuse(number))
        desk.tick(after=LEASE_SECONDS + 1)
        assert desk.positions() == held != (Decimal(0), Decimal(0))
        assert desk.state.status is Status.STOPPED
        assert desk.state.cycle is None
        assert desk.store.cycles[BOT, 1].reason == "handed_over"


def test_a_dead_holders_lease_is_respected_until_it_ends() -> None:
    desk = about_to_open()
    run_until(desk, Fuse(steps_of(about_to_open).index("before account.write") + 1))

    busy = desk.tick(after=1)
    taken = desk.tick(after=LEASE_SECONDS)

    assert busy.reason == "busy"
    assert taken.result == "settled"


def test_a_holder_that_wakes_up_late_can_write_nothing() -> None:
    desk = about_to_open()
    stale = replace(desk.state, fence=desk.state.fence + 1, lease_owner="sleeper")
    desk.with_state(fence=desk.state.fence + 2, lease_owner="another")

    with pytest.raises(Superseded):
        desk.store.commit(stale, replace(stale, order_rounds=1), Guard.FENCE)
