"""Feeds of recorded candles: bid and ask are the close of the candle the market stands at."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal

from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.errors import NoMarketData, RetryLater
from pairtrader.exchanges.simulated.candle_table import MINUTE_MS, CandleTable, utc
from pairtrader.exchanges.simulated.feed import Cursors, FundingRate, Look, PricePoint
from pairtrader.exchanges.simulated.recordings import CandleSource
from pairtrader.exchanges.simulated.universe import LISTINGS, derived_market
from pairtrader.model.account import Simulation
from pairtrader.model.market import Candle, Market, Quote


class ReplayFeed(ABC):
    """Prices of one recorded data set; where it stands is decided by the pace.

    Market time is that of the recording. Quotes bear the real time at which they were asked for.
    """

    def __init__(self, simulation: Simulation, source: CandleSource, clock: Clock) -> None:
        if simulation.dataset is None:
            raise NoMarketData("the account's replay names no data set")
        self._simulation = simulation
        self._dataset = simulation.dataset
        self._source = source
        self._clock = clock

    @abstractmethod
    def standing(self, symbol: str, cursors: Cursors) -> int | None:
        """Return the index of the candle the market stands at, None before the first."""

    def table(self, symbol: str) -> CandleTable:
        """Return the recorded candles of `symbol`."""
        return self._source.candles(self._dataset, symbol)

    def first(self, symbol: str) -> int:
        """Return the index of the first candle to be served."""
        table = self.table(symbol)
        index = table.first_from(self._simulation.start or 0)
        if index == len(table):
            raise NoMarketData(f"{table.name} ends at {utc(table.times[-1])}, before the start")
        return index

    def known(self, symbol: str) -> Market | None:
        """Return the market: as listed, or with steps derived from its first price."""
        listing = LISTINGS.get(symbol)
        if listing is not None:
            return listing.market(self._simulation)
        first = self.table(symbol).candle(0)
        return derived_market(symbol, first.close, self._simulation)

    async def markets(self) -> Sequence[Market]:
        """Return the markets of all recorded symbols.

        Raises:
            NoMarketData: there are none.
        """
        symbols = self._source.symbols(self._dataset)
        if not symbols:
            raise NoMarketData(f"data set {self._dataset} has no candles")
        markets = (self.known(symbol) for symbol in symbols)
        return [market for market in markets if market is not None]

    async def look(self, market: Market, cursors: Cursors) -> Look:
        """Return the market at the candle it stands at; before the first, at that one's open."""
        symbol, now = market.symbol, self._clock()
        table, index = self.table(symbol), self.standing(symbol, cursors)
        if index is None:
            first = table.candle(self.first(symbol))
            return Look(Quote(symbol, first.open, first.open, now), first.open_time)
        candle = table.candle(index)
        quote = Quote(symbol, candle.close, candle.close, now)
        return Look(quote, candle.open_time + table.timeframe)

    async def path(self, market: Market, since: int, look: Look) -> Sequence[PricePoint]:
        """Return low and high of every candle closed since."""
        table = self.table(market.symbol)
        return [
            PricePoint(candle.open_time + table.timeframe, candle.low, candle.high)
            for candle in table.closed_between(since, look.time)
        ]

    async def funding_rates(self, market: Market, after: int, look: Look) -> Sequence[FundingRate]:
        """Return the recorded settlements; marks are the closes before them."""
        rates = self._source.funding(self._dataset, market.symbol).between(after, look.time)
        return [
            FundingRate(time, rate, self._close_before(market.symbol, time), look.quote.timestamp)
            for time, rate in rates
        ]

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int
    ) -> Sequence[Candle]:
        """Return recorded candles, merged to `timeframe_ms` where that is longer than theirs."""
        table = self.table(market.symbol)
        if timeframe_ms <= table.timeframe or timeframe_ms % table.timeframe:
            first = table.first_from(since)
            return [table.candle(i) for i in range(first, min(first + limit, len(table)))]
        opens = range(-(-since // timeframe_ms) * timeframe_ms, table.times[-1] + 1, timeframe_ms)
        merged = (_merged(table, open_time, timeframe_ms) for open_time in opens[:limit])
        return [candle for candle in merged if candle is not None]

    async def close(self) -> None:
        """Do nothing: there are no connections."""
        return

    def _close_before(self, symbol: str, time: int) -> Decimal:
        table = self.table(symbol)
        index = table.first_from(time - table.timeframe + 1)
        return table.candle(max(index - 1, 0)).close


class StepReplayFeed(ReplayFeed):
    """Stands where the account's cursors say: each tick takes the next candle of its pair."""

    def standing(self, symbol: str, cursors: Cursors) -> int | None:
        """Return the candle at the symbol's cursor."""
        open_time = cursors.get(symbol)
        if open_time is None:
            return None
        index = self.table(symbol).find(open_time)
        if index is None:
            name = self.table(symbol).name
            raise NoMarketData(f"{name} has no candle at {utc(open_time)} any more")
        return index

    def next_common(self, symbols: tuple[str, str], cursors: Cursors) -> int:
        """Return the open time of the first candle that both symbols have behind their cursors.

        Raises:
            NoMarketData: there is none.
        """
        first, second = (self.table(symbol) for symbol in symbols)
        times = [
            cursors[symbol] + 1
            if symbol in cursors
            else self.table(symbol).times[self.first(symbol)]
            for symbol in symbols
        ]
        time = max(times)
        while True:
            left, right = first.first_from(time), second.first_from(time)
            if left == len(first) or right == len(second):
                break
            time = max(first.times[left], second.times[right])
            if first.times[left] == second.times[right]:
                return time
        end = min(first.times[-1], second.times[-1])
        raise NoMarketData(
            f"data set {self._dataset} ends: {symbols[0]} and {symbols[1]} have no common candle "
            f"after {utc(max(cursors.get(s, end) for s in symbols))}"
        )


class RealtimeReplayFeed(ReplayFeed):
    """Serves one candle a minute of real time since the account was made."""

    def __init__(
        self, simulation: Simulation, source: CandleSource, clock: Clock, began_at: int
    ) -> None:
        super().__init__(simulation, source, clock)
        self._began_at = began_at

    def standing(self, symbol: str, cursors: Cursors) -> int | None:
        """Return the candle for this minute.

        Raises:
            RetryLater: the recording has a gap there.
            NoMarketData: it is over.
        """
        table = self.table(symbol)
        minutes = max(self._clock() - self._began_at, 0) // MINUTE_MS
        open_time = table.times[self.first(symbol)] + minutes * table.timeframe
        if open_time > table.times[-1]:
            raise NoMarketData(f"{table.name} ended at {utc(table.times[-1])}")
        index = table.find(open_time)
        if index is None:
            raise RetryLater(f"{table.name} has a gap at {utc(open_time)}")
        return index


def _merged(table: CandleTable, open_time: int, timeframe: int) -> Candle | None:
    first, end = table.first_from(open_time), table.first_from(open_time + timeframe)
    if first == end:
        return None
    parts = [table.candle(index) for index in range(first, end)]
    return Candle(
        open_time,
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
    )
