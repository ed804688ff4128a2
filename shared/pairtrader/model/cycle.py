"""The open cycle by its fills, and what is under way for it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pairtrader.model.order import OrderType, Purpose, Side

ZERO = Decimal(0)


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
    funding_asked_at: int = 0
    """When the funding histories were last read, ms UTC."""

    def sign(self, leg: int) -> int:
        """Return which way the leg points (0 is market 1): +1 long, -1 short."""
        return -self.direction if leg == 0 else self.direction

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

    @property
    def position_sign(self) -> int:
        """Which way the position points that the order opens or reduces: +1 long, -1 short."""
        return -self.side.sign if self.purpose.reduces else self.side.sign
