"""The whole analysis of a pair: recorded markets, made ones, and what can't be analysed."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairtrader.analysis.dickey_fuller_tables import Trend
from pairtrader.analysis.errors import BadOptions, BadSeries, Cancelled
from pairtrader.analysis.pair_options import PairOptions
from pairtrader.analysis.pair_statistics import analyse
from pairtrader.analysis.reasons import Reason
from pairtrader.analysis.unit_root import LagChoice
from pairtrader.model.settings import SpreadMode
from tests.made_markets import cointegrated, hours, recorded_closes, walk

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def recorded(dataset: str, coin1: str, coin2: str, options: PairOptions | None = None) -> Any:
    times, first = recorded_closes(dataset, coin1)
    same_times, second = recorded_closes(dataset, coin2)
    assert (times == same_times).all()
    timeframe = MINUTE if "1m" in dataset else 5 * MINUTE
    return analyse(times, first, second, timeframe, options)


def made(count: int = 720, seed: int = 1, options: PairOptions | None = None) -> Any:
    log1, log2 = cointegrated(seed, count)
    return analyse(hours(count), np.exp(log1), np.exp(log2), HOUR, options)


def numbers_of(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [each for part in value.values() for each in numbers_of(part)]
    if isinstance(value, list):
        return [each for part in value for each in numbers_of(part)]
    return [value] if isinstance(value, float) else []


# By the table that came with the recordings: correlation by bar and hour, ratio, deviation,
# half-life in hours, shares of bars with a daily z beyond 2 and 3.
DESCRIBED = [
    ("perp_1m_2025-05", "BTC", "ETH", 0.73, 0.72, 0.30, 0.019, 67, 19, 2.4),
    ("perp_1m_2025-05", "LTC", "LINK", 0.76, 0.78, 0.77, 0.020, 20, 16, 2.7),
    ("perp_1m_2025-05", "XLM", "XRP", 0.81, 0.87, 1.00, 0.018, 36, 14, 2.4),
    ("perp_1m_2025-05", "AVAX", "ETC", 0.82, 0.88, 1.12, 0.016, 18, 13, 1.8),
    ("perp_1m_2023-07", "ADA", "TRX", 0.38, 0.42, 0.96, 0.041, 54, 14, 2.7),
    ("perp_5m_2023-07", "ENJ", "SAND", 0.73, 0.79, 0.82, 0.013, 14, 10, 2.5),
    ("perp_5m_2023-07", "ADA", "LTC", 0.59, 0.67, -0.26, 0.049, 52, 16, 3.6),
    ("spot_5m_2024H1", "APE", "MATIC", 0.77, 0.77, 1.17, 0.047, 59, 15, 2.0),
    ("spot_5m_2020-12", "BCH", "LTC", 0.77, 0.78, 0.82, 0.084, 116, 14, 2.7),
    ("spot_5m_2020-12", "CHZ", "ENJ", 0.28, 0.29, 1.20, 0.444, 255, 13, 2.8),
]


@pytest.mark.parametrize("row", DESCRIBED, ids=[f"{row[1]}/{row[2]} {row[0]}" for row in DESCRIBED])
def test_recorded_pairs_are_as_their_description_says(row: tuple[Any, ...]) -> None:
    dataset, coin1, coin2, by_bar, by_hour, ratio, deviation, life, beyond2, beyond3 = row
    found = recorded(dataset, coin1, coin2)
    assert found.correlation[0].pearson == pytest.approx(by_bar, abs=0.0051)
    assert found.correlation[1].pearson == pytest.approx(by_hour, abs=0.011)
    forth = found.cointegration.directions[0]
    assert forth.hedge_ratio == pytest.approx(ratio, abs=0.011)
    if found.cointegration.better == 0:
        assert found.spreads.fitted.sd == pytest.approx(deviation * 100, abs=0.06)
        hours_back = found.spreads.fitted.half_life.seconds / 3600
        assert hours_back == pytest.approx(life, rel=0.06)
    assert found.zscore.beyond[1].rolling == pytest.approx(beyond2, abs=0.6)
    assert found.zscore.beyond[2].rolling == pytest.approx(beyond3, abs=1.1)


def test_the_document_holds_every_part_and_only_finite_numbers() -> None:
    document = made(options=PairOptions(ladder=(1.0, 0.8))).document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert (document["version"], document["kind"]) == (1, "analysis")
    assert set(document) == {
        "version",
        "kind",
        "market1",
        "market2",
        "data",
        "settings",
        "warnings",
        "correlation",
        "volatility",
        "cointegration",
        "hedge_ratio",
        "spreads",
        "zscore",
        "bot_spread",
        "ladder",
        "suggestion",
        "stability",
    }
    assert document["data"]["first"] == "2025-05-04T16:00:00Z"
    assert document["ladder"]["given"] is True
    assert [row["distance"] for row in document["ladder"]["rows"]] == [1.0, 1.8]
    assert document["cointegration"]["cointegrated"] is True


def test_exchanging_the_markets_exchanges_the_figures() -> None:
    log1, log2 = cointegrated(3, 600)
    options = PairOptions(spread_mode=SpreadMode.LOG_RATIO, ladder=(1.0, 1.0))
    forth = analyse(hours(600), np.exp(log1), np.exp(log2), HOUR, options)
    back = analyse(hours(600), np.exp(log2), np.exp(log1), HOUR, options)
    assert back.correlation == forth.correlation
    assert back.volatility.ratio == pytest.approx(1 / forth.volatility.ratio)
    assert back.cointegration.p_value == forth.cointegration.p_value
    assert back.hedge_ratio.total_least_squares == pytest.approx(
        1 / forth.hedge_ratio.total_least_squares
    )
    assert back.spreads.bot.last == pytest.approx(-forth.spreads.bot.last)
    assert back.spreads.bot.adf.statistic == pytest.approx(forth.spreads.bot.adf.statistic)
    assert back.stability.cointegrated_share == forth.stability.cointegrated_share
    for mine, other in zip(forth.ladder.rows, back.ladder.rows, strict=True):
        assert (mine.reached_above, mine.reached_below) == (
            other.reached_below,
            other.reached_above,
        )


def test_prices_in_another_unit_change_levels_only() -> None:
    log1, log2 = cointegrated(4, 600)
    here = analyse(hours(600), np.exp(log1), np.exp(log2), HOUR).document()
    there = analyse(hours(600), 1000 * np.exp(log1), np.exp(log2) / 7, HOUR).document()
    for document in (here, there):
        document["bot_spread"].pop("start_prices")
        for way in document["cointegration"]["directions"]:
            way.pop("intercept")
    assert numbers_of(there) == pytest.approx(numbers_of(here), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("minutes", "expected_s"),
    [(100 * 60, 3600), (99 * 60, 900), (25 * 60, 900), (24 * 60, 300), (8 * 60, 60), (40, 60)],
)
def test_tests_take_hours_and_shorter_bars_where_hours_are_too_few(
    minutes: int, expected_s: int
) -> None:
    times = np.arange(minutes, dtype=np.int64) * MINUTE
    found = analyse(times, np.exp(walk(1, minutes)), np.exp(walk(2, minutes)), MINUTE)
    assert found.data.test_timeframe_seconds == expected_s
    codes = [warning.code for warning in found.warnings]
    assert ("shorter_test_timeframe" in codes) == (expected_s < 3600)
    assert ("few_test_bars" in codes) == (found.data.test_bars < 100)


def test_a_test_bar_closes_with_the_hour() -> None:
    times = np.arange(60 * 200, dtype=np.int64) * MINUTE + 35 * MINUTE
    prices1, prices2 = np.exp(walk(1, len(times))), np.exp(walk(2, len(times)))
    found = analyse(times, prices1, prices2, MINUTE, PairOptions(start_prices=(1.0, 1.0)))
    there = np.flatnonzero(times % HOUR == 59 * MINUTE)
    assert found.data.test_bars == len(there)
    ratio = 100 * np.log(prices1 / prices2)
    assert found.spreads.log_ratio.last == pytest.approx(ratio[there[-1]] - ratio[0])


def test_the_timeframe_of_the_tests_can_be_chosen() -> None:
    found = recorded("perp_5m_2023-07", "ENJ", "SAND", PairOptions(test_timeframe_ms=4 * HOUR))
    assert found.data.test_timeframe_seconds == 4 * 3600
    assert found.data.test_bars == pytest.approx(8585 / 48, abs=1)
    with pytest.raises(BadSeries, match="multiple of that of the candles"):
        recorded("perp_5m_2023-07", "ENJ", "SAND", PairOptions(test_timeframe_ms=7 * MINUTE))


def test_options_reach_the_tests() -> None:
    found = made(
        options=PairOptions(
            trend=Trend.CONSTANT_AND_TREND,
            lag_choice=LagChoice.FIXED,
            max_lag=3,
            significance=0.01,
            stability_window_ms=100 * HOUR,
            zscore_window_ms=2 * DAY,
        )
    )
    assert found.cointegration.directions[0].slope is not None
    assert found.spreads.fitted.adf.lags == 3
    assert found.spreads.log_ratio.adf.trend is Trend.CONSTANT_AND_TREND
    assert found.stability.window_bars == 100
    assert found.zscore.window_bars == 48


def test_windows_of_a_pair_that_parts_are_cointegrated_before_it_parts() -> None:
    log1, log2 = cointegrated(5, 2000)
    log1[1000:] += walk(6, 1000, 0.02)
    options = PairOptions(stability_window_ms=250 * HOUR)
    found = analyse(hours(2000), np.exp(log1), np.exp(log2), HOUR, options).stability
    together = found.history.times < hours(2000)[1000]
    held = found.history.p_value <= 0.05
    assert held[together].mean() > 0.8
    assert held[~together][4:].mean() < 0.4
    assert found.cointegrated_share == pytest.approx(held.mean() * 100)


def test_gaps_are_told_and_returns_over_them_left_out() -> None:
    there = np.ones(600, dtype=bool)
    there[100:110] = there[300:305] = False
    log1, log2 = cointegrated(1, 600)
    found = analyse(hours(600)[there], np.exp(log1[there]), np.exp(log2[there]), HOUR)
    assert (found.data.gaps, found.data.missing_bars) == (2, 15)
    assert found.correlation[0].returns == 600 - 15 - 1 - 2
    assert "gaps" in [warning.code for warning in found.warnings]


@pytest.mark.parametrize(("mode", "told"), [("difference", True), ("log_ratio", False)])
def test_a_market_that_went_far_is_told_in_difference_mode(mode: str, told: bool) -> None:
    prices1 = np.exp(walk(1, 300) * 0.1) * np.linspace(1.0, 1.5, 300)
    options = PairOptions(spread_mode=SpreadMode(mode))
    found = analyse(hours(300), prices1, np.exp(walk(2, 300) * 0.1), HOUR, options)
    assert ("large_move" in [warning.code for warning in found.warnings]) is told


def test_identical_markets_have_nulls_with_reasons() -> None:
    prices = np.exp(walk(1, 500))
    found = analyse(hours(500), prices, 3.0 * prices, HOUR)
    json.dumps(found.document(), allow_nan=False)
    assert [way.reason for way in found.cointegration.directions] == [Reason.COLLINEAR] * 2
    assert found.cointegration.cointegrated is None
    assert found.spreads.fitted.reason is Reason.COLLINEAR
    assert found.spreads.log_ratio.reason is Reason.CONSTANT
    assert found.spreads.bot.reason is Reason.CONSTANT
    assert found.correlation[0].pearson == pytest.approx(1.0)
    assert found.zscore.whole is None
    assert found.stability.reason is Reason.COLLINEAR
    assert found.suggestion.rows == ()


@pytest.mark.parametrize("still", [1, 2])
def test_a_market_that_does_not_move_has_nulls_with_reasons(still: int) -> None:
    moving, fixed = np.exp(walk(1, 500)), np.full(500, 0.1)
    pair = (fixed, moving) if still == 1 else (moving, fixed)
    found = analyse(hours(500), *pair, HOUR)
    json.dumps(found.document(), allow_nan=False)
    assert {way.reason for way in found.cointegration.directions} == {Reason.CONSTANT}
    assert found.correlation[0].reason is Reason.CONSTANT
    assert found.hedge_ratio.reason is Reason.CONSTANT
    assert found.spreads.fitted.reason is Reason.CONSTANT
    assert found.spreads.log_ratio.reason is None


GOOD = np.exp(walk(1, 100))


def with_bar(bar: int, price: float) -> Any:
    prices = GOOD.copy()
    prices[bar] = price
    return prices


@pytest.mark.parametrize(
    ("times", "prices1", "prices2", "text"),
    [
        (hours(100), with_bar(7, np.nan), GOOD, "LTC has no price above zero at bar 7 .*nan"),
        (hours(100), GOOD, with_bar(0, np.inf), "LINK has no price above zero at bar 0 .*inf"),
        (hours(100), with_bar(99, 0.0), GOOD, "LTC has no price above zero at bar 99 .*0.0"),
        (hours(100), GOOD, with_bar(5, -1.0), "LINK has no price above zero at bar 5 .*-1.0"),
        (hours(100), GOOD[:99], GOOD, "LTC must have one price for each of the 100 bars"),
        (hours(29), GOOD[:29], GOOD[:29], "at least 30 bars .* here are 29: take a longer"),
        (hours(0), GOOD[:0], GOOD[:0], "at least 30 bars .* here are 0"),
        (hours(100)[::-1], GOOD, GOOD, "LTC and LINK must rise in steps of 3600 s: bar 1 "),
        (np.repeat(hours(50), 2), GOOD, GOOD, "must rise in steps of 3600 s: bar 1 "),
        (hours(100) + np.eye(100, dtype=int)[50], GOOD, GOOD, "steps of 3600 s: bar 50 "),
        (hours(100).reshape(10, 10), GOOD, GOOD, "must be one row of moments"),
    ],
)  # fmt: skip
def test_what_can_not_be_analysed_is_refused_by_name(
    times: Any, prices1: Any, prices2: Any, text: str
) -> None:
    with pytest.raises(BadSeries, match=text):
        analyse(times, prices1, prices2, HOUR, symbols=("LTC", "LINK"))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"significance": 0.0}, "significance"),
        ({"significance": 1.0}, "significance"),
        ({"max_lag": -1}, "max_lag"),
        ({"ladder": (1.0, 0.0)}, "ladder"),
        ({"ladder": (float("nan"),)}, "ladder"),
        ({"zscore_window_ms": 0}, "z-score"),
        ({"stability_window_ms": -5}, "rolling"),
        ({"start_prices": (1.0, 0.0)}, "start prices"),
    ],
)
def test_options_that_can_not_be_right_are_refused_by_name(
    wrong: dict[str, Any], text: str
) -> None:
    with pytest.raises(BadOptions, match=text):
        PairOptions(**wrong)


def test_progress_is_told_and_a_call_off_obeyed() -> None:
    told: list[tuple[int, int]] = []
    log1, log2 = cointegrated(1, 200)
    pair = hours(200), np.exp(log1), np.exp(log2), HOUR
    analyse(*pair, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 5) for done in range(6)]
    with pytest.raises(Cancelled):
        analyse(*pair, cancelled=lambda: len(told) > 0)


PRICE = st.floats(1e-9, 1e9, allow_nan=False) | st.sampled_from([1.0, 1.0000001, 2.0])


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_prices_make_a_document_of_finite_numbers(data: st.DataObject) -> None:
    count = data.draw(st.integers(31, 200))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    palettes = st.lists(PRICE, min_size=1, max_size=6)
    first = rng.choice(data.draw(palettes), count)
    second = {
        "any": rng.choice(data.draw(palettes), count),
        "steps": np.where(np.arange(count) < count // 2, 1.0, 2.0),
        "same": first.copy(),
        "line": 1.0 + np.arange(count),
        "walk": np.exp(rng.normal(scale=0.01, size=count).cumsum()),
    }[data.draw(st.sampled_from(["any", "steps", "same", "line", "walk"]))]
    dropped = set(rng.integers(0, count - 30, data.draw(st.integers(0, count - 30))).tolist())
    there = np.array([bar for bar in range(count) if bar not in dropped])
    mode = data.draw(st.sampled_from(SpreadMode))
    trend = data.draw(st.sampled_from(Trend))
    timeframe = data.draw(st.sampled_from([MINUTE, 5 * MINUTE, HOUR, DAY]))
    options = PairOptions(spread_mode=mode, trend=trend)
    times = there.astype(np.int64) * timeframe
    document = analyse(times, first[there], second[there], timeframe, options).document()
    json.dumps(document, allow_nan=False)
    for way in document["cointegration"]["directions"]:
        assert (way["p_value"] is None) == (way["reason"] is not None)
        assert way["p_value"] is None or 0 <= way["p_value"] <= 1
    for figures in document["spreads"].values():
        if figures["reason"] is None:
            assert (figures["adf"]["p_value"] is None) == (figures["adf"]["reason"] is not None)
            life = figures["half_life"]
            assert (life["bars"] is None) == (life["reason"] is not None)
