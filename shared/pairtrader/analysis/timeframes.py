"""Bars of a longer timeframe out of shorter ones."""

import numpy as np

from pairtrader.analysis.arrays import Integers
from pairtrader.analysis.errors import BadSeries

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
YEAR_MS = 365 * DAY_MS
ENOUGH_BARS = 100
"""Below this many hourly bars the tests take shorter ones, where there are any."""
TEST_TIMEFRAMES = (HOUR_MS, 15 * MINUTE_MS, 5 * MINUTE_MS, MINUTE_MS)


def closing_bars(times: Integers, timeframe_ms: int, longer_ms: int) -> Integers:
    """Return the indices of those bars whose close is the close of a bar of the longer timeframe.

    A longer bar whose last part is missing is missing as a whole, so that what is compared was
    known at one and the same moment.

    Args:
        times: when each bar opens, ms UTC.
        timeframe_ms: length of these bars.
        longer_ms: a multiple of it.
    """
    return np.flatnonzero((times + timeframe_ms) % longer_ms == 0)


def timeframe_of_tests(times: Integers, timeframe_ms: int, wanted_ms: int | None) -> int:
    """Return the length of the bars that the tests take, milliseconds.

    Hours, or the longest of 15, 5 and 1 minutes that gives enough bars where hours are too few;
    never shorter than the bars there are.

    Raises:
        BadSeries: `wanted_ms` is not a multiple of the bars' own timeframe.
    """
    if wanted_ms is not None:
        if wanted_ms < timeframe_ms or wanted_ms % timeframe_ms:
            raise BadSeries(
                f"the timeframe of the tests ({wanted_ms // 1000} s) must be a multiple of that of"
                f" the candles ({timeframe_ms // 1000} s)"
            )
        return wanted_ms
    possible = [each for each in TEST_TIMEFRAMES if each > timeframe_ms and not each % timeframe_ms]
    for each in possible:
        if len(closing_bars(times, timeframe_ms, each)) >= ENOUGH_BARS:
            return each
    return timeframe_ms


def gaps(times: Integers, timeframe_ms: int) -> tuple[int, int]:
    """Return how many gaps there are, and how many bars are missing in all of them."""
    steps = np.diff(times) // timeframe_ms
    return int(np.count_nonzero(steps > 1)), int((steps - 1).sum())
