"""Paper accounts: real public prices, fills simulated by us."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.errors import RetryLater
from pairtrader.exchanges.public_markets import PublicMarkets
from pairtrader.exchanges.simulated.feed import Cursors, FundingRate, Look, PricePoint
from pairtrader.model.market import Candle, Market

HOUR_MS = 3_600_000
_PUBLISHED_AFTER_MS = 120_000
"""How long after the full hour exchanges may take to publish a settlement."""
_MAX_SETTLEMENTS = 100


class PublicFeed:
    """Public prices of one exchange as the simulated exchange takes them."""

    def __init__(self, markets: PublicMarkets, clock: Clock) -> None:
        self._public = markets
        self._clock = clock
        self._quiet_until: dict[str, int] = {}
        """Market time up to which no settlement is to be asked for again, by symbol."""

    def known(self, symbol: str) -> Market | None:
        """Return the market if it has been taken in, None if it would have to be loaded."""
        return self._public.known(symbol)

    async def markets(self) -> Sequence[Market]:
        """Return every linear swap. Heavy: asks for the exchange's whole list."""
        return await self._public.load()

    async def look(self, market: Market, cursors: Cursors) -> Look:
        """Return best bid and ask as the exchange quotes them now."""
        return Look(await self._public.quote(market), self._clock())

    async def path(self, market: Market, since: int, look: Look) -> Sequence[PricePoint]:
        """Return the present alone: what the price did between two looks is not known."""
        return [PricePoint(look.time, look.quote.ask, look.quote.bid)]

    async def funding_rates(self, market: Market, after: int, look: Look) -> Sequence[FundingRate]:
        """Return the exchange's settlements; asked for when a full hour has passed."""
        start = max(after, self._quiet_until.get(market.symbol, 0))
        if look.time // HOUR_MS <= start // HOUR_MS:
            return []
        rows = await self._public.funding_rates(market, after + 1, _MAX_SETTLEMENTS)
        rates = [_rate(row, look) for row in rows]
        due = sorted((r for r in rates if after < r.time <= look.time), key=lambda r: r.time)
        if not due and look.time % HOUR_MS > _PUBLISHED_AFTER_MS:
            self._quiet_until[market.symbol] = look.time
        return due

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int
    ) -> Sequence[Candle]:
        """Return up to `limit` (at most 100) candles; the last may still be open."""
        return await self._public.candles(market, since, limit, timeframe_ms)

    async def close(self) -> None:
        """Give up connections."""
        await self._public.close()


def _rate(row: Any, look: Look) -> FundingRate:
    time, rate = row.get("timestamp"), row.get("fundingRate")
    if time is None or rate is None:
        raise RetryLater("a funding settlement came without time or rate")
    return FundingRate(int(time), Decimal(str(rate)), look.quote.mid, int(time))
