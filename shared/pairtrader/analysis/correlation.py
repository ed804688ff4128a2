"""How closely two markets move together."""

from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.arrays import Flags, Floats, Integers
from pairtrader.analysis.half_life import one_bar_apart
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.regression import is_constant

FEWEST = 10
"""Returns below which a correlation says nothing."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Of the log returns of one timeframe; figures are None where `reason` says why."""

    timeframe_seconds: int
    returns: int
    """How many there are; those over a gap are left out."""
    pearson: float | None = None
    spearman: float | None = None
    """Of ranks: a few violent bars do not decide it."""
    reason: Reason | None = None


def correlation_of_returns(
    times: Integers, log1: Floats, log2: Floats, timeframe_ms: int
) -> Correlation:
    """Return the correlation of the returns from bar to bar, `timeframe_ms` apart."""
    steps = one_bar_apart(times, timeframe_ms)
    returns1, returns2 = np.diff(log1)[steps], np.diff(log2)[steps]
    seconds, count = timeframe_ms // 1000, len(returns1)
    if count < FEWEST:
        return Correlation(seconds, count, reason=Reason.TOO_FEW_BARS)
    together = pearson(returns1, returns2)
    if together is None:
        return Correlation(seconds, count, reason=Reason.CONSTANT)
    return Correlation(seconds, count, together, pearson(ranks(returns1), ranks(returns2)))


def pearson(x: Floats, y: Floats) -> float | None:
    """Return the correlation of `x` and `y`, None where one of them is constant."""
    if is_constant(x) or is_constant(y):
        return None
    dx, dy = x - x.mean(), y - y.mean()
    both = float(np.sqrt(float(dx @ dx))) * float(np.sqrt(float(dy @ dy)))
    return max(-1.0, min(1.0, float(dx @ dy) / both)) if both else None


def ranks(values: Floats) -> Floats:
    """Return the rank of each value, 1 is the smallest; equal ones share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Floats = (last - (counts - 1) / 2.0)[place]
    return shared


def correlation_matrix(returns: Floats) -> tuple[Floats, Integers]:
    """Return the correlation of every two rows, and of how many returns each was made.

    `returns` holds one market a row, NaN where there is none; every pair takes the moments that
    both have. NaN where one of them does not move or there are fewer than `FEWEST`.
    """
    known: Flags = np.isfinite(returns)
    present = known.astype(np.float64)
    counts = present @ present.T
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(known, returns, 0.0).sum(axis=1) / present.sum(axis=1)
        centred = np.where(known, returns - means[:, np.newaxis], 0.0)
        sums = centred @ present.T
        squares = (centred * centred) @ present.T
        variance = squares - sums * sums / counts
        covariance = centred @ centred.T - sums * sums.T / counts
        matrix = covariance / np.sqrt(variance * variance.T)
    still = variance <= 1e-12 * np.maximum(squares, np.finfo(np.float64).tiny)
    matrix[still | still.T | (counts < FEWEST)] = np.nan
    on_itself = np.diagonal(matrix).copy()
    np.fill_diagonal(matrix, np.where(np.isnan(on_itself), np.nan, 1.0))
    return np.clip(matrix, -1.0, 1.0), counts.astype(np.int64)
