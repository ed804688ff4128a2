"""A bot as it is stored: what was configured, where it stands, what is under way."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.cycle import Cycle, Intent, Operation
from pairtrader.model.market import Market
from pairtrader.model.records import SpreadPoint
from pairtrader.model.settings import BotSettings


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
    KILL = "kill"
    """Close the open cycle, end stopped; unlike a stop it is not forgotten in an error."""


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
    markets_checked_at: int = 0
    """When the exchange was last asked about both markets, ms UTC."""

    @property
    def markets(self) -> tuple[Market, Market]:
        """Both markets, in order."""
        return self.market1, self.market2


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
    total_profit: Decimal = Decimal(0)
    total_trades: int = 0
    quiet_until: int = 0
    """The exchange wants not to be asked before this, ms UTC."""
    markets_asked_at: int = 0
    """When a check of both markets was last asked for, ms UTC."""
    handed_over: Cycle | None = None
    """What the last stop left to the user, each leg at the mark it was booked at; a start may adopt
    it again. None while the bot is not stopped."""

    @property
    def cycle_number(self) -> int:
        """Number of the open cycle, or of the next one; never used twice."""
        return self.current_cycle + 1

    @property
    def is_flat(self) -> bool:
        """Whether no cycle is open and nothing is under way."""
        return self.cycle is None and self.operation is None


@dataclass(frozen=True, slots=True)
class Bot:
    """Everything one tick needs to know, from one query."""

    config: BotConfig
    state: BotState
    intents: tuple[Intent, ...] = ()
    deleted_at: int = 0
    """ms UTC; 0 for a bot that exists."""


def cooldown_until(settings: BotSettings, state: BotState) -> int | None:
    """Return until when no entry may follow the last close, ms UTC; None for no cooldown."""
    if not state.closed_at or not settings.cooldown_seconds:
        return None
    return state.closed_at + settings.cooldown_seconds * 1000
