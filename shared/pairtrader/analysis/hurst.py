"""Hurst exponent: how fast a series spreads out with time."""

from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.arrays import Floats
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.regression import is_constant, line

FEWEST = 100
"""Values below which the exponent says nothing."""
LAGS = 20
"""Number of lags, in steps of equal ratio from 1 to a tenth of the series."""
LONGEST_SHARE = 10


@dataclass(frozen=True, slots=True)
class Hurst:
    """Figures are None where `reason` says why."""

    exponent: float | None = None
    """0.5: a random walk; below: it turns back; above: it goes on. White noise is near 0."""
    r_squared: float | None = None
    """How straight the line is that it was read from."""
    shortest_lag: int | None = None
    longest_lag: int | None = None
    """Bars."""
    reason: Reason | None = None


def hurst(values: Floats) -> Hurst:
    """Return the exponent H of E[(x(t + lag) - x(t))²] ~ lag^(2H), by a line through logarithms.

    The mean square of the differences is taken at about `LAGS` lags between 1 bar and a tenth of
    the series; H is half the slope of its logarithm on the lag's. The series is one of levels (a
    spread), not of returns.
    """
    if len(values) < FEWEST:
        return Hurst(reason=Reason.TOO_FEW_BARS)
    if is_constant(values):
        return Hurst(reason=Reason.CONSTANT)
    longest = len(values) // LONGEST_SHARE
    lags = np.unique(np.round(np.geomspace(1.0, longest, LAGS)).astype(np.int64))
    squares = np.array([_mean_square(values, int(lag)) for lag in lags])
    if not bool((squares > 0).all()):
        return Hurst(reason=Reason.CONSTANT)
    fitted = line(np.log(squares), np.log(lags.astype(np.float64)))
    if fitted is None:
        return Hurst(0.0, 1.0, 1, longest)
    return Hurst(fitted.slope_in_x / 2.0, fitted.r_squared, 1, longest)


def _mean_square(values: Floats, lag: int) -> float:
    steps = values[lag:] - values[:-lag]
    return float(steps @ steps) / len(steps)
