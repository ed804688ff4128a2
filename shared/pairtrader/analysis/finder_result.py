"""What a search for pairs has found, in one document."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from pairtrader.analysis.arrays import Floats
from pairtrader.analysis.dickey_fuller_tables import Trend
from pairtrader.analysis.documents import VERSION, Warned, plain
from pairtrader.analysis.finder_options import FinderOptions
from pairtrader.analysis.found_pairs import FoundPair
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.unit_root import LagChoice

FILTERS = (
    "too_few_bars",
    "constant",
    "min_correlation",
    "collinear",
    "max_p_value",
    "max_adjusted_p_value",
    "half_life",
    "max_hedge_deviation",
)
"""In the order in which a pair meets them."""


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """One market of the search; moments are openings of bars."""

    symbol: str
    bars: int
    """Of the timeframe of the tests."""
    first: str | None
    last: str | None
    used: bool
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class FinderFacts:
    """What the search was made on."""

    timeframe_seconds: int
    test_timeframe_seconds: int
    first: str | None
    last: str | None
    bars: int
    """Moments of the common grid."""
    symbols: tuple[SymbolFacts, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pairs came how far."""

    symbols: int
    pairs: int
    """Tried: all of them."""
    tested: int
    """For cointegration: those that had passed the filters before."""
    found: int
    """Passed all filters."""
    shown: int


@dataclass(frozen=True, slots=True)
class CorrelationMatrix:
    """Pearson, of log returns on the bars of the tests; NaN where there is none."""

    symbols: tuple[str, ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class FinderSettings:
    """The options as they were applied."""

    min_correlation: float
    max_p_value: float
    max_adjusted_p_value: float | None
    min_half_life_seconds: float | None
    max_half_life_seconds: float | None
    min_bars: int
    max_hedge_deviation: float | None
    trend: Trend
    lag_choice: LagChoice
    max_lag: int | None
    sort: str
    limit: int | None

    @classmethod
    def of(cls, options: FinderOptions) -> "FinderSettings":
        """Return what `options` say."""
        return cls(**{field.name: getattr(options, field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Finder:
    """Everything found."""

    data: FinderFacts
    settings: FinderSettings
    counts: Counts
    rejected: dict[str, int]
    """By the first filter that a pair did not pass."""
    warnings: tuple[Warned, ...]
    correlation_matrix: CorrelationMatrix
    pairs: tuple[FoundPair, ...]

    def document(self) -> dict[str, Any]:
        """Return it as plain data: finite numbers or null, see docs/analysis.md."""
        matrix = self.correlation_matrix
        rows = [plain(row) for row in matrix.values]
        return {
            "version": VERSION,
            "kind": "finder",
            **plain(replace(self, correlation_matrix=CorrelationMatrix((), np.empty(0)))),
            "correlation_matrix": {"symbols": list(matrix.symbols), "values": rows},
        }
