"""The largest fall of an equity curve from its highest value until then."""

from dataclasses import dataclass

import numpy as np

from pairtrader.backtest.series import Floats, Integers

BLOCK = 1024
"""Values looked at together: one that can't hold a larger fall is passed over."""
TOGETHER = 128
"""Blocks worked on at a time: they stay in the processor's cache."""
FEW = 16


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Positions count from 0, -1 stands for the start, before the first value."""

    percent: float = 0.0
    """Largest fall in percent of the highest value until then, unsigned."""
    amount: float = 0.0
    """Largest fall in quote currency, unsigned; it may be another one."""
    peak: int = -1
    """Where the largest fall in percent began."""
    bottom: int = -1
    """Where it was at its deepest."""
    recovered: int | None = None
    """Where that peak was reached again, None where it never was."""


def drawdown_of(worth: Floats, start: float) -> Drawdown:
    """Return the largest fall of `worth`, which begins at `start` (positive).

    As peaks only rise, what is a larger fall in percent is a larger one in money too.
    """
    tops, lows = by_block(worth)
    # The highest value until each block begins.
    peaks = np.maximum.accumulate(np.concatenate(([start], tops)))[:-1]
    falls = peaks - lows
    sure = np.maximum.accumulate(np.concatenate(([0.0], falls)))[:-1]
    amount, percent, height, bottom = 0.0, 0.0, start, -1
    for block in np.flatnonzero(np.maximum(peaks, tops) - lows > sure).tolist():
        begin, peak = block * BLOCK, float(peaks[block])
        part = worth[begin : begin + BLOCK]
        highest = np.maximum(np.maximum.accumulate(part), peak)
        fall = highest - part
        amount = max(amount, float(fall.max()))
        fall /= highest
        at = int(fall.argmax())
        if fall[at] * 100 > percent:
            percent, height, bottom = float(fall[at]) * 100, float(highest[at]), begin + at
    if not percent:
        return Drawdown()
    since = -1 if height == start else _first_at(worth, tops, height, 0)
    return Drawdown(
        percent,
        amount,
        -1 if since is None else since,
        bottom,
        _first_at(worth, tops, height, bottom),
    )


def by_block(values: Floats) -> tuple[Floats, Floats]:
    """Return the highest and the lowest of each `BLOCK` values; the last ones may be fewer."""
    whole = len(values) // BLOCK * BLOCK
    body, rest = values[:whole].reshape(-1, BLOCK), values[whole:]
    tops, lows = np.empty(len(body)), np.empty(len(body))
    for begin in range(0, len(body), TOGETHER):
        most = least = body[begin : begin + TOGETHER]
        while (half := most.shape[1] // 2) >= FEW:
            # Two halves side by side: faster than rows one by one.
            most = np.maximum(most[:, :half], most[:, half:])
            least = np.minimum(least[:, :half], least[:, half:])
        tops[begin : begin + TOGETHER] = most.max(axis=1)
        lows[begin : begin + TOGETHER] = least.min(axis=1)
    if len(rest):
        tops, lows = np.append(tops, rest.max()), np.append(lows, rest.min())
    return tops, lows


def _first_at(worth: Floats, tops: Floats, height: float, since: int) -> int | None:
    """Return where `worth` is `height` or more for the first time from `since` on."""
    first = since // BLOCK
    for block in first + np.flatnonzero(tops[first:] >= height):
        begin = max(int(block) * BLOCK, since)
        found = worth[begin : (int(block) + 1) * BLOCK] >= height
        if found.any():
            return begin + int(found.argmax())
    return None


def falls_at(worth: Floats, points: Integers, start: float) -> Floats:
    """Return by how much `worth` at `points` lies below its highest until then, percent of that.

    `points` rise and begin with 0.
    """
    stretches = np.concatenate(([0], points[:-1] + 1))
    highest = np.maximum.accumulate(np.maximum.reduceat(worth[: points[-1] + 1], stretches))
    np.maximum(highest, start, out=highest)
    falls: Floats = (highest - worth[points]) / highest * 100
    return falls
