"""Least squares without squaring the condition of the problem, in bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.arrays import Floats

EXACT = 1.0 - 100.0 * float(np.sqrt(np.finfo(np.float64).eps))
"""From this share of explained variance on, the residual is rounding and tests of it are void."""


WELL_CONDITIONED = 1e-5
"""Share of every column's square that the columns before it must leave for sums of products to
give ten digits and more."""


def products(blocks: Iterable[Floats]) -> Floats:
    """Return the sums of products of all columns over the rows of all `blocks`."""
    parts = [block.T @ block for block in blocks]
    total: Floats = np.sum(parts, axis=0)
    return total


def triangle_of(sums: Floats) -> Floats | None:
    """Return the triangular factor of rows whose products sum up to `sums`, see `triangle`.

    None where the columns are too alike for that: the rows themselves have to be reduced.
    """
    lengths = np.sqrt(np.diagonal(sums))
    if not bool((lengths > 0).all()):
        return None
    try:
        factor = np.linalg.cholesky(sums / np.outer(lengths, lengths)).T
    except np.linalg.LinAlgError:
        return None
    if float(np.diagonal(factor).min()) ** 2 < WELL_CONDITIONED:
        return None
    scaled: Floats = factor * lengths
    return scaled


def triangle(blocks: Iterable[Floats]) -> Floats:
    """Return the triangular factor of the rows of all `blocks`, one after another.

    Every block is reduced together with the factor so far, so that no more than one block has to
    be in memory. The last column belongs to the dependent variable: the squares of its entries
    from row m on sum up to what the first m columns leave unexplained.
    """
    factor: Floats | None = None
    for block in blocks:
        rows = block if factor is None else np.vstack((factor, block))
        factor = np.asarray(np.linalg.qr(rows, mode="r"), dtype=np.float64)
    if factor is None:
        raise ValueError("a regression needs rows")
    return factor


@dataclass(frozen=True, slots=True)
class Line:
    """`y = intercept + slope_in_x x + slope_in_time t`, t = 1, 2, 3 ... with every observation."""

    slope_in_x: float
    intercept: float
    slope_in_time: float | None
    """None where no trend was asked for."""
    r_squared: float
    residual: Floats


def line(y: Floats, x: Floats, *, trend: bool = False) -> Line | None:
    """Return the line of least squares through `x` and `y`, None where `x` or `y` is constant."""
    mean_x, mean_y = float(x.mean()), float(y.mean())
    dx, dy = x - mean_x, y - mean_y
    total = float(dy @ dy)
    if is_constant(x) or is_constant(y):
        return None
    count = len(y)
    drift = None
    dt = np.arange(count, dtype=np.float64) - (count - 1) / 2.0
    if trend:
        spread_of_time = float(dt @ dt)
        dx_free = dx - dt * (float(dt @ dx) / spread_of_time)
        if float(dx_free @ dx_free) <= (1.0 - EXACT) ** 2 * float(dx @ dx):
            return None
        slope = float(dx_free @ dy) / float(dx_free @ dx_free)
        drift = float(dt @ (dy - slope * dx)) / spread_of_time
        residual = dy - slope * dx - drift * dt
    else:
        slope = float(dx @ dy) / float(dx @ dx)
        residual = dy - slope * dx
    mean_time = (count + 1) / 2.0
    return Line(
        slope_in_x=slope,
        intercept=mean_y - slope * mean_x - (drift or 0.0) * mean_time,
        slope_in_time=drift,
        r_squared=1.0 - float(residual @ residual) / total,
        residual=residual,
    )


def total_least_squares(y: Floats, x: Floats) -> float | None:
    """Return the slope of the line that is closest to all points, distances at right angles.

    Exchanging `x` and `y` gives its inverse. None where there is no such line.
    """
    dx, dy = x - x.mean(), y - y.mean()
    xx, yy, xy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    if is_constant(x) or is_constant(y) or abs(xy) <= 1e-12 * float(np.sqrt(xx * yy)):
        return None
    gap = yy - xx
    root = float(np.hypot(gap, 2.0 * xy))
    return (gap + root) / (2.0 * xy) if gap >= 0 else 2.0 * xy / (root - gap)


def is_constant(values: Floats) -> bool:
    """Return whether all `values` are equal but for rounding."""
    lowest, highest = float(values.min()), float(values.max())
    return highest - lowest <= 1e-12 * max(abs(lowest), abs(highest))
