"""Moments in a bot's life at which its process may die, and what must hold afterwards."""

from collections.abc import Callable
from typing import Any

from pairtrader.model.bot import CommandKind, Status
from pairtrader.trading.metronome import TickRequest, TickSource
from tests.fakes.fuse import Fragile, Fuse, ProcessKilled
from tests.fakes.trading_desk import BOT, TradingDesk
from tests.fakes.wire_desk import WireDesk

LEASE_SECONDS = 20
Scene = Callable[..., TradingDesk]
"""Takes what makes a desk, and settings."""


def about_to_open(make: Callable[..., TradingDesk] = TradingDesk, **changes: Any) -> TradingDesk:
    desk = make(profit_ratio=0.3, **changes)
    desk.tick_at(100.2)
    desk.see(101.5)
    return desk


def about_to_add(make: Callable[..., TradingDesk] = TradingDesk, **changes: Any) -> TradingDesk:
    desk = about_to_open(make, **changes)
    desk.tick()
    desk.see(102.6)
    return desk


def about_to_take_profit(
    make: Callable[..., TradingDesk] = TradingDesk, **changes: Any
) -> TradingDesk:
    desk = about_to_open(make, **changes)
    desk.tick()
    desk.see("100.1")
    return desk


def told_to_close(make: Callable[..., TradingDesk] = TradingDesk, **changes: Any) -> TradingDesk:
    desk = about_to_add(make, **changes)
    desk.tick()
    desk.command(CommandKind.CLOSE)
    return desk


def told_to_stop(make: Callable[..., TradingDesk] = TradingDesk, **changes: Any) -> TradingDesk:
    desk = about_to_add(make, **changes)
    desk.tick()
    desk.store.edit(BOT, status=Status.STOPPING)
    return desk


def told_to_hand_over(
    make: Callable[..., TradingDesk] = TradingDesk, **changes: Any
) -> TradingDesk:
    desk = about_to_add(make, **changes)
    desk.tick()
    desk.store.edit(BOT, status=Status.STOPPING)
    desk.command(CommandKind.HAND_OVER)
    return desk


def about_to_open_with_limit_orders(
    make: Callable[..., TradingDesk] = TradingDesk, **changes: Any
) -> TradingDesk:
    return about_to_open(make, order_type_open="limit", **changes)


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
    if isinstance(desk, WireDesk):
        desk.step = fuse.step
    desk.exchange = desk.new_exchange()
    try:
        desk.tick(request=TickRequest(BOT, TickSource.SCHEDULE, 1, None))
    except ProcessKilled:
        return True
    finally:
        desk.store, desk.account_store, desk.slots.send = store, account_store, send  # type: ignore[method-assign]
        if isinstance(desk, WireDesk):
            desk.step = lambda _: None
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
