"""Fees that an exchange takes in another currency, such as its own coin, in quote currency."""

from decimal import Decimal

from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.ccxt_client import CcxtClient
from pairtrader.exchanges.errors import UserMustAct
from pairtrader.exchanges.native import NativeFill
from pairtrader.model.market import Market

_KEPT_MS = 60_000
_DOLLARS = frozenset({"USDT", "USDC", "USD", "FDUSD", "BUSD", "BFUSD"})


class FeeConversion:
    """Values fees at the price of the fee currency's own swap."""

    def __init__(self, client: CcxtClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._prices: dict[tuple[str, str], tuple[Decimal, int]] = {}
        """Price and when it was asked for (ms UTC), by fee currency and quote."""

    async def in_quote(self, fill: NativeFill, market: Market, unit: Decimal) -> Decimal:
        """Return the fee of `fill` in the quote currency of `market`.

        A currency without a swap of its own is valued by the account's usual taker rate: the fee
        was taken, only its price is not known.

        Raises:
            RetryLater: the price can't be asked now.
        """
        currency = fill.fee_currency
        if currency == market.quote or {currency, market.quote} <= _DOLLARS or not fill.fee:
            return fill.fee
        try:
            return fill.fee * await self._price(currency, market.quote)
        except UserMustAct:
            usual = fill.amount * unit * fill.price * market.taker_fee
            return usual if fill.fee > 0 else -usual

    async def _price(self, currency: str, quote: str) -> Decimal:
        kept = self._prices.get((currency, quote))
        if kept is not None and self._clock() - kept[1] < _KEPT_MS:
            return kept[0]
        venue = self._client.venue
        market_id = venue.market_id(currency, quote)
        top = await self._client.call(lambda ccxt: venue.top_of_book(ccxt, market_id))
        mid = (top.bid + top.ask) / 2
        self._prices[currency, quote] = (mid, self._clock())
        return mid
