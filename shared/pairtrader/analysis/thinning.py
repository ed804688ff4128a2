"""Fewer points of a curve that still show its every peak."""

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers

MOST_POINTS = 2_000


def kept(curves: tuple[Floats, ...], most: int = MOST_POINTS) -> Integers:
    """Return which points of `curves`, all of one length, to show: at most `most`, ascending.

    Of every stretch each curve's lowest and highest point stay, and the first and the last point
    of all. NaN counts as no point.
    """
    count = len(curves[0])
    if count <= most:
        return np.arange(count)
    stretches = (most - 2) // (2 * len(curves))
    edges = np.linspace(0, count, stretches + 1).astype(np.int64)
    wanted = [np.array([0, count - 1])]
    for curve in curves:
        low, high = (
            np.where(np.isnan(curve), np.inf, curve),
            np.where(np.isnan(curve), -np.inf, curve),
        )
        pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        extremes = [
            (begin + int(low[begin:end].argmin()), begin + int(high[begin:end].argmax()))
            for begin, end in pairs
        ]
        wanted.append(np.array(extremes).ravel())
    return np.unique(np.concatenate(wanted))
