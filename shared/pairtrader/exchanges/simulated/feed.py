"""Where a simulated account's prices come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from pairtrader.model.market import Candle, Market, Quote


@dataclass(frozen=True, slots=True)
class Look:
    """One market as it stands."""

    quote: Quote
    """Its timestamp is real time."""
    time: int
    """Market time, ms UTC: real time, or that of the recorded candle."""


@dataclass(frozen=True, slots=True)
class PricePoint:
    """How far the market came between the point before and `time`."""

    time: int
    """Market time, ms UTC."""
    low: Decimal
    """Lowest price somebody sold at: buys above it were filled."""
    high: Decimal
    """Highest price somebody bought at: sales below it were filled."""


@dataclass(frozen=True, slots=True)
class FundingRate:
    """One settlement of funding."""

    time: int
    """Market time, ms UTC."""
    rate: Decimal
    """Fraction of the notional; positive: longs pay shorts."""
    mark: Decimal
    booked_at: int
    """Real time that its payments bear, ms UTC."""


Cursors = Mapping[str, int]
"""Replay in steps: open time of the candle each symbol stands at; empty for other feeds."""


class MarketFeed(Protocol):
    """Prices and funding rates of all markets of one account.

    Any method may raise `RetryLater` or `UserMustAct`.
    """

    def known(self, symbol: str) -> Market | None:
        """Return the market if looking at it costs no request, else None."""
        ...

    async def markets(self) -> Sequence[Market]:
        """Return every market."""
        ...

    async def look(self, market: Market, cursors: Cursors) -> Look:
        """Return the market as it stands."""
        ...

    async def path(self, market: Market, since: int, look: Look) -> Sequence[PricePoint]:
        """Return how the price moved after `since` until `look` (market time), ascending."""
        ...

    async def funding_rates(self, market: Market, after: int, look: Look) -> Sequence[FundingRate]:
        """Return the settlements after `after` until `look` (market time), ascending."""
        ...

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int
    ) -> Sequence[Candle]:
        """Return up to `limit` candles opening at or after `since` (ms UTC), ascending."""
        ...

    async def close(self) -> None:
        """Give up connections."""
        ...
