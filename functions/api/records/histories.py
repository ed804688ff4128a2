"""What a bot has done: orders, positions, cycles, log lines and looks at the pair."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from pairtrader.model.bot import Bot
from pairtrader.model.records import (
    CycleRecord,
    LogRecord,
    OrderRecord,
    PositionRecord,
    SpreadPoint,
)
from pairtrader.storage.cursor import Page

Resolution = Literal["raw", "minute"]
_T = TypeVar("_T")


class RowStore(Protocol[_T]):
    """Rows of one kind."""

    def list(self, bot_id: str, limit: int, cursor: str | None) -> Page[_T]:
        """Return the bot's rows, newest first."""


class PointStore(Protocol):
    """Looks at the pair."""

    def list(
        self,
        bot_id: str,
        resolution: Resolution,
        since: int,
        until: int,
        limit: int,
        cursor: str | None,
    ) -> Page[SpreadPoint]:
        """Return the looks from `since` to before `until` (ms UTC), oldest first."""


@dataclass(frozen=True, slots=True)
class Histories:
    """The history of all bots."""

    orders: RowStore[OrderRecord]
    positions: RowStore[PositionRecord]
    cycles: RowStore[CycleRecord]
    logs: RowStore[LogRecord]
    points: PointStore

    def spread(
        self,
        bot: Bot,
        resolution: Resolution,
        since: int,
        until: int,
        limit: int,
        cursor: str | None,
    ) -> Page[SpreadPoint]:
        """Return the looks from `since` to before `until` (ms UTC), oldest first.

        The last page also holds those of the current minute, which are not in the history yet.
        """
        page = self.points.list(bot.config.bot_id, resolution, since, until, limit, cursor)
        if page.cursor is not None:
            return page
        last = page.items[-1].recorded_at if page.items else since - 1
        recent = [p for p in bot.state.points if last < p.recorded_at < until]
        if resolution == "minute":
            recent = recent[-1:]
        return Page([*page.items, *recent], None)
