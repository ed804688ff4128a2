"""How long half of a deviation takes to vanish, by an autoregression of order one."""

import math
from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.arrays import Flags, Floats
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.regression import line
from pairtrader.analysis.unit_root import FEWEST


@dataclass(frozen=True, slots=True)
class HalfLife:
    """Figures are None where `reason` says why."""

    bars: float | None = None
    seconds: float | None = None
    coefficient: float | None = None
    """How much of a deviation is left after one bar: 1 never comes back, 0 at once."""
    reason: Reason | None = None


def half_life(values: Floats, bar_ms: int, neighbours: Flags | None = None) -> HalfLife:
    """Return the half-life of the deviations of `values` from their mean.

    Args:
        values: the series.
        bar_ms: length of a bar, milliseconds.
        neighbours: which of the steps from one value to the next span one bar; None: all.
    """
    before, after = values[:-1], values[1:]
    if neighbours is not None:
        before, after = before[neighbours], after[neighbours]
    if len(before) < FEWEST:
        return HalfLife(reason=Reason.TOO_FEW_BARS)
    fitted = line(after, before)
    if fitted is None:
        return HalfLife(reason=Reason.CONSTANT)
    coefficient = fitted.slope_in_x
    if coefficient >= 1.0:
        return HalfLife(coefficient=coefficient, reason=Reason.NOT_MEAN_REVERTING)
    if coefficient <= 0.0:
        return HalfLife(coefficient=coefficient, reason=Reason.FASTER_THAN_A_BAR)
    bars = math.log(2.0) / -math.log(coefficient)
    return HalfLife(bars, bars * bar_ms / 1000.0, coefficient)


def one_bar_apart(times: np.ndarray[tuple[int], np.dtype[np.int64]], bar_ms: int) -> Flags:
    """Return which steps from one of `times` (ms) to the next span exactly one bar."""
    steps: Flags = np.diff(times) == bar_ms
    return steps
