"""An exchange's public market data, asked for through CCXT without keys."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pairtrader.exchanges.ccxt_client import LIST_TIMEOUT_MS, CcxtClient
from pairtrader.exchanges.ccxt_markets import from_ccxt, from_native
from pairtrader.exchanges.errors import RetryLater, UnknownSymbol, UserMustAct
from pairtrader.model.market import Candle, Market, Quote, unified_symbol

_TIMEFRAMES = {
    60_000: "1m",
    300_000: "5m",
    900_000: "15m",
    3_600_000: "1h",
    14_400_000: "4h",
    86_400_000: "1d",
}
_MAX_CANDLES = 100
_OHLC = 5


class PublicMarkets:
    """Markets, quotes and candles of one exchange.

    The whole list of markets is loaded when asked for and never else: a market's own record, kept
    with the bot, is enough for everything a tick does.
    """

    def __init__(self, client: CcxtClient, taker_fee: Decimal, maker_fee: Decimal) -> None:
        self._client = client
        self._fees = taker_fee, maker_fee

    def known(self, symbol: str) -> Market | None:
        """Return the market if it has been taken in, None if it would have to be loaded."""
        unified = unified_symbol(symbol)
        if not self._client.knows(unified):
            return None
        return from_ccxt(self._client.raw.markets[unified], self._client.venue, *self._fees)

    async def load(self) -> Sequence[Market]:
        """Return every linear swap. Heavy: asks for the exchange's whole list."""
        loaded = await self._client.call(lambda ccxt: ccxt.fetch_markets(), LIST_TIMEOUT_MS)
        markets = {m["symbol"]: from_ccxt(m, self._client.venue, *self._fees) for m in loaded}
        listed = [market for market in markets.values() if market is not None]
        if not listed:
            raise RetryLater(f"{self._client.venue.name}: the list of markets came without markets")
        self._client.take_markets([m for m in loaded if markets[m["symbol"]] is not None])
        return listed

    async def quote(self, market: Market) -> Quote:
        """Return best bid and ask as the exchange quotes them now."""
        market_id, venue = self.market_id(market), self._client.venue
        top = await self._client.call(lambda ccxt: venue.top_of_book(ccxt, market_id))
        if top.market_id != market_id:
            raise RetryLater(f"{venue.name} answered for {top.market_id} instead of {market_id}")
        return Quote(market.symbol, top.bid, top.ask, top.timestamp)

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int
    ) -> Sequence[Candle]:
        """Return up to `limit` (at most 100) candles; the last may still be open."""
        timeframe = _TIMEFRAMES.get(timeframe_ms)
        if timeframe is None:
            raise UserMustAct(f"candles of {timeframe_ms} ms are not offered")
        unified, count = self._taken_in(market), min(limit, _MAX_CANDLES)
        rows = await self._client.call(
            lambda ccxt: ccxt.fetch_ohlcv(unified, timeframe, since, count)
        )
        found = {candle.open_time: candle for candle in map(_candle, rows)}
        return [found[time] for time in sorted(found) if time >= since][:count]

    async def funding_rates(self, market: Market, since: int, limit: int) -> Sequence[Any]:
        """Return CCXT's rows of settled funding rates from `since` (ms UTC) on."""
        unified = self._taken_in(market)
        rows: Sequence[Any] = await self._client.call(
            lambda ccxt: ccxt.fetch_funding_rate_history(unified, since, limit)
        )
        return rows

    def market_id(self, market: Market) -> str:
        """Return the exchange's own name of the market."""
        return str(self._native(market)["id"])

    async def close(self) -> None:
        """Give up connections."""
        await self._client.close()

    def _native(self, market: Market) -> dict[str, Any]:
        if not market.native:
            raise UnknownSymbol(f"{market.symbol} is not a market of {self._client.venue.name}")
        return from_native(market.native)

    def _taken_in(self, market: Market) -> str:
        """Return CCXT's symbol after giving CCXT the market's own record: a tick loads no list."""
        unified = unified_symbol(market.symbol)
        if not self._client.knows(unified):
            self._client.take_markets([self._native(market)])
        return unified


def _candle(row: Any) -> Candle:
    if len(row) < _OHLC or any(cell is None for cell in row[:_OHLC]):
        raise RetryLater("a candle came incomplete")
    first, high, low, last = (Decimal(str(cell)) for cell in row[1:_OHLC])
    return Candle(int(row[0]), first, high, low, last)
