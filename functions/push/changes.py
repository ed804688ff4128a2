"""What the streams tell: changes of bots, rows of their history, and how jobs go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pairtrader.model.bot import BotState
from pairtrader.model.records import LogRecord, OrderRecord, PositionRecord
from pairtrader.model.research import Job
from pairtrader.storage.bot_items import StateItem, state_of
from pairtrader.storage.orders import OrderItem
from pairtrader.storage.positions import PositionItem
from pairtrader.storage.research_jobs import JobItem, job_of
from pairtrader.storage.trade_logs import LogItem

Row = OrderRecord | PositionRecord | LogRecord


@dataclass(frozen=True, slots=True)
class StateChange:
    """A watched bot's state, before and after one write."""

    old: BotState | None
    """None where the bot is new."""
    new: BotState
    mark: str
    """Of who watches, as it was then."""

    @property
    def bot_id(self) -> str:
        """Whose state it is."""
        return self.new.bot_id

    @property
    def at(self) -> int:
        """When the news were made, ms UTC."""
        return self.new.last_tick_at


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row of a bot's history as it is now."""

    row: Row

    @property
    def bot_id(self) -> str:
        """Whose row it is."""
        return self.row.bot_id

    @property
    def at(self) -> int:
        """When the news were made, ms UTC."""
        return self.row.created_at if isinstance(self.row, LogRecord) else self.row.updated_at


@dataclass(frozen=True, slots=True)
class JobChange:
    """A backtest or an analysis as it is now."""

    job: Job
    at: int
    """When the news were made, ms UTC."""


Change = StateChange | RowChange | JobChange


def change_in(record: Mapping[str, Any]) -> Change | None:
    """Return what a record of one of the streams tells, None where that is nothing.

    Raises:
        Exception: the record holds what the code does not expect.
    """
    image = record["dynamodb"].get("NewImage")
    if image is None:
        return None
    table = _table_in(record["eventSourceARN"])
    if table == _JOBS:
        written = float(record["dynamodb"]["ApproximateCreationDateTime"])
        return _job_change(image, round(written * 1000))
    return _READERS[table](image, record["dynamodb"].get("OldImage"))


def _table_in(arn: str) -> str:
    """Return the table's kind: ``…:table/pairtrader-dev-trade-logs/stream/2026-…``."""
    name = arn.split(":table/", 1)[1].split("/", 1)[0]
    return next(kind for kind in (*_READERS, _JOBS) if name.endswith(f"-{kind}"))


def _state_change(image: dict[str, Any], before: dict[str, Any] | None) -> StateChange | None:
    if image["kind"] != {"S": "STATE"}:
        return None
    item = StateItem.from_raw_data(image)
    old = state_of(StateItem.from_raw_data(before)) if before else None
    return StateChange(old, state_of(item), item.watched) if item.watched else None


def _job_change(image: dict[str, Any], at: int) -> JobChange | None:
    if JobItem.status.attr_name not in image:  # what a user has begun in all
        return None
    return JobChange(job_of(JobItem.from_raw_data(image)), at)


_JOBS = "backtests"
_READERS: dict[str, Callable[[dict[str, Any], dict[str, Any] | None], Change | None]] = {
    "bots": _state_change,
    "orders": lambda image, _: RowChange(OrderItem.from_raw_data(image).body),
    "positions": lambda image, _: RowChange(PositionItem.from_raw_data(image).body),
    "trade-logs": lambda image, _: RowChange(LogItem.from_raw_data(image).body),
}
