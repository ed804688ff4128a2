"""How a pair is looked at."""

from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.dickey_fuller_tables import Trend
from pairtrader.analysis.errors import BadOptions
from pairtrader.analysis.timeframes import DAY_MS
from pairtrader.analysis.unit_root import LagChoice
from pairtrader.model.settings import SpreadMode


@dataclass(frozen=True, slots=True)
class PairOptions:
    """All that can be chosen."""

    test_timeframe_ms: int | None = None
    """Length of the bars that tests take; None: hours, see `timeframes.timeframe_of_tests`."""
    trend: Trend = Trend.CONSTANT
    lag_choice: LagChoice = LagChoice.AIC
    max_lag: int | None = None
    """None: by Schwert's rule."""
    spread_mode: SpreadMode = SpreadMode.DIFFERENCE
    start_prices: tuple[float, float] | None = None
    """What the bot's spread counts from; None: the first prices."""
    ladder: tuple[float, ...] = ()
    """Spreads of a bot's rows, increments as in `dca_config`; none: those suggested."""
    zscore_window_ms: int = DAY_MS
    stability_window_ms: int | None = None
    """None: a quarter of the whole time."""
    significance: float = 0.05
    """The p-value up to which something counts as found."""

    def __post_init__(self) -> None:
        """Raise BadOptions where something can't be right."""
        if not 0.0 < self.significance < 1.0:
            raise BadOptions("significance must lie between 0 and 1, such as 0.05")
        if self.max_lag is not None and self.max_lag < 0:
            raise BadOptions("max_lag must be 0 or more")
        if any(not (np.isfinite(row) and row > 0) for row in self.ladder):
            raise BadOptions("every row of the ladder must have a spread above 0")
        if self.zscore_window_ms <= 0:
            raise BadOptions("the window of the z-score must be longer than nothing")
        if self.stability_window_ms is not None and self.stability_window_ms <= 0:
            raise BadOptions("the window of the rolling figures must be longer than nothing")
        if self.start_prices is not None and not all(
            np.isfinite(price) and price > 0 for price in self.start_prices
        ):
            raise BadOptions("both start prices must be above 0")
