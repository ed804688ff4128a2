"""The past of an account that replays a recording: the recording itself."""

from collections.abc import Sequence

from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.errors import NoMarketData, UnknownSymbol, UserMustAct
from pairtrader.exchanges.past_prices import SIMULATED, Page, PastPrices
from pairtrader.exchanges.simulated.recordings import CandleSource
from pairtrader.exchanges.simulated.replay import RealtimeReplayFeed
from pairtrader.history.times import timeframe_name
from pairtrader.model.account import Simulation
from pairtrader.model.market import Candle, Market

BARS = 1_000
_FOR_EVER = 2**53


class ReplayedPast(PastPrices):
    """Recorded candles, merged to longer ones where those are asked for."""

    name = SIMULATED

    def __init__(self, simulation: Simulation, source: CandleSource, clock: Clock) -> None:
        if simulation.dataset is None:
            raise NoMarketData("the account's replay names no data set")
        self._dataset = simulation.dataset
        self._source = source
        self._feed = RealtimeReplayFeed(simulation, source, clock, 0)

    async def open(self, symbols: Sequence[str], timeframe: str) -> None:
        """Make sure that all symbols were recorded."""
        recorded = self._source.symbols(self._dataset)
        unknown = [symbol for symbol in symbols if symbol not in recorded]
        if unknown:
            raise UnknownSymbol(f"data set {self._dataset} has no {', '.join(unknown)}")

    async def candles(self, symbol: str, timeframe: str, length: int, since: int) -> Page:
        """Return candles of `length` ms that open from `since` (ms UTC) on, one page."""
        table = self._feed.table(symbol)
        if length % table.timeframe:
            recorded = timeframe_name(table.timeframe)
            raise UserMustAct(
                f"data set {self._dataset} holds {recorded} candles of {symbol}: {timeframe} ones "
                "can't be made of them, choose a larger timeframe"
            )
        found = await self._feed.candles(self._market(symbol), since, BARS, length)
        rows = [(candle.open_time, _numbers(candle)) for candle in found]
        if length > table.timeframe:
            return Page(rows, -(-since // length) * length + BARS * length)
        return Page(rows, rows[-1][0] + length if len(rows) == BARS else _FOR_EVER)

    async def funding(self, symbol: str, since: int) -> Page:
        """Return all settlements from `since` (ms UTC) on."""
        found = self._source.funding(self._dataset, symbol).between(since - 1, _FOR_EVER)
        return Page([(time, (format(rate, "f"),)) for time, rate in found], _FOR_EVER)

    def _market(self, symbol: str) -> Market:
        market = self._feed.known(symbol)
        if market is None:
            raise UnknownSymbol(f"data set {self._dataset} has no {symbol}")
        return market


def _numbers(candle: Candle) -> tuple[str, ...]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return (*(format(price, "f") for price in prices), "0")
