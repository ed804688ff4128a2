"""The largest fall of an equity curve from its highest value until then."""

from dataclasses import dataclass

import numpy as np

from pairtrader.backtest.series import Floats, Integers

CHUNK = 1 << 15


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

    A stretch that can't hold a larger fall, by its highest and lowest value, is passed over. As
    peaks only rise, what is a larger fall in percent is a larger one in money too.
    """
    peak, peak_at, amount, worst = start, -1, 0.0, Drawdown()
    height = start
    for begin in range(0, len(worth), CHUNK):
        part = worth[begin : begin + CHUNK]
        top, low = float(part.max()), float(part.min())
        reach = max(peak, top)
        if reach - low > amount:
            highest = np.maximum(np.maximum.accumulate(part), peak)
            falls = highest - part
            amount = max(amount, float(falls.max()))
            falls /= highest
            at = int(falls.argmax())
            if falls[at] * 100 > worst.percent:
                height = float(highest[at])
                since = peak_at if height == peak else begin + int(part[: at + 1].argmax())
                worst = Drawdown(float(falls[at]) * 100, 0.0, since, begin + at)
        if top > peak:
            peak, peak_at = top, begin + int(part.argmax())
    if not worst.percent:
        return worst
    again = np.flatnonzero(worth[worst.bottom :] >= height)
    recovered = worst.bottom + int(again[0]) if len(again) else None
    return Drawdown(worst.percent, amount, worst.peak, worst.bottom, recovered)


def falls_at(worth: Floats, points: Integers, start: float) -> Floats:
    """Return by how much `worth` at `points` lies below its highest until then, percent of that.

    `points` rise and begin with 0.
    """
    stretches = np.concatenate(([0], points[:-1] + 1))
    highest = np.maximum.accumulate(np.maximum.reduceat(worth[: points[-1] + 1], stretches))
    np.maximum(highest, start, out=highest)
    falls: Floats = (highest - worth[points]) / highest * 100
    return falls
