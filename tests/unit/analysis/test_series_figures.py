"""Half-life, Hurst exponent, correlation, z-score and least squares, on series of known nature."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pairtrader.analysis.correlation import (
    correlation_matrix,
    correlation_of_returns,
    pearson,
    ranks,
)
from pairtrader.analysis.half_life import half_life, one_bar_apart
from pairtrader.analysis.hurst import hurst
from pairtrader.analysis.multiple_testing import benjamini_hochberg
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.regression import line, total_least_squares
from pairtrader.analysis.thinning import kept
from pairtrader.analysis.zscore import rolling_scores, scores, whole_scores
from tests.made_markets import Floats, fractional_noise, hours, reverting, walk

HOUR = 3_600_000


@pytest.mark.parametrize("left", [0.5, 0.9, 0.97])
def test_half_life_is_that_of_the_autoregression(left: float) -> None:
    found = half_life(reverting(1, 200_000, left), HOUR)
    expected = math.log(0.5) / math.log(left)
    assert found.coefficient == pytest.approx(left, abs=0.005)
    assert found.bars == pytest.approx(expected, rel=0.05)
    assert found.seconds == pytest.approx(found.bars * 3600)


def test_half_life_leaves_out_steps_over_a_gap() -> None:
    values, times = reverting(2, 4000), hours(4000)
    there = np.ones(4000, dtype=bool)
    there[1000:1100] = False
    values[1100:] += 5.0
    known, at = values[there], times[there]
    parts = [values[:1000], values[1100:]]
    before = np.concatenate([part[:-1] for part in parts])
    after = np.concatenate([part[1:] for part in parts])
    expected = line(after, before)
    assert expected is not None
    found = half_life(known, HOUR, one_bar_apart(at, HOUR)).coefficient
    assert found == pytest.approx(expected.slope_in_x)
    assert found != pytest.approx(half_life(known, HOUR).coefficient, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (1.01 ** np.arange(100.0), Reason.NOT_MEAN_REVERTING),
        (reverting(3, 300, left=-0.5), Reason.FASTER_THAN_A_BAR),
        (np.ones(100), Reason.CONSTANT),
        (np.ones(3), Reason.TOO_FEW_BARS),
    ],
)
def test_no_half_life_has_a_reason(values: Floats, reason: Reason) -> None:
    found = half_life(values, HOUR)
    assert (found.bars, found.seconds, found.reason) == (None, None, reason)


@pytest.mark.parametrize("exponent", [0.2, 0.35, 0.5, 0.7, 0.85])
def test_hurst_of_fractional_brownian_motion(exponent: float) -> None:
    found = [hurst(fractional_noise(seed, 8192, exponent).cumsum()).exponent for seed in range(8)]
    known = [each for each in found if each is not None]
    assert len(known) == 8
    assert np.mean(known) == pytest.approx(exponent, abs=0.04)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (walk(1, 20_000), 0.42, 0.58),
        (np.random.default_rng(2).normal(size=20_000), -0.02, 0.02),
        (reverting(3, 20_000, left=0.5), -0.02, 0.2),
        (np.arange(5000.0), 0.999, 1.001),
    ],
    ids=["random walk", "white noise", "reverting", "straight line"],
)
def test_hurst_of_known_series(values: Floats, low: float, high: float) -> None:
    found = hurst(values)
    assert found.exponent is not None
    assert low <= found.exponent <= high


def test_hurst_does_not_depend_on_level_and_scale() -> None:
    values = walk(4, 2000)
    assert hurst(3.0 + 50.0 * values).exponent == pytest.approx(hurst(values).exponent, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ones(500), Reason.CONSTANT),
        (walk(1, 99), Reason.TOO_FEW_BARS),
        (np.tile([1.0, 2.0], 500), Reason.CONSTANT),
    ],
    ids=["constant", "short", "the same again every second bar"],
)
def test_no_hurst_has_a_reason(values: Floats, reason: Reason) -> None:
    assert hurst(values).reason is reason


def test_correlation_agrees_with_scipy() -> None:
    log1 = walk(1, 500)
    log2 = np.round(0.5 * log1 + walk(2, 500), 2)
    found = correlation_of_returns(hours(500), log1, log2, HOUR)
    returns = np.diff(log1), np.diff(log2)
    assert found.pearson == pytest.approx(stats.pearsonr(*returns).statistic, abs=1e-12)
    assert found.spearman == pytest.approx(stats.spearmanr(*returns).statistic, abs=1e-12)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60))
def test_ranks_agree_with_scipy(values: list[int]) -> None:
    array = np.array(values, dtype=np.float64)
    assert ranks(array).tolist() == stats.rankdata(array).tolist()


def test_returns_over_a_gap_do_not_count() -> None:
    times = np.concatenate((hours(50), hours(100)[70:]))
    log1, log2 = walk(1, 80), walk(2, 80)
    log1[50:] += 10.0
    log2[50:] += 10.0
    found = correlation_of_returns(times, log1, log2, HOUR)
    assert found.returns == 78
    assert found.pearson is not None
    assert abs(found.pearson) < 0.5


def test_correlation_matrix_is_that_of_every_pair_on_what_both_have() -> None:
    rng = np.random.default_rng(5)
    returns = rng.normal(size=(5, 200)) + rng.normal(size=200)
    returns[rng.random((5, 200)) < 0.2] = np.nan
    returns[4, :195] = np.nan
    matrix, counts = correlation_matrix(returns)
    for row in range(5):
        for column in range(5):
            both = np.isfinite(returns[row]) & np.isfinite(returns[column])
            assert counts[row, column] == both.sum()
            expected = (
                pearson(returns[row, both], returns[column, both]) if both.sum() >= 10 else None
            )
            if expected is None:
                assert math.isnan(matrix[row, column])
            else:
                assert matrix[row, column] == pytest.approx(expected, abs=1e-12)


def test_a_still_market_correlates_with_none() -> None:
    returns = np.vstack((walk(1, 50), np.zeros(50)))
    matrix, _ = correlation_matrix(returns)
    assert matrix[0, 0] == 1.0
    assert np.isnan(matrix[0, 1])
    assert np.isnan(matrix[1, 1])


def test_rolling_scores_agree_with_every_window_by_itself() -> None:
    values = walk(1, 400)
    found = rolling_scores(values, 50)
    assert np.isnan(found[:49]).all()
    for bar in range(49, 400):
        window = values[bar - 49 : bar + 1]
        expected = (values[bar] - window.mean()) / window.std(ddof=1)
        assert found[bar] == pytest.approx(expected, abs=1e-9)


def test_a_window_that_stands_still_has_no_score() -> None:
    values = np.concatenate((walk(1, 100), np.full(60, 2.0), walk(2, 40)))
    found = rolling_scores(values, 50)
    assert np.isnan(found[149:160]).all()
    assert np.isfinite(found[161:]).all()


def test_scores_beyond_bounds_are_counted_of_the_bars_that_have_one() -> None:
    values = reverting(1, 3000)
    found = scores("log_ratio", hours(3000), values, HOUR, 100 * HOUR)
    whole, rolling = whole_scores(values), rolling_scores(values, 100)[99:]
    for beyond in found.beyond:
        assert beyond.whole == pytest.approx((np.abs(whole) > beyond.z).mean() * 100)
        assert beyond.rolling == pytest.approx((np.abs(rolling) > beyond.z).mean() * 100)
    assert found.whole == pytest.approx(whole[-1])
    assert found.rolling == pytest.approx(rolling[-1])
    assert len(found.history.times) <= 2000


def test_a_series_shorter_than_the_window_has_no_rolling_score() -> None:
    found = scores("log_ratio", hours(50), walk(1, 50), HOUR, 100 * HOUR)
    assert found.rolling is None
    assert [each.rolling for each in found.beyond] == [None, None, None]


def test_total_least_squares_is_the_first_principal_axis() -> None:
    x = walk(1, 500)
    for y in (0.8 * x + walk(2, 500, 0.003), -3.0 * x + walk(3, 500), 0.01 * x + walk(4, 500)):
        slope = total_least_squares(y, x)
        axis = np.linalg.eigh(np.cov(x, y))[1][:, 1]
        assert slope == pytest.approx(axis[1] / axis[0], rel=1e-9)
        assert total_least_squares(x, y) == pytest.approx(1.0 / axis[1] * axis[0], rel=1e-9)


@pytest.mark.parametrize("constant", ["x", "y"])
def test_no_line_through_what_does_not_move(constant: str) -> None:
    x, y = (np.ones(50), walk(1, 50)) if constant == "x" else (walk(1, 50), np.ones(50))
    assert line(y, x) is None
    assert total_least_squares(y, x) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_agrees_with_scipy(p_values: list[float]) -> None:
    array = np.array(p_values)
    expected = stats.false_discovery_control(array, method="bh")
    assert benjamini_hochberg(array) == pytest.approx(expected, abs=1e-12)


def test_tests_not_made_count_as_tests_that_found_nothing() -> None:
    p_values = np.array([0.001, 0.02, 0.04])
    with_others = np.concatenate((p_values, np.ones(97)))
    expected = stats.false_discovery_control(with_others, method="bh")[:3]
    assert benjamini_hochberg(p_values, 100) == pytest.approx(expected)
    assert len(benjamini_hochberg(np.empty(0), 100)) == 0


@given(st.integers(1, 30_000), st.integers(0, 2**32 - 1), st.integers(1, 2))
def test_thinned_curves_keep_ends_and_extremes(count: int, seed: int, curves: int) -> None:
    rng = np.random.default_rng(seed)
    values = tuple(rng.normal(size=count).cumsum() for _ in range(curves))
    shown = kept(*values)
    assert len(shown) <= 2000
    assert (np.diff(shown) > 0).all()
    assert (shown[0], shown[-1]) == (0, count - 1)
    for curve in values:
        assert curve[shown].min() == curve.min()
        assert curve[shown].max() == curve.max()


def test_thinning_survives_points_that_are_not_there() -> None:
    curve = walk(1, 10_000)
    curve[:3000] = np.nan
    shown = kept(curve)
    assert np.nanmax(curve[shown]) == np.nanmax(curve)
