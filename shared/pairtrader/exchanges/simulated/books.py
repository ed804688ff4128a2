"""The books of a simulated account: what it owns, owes and has resting; all values immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal

from pairtrader.model.account import FundingPayment, MarginMode
from pairtrader.model.order import Fill, OrderReport, OrderStatus, OrderType, Side

ZERO = Decimal(0)
DEFAULT_LEVERAGE = 10
_MONEY_GRID = Decimal("0.0000000001")
"""Fees, funding and apportioned costs are rounded to this, so that sums stay exact."""


def on_money_grid(amount: Decimal) -> Decimal:
    """Return `amount` rounded to the smallest unit the books keep, quote currency."""
    return amount.quantize(_MONEY_GRID, ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Holding:
    """The net position in one symbol."""

    amount: Decimal = ZERO
    """Base coins, signed: positive long, negative short."""
    cost: Decimal = ZERO
    """Entry notional of what is held, quote currency."""
    mark: Decimal = ZERO
    """Price last seen; 0 before the first look."""
    funded_until: int = 0
    """Funding up to here is settled, market time, ms UTC."""
    funding_booked_at: int = 0
    """Timestamp of the last payment, ms UTC."""

    @property
    def entry_price(self) -> Decimal:
        """Mean entry price, 0 when flat."""
        return self.cost / abs(self.amount) if self.amount else ZERO

    def unrealised(self, mark: Decimal) -> Decimal:
        """Return the profit of closing at `mark`, without fees, quote currency."""
        return self.amount * mark - (self.cost if self.amount > 0 else -self.cost)


@dataclass(frozen=True, slots=True)
class RestingOrder:
    """A limit order that waits for the market."""

    client_order_id: str
    exchange_order_id: str
    symbol: str
    side: Side
    amount: Decimal
    price: Decimal
    reduce_only: bool
    placed_at: int
    """ms UTC."""
    looked_at: int
    """The price path up to here has been seen not to fill it, market time, ms UTC."""

    def report(self, status: OrderStatus, fills: tuple[Fill, ...] = ()) -> OrderReport:
        """Return what the exchange says of the order."""
        return OrderReport(
            client_order_id=self.client_order_id,
            exchange_order_id=self.exchange_order_id,
            symbol=self.symbol,
            side=self.side,
            type=OrderType.LIMIT,
            status=status,
            amount=self.amount,
            fills=fills,
            timestamp=self.placed_at,
        )


@dataclass(frozen=True, slots=True)
class LeverageSetting:
    """Leverage and margin mode of one symbol."""

    leverage: int = DEFAULT_LEVERAGE
    margin_mode: MarginMode = MarginMode.CROSS


@dataclass(frozen=True, slots=True)
class Books:
    """Everything a simulated account is worth and has under way."""

    balance: Decimal
    """Quote currency, without unrealised profit."""
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    """By API symbol; what has never been held is absent."""
    resting: tuple[RestingOrder, ...] = ()
    settings: Mapping[str, LeverageSetting] = field(default_factory=dict)
    cursors: Mapping[str, int] = field(default_factory=dict)
    """Replay: open time of the candle each symbol stands at, ms UTC."""
    orders_taken: int = 0
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    realised: Decimal = ZERO
    """Since the account was made: fees paid, funding received, price profit; quote currency."""

    def holding(self, symbol: str) -> Holding:
        """Return what is held of `symbol`."""
        return self.holdings.get(symbol) or Holding()

    def setting(self, symbol: str) -> LeverageSetting:
        """Return leverage and margin mode of `symbol`."""
        return self.settings.get(symbol) or LeverageSetting()

    def exposed(self) -> tuple[str, ...]:
        """Return the symbols that are held or have an order resting."""
        held = {symbol for symbol, holding in self.holdings.items() if holding.amount}
        return tuple(sorted(held | {order.symbol for order in self.resting}))

    def hold(self, symbol: str, holding: Holding) -> "Books":
        """Return the books with `holding` in `symbol`."""
        return replace(self, holdings={**self.holdings, symbol: holding})

    def marked(self, marks: Mapping[str, Decimal]) -> "Books":
        """Return the books with the prices last seen of what is held."""
        holdings = {
            symbol: replace(held, mark=marks.get(symbol, held.mark)) if held.amount else held
            for symbol, held in self.holdings.items()
        }
        return replace(self, holdings=holdings)

    def trade(self, symbol: str, signed: Decimal, fill: Fill, time: int) -> "Books":
        """Return the books after a fill of `signed` base coins at market time `time` (ms UTC).

        What reduces the position realises profit at the mean entry price; what goes beyond opens a
        position the other way.
        """
        held = self.holding(symbol)
        closed = min(abs(signed), abs(held.amount)) if signed * held.amount < 0 else ZERO
        opened = abs(signed) - closed
        released = _share(held, closed)
        side = 1 if held.amount > 0 else -1
        profit = side * (closed * fill.price - released)
        holding = replace(
            held,
            amount=held.amount + signed,
            cost=held.cost - released + opened * fill.price,
            mark=fill.price,
            funded_until=held.funded_until if held.amount else time,
        )
        return replace(
            self.hold(symbol, holding),
            balance=self.balance + profit - fill.fee,
            fees=self.fees + fill.fee,
            realised=self.realised + profit,
        )

    def settle(self, payment: FundingPayment, time: int) -> "Books":
        """Return the books after one funding settlement at market time `time` (ms UTC)."""
        holding = replace(
            self.holding(payment.symbol),
            funded_until=time,
            funding_booked_at=payment.timestamp,
        )
        return replace(
            self.hold(payment.symbol, holding),
            balance=self.balance + payment.amount,
            funding=self.funding + payment.amount,
        )


def _share(held: Holding, closed: Decimal) -> Decimal:
    """Return the part of the entry notional that belongs to `closed` coins, exact for all of it."""
    if closed == abs(held.amount):
        return held.cost
    return on_money_grid(held.cost * closed / abs(held.amount))
