"""Orders as they are asked for and as the exchange answers, in base coins and quote currency."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pairtrader.model.account import MarginMode
from pairtrader.model.market import Market


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell: what the order adds to a signed position."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order is executed."""

    MARKET = "market"
    LIMIT = "limit"


class OrderStatus(StrEnum):
    """Where an order stands; the last three are final."""

    PENDING = "pending"
    """Written down, outcome not known."""
    OPEN = "open"
    CLOSED = "closed"
    """Nothing left to fill."""
    CANCELED = "canceled"
    """Ended with something, perhaps everything, unfilled."""
    REJECTED = "rejected"
    """Refused or proven absent: it never traded."""

    @property
    def is_final(self) -> bool:
        """Whether the exchange will do nothing more with the order."""
        return self in (OrderStatus.CLOSED, OrderStatus.CANCELED, OrderStatus.REJECTED)


class Purpose(StrEnum):
    """Why an order is sent; a part of its client order id."""

    ENTRY = "entry"
    REST = "rest"
    """The missing part of a leg that came up short."""
    UNWIND = "unwind"
    """Takes back what the other leg could not match."""
    CLOSE = "close"

    @property
    def reduces(self) -> bool:
        """Whether the order may only shrink a position."""
        return self in (Purpose.UNWIND, Purpose.CLOSE)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order to send."""

    client_order_id: str
    market: Market
    side: Side
    type: OrderType
    amount: Decimal
    """Base coins, already on the market's grid."""
    price: Decimal | None = None
    """Limit price; for a market order the worst price it may fill at (immediate or cancel)."""
    reduce_only: bool = False
    margin_mode: MarginMode = MarginMode.CROSS
    """Some exchanges want it on every order."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of an order."""

    amount: Decimal
    """Base coins."""
    price: Decimal
    fee: Decimal
    """Quote currency; positive is paid, negative a rebate."""
    timestamp: int
    """ms UTC."""
    maker: bool = False


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the exchange says of one order, its fills included."""

    client_order_id: str
    exchange_order_id: str
    symbol: str
    side: Side
    type: OrderType
    status: OrderStatus
    amount: Decimal
    """Base coins asked for."""
    fills: tuple[Fill, ...]
    timestamp: int
    """When the exchange took the order, ms UTC."""

    @property
    def filled(self) -> Decimal:
        """Base coins traded so far."""
        return sum((fill.amount for fill in self.fills), Decimal(0))

    @property
    def cost(self) -> Decimal:
        """Quote currency traded so far, without fees."""
        return sum((fill.amount * fill.price for fill in self.fills), Decimal(0))

    @property
    def fee(self) -> Decimal:
        """Quote currency paid in fees so far."""
        return sum((fill.fee for fill in self.fills), Decimal(0))

    @property
    def average(self) -> Decimal | None:
        """Mean fill price, None before the first fill."""
        return self.cost / self.filled if self.fills else None
