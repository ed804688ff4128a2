"""A user's orders and closed cycles over all bots, those of deleted bots included."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from functions.api.bots.bots import Bots
from functions.api.ports import BotNames, CycleLedger, OrderLedger
from pairtrader.model.account import AccountMode
from pairtrader.model.cycle import CloseReason
from pairtrader.model.order import OrderStatus, Purpose, Side
from pairtrader.model.records import CycleRecord, OrderRecord
from pairtrader.storage.paging import Window

_T = TypeVar("_T", OrderRecord, CycleRecord)
ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders are wanted; None asks for any."""

    window: Window = ALWAYS
    """Of the times at which they were written down."""
    bot_id: str | None = None
    symbol: str | None = None
    side: Side | None = None
    purpose: Purpose | None = None
    status: OrderStatus | None = None


@dataclass(frozen=True, slots=True)
class CycleQuery:
    """Which closed cycles are wanted; None asks for any."""

    mode: AccountMode
    window: Window = ALWAYS
    """Of the times at which they closed."""
    bot_id: str | None = None
    reason: CloseReason | None = None


@dataclass(frozen=True, slots=True)
class NamedRows(Generic[_T]):
    """A page of rows and what their bots are called."""

    rows: tuple[_T, ...]
    names: Mapping[str, str]
    """By bot id; nothing of a bot whose name is not known any more."""
    cursor: str | None


class Ledger:
    """Finds rows of a user over all bots, newest first.

    A page may be short, or even empty, where rows had to be passed over: its cursor goes on.
    """

    def __init__(
        self, orders: OrderLedger, cycles: CycleLedger, names: BotNames, bots: Bots
    ) -> None:
        self._orders = orders
        self._cycles = cycles
        self._names = names
        self._bots = bots

    def orders(
        self, user_id: str, query: OrderQuery, limit: int, cursor: str | None
    ) -> NamedRows[OrderRecord]:
        """Return the user's orders.

        Raises:
            Problem: 404 ``bot_not_found``.
            BadCursor: the cursor is not of this list, or lies outside of the window.
        """
        keep = _taking(
            symbol=query.symbol, side=query.side, purpose=query.purpose, status=query.status
        )
        if query.bot_id is None:
            page = self._orders.of_user(user_id, query.window, limit, cursor, keep)
        else:
            self._bots.get_ever(user_id, query.bot_id)
            page = self._orders.of_bot(query.bot_id, query.window, limit, cursor, keep)
        names = self._names.of({order.bot_id for order in page.items})
        return NamedRows(tuple(page.items), names, page.cursor)

    def cycles(
        self, user_id: str, query: CycleQuery, limit: int, cursor: str | None
    ) -> NamedRows[CycleRecord]:
        """Return the cycles that the user's bots have closed on accounts of one mode.

        Raises:
            Problem: 404 ``bot_not_found``.
            BadCursor: the cursor is not of this list, or lies outside of the window.
        """
        if query.bot_id is not None:
            self._bots.get_ever(user_id, query.bot_id)
        keep = _taking(bot_id=query.bot_id, reason=query.reason)
        page = self._cycles.closed(user_id, query.mode, query.window, limit, cursor, keep)
        return NamedRows(tuple(page.items), self._cycle_names(page.items), page.cursor)

    def _cycle_names(self, cycles: Iterable[CycleRecord]) -> Mapping[str, str]:
        # Newest first: of a bot that is gone the last name counts.
        written: dict[str, str] = {}
        for cycle in cycles:
            if cycle.bot_name:
                written.setdefault(cycle.bot_id, cycle.bot_name)
        return {**written, **self._names.of({cycle.bot_id for cycle in cycles})}


def _taking(**wanted: object) -> Callable[[object], bool] | None:
    """Return what tells rows with these values, None if all will do."""
    asked = {name: value for name, value in wanted.items() if value is not None}
    if not asked:
        return None
    return lambda row: all(getattr(row, name) == value for name, value in asked.items())
