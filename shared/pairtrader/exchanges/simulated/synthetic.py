"""The feed of the synthetic market: prices computed, nothing asked for, nothing kept."""

from collections.abc import Sequence

from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.errors import UnknownSymbol
from pairtrader.exchanges.simulated.feed import Cursors, FundingRate, Look, PricePoint
from pairtrader.exchanges.simulated.prices import (
    funding_times,
    synthetic_candle,
    synthetic_funding_rate,
    synthetic_quote,
)
from pairtrader.exchanges.simulated.universe import LISTINGS
from pairtrader.model.account import Simulation
from pairtrader.model.market import Candle, Market, Quote

MAX_CANDLES = 1_000
_PATH_STEP_MS = 1_000
_MAX_PATH_POINTS = 3_600


class SyntheticFeed:
    """Prices of the synthetic market of one seed."""

    def __init__(self, simulation: Simulation, clock: Clock) -> None:
        self._simulation = simulation
        self._clock = clock

    def known(self, symbol: str) -> Market | None:
        """Return the market, None for a symbol that is not listed."""
        listing = LISTINGS.get(symbol)
        return listing.market(self._simulation) if listing else None

    async def markets(self) -> Sequence[Market]:
        """Return all listed markets."""
        return [listing.market(self._simulation) for listing in LISTINGS.values()]

    async def look(self, market: Market, cursors: Cursors) -> Look:
        """Return the market as it stands now."""
        now = self._clock()
        return Look(self._quote(market.symbol, now), now)

    async def path(self, market: Market, since: int, look: Look) -> Sequence[PricePoint]:
        """Return best ask and bid of every second, coarser where that would be very many."""
        step = max(_PATH_STEP_MS, (look.time - since) // _MAX_PATH_POINTS)
        times = [*range(since + step, look.time, step), look.time]
        quotes = (self._quote(market.symbol, time) for time in times if time > since)
        return [PricePoint(quote.timestamp, quote.ask, quote.bid) for quote in quotes]

    async def funding_rates(self, market: Market, after: int, look: Look) -> Sequence[FundingRate]:
        """Return a settlement every 8 hours UTC."""
        seed, symbol = self._simulation.seed, market.symbol
        return [
            FundingRate(
                time=time,
                rate=synthetic_funding_rate(seed, symbol, time),
                mark=self._quote(symbol, time).mid,
                booked_at=time,
            )
            for time in funding_times(after, look.time)
        ]

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int
    ) -> Sequence[Candle]:
        """Return up to `limit` (at most 1,000) candles; the last may still be open."""
        now = self._clock()
        self._require(market.symbol)
        first = -(-since // timeframe_ms) * timeframe_ms
        end = first + min(limit, MAX_CANDLES) * timeframe_ms
        return [
            synthetic_candle(self._simulation.seed, market.symbol, open_time, timeframe_ms, now)
            for open_time in range(first, min(end, now + 1), timeframe_ms)
        ]

    async def close(self) -> None:
        """Do nothing: there are no connections."""
        return

    def _quote(self, symbol: str, time: int) -> Quote:
        self._require(symbol)
        return synthetic_quote(self._simulation.seed, symbol, time)

    @staticmethod
    def _require(symbol: str) -> None:
        if symbol not in LISTINGS:
            raise UnknownSymbol(f"the simulated exchange does not list {symbol}")
