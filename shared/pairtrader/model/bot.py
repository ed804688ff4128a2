"""A bot as it is stored: what was configured, where it stands, what is under way."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.market import Market
from pairtrader.model.order import OrderStatus, OrderType, Purpose, Side
from pairtrader.model.settings import BotSettings

ZERO = Decimal(0)


class Status(StrEnum):
    """What a bot is allowed to do."""

    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"
    """No new exposure; exits still watched."""
    STOPPING = "stopping"
    """Closing, then stopped."""
    ERROR = "error"
    """Books or orders could not be proven; looks, never trades by itself."""


class CommandKind(StrEnum):
    """Orders from the user that a tick carries out."""

    CLOSE = "close"
    """Close the open cycle, end paused."""
    HAND_OVER = "hand_over"
    """Leave the position to the user, end stopped."""
    ACCEPT_EXCHANGE = "accept_exchange"
    """After a mismatch: what the exchange holds is right."""
    CLOSE_AND_ACCEPT = "close_and_accept"
    """After a mismatch: close what is left, then what the exchange holds is right."""


class CloseReason(StrEnum):
    """Why a cycle ended."""

    LIQUIDATION_GUARD = "liquidation_guard"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    REGRESSION = "regression"
    USER = "user"
    BROKEN_PAIR = "broken_pair"
    UNWOUND = "unwound"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class Command:
    """One order from the user."""

    kind: CommandKind
    id: str
    requested_at: int


@dataclass(frozen=True, slots=True)
class BotConfig:
    """What the API writes: the settings and the two markets they speak of."""

    bot_id: str
    user_id: str
    exchange_name: ExchangeName
    mode: AccountMode
    account_uid: str
    settings: BotSettings
    market1: Market
    market2: Market
    created_at: int
    updated_at: int

    @property
    def markets(self) -> tuple[Market, Market]:
        """Both markets, in order."""
        return self.market1, self.market2


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of the open cycle by its fills."""

    amount: Decimal = ZERO
    """Base coins, signed: positive long, negative short."""
    cost: Decimal = ZERO
    """Entry notional of what is still held, quote currency."""
    entered: Decimal = ZERO
    """Base coins entered in all, unsigned."""
    entry_cost: Decimal = ZERO
    """Entry notional in all, quote currency."""
    exited: Decimal = ZERO
    """Base coins closed, unsigned."""
    proceeds: Decimal = ZERO
    """Notional of what was closed, quote currency."""
    liquidation_price: Decimal | None = None
    """As the exchange last said, None where it named none."""
    funding_until: int = 0
    """Funding settlements of this leg up to here are booked, ms UTC."""

    @property
    def entry_price(self) -> Decimal | None:
        """Mean entry price of what is held, None when flat."""
        return self.cost / abs(self.amount) if self.amount else None


@dataclass(frozen=True, slots=True)
class Cycle:
    """The open cycle: from the first entry to flat."""

    direction: int
    """+1: market 1 sold and market 2 bought; -1: the reverse."""
    level: int = 0
    """Ladder rows done."""
    first_spread: float = 0.0
    last_spread: float = 0.0
    """Spread of the tick that decided the first and the last entry, points."""
    legs: tuple[Leg, Leg] = (Leg(), Leg())
    invested: Decimal = ZERO
    """Summed entry notional of both legs, quote currency."""
    realised: Decimal = ZERO
    """Price profit of what was closed, quote currency, without fees and funding."""
    fees: Decimal = ZERO
    """Paid, quote currency."""
    funding: Decimal = ZERO
    """Received less paid, quote currency."""
    opened_at: int = 0

    @property
    def is_flat(self) -> bool:
        """Whether neither leg holds anything."""
        return not self.legs[0].amount and not self.legs[1].amount

    @property
    def entered_anything(self) -> bool:
        """Whether any order of the cycle was filled."""
        return bool(self.legs[0].entered or self.legs[1].entered)


