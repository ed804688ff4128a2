"""How long analyses of many bars and many markets take: the bounds that docs/analysis.md gives.

Processor time, which neighbours on the machine change little. Bounds are several times what it
takes; what they catch is an order of magnitude.
"""

import sys
from time import process_time

import numpy as np
import pytest

from pairtrader.analysis.finder_options import FinderOptions
from pairtrader.analysis.pair_finder import Candles, find
from pairtrader.analysis.pair_statistics import analyse

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SYMBOLS = 50
ALL = FinderOptions(min_correlation=-1.0, max_p_value=1.0)


def market_of(bars: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(scale=0.002, size=bars).cumsum()


def test_a_million_bars_of_a_pair_take_seconds() -> None:
    rng = np.random.default_rng(1)
    second = market_of(1_000_000, rng)
    first = second + rng.normal(scale=0.001, size=1_000_000)
    times = np.arange(1_000_000, dtype=np.int64) * MINUTE
    begin = process_time()
    analyse(times, np.exp(first), np.exp(second), MINUTE).document()
    took = process_time() - begin
    sys.stdout.write(f"\na pair of 10^6 bars: {took:.2f} s of processor time\n")
    assert took < 5


@pytest.mark.parametrize(
    ("days", "timeframe", "bound"),
    [(30, HOUR, 5.0), (90, 5 * MINUTE, 15.0)],
    ids=["30 days of hours", "90 days of 5 minutes"],
)
@pytest.mark.parametrize("options", [FinderOptions(), ALL], ids=["filters", "no filter"])
def test_all_pairs_of_fifty_markets_take_seconds(
    days: int, timeframe: int, bound: float, options: FinderOptions
) -> None:
    rng = np.random.default_rng(2)
    bars = days * DAY // timeframe
    times = np.arange(bars, dtype=np.int64) * timeframe
    common = market_of(bars, rng)
    candles = [
        Candles(f"S{number:02d}", times, np.exp(common + market_of(bars, rng)))
        for number in range(SYMBOLS)
    ]
    begin = process_time()
    found = find(candles, timeframe, options)
    took = process_time() - begin
    tested = found.counts.tested
    sys.stdout.write(f"\n1,225 pairs, {tested:,} tested: {took:.2f} s of processor time\n")
    assert took < bound
