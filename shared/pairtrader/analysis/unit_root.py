"""Augmented Dickey-Fuller test: does a series come back, or does it wander?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers
from pairtrader.analysis.dickey_fuller_tables import Trend, critical_values, p_value
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.regression import is_constant, products, triangle, triangle_of

FEWEST = 20
"""Observations below which a statistic says nothing."""
BLOCK = 1 << 20
"""Numbers of a block of rows that are in memory at once."""
SINGULAR = 1e-10
"""Columns whose part of their own is smaller than this, by their length, are not told apart."""


class LagChoice(StrEnum):
    """How many lagged differences the regression carries."""

    AIC = "aic"
    BIC = "bic"
    """The number with the smallest information criterion, from none to the most allowed."""
    FIXED = "fixed"
    """The most allowed."""


@dataclass(frozen=True, slots=True)
class UnitRoot:
    """Result of the test; all figures are None where `reason` says why."""

    trend: Trend
    statistic: float | None = None
    """t of the level's coefficient; the further below zero, the surer the series comes back."""
    p_value: float | None = None
    """How often a wandering series would give such a statistic."""
    critical_values: dict[str, float] | None = None
    lags: int | None = None
    observations: int | None = None
    """Rows of the regression."""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Statistic:
    """t of the level's coefficient in the regression of differences on level and lags."""

    value: float
    lags: int
    observations: int


def most_lags(observations: int, deterministic: int) -> int:
    """Return how many lags are tried where nothing is said: by Schwert's rule, 12 (n/100)^(1/4)."""
    by_rule = math.ceil(12.0 * math.pow(observations / 100.0, 0.25))
    return min(by_rule, observations // 2 - deterministic - 1)


def unit_root(
    values: Floats,
    trend: Trend = Trend.CONSTANT,
    lag_choice: LagChoice = LagChoice.AIC,
    max_lag: int | None = None,
) -> UnitRoot:
    """Return the augmented Dickey-Fuller test of `values`, which are taken as equally spaced.

    Args:
        values: the series, finite.
        trend: what is allowed for beside the deviations.
        lag_choice: how the number of lagged differences is chosen.
        max_lag: the most of them; None: by Schwert's rule, see `most_lags`.
    """
    found = statistic(values, len(trend.value), lag_choice, max_lag)
    if isinstance(found, Reason):
        return UnitRoot(trend, reason=found)
    return UnitRoot(
        trend=trend,
        statistic=found.value,
        p_value=p_value(found.value, trend),
        critical_values=critical_values(found.observations, trend),
        lags=found.lags,
        observations=found.observations,
    )


def statistic(
    values: Floats, deterministic: int, lag_choice: LagChoice, max_lag: int | None
) -> Statistic | Reason:
    """Return the test's statistic, or why there is none.

    `deterministic` is how many columns there are beside level and lags: 0, 1 (constant) or 2
    (constant and time).
    """
    count = len(values)
    if count < FEWEST:
        return Reason.TOO_FEW_BARS
    if is_constant(values):
        return Reason.CONSTANT
    most = most_lags(count, deterministic) if max_lag is None else max_lag
    if most > count // 2 - deterministic - 1:
        return Reason.TOO_FEW_BARS
    rows = _Rows(values, deterministic)
    lags = most if lag_choice is LagChoice.FIXED else rows.best_lag(most, lag_choice)
    value = rows.t_of_level(lags)
    return Reason.COLLINEAR if value is None else Statistic(value, lags, count - 1 - lags)


class _Rows:
    """The regression's rows: difference on deterministic columns, level and lagged differences.

    Columns: deterministic ones, level, lags from the nearest on, the difference itself.
    """

    def __init__(self, values: Floats, deterministic: int) -> None:
        centre = float(values.mean()) if deterministic else 0.0
        scale = float(np.abs(values - centre).max())
        self.level = (values - centre) / scale
        self.change = np.diff(self.level)
        self.deterministic = deterministic
        self.sums: tuple[int, Floats] | None = None

    def best_lag(self, most: int, lag_choice: LagChoice) -> int:
        """Return the lag of the smallest criterion, all judged on the same rows."""
        sums = products(self._blocks(most, most, len(self.change)))
        self.sums = most, sums
        factor = triangle_of(sums)
        if factor is None:
            factor = triangle(self._blocks(most, most, len(self.change)))
        squares = factor[:, -1] ** 2
        unexplained = np.cumsum(squares[::-1])[::-1]
        rows = len(self.change) - most
        columns = np.arange(self.deterministic + 1, self.deterministic + 2 + most)
        left = np.maximum(unexplained[columns], np.finfo(np.float64).tiny)
        penalty = 2.0 if lag_choice is LagChoice.AIC else math.log(rows)
        return int(np.argmin(rows * np.log(left / rows) + penalty * columns))

    def t_of_level(self, lags: int) -> float | None:
        """Return t of the level's coefficient, None where the columns can't be told apart."""
        order = self._level_last(lags)
        factor = triangle_of(self._sums(lags)[np.ix_(order, order)])
        if factor is None:
            blocks = self._blocks(lags, lags, len(self.change))
            factor = triangle(block[:, order] for block in blocks)
        columns = factor.shape[1] - 1
        own = np.abs(np.diagonal(factor)[:columns])
        lengths = np.sqrt(np.sum(factor[:, :columns] ** 2, axis=0))
        free = len(self.change) - lags - columns
        left = float(np.sum(factor[columns:, -1] ** 2))
        total = float(np.sum(factor[:, -1] ** 2))
        if bool((own <= SINGULAR * lengths).any()) or left <= (SINGULAR**2) * total:
            return None
        sign = math.copysign(1.0, factor[columns - 1, columns - 1])
        return sign * float(factor[columns - 1, -1]) / math.sqrt(left / free)

    def _level_last(self, lags: int) -> Integers:
        """Return the order of columns that has the level next to the difference."""
        fixed = self.deterministic
        return np.array(
            [*range(fixed), *range(fixed + 1, fixed + 1 + lags), fixed, fixed + 1 + lags]
        )

    def _sums(self, lags: int) -> Floats:
        """Return the products of the rows with `lags` lags: those of more lags, and the rows more.

        Fewer lags let the regression begin earlier.
        """
        if self.sums is None:
            return products(self._blocks(lags, lags, len(self.change)))
        most, sums = self.sums
        wanted = [*range(self.deterministic + 1 + lags), self.deterministic + 1 + most]
        common: Floats = sums[np.ix_(wanted, wanted)]
        return common + products(self._blocks(lags, lags, most)) if lags < most else common

    def _blocks(self, lags: int, first: int, last: int) -> Iterator[Floats]:
        """Yield the rows of the differences from `first` up to `last`, in parts."""
        fixed = self.deterministic
        width = fixed + lags + 2
        height = max(width, BLOCK // width)
        for begin in range(first, last, height):
            end = min(last, begin + height)
            block = np.empty((end - begin, width), order="F")
            if fixed:
                block[:, 0] = 1.0
            if fixed > 1:
                block[:, 1] = np.arange(begin, end) / len(self.change) - 0.5
            block[:, fixed] = self.level[begin:end]
            for lag in range(1, lags + 1):
                block[:, fixed + lag] = self.change[begin - lag : end - lag]
            block[:, -1] = self.change[begin:end]
            yield block
