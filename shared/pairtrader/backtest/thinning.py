"""Which points of a long curve to draw."""

import numpy as np

from pairtrader.backtest.series import Floats, Integers

MOST_POINTS = 2_000


def distinct(rising: Integers) -> Integers:
    """Return each of `rising` once."""
    if len(rising) == 0:
        return rising
    return rising[np.concatenate(([True], rising[1:] != rising[:-1]))]


def kept(values: Floats, most: int = MOST_POINTS) -> Integers:
    """Return the indices, rising, of at most `most` of `values` that draw the same curve.

    The values are cut into equal stretches, and of each the lowest and the highest are kept; so
    are the first and the last of all.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    stretch = -(-count // ((most - 2) // 2))
    whole = count // stretch
    body = values[: whole * stretch].reshape(whole, stretch)
    begins = np.arange(whole) * stretch
    found = [[0, count - 1], begins + body.argmin(axis=1), begins + body.argmax(axis=1)]
    rest = values[whole * stretch :]
    if len(rest):
        begin = whole * stretch
        found.append([begin + int(rest.argmin()), begin + int(rest.argmax())])
    return distinct(np.sort(np.concatenate(found)))
