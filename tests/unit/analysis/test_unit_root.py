"""The augmented Dickey-Fuller test, against statsmodels and series of known nature."""

import numpy as np
import pytest
from statsmodels.tsa.adfvalues import mackinnoncrit, mackinnonp
from statsmodels.tsa.stattools import adfuller

from pairtrader.analysis.dickey_fuller_tables import Trend, critical_values, p_value
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.unit_root import LagChoice, UnitRoot, unit_root
from tests.made_markets import Floats, recorded_closes, reverting, walk

SERIES = {
    "short walk": walk(1, 60),
    "long walk": walk(2, 900),
    "walk at the level of a price": 50_000.0 + 300.0 * walk(3, 500),
    "small walk": 1e-3 * walk(4, 500),
    "reverting": reverting(5, 700),
    "reverting within a bar": reverting(6, 700, left=-0.3),
    "explosive": reverting(7, 120, left=1.02),
    "trending": 0.01 * np.arange(400) + reverting(8, 400),
    "nearly a straight line": np.arange(300.0) + reverting(9, 300),
}
CHOICES = [
    (LagChoice.AIC, None),
    (LagChoice.BIC, None),
    (LagChoice.AIC, 4),
    (LagChoice.FIXED, None),
    (LagChoice.FIXED, 0),
    (LagChoice.FIXED, 7),
]


def assert_like_statsmodels(
    found: UnitRoot, values: Floats, trend: Trend, choice: LagChoice, most: int | None
) -> None:
    statistic, p, lags, observations, critical = adfuller(
        values,
        maxlag=most,
        regression=trend.value,
        autolag=None if choice is LagChoice.FIXED else choice.value,
        result_object=False,
    )[:5]
    assert found.reason is None
    assert (found.lags, found.observations) == (lags, observations)
    assert found.statistic == pytest.approx(statistic, abs=1e-6, rel=1e-6)
    assert found.p_value == pytest.approx(p, abs=1e-6)
    assert found.critical_values == pytest.approx(critical, abs=1e-9)


@pytest.mark.parametrize("trend", Trend)
@pytest.mark.parametrize(("choice", "most"), CHOICES)
@pytest.mark.parametrize("name", SERIES)
def test_agrees_with_statsmodels(
    name: str, choice: LagChoice, most: int | None, trend: Trend
) -> None:
    values = SERIES[name]
    assert_like_statsmodels(unit_root(values, trend, choice, most), values, trend, choice, most)


@pytest.mark.parametrize("coins", [("LTC", "LINK"), ("BTC", "ETH"), ("AVAX", "ETC")])
@pytest.mark.parametrize("trend", Trend)
def test_agrees_with_statsmodels_on_recorded_hours(coins: tuple[str, str], trend: Trend) -> None:
    first, second = (recorded_closes("perp_1m_2025-05", coin)[1][59::60] for coin in coins)
    ratio = np.log(first / second)
    found = unit_root(ratio, trend)
    assert_like_statsmodels(found, ratio, trend, LagChoice.AIC, None)


def test_rows_in_many_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    values = walk(11, 2000)
    whole = unit_root(values)
    monkeypatch.setattr("pairtrader.analysis.unit_root.BLOCK", 3000)
    in_parts = unit_root(values)
    assert in_parts.lags == whole.lags
    assert in_parts.statistic == pytest.approx(whole.statistic, rel=1e-10)


@pytest.mark.parametrize("series", [1, 2])
@pytest.mark.parametrize("trend", Trend)
def test_tables_are_mackinnons(trend: Trend, series: int) -> None:
    for statistic in np.arange(-26.0, 4.0, 0.01):
        expected = mackinnonp(statistic, regression=trend.value, N=series)
        assert p_value(float(statistic), trend, series) == pytest.approx(expected, abs=1e-12)
    for observations in (25, 100, 720, 10**6):
        expected = mackinnoncrit(N=series, regression=trend.value, nobs=observations)
        found = critical_values(observations, trend, series)
        assert list(found.values()) == pytest.approx(list(expected), abs=1e-12)


def test_a_level_that_is_moved_and_scaled_is_the_same_series() -> None:
    values = reverting(12, 500)
    moved = unit_root(1000.0 + 77.0 * values)
    assert moved.statistic == pytest.approx(unit_root(values).statistic, rel=1e-9)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ones(100), Reason.CONSTANT),
        (np.full(100, 0.1) + 1e-17, Reason.CONSTANT),
        (walk(1, 19), Reason.TOO_FEW_BARS),
        (np.empty(0), Reason.TOO_FEW_BARS),
        (np.arange(100.0), Reason.COLLINEAR),
    ],
)
def test_nothing_to_test_has_a_reason(values: Floats, reason: Reason) -> None:
    found = unit_root(values)
    assert found.reason is reason
    assert found.statistic is None
    assert found.p_value is None


def test_more_lags_than_the_bars_allow_are_refused() -> None:
    assert unit_root(walk(1, 50), max_lag=24).reason is Reason.TOO_FEW_BARS


def test_walks_are_found_to_revert_as_often_as_the_level_says() -> None:
    found = [unit_root(walk(seed, 250), lag_choice=LagChoice.BIC) for seed in range(400)]
    share = sum(each.p_value is not None and each.p_value <= 0.05 for each in found) / 400
    assert 0.02 <= share <= 0.09


def test_reverting_series_are_found() -> None:
    found = [unit_root(reverting(seed, 400)) for seed in range(50)]
    assert all(each.p_value is not None and each.p_value <= 0.05 for each in found)


def test_a_steep_trend_does_not_blur_the_statistic() -> None:
    deviations = 1e-4 * reverting(9, 300)
    line = np.arange(300.0)
    steep = unit_root(line + deviations, Trend.CONSTANT_AND_TREND)
    # What is left of the deviations beside the line: rounding has touched them.
    flat = unit_root(line + deviations - line, Trend.CONSTANT_AND_TREND)
    assert steep.statistic == pytest.approx(flat.statistic, rel=1e-7)
