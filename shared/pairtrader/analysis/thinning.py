"""Fewer points of a curve that still show its every peak."""

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers, distinct

MOST_POINTS = 2_000


def kept(*curves: Floats, most: int = MOST_POINTS) -> Integers:
    """Return which points of `curves`, all of one length, to show: at most `most`, ascending.

    Of every stretch each curve's lowest and highest point stay, and the first and the last point
    of all. NaN counts as no point.
    """
    count = len(curves[0])
    if count <= most:
        return np.arange(count)
    stretch = -(-count // ((most - 2) // (2 * len(curves))))
    wanted = [np.array([0, count - 1])]
    for curve in curves:
        low, high = _comparable(curve)
        whole = count // stretch * stretch
        begins = np.arange(0, whole, stretch)
        wanted.append(begins + low[:whole].reshape(-1, stretch).argmin(axis=1))
        wanted.append(begins + high[:whole].reshape(-1, stretch).argmax(axis=1))
        if whole < count:
            wanted.append(whole + np.array([low[whole:].argmin(), high[whole:].argmax()]))
    return distinct(np.sort(np.concatenate(wanted)))


def _comparable(curve: Floats) -> tuple[Floats, Floats]:
    """Return `curve` to look for lows in and for highs in."""
    if not np.isnan(curve.min()):
        return curve, curve
    missing = np.isnan(curve)
    return np.where(missing, np.inf, curve), np.where(missing, -np.inf, curve)
