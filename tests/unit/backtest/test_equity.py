from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairtrader.analysis.arrays import distinct
from pairtrader.analysis.thinning import kept
from pairtrader.backtest import engine
from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.drawdown import BLOCK, drawdown_of, falls_at
from pairtrader.backtest.equity import CHUNK
from pairtrader.backtest.result import result_of
from pairtrader.backtest.series import Bars, PairSeries
from pairtrader.backtest.trades import OpenCycle, Trades
from pairtrader.strategy import decision
from tests.made_runs import BEGIN, CONFIG, made_run, prices, rates

HOUR, DAY = 3_600_000, 86_400_000

SHAPES = {
    "next open": {},
    "signal close": {"fill_at": "signal_close"},
    "resting orders": {"order_type_open": "limit"},
    "gaps": {"gaps": 4},
    "a late start": {"first_bar": 57},
    "funding": {"funding_hours": 1},
    "funding at the signal close": {"funding_hours": 1, "fill_at": "signal_close"},
    "funding of resting orders": {"funding_hours": 1, "order_type_open": "limit"},
    "funding in gaps": {"funding_hours": 1, "gaps": 6},
    "no fees": {"taker_fee": 0},
    "half-hour bars": {"funding_hours": 1, "frame": 1_800_000},
    "bars longer than settlements": {"funding_hours": 1, "frame": 3 * HOUR},
    "no trades": {"pace": 0.0},
    "a trade on every bar": {"pace": 1.0, "funding_hours": 1},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("seed", range(4))
def test_every_bar_has_the_value_that_plain_accounts_give_it(shape, seed):
    run = made_run(seed, 600, **shape)
    result = result_of(run.series, run.config, run.outcome)

    assert result.curve == pytest.approx(run.equity, abs=1e-9)


@given(
    seed=st.integers(0, 10_000),
    bars=st.integers(1, 300),
    gaps=st.integers(0, 3),
    funding_hours=st.integers(0, 3),
    pace=st.floats(0, 1),
    fill_at=st.sampled_from(["next_open", "signal_close"]),
)
@settings(max_examples=60, deadline=None)
def test_the_curve_ends_in_capital_and_nets_and_the_open_mark(
    seed, bars, gaps, funding_hours, pace, fill_at
):
    run = made_run(seed, bars, gaps=gaps, funding_hours=funding_hours, pace=pace, fill_at=fill_at)
    result = result_of(run.series, run.config, run.outcome)
    mark = run.outcome.open_cycle.net if run.outcome.open_cycle else 0.0

    assert result.curve[-1] == pytest.approx(
        run.config.initial_capital + run.outcome.trades.net.sum() + mark, abs=1e-9
    )
    assert result.equity.at(np.arange(bars)) == pytest.approx(result.curve, abs=1e-9)


def test_the_curve_goes_on_over_the_borders_of_chunks():
    run = made_run(3, CHUNK + 500, pace=0.01)

    assert result_of(run.series, run.config, run.outcome).curve == pytest.approx(
        run.equity, abs=1e-8
    )


def test_bars_before_the_start_have_the_initial_capital():
    run = made_run(1, 200, first_bar=50)
    equity = result_of(run.series, run.config, run.outcome).equity

    assert equity.at(np.arange(50)).tolist() == [200.0] * 50


def series_at(times, frame):
    flat = Bars(np.full(len(times), 10.0), np.full(len(times), 10.0))
    return PairSeries(np.array(times), frame, flat, flat)


def without_trades(series):
    run = made_run(1, 2, pace=0.0)
    outcome = replace(run.outcome, first_bar=0)
    return result_of(series, run.config, outcome)


def test_a_close_at_midnight_ends_the_day_before():
    midnight = BEGIN - BEGIN % DAY + DAY
    days = without_trades(series_at([midnight - HOUR, midnight], HOUR)).days

    assert days.begins.tolist() == [midnight - DAY, midnight]


def test_days_follow_the_curve_at_their_last_close():
    run = made_run(5, 24 * 6, frame=HOUR, pace=0.4)
    result = result_of(run.series, run.config, run.outcome)
    closes = run.series.times + HOUR
    expected = [
        run.equity[np.flatnonzero(closes <= begin + DAY)[-1]] for begin in result.days.begins
    ]

    assert result.days.equity == pytest.approx(expected, abs=1e-9)
    assert result.days.returns == pytest.approx(
        np.array(expected) / np.array([200.0, *expected[:-1]]) - 1, abs=1e-12
    )


def test_a_day_without_bars_carries_the_equity_and_returns_nothing():
    run = made_run(5, 100, frame=HOUR, pace=0.4)
    times = run.series.times.copy()
    times[50:] += 3 * DAY
    result = result_of(replace(run.series, times=times), run.config, run.outcome)
    empty = np.flatnonzero(result.days.returns == 0)

    assert len(empty) >= 2
    assert np.all(np.diff(result.days.begins) == DAY)


def test_bars_of_a_week_leave_the_days_between_flat():
    result = without_trades(series_at([BEGIN, BEGIN + 7 * DAY], 7 * DAY))

    assert len(result.days.begins) == 15
    assert set(result.days.equity) == {200.0}


def plain_drawdown(worth, start):
    peak, percent, amount = start, 0.0, 0.0
    for value in worth:
        peak = max(peak, value)
        percent, amount = max(percent, (peak - value) / peak * 100), max(amount, peak - value)
    return percent, amount


@pytest.mark.parametrize("count", [1, 2, 1000, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
@pytest.mark.parametrize("drift", [-0.01, 0.0, 0.05])
def test_the_largest_fall_is_found_wherever_it_lies(count, drift):
    random = np.random.default_rng(count)
    worth = 1000 + np.cumsum(random.normal(drift, 1.0, count))
    found = drawdown_of(worth, 1000.0)
    percent, amount = plain_drawdown(worth.tolist(), 1000.0)

    assert found.percent == pytest.approx(percent, abs=1e-9)
    assert found.amount == pytest.approx(amount, abs=1e-9)


def test_a_fall_may_begin_long_before_it_ends():
    worth = np.full(4 * BLOCK, 1000.0)
    worth[BLOCK + 5] = 2000.0
    worth[3 * BLOCK + 9] = 500.0
    found = drawdown_of(worth, 900.0)

    assert (found.percent, found.amount) == (75.0, 1500.0)
    assert (found.peak, found.bottom, found.recovered) == (BLOCK + 5, 3 * BLOCK + 9, None)


@pytest.mark.parametrize(
    ("worth", "peak", "bottom", "recovered"),
    [
        ([100.0, 101.0, 102.0], -1, -1, None),
        ([90.0, 95.0], -1, 0, None),
        ([90.0, 100.0, 110.0], -1, 0, 1),
        ([110.0, 120.0, 60.0, 80.0, 119.9], 1, 2, None),
        ([110.0, 120.0, 60.0, 80.0, 120.0, 130.0], 1, 2, 4),
        ([120.0, 120.0, 60.0, 200.0, 90.0, 200.0], 3, 4, 5),
        ([100.0, -50.0, 20.0], -1, 1, None),
    ],
    ids=["never", "from the start", "and back", "not back", "back", "the later one", "below zero"],
)
def test_a_fall_knows_where_it_began_and_ended(worth, peak, bottom, recovered):
    found = drawdown_of(np.array(worth), 100.0)

    assert (found.peak, found.bottom, found.recovered) == (peak, bottom, recovered)


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=200), st.data())
@settings(deadline=None)
def test_falls_at_some_points_know_the_peaks_between_them(values, data):
    worth = np.array(values)
    count = len(values)
    points = np.array(sorted({0, *data.draw(st.lists(st.integers(0, count - 1), max_size=20))}))
    highest = np.maximum(np.maximum.accumulate(worth), 100.0)

    assert falls_at(worth, points, 100.0).tolist() == (
        ((highest - worth) / highest * 100)[points].tolist()
    )


@pytest.mark.parametrize("count", [1, 1999, 2000, 2001, 4001, 123_456])
def test_a_thinned_curve_keeps_ends_and_extremes(count):
    values = np.random.default_rng(count).normal(size=count)
    points = kept(values)

    assert len(points) <= 2000
    assert np.all(np.diff(points) > 0)
    assert {0, count - 1, int(values.argmin()), int(values.argmax())} <= set(points.tolist())


def test_a_peak_of_one_bar_survives_thinning():
    values = np.zeros(1_000_000)
    values[777_777] = 1.0

    assert 777_777 in kept(values)


def test_distinct_keeps_each_value_once():
    assert distinct(np.array([1, 1, 2, 5, 5])).tolist() == [1, 2, 5]
    assert distinct(np.array([], dtype=np.int64)).tolist() == []


def first_rows(trades, count):
    """Return the first `count` pairs of orders."""
    names = Trades.__dataclass_fields__
    return Trades(**{name: getattr(trades, name)[:count] for name in names})


@pytest.mark.parametrize("seed", range(3))
def test_the_mark_at_a_deciding_close_is_what_closing_there_brings_in(seed):
    series = prices(seed, 3000)
    series = replace(series, funding1=rates(seed, series, 1), funding2=rates(seed + 9, series, 1))
    terms = {"fill_at": "signal_close", "slippage": 0, "funding": True, "profit_ratio": 0.5}
    config = BacktestConfig.of({**CONFIG, **terms})
    outcome = engine.run(series, config)
    trades = outcome.trades
    closes = np.flatnonzero(trades.action >= decision.CLOSE_LIQUIDATION)

    assert len(closes) > 5
    for row in closes.tolist():
        before = replace(outcome, trades=first_rows(trades, row), open_cycle=OpenCycle(0.0, 0.0))
        worth = result_of(series, config, before).equity.at(trades.bar[row : row + 1])
        assert worth[0] == pytest.approx(
            config.initial_capital + trades.net[: row + 1].sum(), abs=1e-9
        )
