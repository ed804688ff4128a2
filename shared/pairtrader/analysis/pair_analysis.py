"""What there is to say about a pair, in one document."""

from dataclasses import dataclass
from typing import Any

from pairtrader.analysis.bot_spread import SpreadDistribution
from pairtrader.analysis.cointegration import BothWays
from pairtrader.analysis.correlation import Correlation
from pairtrader.analysis.dickey_fuller_tables import Trend
from pairtrader.analysis.documents import VERSION, Warned, plain
from pairtrader.analysis.half_life import HalfLife
from pairtrader.analysis.hurst import Hurst
from pairtrader.analysis.ladder_reach import RowReach, SuggestedRow
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.stability import Stability
from pairtrader.analysis.unit_root import LagChoice, UnitRoot
from pairtrader.analysis.zscore import Scores
from pairtrader.model.settings import SpreadMode


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What the figures were made of; moments are openings of bars."""

    timeframe_seconds: int
    test_timeframe_seconds: int
    first: str
    last: str
    bars: int
    test_bars: int
    gaps: int
    missing_bars: int


@dataclass(frozen=True, slots=True)
class SettingsUsed:
    """The options as they were applied."""

    trend: Trend
    lag_choice: LagChoice
    max_lag: int | None
    spread_mode: SpreadMode
    significance: float
    zscore_window_seconds: int
    stability_window_seconds: int


@dataclass(frozen=True, slots=True)
class Volatility:
    """Standard deviation of log returns, percent a year of 365 days."""

    timeframe_seconds: int
    market1: float | None = None
    market2: float | None = None
    ratio: float | None = None
    """Market 1's ÷ market 2's."""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class HedgeRatios:
    """Notional of market 2 that offsets a notional of 1 of market 1, on logarithms of prices."""

    ols_1_on_2: float | None
    ols_2_on_1_inverted: float | None
    total_least_squares: float | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SpreadFigures:
    """How one kind of spread behaved, on the bars of the tests."""

    unit: str
    """Percent of the price, or points as the bot counts them."""
    mean: float | None = None
    sd: float | None = None
    """Standard deviation."""
    last: float | None = None
    z: float | None = None
    """(last - mean) ÷ sd."""
    adf: UnitRoot | None = None
    half_life: HalfLife | None = None
    hurst: Hurst | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Spreads:
    """The same pair, held in three ways."""

    fitted: SpreadFigures
    """What is left of one market after the other, by the better regression."""
    log_ratio: SpreadFigures
    """Equal notionals: 100 ln(P1 / P2), less its first value."""
    bot: SpreadFigures
    """As the bot counts."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """How often each row's distance from zero was reached."""

    given: bool
    """Whether the rows were asked for; else they are the suggested ones."""
    rows: tuple[RowReach, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Rows at quantiles of the past: a statistic, no advice."""

    rows: tuple[SuggestedRow, ...]


@dataclass(frozen=True, slots=True)
class PairAnalysis:
    """Everything found."""

    market1: str | None
    market2: str | None
    data: DataFacts
    settings: SettingsUsed
    warnings: tuple[Warned, ...]
    correlation: tuple[Correlation, ...]
    volatility: Volatility
    cointegration: BothWays
    hedge_ratio: HedgeRatios
    spreads: Spreads
    zscore: Scores
    bot_spread: SpreadDistribution
    ladder: Ladder
    suggestion: Suggestion
    stability: Stability

    def document(self) -> dict[str, Any]:
        """Return it as plain data: finite numbers or null, see docs/analysis.md."""
        return {"version": VERSION, "kind": "analysis", **plain(self)}
