"""Which pairs of many are kept, and in what order."""

from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.dickey_fuller_tables import Trend
from pairtrader.analysis.errors import BadOptions
from pairtrader.analysis.found_pairs import SORTS
from pairtrader.analysis.unit_root import LagChoice

FEWEST_OF_A_HALF = 30
"""Bars of each half below which there is no out-of-sample check."""


@dataclass(frozen=True, slots=True)
class FinderOptions:
    """All that can be chosen."""

    test_timeframe_ms: int | None = None
    """Length of the bars that everything is measured on; None: hours."""
    min_correlation: float = 0.5
    """Pearson, of log returns."""
    max_p_value: float = 0.05
    """Engle-Granger, the better way's doubled."""
    max_adjusted_p_value: float | None = None
    min_half_life_ms: int | None = None
    max_half_life_ms: int | None = None
    min_bars: int = 100
    """Bars that both markets have."""
    max_hedge_deviation: float | None = None
    """How far the hedge ratio may be from 1, which is what a bot with equal notionals trades."""
    trend: Trend = Trend.CONSTANT
    lag_choice: LagChoice = LagChoice.AIC
    max_lag: int | None = None
    sort: str = "score"
    limit: int | None = None
    """How many pairs are shown; None: all that were found."""

    def __post_init__(self) -> None:
        """Raise BadOptions where something can't be right."""
        if not -1.0 <= self.min_correlation <= 1.0:
            raise BadOptions("min_correlation must lie between -1 and 1")
        for name in ("max_p_value", "max_adjusted_p_value"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value <= 1.0:
                raise BadOptions(f"{name} must be above 0 and at most 1")
        for name in ("min_half_life_ms", "max_half_life_ms", "max_hedge_deviation", "max_lag"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise BadOptions(f"{name.removesuffix('_ms')} must be 0 or more")
        if self.min_bars < FEWEST_OF_A_HALF:
            raise BadOptions(f"min_bars must be {FEWEST_OF_A_HALF} or more")
        if self.sort not in SORTS:
            raise BadOptions(f"sort must be one of {', '.join(SORTS)}")
        if self.limit is not None and self.limit < 1:
            raise BadOptions("limit must be 1 or more")

    @property
    def min_half_life_seconds(self) -> float | None:
        """Return it in seconds."""
        return None if self.min_half_life_ms is None else self.min_half_life_ms / 1000.0

    @property
    def max_half_life_seconds(self) -> float | None:
        """Return it in seconds."""
        return None if self.max_half_life_ms is None else self.max_half_life_ms / 1000.0
