"""Orders, fills and positions in an exchange's own units: what passes between venue and adapter."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pairtrader.model.account import MarginMode, PositionMode
from pairtrader.model.order import OrderStatus, OrderType, Side


class Execution(StrEnum):
    """How an order is to be executed."""

    MARKET = "market"
    """At once, at any price."""
    BOUNDED = "bounded"
    """At once, no worse than a price; what can't be filled is canceled."""
    RESTING = "resting"
    """At a price, until it is filled or canceled."""


@dataclass(frozen=True, slots=True)
class NativeOrder:
    """One order to send; amounts in contracts where the exchange counts in them, else in coins."""

    market_id: str
    client_order_id: str
    side: Side
    execution: Execution
    amount: Decimal
    price: Decimal | None
    """None for `Execution.MARKET` alone."""
    reduce_only: bool
    position_mode: PositionMode
    margin_mode: MarginMode

    @property
    def position_sign(self) -> int:
        """Return which way the position points that the order opens or reduces: +1 long, -1 short.

        Hedge mode keeps both apart and wants to be told which one is meant.
        """
        return -self.side.sign if self.reduce_only else self.side.sign


@dataclass(frozen=True, slots=True)
class NativeReport:
    """One order as the exchange shows it, its fills not yet read."""

    client_order_id: str
    exchange_order_id: str
    side: Side
    type: OrderType
    """`LIMIT` for a resting order alone: one that is bounded counts as a market order."""
    status: OrderStatus
    amount: Decimal
    """Asked for, in the exchange's units."""
    filled: Decimal
    """In the exchange's units."""
    timestamp: int
    """When the exchange took the order, ms UTC."""


@dataclass(frozen=True, slots=True)
class NativeFill:
    """One execution."""

    fill_id: str
    """The exchange's own, unique for the market."""
    amount: Decimal
    """In the exchange's units."""
    price: Decimal
    fee: Decimal
    """In `fee_currency`; positive is paid, negative a rebate."""
    fee_currency: str
    timestamp: int
    """ms UTC."""
    maker: bool


@dataclass(frozen=True, slots=True)
class NativePosition:
    """What is held of one market one way."""

    market_id: str
    amount: Decimal
    """In the exchange's units, signed: positive long, negative short."""
    entry_price: Decimal
    mark_price: Decimal
    liquidation_price: Decimal | None
    unrealized_pnl: Decimal
    """Quote currency."""


@dataclass(frozen=True, slots=True)
class NativePositions:
    """One answer about positions."""

    held: tuple[NativePosition, ...]
    """What is not zero; a market may come twice in hedge mode, once long and once short."""
    position_mode: PositionMode | None
    """Of the account, where the answer shows it."""
