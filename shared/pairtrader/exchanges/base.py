"""The interface every exchange adapter implements, and the clock it is given."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal

from pairtrader.model.account import AccountIdentity, Balance, FundingPayment, MarginMode, Position
from pairtrader.model.market import Candle, Market, Quote
from pairtrader.model.order import OrderReport, OrderRequest

Clock = Callable[[], int]
"""Returns the time, ms UTC."""


class BaseExchange(ABC):
    """One account on one exchange. Amounts are base coins, money is quote currency.

    Every method may raise `RetryLater` (nothing was done) or `UserMustAct`; only `place` may raise
    `OrderRefused` and `OutcomeUnknown`.
    """

    request_expiry_ms = 5_000
    """How long after sending the exchange may still take an order."""
    funding_grid_ms = 0
    """Funding is settled at multiples of this only, ms UTC; 0 where it may be at any time."""

    @abstractmethod
    async def load_markets(self) -> Sequence[Market]:
        """Return every perpetual swap. Heavy: never called by a tick."""

    @abstractmethod
    async def quote(self, market: Market) -> Quote:
        """Return best bid and ask of one market, by a single-symbol request."""

    async def quote_pair(self, market1: Market, market2: Market) -> tuple[Quote, Quote]:
        """Return both quotes, asked for at the same time."""
        first, second = await asyncio.gather(self.quote(market1), self.quote(market2))
        return first, second

    @abstractmethod
    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int = 60_000
    ) -> Sequence[Candle]:
        """Return up to `limit` candles opening at or after `since` (ms UTC), ascending."""

    @abstractmethod
    async def identity(self) -> AccountIdentity:
        """Return who the account is and what its key may do."""

    @abstractmethod
    async def balance(self, currency: str = "USDT") -> Balance:
        """Return the money in the account that positions quoted in `currency` are paid from."""

    @abstractmethod
    async def positions(self, markets: Sequence[Market]) -> dict[str, Position]:
        """Return what is held of `markets`, keyed by API symbol; a flat symbol has amount 0."""

    async def open_orders(self, market: Market) -> Sequence[str]:
        """Return the client order ids of all open orders of `market`, whoever sent them.

        One that has none gives an empty text.
        """
        return ()

    async def fee_rates(self, market: Market) -> tuple[Decimal, Decimal]:
        """Return what the account pays as taker and as maker, fractions of the notional."""
        return market.taker_fee, market.maker_fee

    async def position_limit(self, market: Market, leverage: int) -> Decimal | None:
        """Return the largest position that `leverage` is allowed for, in quote currency.

        None where the exchange names none.
        """
        return None

    @abstractmethod
    async def set_leverage(self, market: Market, leverage: int, margin_mode: MarginMode) -> None:
        """Set leverage and margin mode; having them already is success. Call only when flat."""

    @abstractmethod
    async def place(self, request: OrderRequest) -> OrderReport:
        """Send one order, once.

        Raises:
            OrderRefused: the exchange said no.
            OutcomeUnknown: the order may exist; look it up by its client order id.
        """

    @abstractmethod
    async def find_order(self, market: Market, client_order_id: str) -> OrderReport | None:
        """Return the order with its fills, None if the exchange does not know it (yet)."""

    @abstractmethod
    async def cancel(self, market: Market, client_order_id: str) -> None:
        """Cancel an open order; one that is not open any more is success."""

    @abstractmethod
    async def funding(self, market: Market, since: int) -> Sequence[FundingPayment]:
        """Return funding settled after `since` (ms UTC, exclusive), ascending."""

    async def close(self) -> None:
        """Give up connections."""
        return


def check_amount(request: OrderRequest, price: Decimal | None) -> str | None:
    """Return why an exchange would refuse the order's size at `price`, None if it would not.

    Without a price the notional is not judged.
    """
    market, amount = request.market, request.amount
    if amount <= 0 or market.round_amount(amount) != amount:
        return f"amount {amount} is not a positive multiple of {market.amount_step}"
    if request.reduce_only:
        return None
    if amount < market.min_amount:
        return f"amount {amount} is below the minimum {market.min_amount}"
    if price is not None and amount * price < market.min_notional:
        return f"notional {amount * price} is below the minimum {market.min_notional}"
    if market.max_market_amount is not None and amount > market.max_market_amount:
        return f"amount {amount} is above the maximum {market.max_market_amount}"
    return None
