"""Whether what holds for the whole time holds for its parts: windows, one after another."""

from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers
from pairtrader.analysis.cointegration import cointegration
from pairtrader.analysis.correlation import pearson
from pairtrader.analysis.dickey_fuller_tables import Trend
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.unit_root import LagChoice

FEWEST = 50
"""Bars of the shortest window."""
STEPS_OF_A_WINDOW = 4
WINDOWS_OF_THE_WHOLE = 4
MOST_WINDOWS = 200


@dataclass(frozen=True, slots=True)
class Range:
    """Over all windows; None where no window has the figure."""

    min: float | None
    mean: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class StabilityHistory:
    """One entry a window; times are when its last bar opens, ms UTC; NaN: no figure."""

    times: Integers
    correlation: Floats
    hedge_ratio: Floats
    p_value: Floats


@dataclass(frozen=True, slots=True)
class Stability:
    """Figures are None where `reason` says why."""

    window_bars: int
    window_seconds: int
    step_bars: int
    windows: int
    """Each a quarter further than the one before: they overlap."""
    cointegrated_windows: int | None
    cointegrated_share: float | None
    """Percent of the windows that could be tested."""
    significance: float
    correlation: Range
    """Pearson, of the log returns from bar to bar."""
    hedge_ratio: Range
    history: StabilityHistory
    reason: Reason | None = None


def stability(
    times: Integers,
    log1: Floats,
    log2: Floats,
    bar_ms: int,
    window_ms: int | None = None,
    *,
    dependent: int = 1,
    trend: Trend = Trend.CONSTANT,
    lag_choice: LagChoice = LagChoice.AIC,
    max_lag: int | None = None,
    significance: float = 0.05,
) -> Stability:
    """Return correlation, hedge ratio and Engle-Granger p-value of window after window.

    Args:
        times: of the bars, ms UTC.
        log1: logarithms of market 1's prices.
        log2: of market 2's.
        bar_ms: length of a bar.
        window_ms: length of a window; None: a quarter of all bars. At least `FEWEST` bars.
        dependent: the market that is explained by the other, 1 or 2.
        trend: as in `cointegration`.
        lag_choice: as in `cointegration`.
        max_lag: as in `cointegration`.
        significance: the p-value up to which a window counts as cointegrated.
    """
    count = len(times)
    wanted = count // WINDOWS_OF_THE_WHOLE if window_ms is None else window_ms // bar_ms
    bars = max(FEWEST, wanted)
    step = max(1, bars // STEPS_OF_A_WINDOW, -(-(count - bars) // MOST_WINDOWS))
    begins = range(0, count - bars + 1, step)
    reason: Reason | None = Reason.TOO_FEW_BARS
    figures = np.full((3, len(begins)), np.nan)
    pair = (log1, log2) if dependent == 1 else (log2, log1)
    for row, begin in enumerate(begins):
        window = slice(begin, begin + bars)
        left, right = pair[0][window], pair[1][window]
        test, _ = cointegration(left, right, trend, lag_choice, max_lag)
        reason = test.reason
        found = (pearson(np.diff(left), np.diff(right)), test.hedge_ratio, test.p_value)
        figures[:, row] = [np.nan if each is None else each for each in found]
    tested = np.isfinite(figures[2])
    held = int(np.count_nonzero(figures[2] <= significance))
    there = bool(tested.any())
    return Stability(
        window_bars=bars,
        window_seconds=bars * bar_ms // 1000,
        step_bars=step,
        windows=len(begins),
        cointegrated_windows=held if there else None,
        cointegrated_share=held / int(tested.sum()) * 100.0 if there else None,
        significance=significance,
        correlation=_range(figures[0]),
        hedge_ratio=_range(figures[1]),
        history=StabilityHistory(times[[begin + bars - 1 for begin in begins]], *figures),
        reason=None if there else reason,
    )


def _range(values: Floats) -> Range:
    there = values[np.isfinite(values)]
    if not len(there):
        return Range(None, None, None)
    return Range(float(there.min()), float(there.mean()), float(there.max()))
