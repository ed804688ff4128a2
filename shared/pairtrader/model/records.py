"""Rows of a bot's history."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from pairtrader.model.account import AccountMode
from pairtrader.model.events import EventKind
from pairtrader.model.order import OrderStatus, OrderType, Purpose, Side

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class SpreadPoint:
    """One look at the pair."""

    recorded_at: int
    market1_price: Decimal
    market2_price: Decimal
    spread: float
    """Percentage points."""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """A settled order, for the history."""

    bot_id: str
    user_id: str
    id: str
    """The client order id."""
    cycle_number: int
    exchange_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    purpose: Purpose
    price: Decimal | None
    """Mean fill price."""
    amount: Decimal
    filled_amount: Decimal
    cost: Decimal
    fee: Decimal
    status: OrderStatus
    dca_level: int
    reason: str
    created_at: int
    updated_at: int
    filled_at: int | None


@dataclass(frozen=True, slots=True)
class PositionRecord:
    """One leg of one cycle, for the history."""

    bot_id: str
    cycle_number: int
    leg: int
    symbol: str
    side: str
    """long or short."""
    amount: Decimal
    """Base coins held, unsigned; what was held at most once closed."""
    entry_price: Decimal
    is_open: bool
    created_at: int
    updated_at: int
    closed_at: int | None = None
    exit_price: Decimal | None = None
    realised_pnl: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """One round trip."""

    bot_id: str
    user_id: str
    cycle_number: int
    direction: int
    levels: int
    first_spread: float
    last_spread: float
    close_spread: float | None
    invested: Decimal
    realised: Decimal
    fees: Decimal
    funding: Decimal
    net_pnl: Decimal
    reason: str
    """A `CloseReason`, empty while open."""
    opened_at: int
    closed_at: int | None
    mode: AccountMode = AccountMode.LIVE
    """Of the account that it was traded on."""
    market1_symbol: str = ""
    market2_symbol: str = ""
    bot_name: str = ""
    """As the bot was called when the row was written; a deleted bot has no other name left."""


class LogType(StrEnum):
    """Kinds of lines in a bot's log."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    TRADE = "trade"


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of a bot's log."""

    bot_id: str
    id: str
    """Sorts by time."""
    log_type: LogType
    message: str
    details: dict[str, str | int | float | bool | None]
    created_at: int
    event: EventKind | None = None
    """What the line tells the bot's owner of, None for what only the log keeps."""


@dataclass(frozen=True, slots=True)
class Records:
    """Rows written together with a change of state."""

    orders: tuple[OrderRecord, ...] = ()
    positions: tuple[PositionRecord, ...] = ()
    cycles: tuple[CycleRecord, ...] = ()
    logs: tuple[LogRecord, ...] = field(default=())
