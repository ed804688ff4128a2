"""The prices of two markets side by side, as close together as a chart has room for."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from functions.exchange.shelf import OpenAccount
from functions.exchange.start_price import start_price
from pairtrader.exchanges.errors import NoMarketData
from pairtrader.model.market import Market

TIMEFRAMES_MS = (60_000, 300_000, 900_000, 3_600_000, 14_400_000, 86_400_000)
"""What every exchange has candles of."""
PAGE = 100
"""Candles that every exchange gives at once."""
FEW = 50
"""Recordings may end long before now, and markets begin late: fewer points than this are drawn
from shorter candles."""


async def pair_prices(
    opened: OpenAccount, symbols: tuple[str, str], since: int, most: int
) -> dict[str, Any]:
    """Return both start prices and up to `most` pairs of closes since then (ms UTC).

    Start prices are None while there is no candle; closes are paired by their candles' opening.

    Raises:
        UnknownSymbol: naming all that the exchange does not have.
    """
    markets = await opened.named(symbols)
    now = opened.clock()
    starts = await _start_prices(opened, markets, since) if since <= now else None
    if starts is None:
        return {"start_prices": None, "timeframe_ms": TIMEFRAMES_MS[0], "points": []}
    at = _longest_needed(now - since, most)
    begin = max(since, now - most * TIMEFRAMES_MS[at])
    points = await _points(opened, markets, begin, TIMEFRAMES_MS[at], most)
    while len(points) < FEW and at > 0:
        at -= 1
        points = await _points(opened, markets, begin, TIMEFRAMES_MS[at], most)
    return {
        "start_prices": [format(price, "f") for price in starts],
        "timeframe_ms": TIMEFRAMES_MS[at],
        "points": points,
    }


def _longest_needed(span_ms: int, most: int) -> int:
    """Return the index of the shortest timeframe of which `most` candles cover the span."""
    enough = (at for at, each in enumerate(TIMEFRAMES_MS) if span_ms <= each * most)
    return next(enough, len(TIMEFRAMES_MS) - 1)


async def _start_prices(
    opened: OpenAccount, markets: Sequence[Market], since: int
) -> tuple[Decimal, Decimal] | None:
    try:
        first, second = await asyncio.gather(
            *(start_price(opened.exchange, market, since) for market in markets)
        )
    except NoMarketData:
        return None
    return first.open, second.open


async def _points(
    opened: OpenAccount, markets: Sequence[Market], since: int, timeframe_ms: int, most: int
) -> list[list[int | str]]:
    """Return close times with both closes; the last candle may still be open, and closes now."""
    now = opened.clock()
    first, second = await asyncio.gather(
        *(_closes(opened, market, since, timeframe_ms, most) for market in markets)
    )
    return [
        [min(opening + timeframe_ms, now), format(close, "f"), format(second[opening], "f")]
        for opening, close in first.items()
        if opening in second
    ]


async def _closes(
    opened: OpenAccount, market: Market, since: int, timeframe_ms: int, most: int
) -> dict[int, Decimal]:
    """Return up to `most` closes by their candles' opening, page after page."""
    closes: dict[int, Decimal] = {}
    now = opened.clock()
    while since <= now and len(closes) < most:
        count = min(PAGE, most - len(closes))
        page = await opened.exchange.candles(market, since, count, timeframe_ms)
        if not page:
            break
        closes.update({candle.open_time: candle.close for candle in page})
        since = max(page[-1].open_time + timeframe_ms, since + 1)
    return closes
