"""A market whose prices a test sets by hand."""

from collections.abc import Sequence
from decimal import Decimal

from pairtrader.exchanges.simulated.feed import Cursors, FundingRate, Look, PricePoint
from pairtrader.model.market import Candle, Market, Quote
from tests.fakes.clock import FakeClock


class ScriptedFeed:
    """Quotes `prices` (mid) with bid and ask alike, at the time of the fake clock."""

    def __init__(self, markets: Sequence[Market], clock: FakeClock) -> None:
        self.all = {market.symbol: market for market in markets}
        self.prices: dict[str, Decimal] = {market.symbol: Decimal(100) for market in markets}
        self.rates: list[FundingRate] = []
        self._clock = clock

    def known(self, symbol: str) -> Market | None:
        return self.all.get(symbol)

    async def markets(self) -> Sequence[Market]:
        return tuple(self.all.values())

    async def look(self, market: Market, cursors: Cursors) -> Look:
        now, price = self._clock.now(), self.prices[market.symbol]
        return Look(Quote(market.symbol, price, price, now), now)

    async def path(self, market: Market, since: int, look: Look) -> Sequence[PricePoint]:
        price = self.prices[market.symbol]
        return (PricePoint(look.time, price, price),) if look.time > since else ()

    async def funding_rates(self, market: Market, after: int, look: Look) -> Sequence[FundingRate]:
        return tuple(rate for rate in self.rates if after < rate.time <= look.time)

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int
    ) -> Sequence[Candle]:
        price = self.prices[market.symbol]
        return tuple(
            Candle(since + i * timeframe_ms, price, price, price, price) for i in range(limit)
        )

    async def close(self) -> None:
        return None
