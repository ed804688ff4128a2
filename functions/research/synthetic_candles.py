"""Candles of the synthetic market: computed many at once, where asking page by page takes long."""

import asyncio
from collections.abc import Callable

import numpy as np

from functions.research.past_candles import ROWS, PastCandles, Table
from pairtrader.exchanges.past_prices import PastPrices
from pairtrader.exchanges.simulated.price_arrays import synthetic_bars
from pairtrader.model.research import Period

AT_ONCE = 1_000
"""Bars between two looks at whether the job is still wanted."""


class SyntheticCandles(PastCandles):
    """Candles of one seed's market; none are kept, they cost no request."""

    def __init__(self, seed: int, past: PastPrices, now: Callable[[], int]) -> None:
        super().__init__(past, None, now)
        self._seed = seed

    async def _asked_for(
        self, symbol: str, period: Period, arrived: Callable[[int], None]
    ) -> Table:
        length = period.timeframe_ms
        until = min(period.until, self._now()) // length * length
        tables = [np.empty((ROWS, 0))]
        for begin in range(period.since, until, AT_ONCE * length):
            opens = np.arange(begin, min(begin + AT_ONCE * length, until), length)
            bars = synthetic_bars(self._seed, symbol, opens, length)
            tables.append(np.concatenate([opens[np.newaxis].astype(np.float64), bars]))
            arrived(int(opens[-1]) + length - period.since)
            await asyncio.sleep(0)
        return np.concatenate(tables, axis=1)
