"""Paper accounts: real public prices, fills simulated by us."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pairtrader.exchanges.base import BaseExchange, Clock
from pairtrader.exchanges.ccxt_client import LIST_TIMEOUT_MS, CcxtClient
from pairtrader.exchanges.ccxt_markets import from_ccxt, from_native
from pairtrader.exchanges.ccxt_venue import CcxtVenue
from pairtrader.exchanges.context import AdapterContext
from pairtrader.exchanges.errors import RetryLater, UnknownSymbol, UserMustAct
from pairtrader.exchanges.simulated.exchange import SimulatedExchange
from pairtrader.exchanges.simulated.feed import Cursors, FundingRate, Look, PricePoint
from pairtrader.model.account import AccountMode, Simulation
from pairtrader.model.market import Candle, Market, Quote, unified_symbol

HOUR_MS = 3_600_000
_PUBLISHED_AFTER_MS = 120_000
"""How long after the full hour exchanges may take to publish a settlement."""
_TIMEFRAMES = {60_000: "1m", 300_000: "5m", 900_000: "15m", HOUR_MS: "1h", 86_400_000: "1d"}
_MAX_CANDLES = 100
_OHLC = 5
_MAX_SETTLEMENTS = 100


class PublicFeed:
    """Public prices of one exchange, asked for through CCXT without keys."""

    def __init__(self, client: CcxtClient, simulation: Simulation, clock: Clock) -> None:
        self._client = client
        self._simulation = simulation
        self._clock = clock
        self._quiet_until: dict[str, int] = {}
        """Market time up to which no settlement is to be asked for again, by symbol."""

    def known(self, symbol: str) -> Market | None:
        """Return the market if it has been taken in, None if it would have to be loaded."""
        unified = unified_symbol(symbol)
        if not self._client.knows(unified):
            return None
        return self._market(self._client.raw.markets[unified])

    async def markets(self) -> Sequence[Market]:
        """Return every linear swap. Heavy: asks for the exchange's whole list."""
        loaded = await self._client.call(lambda ccxt: ccxt.fetch_markets(), LIST_TIMEOUT_MS)
        markets = {m["symbol"]: self._market(m) for m in loaded}
        listed = [market for market in markets.values() if market is not None]
        if not listed:
            raise RetryLater(f"{self._client.venue.name}: the list of markets came without markets")
        self._client.take_markets([m for m in loaded if markets[m["symbol"]] is not None])
        return listed

    async def look(self, market: Market, cursors: Cursors) -> Look:
        """Return best bid and ask as the exchange quotes them now."""
        market_id = self._native(market)["id"]
        venue = self._client.venue
        top = await self._client.call(lambda ccxt: venue.top_of_book(ccxt, market_id))
        if top.market_id != market_id:
            raise RetryLater(f"{venue.name} answered for {top.market_id} instead of {market_id}")
        quote = Quote(market.symbol, top.bid, top.ask, top.timestamp)
        return Look(quote, self._clock())

    async def path(self, market: Market, since: int, look: Look) -> Sequence[PricePoint]:
        """Return the present alone: what the price did between two looks is not known."""
        return [PricePoint(look.time, look.quote.ask, look.quote.bid)]

    async def funding_rates(self, market: Market, after: int, look: Look) -> Sequence[FundingRate]:
        """Return the exchange's settlements; asked for when a full hour has passed."""
        start = max(after, self._quiet_until.get(market.symbol, 0))
        if look.time // HOUR_MS <= start // HOUR_MS:
            return []
        unified = self._taken_in(market)
        rows = await self._client.call(
            lambda ccxt: ccxt.fetch_funding_rate_history(unified, after + 1, _MAX_SETTLEMENTS)
        )
        rates = [_rate(row, look) for row in rows]
        due = sorted((r for r in rates if after < r.time <= look.time), key=lambda r: r.time)
        if not due and look.time % HOUR_MS > _PUBLISHED_AFTER_MS:
            self._quiet_until[market.symbol] = look.time
        return due

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

    async def close(self) -> None:
        """Give up connections."""
        await self._client.close()

    def _market(self, market: Any) -> Market | None:
        fees = self._simulation.taker_fee, self._simulation.maker_fee
        return from_ccxt(market, self._client.venue, *fees)

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


def _rate(row: Any, look: Look) -> FundingRate:
    time, rate = row.get("timestamp"), row.get("fundingRate")
    if time is None or rate is None:
        raise RetryLater("a funding settlement came without time or rate")
    return FundingRate(int(time), Decimal(str(rate)), look.quote.mid, int(time))


def _candle(row: Any) -> Candle:
    if len(row) < _OHLC or any(cell is None for cell in row[:_OHLC]):
        raise RetryLater("a candle came incomplete")
    first, high, low, last = (Decimal(str(cell)) for cell in row[1:_OHLC])
    return Candle(int(row[0]), first, high, low, last)


def create_ccxt_exchange(venue: CcxtVenue, context: AdapterContext) -> BaseExchange:
    """Return the adapter of an account on `venue`.

    Raises:
        UserMustAct: the account's mode is not offered.
    """
    account = context.account
    if account.mode is not AccountMode.PAPER:
        raise UserMustAct(
            f"{venue.name} accounts are offered in mode paper only, not {account.mode}",
            exchange_code="mode",
        )
    simulation = account.simulation or Simulation()
    feed = PublicFeed(CcxtClient(venue, context.hosts), simulation, context.clock)
    return SimulatedExchange(
        account.account_id, account.uid, simulation, feed, context.account_store, context.clock
    )
