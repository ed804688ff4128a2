"""By how many standard deviations a series is off its mean: of all bars, and of the latest."""

from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers
from pairtrader.analysis.regression import is_constant
from pairtrader.analysis.thinning import kept

FEWEST = 20
"""Bars of the shortest window."""
BOUNDS = (1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class Beyond:
    """Share of the bars whose score is larger than `z` on either side, percent."""

    z: float
    whole: float | None
    rolling: float | None


@dataclass(frozen=True, slots=True)
class ScoreHistory:
    """At most 2,000 points; times are ms UTC."""

    times: Integers
    whole: Floats
    rolling: Floats
    """NaN before the first window is full, and where a window does not move."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one series."""

    spread: str
    """Which one."""
    window_bars: int
    window_seconds: int
    whole: float | None
    rolling: float | None
    """Of the last bar."""
    beyond: tuple[Beyond, ...]
    history: ScoreHistory


def scores(name: str, times: Integers, values: Floats, bar_ms: int, window_ms: int) -> Scores:
    """Return both scores of `values`; the window has at least `FEWEST` bars."""
    bars = max(FEWEST, window_ms // bar_ms)
    whole, rolling = whole_scores(values), rolling_scores(values, bars)
    shown = kept(whole, rolling)
    return Scores(
        spread=name,
        window_bars=bars,
        window_seconds=bars * bar_ms // 1000,
        whole=_number(whole[-1]),
        rolling=_number(rolling[-1]),
        beyond=tuple(Beyond(z, _share(whole, z), _share(rolling, z)) for z in BOUNDS),
        history=ScoreHistory(times[shown], whole[shown], rolling[shown]),
    )


def whole_scores(values: Floats) -> Floats:
    """Return (value - mean) / standard deviation, both of all values; NaN of a constant series."""
    if is_constant(values):
        return np.full(len(values), np.nan)
    away = values - values.mean()
    result: Floats = away / away.std(ddof=1)
    return result


def rolling_scores(values: Floats, bars: int) -> Floats:
    """Return the score of each value in the window of `bars` values that it is the last of."""
    result = np.full(len(values), np.nan)
    if len(values) < bars or is_constant(values):
        return result
    away = values - values.mean()
    sums = _window_sums(away, bars)
    squares = _window_sums(away * away, bars)
    variance = (squares - sums * sums / bars) / (bars - 1)
    last = away[bars - 1 :]
    moves = variance > 1e-12 * float(away @ away) / len(away)
    with np.errstate(invalid="ignore", divide="ignore"):
        result[bars - 1 :] = np.where(moves, (last - sums / bars) / np.sqrt(variance), np.nan)
    return result


def _window_sums(values: Floats, bars: int) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    result: Floats = sums[bars:] - sums[:-bars]
    return result


def _share(values: Floats, bound: float) -> float | None:
    there = values[np.isfinite(values)]
    return float((np.abs(there) > bound).mean() * 100.0) if len(there) else None


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
