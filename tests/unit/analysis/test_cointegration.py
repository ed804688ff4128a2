"""The Engle-Granger test, against statsmodels and pairs of known nature."""

import warnings

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant
from statsmodels.tsa.stattools import coint

from pairtrader.analysis.cointegration import both_ways, cointegration
from pairtrader.analysis.dickey_fuller_tables import Trend
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.unit_root import LagChoice
from tests.made_markets import Floats, cointegrated, recorded_closes, walk

PAIRS = {
    "cointegrated": cointegrated(1, 700),
    "loosely cointegrated": cointegrated(2, 700, left=0.99),
    "short": cointegrated(3, 60),
    "opposite": cointegrated(4, 500, hedge_ratio=-1.2),
    "two walks": (walk(5, 700) + 11.0, walk(6, 700) - 3.0),
    "one much wilder": (walk(7, 400, 0.5), walk(8, 400, 0.0001)),
    "both trending": (walk(9, 400) + 0.01 * np.arange(400), walk(10, 400) + 0.02 * np.arange(400)),
}
CHOICES = [
    (LagChoice.AIC, None),
    (LagChoice.BIC, None),
    (LagChoice.FIXED, 3),
    (LagChoice.FIXED, 0),
]


def statsmodels_coint(
    y: Floats, x: Floats, trend: Trend, choice: LagChoice, most: int | None
) -> tuple[float, float, Floats]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        statistic, p, critical = coint(
            y,
            x,
            trend=trend.value,
            maxlag=most,
            autolag=None if choice is LagChoice.FIXED else choice.value,
        )
    return statistic, p, critical


@pytest.mark.parametrize("trend", Trend)
@pytest.mark.parametrize(("choice", "most"), CHOICES)
@pytest.mark.parametrize("name", PAIRS)
def test_agrees_with_statsmodels(
    name: str, choice: LagChoice, most: int | None, trend: Trend
) -> None:
    for y, x in (PAIRS[name], PAIRS[name][::-1]):
        statistic, p, critical = statsmodels_coint(y, x, trend, choice, most)
        found, _ = cointegration(y, x, trend, choice, most)
        assert found.statistic == pytest.approx(statistic, abs=1e-6)
        assert found.p_value == pytest.approx(p, abs=1e-6)
        assert found.critical_values is not None
        assert list(found.critical_values.values()) == pytest.approx(list(critical), abs=1e-9)


@pytest.mark.parametrize("trend", Trend)
@pytest.mark.parametrize(
    ("dataset", "coin1", "coin2"),
    [
        ("perp_1m_2025-05", "LTC", "LINK"),
        ("perp_1m_2025-05", "BTC", "ETH"),
        ("perp_1m_2025-05", "XLM", "XRP"),
        ("perp_1m_2023-07", "ADA", "TRX"),
        ("perp_5m_2023-07", "ENJ", "SAND"),
        ("spot_5m_2020-12", "CHZ", "ENJ"),
        ("spot_5m_2024H1", "APE", "MATIC"),
    ],
)
def test_agrees_with_statsmodels_on_recorded_hours(
    dataset: str, coin1: str, coin2: str, trend: Trend
) -> None:
    step = 60 if "1m" in dataset else 12
    log1, log2 = (
        np.log(recorded_closes(dataset, coin)[1][step - 1 :: step][:700]) for coin in (coin1, coin2)
    )
    result, _ = both_ways(log1, log2, trend)
    for way, (y, x) in zip(result.directions, ((log1, log2), (log2, log1)), strict=True):
        statistic, p, _ = statsmodels_coint(y, x, trend, LagChoice.AIC, None)
        assert way.statistic == pytest.approx(statistic, abs=1e-6)
        assert way.p_value == pytest.approx(p, abs=1e-6)


@pytest.mark.parametrize("trend", Trend)
def test_the_regression_is_that_of_least_squares(trend: Trend) -> None:
    y, x = PAIRS["both trending"]
    columns = [x] if trend is Trend.CONSTANT else [x, np.arange(1.0, len(x) + 1.0)]
    expected = OLS(y, add_constant(np.column_stack(columns))).fit()
    found, residual = cointegration(y, x, trend)
    parameters = [found.intercept, found.hedge_ratio, found.slope][: 1 + len(columns)]
    assert parameters == pytest.approx(list(expected.params), abs=1e-9)
    assert found.r_squared == pytest.approx(expected.rsquared, abs=1e-12)
    assert residual == pytest.approx(expected.resid, abs=1e-9)


