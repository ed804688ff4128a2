"""Orders and closed cycles over all bots, and preferences, in memory."""

from collections.abc import Callable, Collection
from typing import Any

from pairtrader.model.account import AccountMode
from pairtrader.model.preferences import Preferences
from pairtrader.model.records import CycleRecord, OrderRecord
from pairtrader.storage import paging
from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.errors import BadCursor, Superseded
from pairtrader.storage.paging import Window
from pairtrader.storage.preferences import StoredPreferences
from tests.fakes.memory_api_stores import MemoryBots, MemoryRows


def sifted(
    rows: dict[str, Any],
    owner: str,
    window: Window,
    limit: int,
    cursor: str | None,
    keep: Callable[[Any], bool] | None,
) -> Page[Any]:
    """The page that `pairtrader.storage.paging.sifted` reads of rows under their sort keys."""
    start = decode_cursor(cursor, "owner sort", owner=owner)
    last = start["sort"]["S"] if start else window.high
    if not window.low <= last <= window.high:
        raise BadCursor(cursor)
    rest = sorted((key for key in rows if window.low <= key < last), reverse=True)
    items: list[Any] = []
    read, most = 0, limit if keep is None else max(limit, paging.MOST_READ)
    while read < len(rest) and read < most and len(items) < limit:
        row = rows[rest[read]]
        read += 1
        if keep is None or keep(row):
            items.append(row)
    if read == len(rest):
        return Page(items, None)
    return Page(items, encode_cursor({"owner": {"S": owner}, "sort": {"S": rest[read - 1]}}))


class MemoryOrders(MemoryRows[OrderRecord]):
    """`OrderRepository` in a list."""

    def of_user(
        self,
        user_id: str,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[OrderRecord], bool] | None = None,
    ) -> Page[OrderRecord]:
        rows = [row for row in self.rows if row.user_id == user_id]
        return sifted(self._sorted(rows), user_id, window, limit, cursor, keep)

    def of_bot(
        self,
        bot_id: str,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[OrderRecord], bool] | None = None,
    ) -> Page[OrderRecord]:
        rows = [row for row in self.rows if row.bot_id == bot_id]
        return sifted(self._sorted(rows), bot_id, window, limit, cursor, keep)

    def _sorted(self, rows: list[OrderRecord]) -> dict[str, OrderRecord]:
        return {f"{row.created_at:013d}#{row.id}": row for row in rows}


class MemoryCycles(MemoryRows[CycleRecord]):
    """`CycleRepository` in a list."""

    def closed(
        self,
        user_id: str,
        mode: AccountMode,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[CycleRecord], bool] | None = None,
    ) -> Page[CycleRecord]:
        rows = {
            f"{row.closed_at:013d}#{row.bot_id}#{row.cycle_number:08d}": row
            for row in self.rows
            if row.closed_at is not None and row.user_id == user_id and row.mode is mode
        }
        return sifted(rows, f"{user_id}#{mode}", window, limit, cursor, keep)


class MemoryBotNames:
    """`BotNameRepository` over the bots in memory."""

    def __init__(self, bots: MemoryBots) -> None:
        self._bots = bots

    def of(self, bot_ids: Collection[str]) -> dict[str, str]:
        known = {**self._bots.deleted, **self._bots.bots}
        return {each: known[each].config.settings.bot_name for each in bot_ids if each in known}


class MemoryPreferences:
    """`PreferenceRepository` in a dictionary."""

    def __init__(self) -> None:
        self.stored: dict[str, StoredPreferences] = {}

    def get(self, user_id: str) -> StoredPreferences:
        return self.stored.get(user_id, StoredPreferences(Preferences()))

    def replace(self, user_id: str, old: StoredPreferences, new: StoredPreferences) -> None:
        if self.get(user_id).version != old.version:
            raise Superseded(user_id)
        self.stored[user_id] = new
