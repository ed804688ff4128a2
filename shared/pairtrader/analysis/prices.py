"""Checks of the prices that an analysis is asked for."""

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers
from pairtrader.analysis.errors import BadSeries


def checked_times(times: Integers, timeframe_ms: int, name: str) -> Integers:
    """Return `times` as an array of whole milliseconds.

    Raises:
        BadSeries: they do not rise in whole steps of the timeframe.
    """
    result = np.ascontiguousarray(times, dtype=np.int64)
    if result.ndim != 1:
        raise BadSeries(f"the times of {name} must be one row of moments")
    steps = np.diff(result)
    wrong = np.flatnonzero((steps <= 0) | (steps % timeframe_ms != 0))
    if len(wrong):
        raise BadSeries(
            f"the times of {name} must rise in steps of {timeframe_ms // 1000} s:"
            f" bar {int(wrong[0]) + 1} (counted from 0) does not"
        )
    return result


def checked_prices(prices: Floats, count: int, name: str) -> Floats:
    """Return `prices` as an array of `count` floats.

    Raises:
        BadSeries: another number of them, or one that is not a number above zero.
    """
    result = np.ascontiguousarray(prices, dtype=np.float64)
    if result.shape != (count,):
        raise BadSeries(f"{name} must have one price for each of the {count} bars")
    wrong = np.flatnonzero(~(np.isfinite(result) & (result > 0)))
    if len(wrong):
        bar = int(wrong[0])
        raise BadSeries(
            f"{name} has no price above zero at bar {bar} (counted from 0): {result[bar]}"
        )
    return result
