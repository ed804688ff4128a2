"""A perpetual swap as its exchange describes it, and the prices quoted for it."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal


@dataclass(frozen=True, slots=True)
class Market:
    """One linear perpetual swap.

    Amounts are in base coins everywhere inside pairtrader; an exchange that counts in contracts
    converts at its own border with `contract_size`.
    """

    symbol: str
    """API spelling, such as ``GALA-USDT``."""
    base: str
    quote: str
    amount_step: Decimal
    """Smallest change of an order's amount, in base coins."""
    min_amount: Decimal
    """Smallest order, in base coins."""
    min_notional: Decimal
    """Smallest order, in quote currency."""
    price_step: Decimal
    taker_fee: Decimal
    """Fraction of the notional, 0.0005 = 0.05 %."""
    maker_fee: Decimal
    contract_size: Decimal = Decimal(1)
    """Base coins in one contract."""
    max_market_amount: Decimal | None = None
    """Largest market order, in base coins."""
    max_leverage: int | None = None
    active: bool = True
    native: str = ""
    """The exchange adapter's own record of the market (JSON), opaque to everybody else."""

    def round_amount(self, amount: Decimal) -> Decimal:
        """Return `amount` cut down to whole steps, in base coins; never more than asked for."""
        return (amount / self.amount_step).to_integral_value(ROUND_DOWN) * self.amount_step

    def round_price(self, price: Decimal) -> Decimal:
        """Return the price on the exchange's grid nearest to `price`."""
        return (price / self.price_step).to_integral_value(ROUND_HALF_EVEN) * self.price_step

    def smallest_order(self, price: Decimal) -> Decimal:
        """Return the smallest notional, in quote currency, that the exchange takes at `price`."""
        return max(self.min_notional, self.min_amount * price)


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask of one market at one moment."""

    symbol: str
    bid: Decimal
    ask: Decimal
    timestamp: int
    """When the exchange quoted it, ms UTC."""

    @property
    def mid(self) -> Decimal:
        """Mean of bid and ask: the strategy's price of the market."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar; `open_time` in ms UTC."""

    open_time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def unified_symbol(symbol: str) -> str:
    """Return CCXT's unified spelling of a linear swap: ``GALA-USDT`` gives ``GALA/USDT:USDT``."""
    base, _, quote = symbol.partition("-")
    return f"{base}/{quote}:{quote}"


def api_symbol(unified: str) -> str:
    """Return the API's spelling of CCXT's unified swap symbol, the inverse of `unified_symbol`."""
    base, _, rest = unified.partition("/")
    return f"{base}-{rest.partition(':')[0]}"