class OperationKind(StrEnum):
    """What a pair of legs is being traded for."""

    ENTRY = "entry"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Operation:
    """An entry or close under way; outlives crashes until both legs are settled."""

    kind: OperationKind
    level: int
    """Ladder row being done (1 is the first), 0 for a close."""
    direction: int
    spread: float
    """Of the deciding tick, points."""
    reason: str
    """A `CloseReason` for a close, empty for an entry."""
    targets: tuple[Decimal, Decimal]
    """Base coins to trade on each leg, unsigned."""
    prices: tuple[Decimal, Decimal]
    """Mid prices of the deciding tick."""
    started_at: int
    order_type: OrderType = OrderType.MARKET
    round: int = 0
    """Rounds of orders written so far."""
    filled: tuple[Decimal, Decimal] = (ZERO, ZERO)
    """Base coins traded for this operation on each leg, what was unwound taken off."""
    unwound: bool = False
    """Whether a leg had to be taken back."""
    refusal: str = ""
    """The exchange's words, where it refused an order."""


@dataclass(frozen=True, slots=True)
class SpreadPoint:
    """One look at the pair."""

    recorded_at: int
    market1_price: Decimal
    market2_price: Decimal
    spread: float
    """Percentage points."""


@dataclass(frozen=True, slots=True)
class BotState:
    """Where a bot stands; every write raises `revision`."""

    bot_id: str
    status: Status = Status.STOPPED
    status_reason: str = ""
    """Why it is paused or in error, empty otherwise."""
    generation: int = 0
    """Raised by every start; ticks of older generations are dropped."""
    revision: int = 0
    last_slot: int = 0
    queued_until: int = 0
    """Slots up to here are queued already, ms UTC."""
    command: Command | None = None

    lease_owner: str = ""
    lease_until: int = 0
    """ms UTC; 0 when free."""
    fence: int = 0
    """Raised by every taking of the lease; the holder's writes carry it."""

    start_price1: Decimal | None = None
    start_price2: Decimal | None = None
    current_cycle: int = 0
    """Cycles finished; the open one is numbered one higher."""
    order_rounds: int = 0
    """Rounds of orders written in the open cycle; makes client order ids unique."""
    cycle: Cycle | None = None
    operation: Operation | None = None

    disarmed: int = 0
    """Direction that may not open until the spread has been away; 0 for none."""
    close_spread: float = 0.0
    closed_at: int = 0
    """When the last cycle closed, ms UTC; 0 after a start."""

    last_price1: Decimal | None = None
    last_price2: Decimal | None = None
    last_spread: float | None = None
    last_pnl: Decimal | None = None
    """Net PnL of the open cycle at the last tick, quote currency."""
    last_tick_at: int = 0
    hold_reason: str = ""
    """Why the last tick did nothing."""
    points: tuple[SpreadPoint, ...] = ()
    """Looks not yet moved to the history."""
    skipped: int = 0
    """Ticks skipped in a row by a guard."""
    reconciled_at: int = 0
    """When the account was last compared with the books, ms UTC."""
    mismatch: str = ""
    """What the exchange held instead at that look, empty when both agreed."""
    total_profit: Decimal = ZERO
    total_trades: int = 0

    @property
    def cycle_number(self) -> int:
        """Number of the open cycle, or of the next one; never used twice."""
        return self.current_cycle + 1

    @property
    def is_flat(self) -> bool:
        """Whether no cycle is open and nothing is under way."""
        return self.cycle is None and self.operation is None


@dataclass(frozen=True, slots=True)
class Intent:
    """An order written down before it is sent, kept until its outcome is booked."""

    bot_id: str
    client_order_id: str
    cycle_number: int
    purpose: Purpose
    leg: int
    """0 for market 1, 1 for market 2."""
    level: int
    round: int
    side: Side
    type: OrderType
    amount: Decimal
    """Base coins."""
    price: Decimal | None
    """Limit price, or the bound of a market order."""
    reduce_only: bool
    position_before: Decimal
    """Signed base coins on the exchange's side as booked before the order."""
    created_at: int


@dataclass(frozen=True, slots=True)
class Bot:
    """Everything one tick needs to know, from one query."""

    config: BotConfig
    state: BotState
    intents: tuple[Intent, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Records:
    """Rows written together with a change of state."""

    orders: tuple[OrderRecord, ...] = ()
    positions: tuple[PositionRecord, ...] = ()
    cycles: tuple[CycleRecord, ...] = ()
    logs: tuple[LogRecord, ...] = field(default=())