def test_exchanging_the_markets_exchanges_the_ways() -> None:
    log1, log2 = PAIRS["cointegrated"]
    forth, _ = both_ways(log1, log2)
    back, _ = both_ways(log2, log1)
    assert [way.statistic for way in back.directions] == [
        way.statistic for way in reversed(forth.directions)
    ]
    assert back.p_value == forth.p_value
    assert {forth.better, back.better} == {0, 1}


def test_a_quotation_in_another_unit_changes_the_intercept_only() -> None:
    log1, log2 = PAIRS["cointegrated"]
    here, _ = cointegration(log1, log2)
    there, _ = cointegration(log1 + np.log(1000.0), log2 - np.log(7.0))
    assert there.statistic == pytest.approx(here.statistic, rel=1e-8)
    assert there.hedge_ratio == pytest.approx(here.hedge_ratio, rel=1e-9)
    assert there.intercept != pytest.approx(here.intercept, rel=1e-3)


def test_the_better_way_is_the_one_of_the_smaller_statistic_and_its_chance_is_doubled() -> None:
    result, residual = both_ways(*PAIRS["loosely cointegrated"])
    statistics = [way.statistic for way in result.directions]
    assert None not in statistics
    assert result.better is not None
    better = result.directions[result.better]
    assert better.statistic == min(each for each in statistics if each is not None)
    assert better.p_value is not None
    assert result.p_value == pytest.approx(min(1.0, 2 * better.p_value))
    y, x = PAIRS["loosely cointegrated"][:: 1 if result.better == 0 else -1]
    assert residual == pytest.approx(cointegration(y, x)[1])


def test_two_walks_pass_as_often_as_the_level_says() -> None:
    passed = 0
    for seed in range(400):
        found, _ = cointegration(walk(seed, 250), walk(seed + 5000, 250), lag_choice=LagChoice.BIC)
        passed += bool(found.cointegrated)
    assert 0.02 <= passed / 400 <= 0.09


def test_looking_both_ways_finds_no_more_by_luck() -> None:
    passed = 0
    for seed in range(400):
        result, _ = both_ways(walk(seed, 250), walk(seed + 5000, 250), lag_choice=LagChoice.BIC)
        passed += bool(result.cointegrated)
    assert passed / 400 <= 0.07


def test_cointegrated_pairs_are_found_with_their_hedge_ratio() -> None:
    for seed in range(30):
        result, _ = both_ways(*cointegrated(seed, 700))
        assert result.cointegrated
        assert result.directions[0].hedge_ratio == pytest.approx(0.8, abs=0.2)


@pytest.mark.parametrize(
    ("log1", "log2", "reason"),
    [
        (np.ones(100), walk(1, 100), Reason.CONSTANT),
        (walk(1, 100), np.ones(100), Reason.CONSTANT),
        (walk(1, 100), walk(1, 100), Reason.COLLINEAR),
        (walk(1, 100), 2 * walk(1, 100) + 3, Reason.COLLINEAR),
        (walk(1, 10), walk(2, 10), Reason.TOO_FEW_BARS),
        (np.empty(0), np.empty(0), Reason.TOO_FEW_BARS),
    ],
)
@pytest.mark.parametrize("trend", Trend)
def test_no_test_has_a_reason(log1: Floats, log2: Floats, reason: Reason, trend: Trend) -> None:
    result, _ = both_ways(log1, log2, trend)
    assert result.better is None
    assert result.p_value is None
    assert result.cointegrated is None
    assert [way.reason for way in result.directions] == [reason, reason]


def test_a_market_that_only_drifts_is_no_regressor_beside_a_trend() -> None:
    found, _ = cointegration(walk(1, 100), np.arange(100.0), Trend.CONSTANT_AND_TREND)
    assert found.reason is Reason.CONSTANT
