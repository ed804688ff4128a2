"""Engle-Granger test: does what is left of one market after the other come back?"""

from dataclasses import dataclass, replace

from pairtrader.analysis.arrays import Floats
from pairtrader.analysis.dickey_fuller_tables import Trend, critical_values, p_value
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.regression import EXACT, line
from pairtrader.analysis.unit_root import FEWEST, LagChoice, statistic


@dataclass(frozen=True, slots=True)
class Cointegration:
    """One market regressed on the other, and the test of what is left.

    All figures are None where `reason` says why.
    """

    dependent: int
    """Market 1 or 2."""
    regressor: int
    hedge_ratio: float | None = None
    """Notional of the regressor that offsets a notional of 1 of the dependent market."""
    intercept: float | None = None
    slope: float | None = None
    """Drift per bar; None without a trend."""
    r_squared: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    critical_values: dict[str, float] | None = None
    lags: int | None = None
    observations: int | None = None
    cointegrated: bool | None = None
    """Whether the p-value is at most the level of significance."""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class BothWays:
    """Market 1 on market 2, and market 2 on market 1: the test is not symmetric."""

    trend: Trend
    lag_choice: LagChoice
    bars: int
    better: int | None
    """Index of the direction with the smaller statistic; None where neither has one."""
    p_value: float | None
    """The better one's doubled, 1 at most: looking twice finds by luck twice as often."""
    cointegrated: bool | None
    directions: tuple[Cointegration, Cointegration]


def both_ways(
    log1: Floats,
    log2: Floats,
    trend: Trend = Trend.CONSTANT,
    lag_choice: LagChoice = LagChoice.AIC,
    max_lag: int | None = None,
    significance: float = 0.05,
) -> tuple[BothWays, Floats | None]:
    """Return both regressions of two logarithms of prices, and the better one's residual.

    The residual is that of the first direction where neither can be tested, None where there is
    none at all.
    """
    forth, rest_forth = cointegration(log1, log2, trend, lag_choice, max_lag, significance)
    back, rest_back = cointegration(
        log2, log1, trend, lag_choice, max_lag, significance, markets=(2, 1)
    )
    tested = [
        (way.statistic, index)
        for index, way in enumerate((forth, back))
        if way.statistic is not None
    ]
    better = min(tested)[1] if tested else None
    chances = [way.p_value for way in (forth, back) if way.p_value is not None]
    probability = min(1.0, 2.0 * min(chances)) if chances else None
    result = BothWays(
        trend=trend,
        lag_choice=lag_choice,
        bars=len(log1),
        better=better,
        p_value=probability,
        cointegrated=None if probability is None else probability <= significance,
        directions=(forth, back),
    )
    return result, rest_back if better == 1 else rest_forth


def cointegration(
    dependent: Floats,
    regressor: Floats,
    trend: Trend = Trend.CONSTANT,
    lag_choice: LagChoice = LagChoice.AIC,
    max_lag: int | None = None,
    significance: float = 0.05,
    markets: tuple[int, int] = (1, 2),
) -> tuple[Cointegration, Floats | None]:
    """Return the test of two logarithms of prices, and the residual where there is one.

    Args:
        dependent: what is explained.
        regressor: what explains it.
        trend: whether what is left may drift.
        lag_choice: as in `unit_root`.
        max_lag: as in `unit_root`.
        significance: the p-value up to which the pair counts as cointegrated.
        markets: numbers of the dependent market and the regressor.
    """
    if len(dependent) < FEWEST:
        return Cointegration(*markets, reason=Reason.TOO_FEW_BARS), None
    fitted = line(dependent, regressor, trend=trend is Trend.CONSTANT_AND_TREND)
    if fitted is None:
        return Cointegration(*markets, reason=Reason.CONSTANT), None
    of_line = Cointegration(
        *markets,
        hedge_ratio=fitted.slope_in_x,
        intercept=fitted.intercept,
        slope=fitted.slope_in_time,
        r_squared=fitted.r_squared,
    )
    if fitted.r_squared >= EXACT:
        return replace(of_line, reason=Reason.COLLINEAR), fitted.residual
    found = statistic(fitted.residual, 0, lag_choice, max_lag)
    if isinstance(found, Reason):
        return replace(of_line, reason=found), fitted.residual
    probability = p_value(found.value, trend, series=2)
    tested = replace(
        of_line,
        statistic=found.value,
        p_value=probability,
        critical_values=critical_values(len(fitted.residual) - 1, trend, series=2),
        lags=found.lags,
        observations=found.observations,
        cointegrated=probability <= significance,
    )
    return tested, fitted.residual
