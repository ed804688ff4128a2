"""What the engine needs of the storage layer."""

from collections.abc import Sequence
from typing import Protocol

from pairtrader.model.bot import Bot, BotState
from pairtrader.model.cycle import Intent
from pairtrader.model.records import LogRecord, Records, SpreadPoint
from pairtrader.storage.bots import Guard
from pairtrader.storage.errors import Superseded

__all__ = ["BotStore", "Guard", "HistoryStore", "LogStore", "SlotQueue", "Superseded"]


class BotStore(Protocol):
    """Bots, changed only under a guard that raises `Superseded` when it does not hold."""

    def load(self, bot_id: str) -> Bot | None:
        """Return the bot with its intents, strongly consistent."""

    def change(self, old: BotState, new: BotState, guard: Guard) -> BotState:
        """Write the difference; return the state as stored."""

    def commit(
        self,
        old: BotState,
        new: BotState,
        guard: Guard,
        *,
        put_intents: Sequence[Intent] = (),
        delete_intents: Sequence[Intent] = (),
        records: Records = ...,
    ) -> None:
        """Write the difference, intents and rows, all or nothing."""


class HistoryStore(Protocol):
    """Looks at the pair."""

    def add(self, bot_id: str, points: Sequence[SpreadPoint]) -> None:
        """Store the looks of one minute."""


class LogStore(Protocol):
    """Lines of the bot's log that go with no change of state."""

    def add(self, log: LogRecord) -> None:
        """Store one line."""


class SlotQueue(Protocol):
    """Delayed messages to the tick function."""

    def send(self, bot_id: str, generation: int, dues: Sequence[int], now: int) -> None:
        """Queue one tick for each due time (ms UTC)."""
