"""Cycles that a bot really traded on the simulated exchange, moved into another one's history."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from pairtrader.model.bot import BotState
from pairtrader.model.records import CycleRecord
from tests.fakes.trading_desk import TradingDesk

PRICES = (
    *(101.5, 100, 101.2, 102.1, 99.5, 98.5, 100, 101.4, 104.5, 108, 112, 108, 104, 100),
    *(98.6, 97.7, 99.8, 100, 101.3),
)
"""Of market 1 against 100: entries on both sides, adds, takes of profit, a stop loss, an entry."""


@lru_cache
def _desk() -> TradingDesk:
    desk = TradingDesk(profit_ratio=0.3, stop_loss_ratio=3.0)
    for price in (*PRICES, *PRICES):
        desk.tick_at(price)
    desk.tick()
    return desk


def traded_cycles(
    user_id: str, bot_id: str, closed: Sequence[int], **changes: object
) -> list[CycleRecord]:
    """As many closed cycles as there are moments in `closed` (ms UTC), oldest first."""
    rows = [row for row in _desk().store.cycles.values() if row.closed_at is not None]
    made: list[CycleRecord] = []
    for number, at in enumerate(closed):
        row = rows[number % len(rows)]
        held = (row.closed_at or 0) - row.opened_at
        moved = replace(
            row,
            user_id=user_id,
            bot_id=bot_id,
            cycle_number=number + 1,
            opened_at=at - held,
            closed_at=at,
        )
        made.append(replace(moved, **changes))  # type: ignore[arg-type]
    return made


def open_state() -> BotState:
    """The bot's state after its last tick: a cycle is open."""
    return _desk().state
