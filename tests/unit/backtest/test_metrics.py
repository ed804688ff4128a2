import math

import empyrical
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairtrader.backtest.equity import Days
from pairtrader.backtest.metrics import daily_figures
from pairtrader.backtest.result import result_of
from tests.made_runs import made_run

DAY = 86_400_000
HOUR = 3_600_000


def days(equity, capital=1000.0):
    worth = np.array(equity, dtype=np.float64)
    before = np.concatenate(([capital], worth[:-1]))
    return Days(np.arange(len(worth)) * DAY, worth, worth / before - 1)


def random_curve(seed, count, drift, width):
    random = np.random.default_rng(seed)
    return 1000 * np.cumprod(1 + random.normal(drift, width, count))


CURVES = {
    "a good year": random_curve(1, 365, 0.002, 0.01),
    "a bad year": random_curve(2, 365, -0.002, 0.01),
    "a wild month": random_curve(3, 30, 0.0, 0.08),
    "two years": random_curve(4, 730, 0.0005, 0.02),
    "losing every day": 1000 * 0.99 ** np.arange(1, 60),
    "two days": [1010.0, 990.0],
    "won, then flat": [1000.0, 1200.0, *[1200.0] * 20],
    "flat, then lost": [*[1000.0] * 20, 900.0],
}


def agree(ours, theirs):
    """None stands for what empyrical answers with nan or infinity."""
    if ours is None:
        return not math.isfinite(theirs)
    return ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_daily_figures_agree_with_an_independent_library(curve):
    of_days = days(curve)
    returns = pd.Series(of_days.returns)
    ours = daily_figures(of_days, 1000.0)
    fall = empyrical.max_drawdown(returns)

    assert agree(ours.cagr, empyrical.annual_return(returns, annualization=365) * 100)
    assert agree(ours.volatility, empyrical.annual_volatility(returns, annualization=365) * 100)
    assert agree(ours.sharpe, empyrical.sharpe_ratio(returns, annualization=365))
    assert agree(ours.sortino, empyrical.sortino_ratio(returns, annualization=365))
    assert agree(ours.calmar, empyrical.calmar_ratio(returns, annualization=365))
    assert ours.max_drawdown_daily == pytest.approx(-fall * 100, rel=1e-9)


@given(st.lists(st.floats(-0.2, 0.25), min_size=2, max_size=60))
@settings(deadline=None)
def test_they_agree_whatever_the_returns(returns):
    curve = 1000 * np.cumprod(1 + np.array(returns))
    of_days = days(curve)
    theirs = pd.Series(of_days.returns)
    ours = daily_figures(of_days, 1000.0)
    spread = float(np.std(of_days.returns))

    assert ours.max_drawdown_daily == pytest.approx(
        -empyrical.max_drawdown(theirs) * 100, rel=1e-9, abs=1e-9
    )
    if spread > 1e-6:
        assert agree(ours.sharpe, empyrical.sharpe_ratio(theirs, annualization=365))
        assert agree(ours.volatility, empyrical.annual_volatility(theirs, annualization=365) * 100)
        assert agree(ours.sortino, empyrical.sortino_ratio(theirs, annualization=365))


def test_one_day_has_growth_and_no_deviation():
    found = daily_figures(days([1010.0]), 1000.0)

    assert found.cagr == pytest.approx((1.01**365 - 1) * 100)
    assert (found.volatility, found.sharpe, found.sortino, found.calmar) == (None,) * 4


def test_a_flat_account_has_no_ratios():
    found = daily_figures(days([1000.0] * 10), 1000.0)

    assert (found.cagr, found.volatility, found.max_drawdown_daily) == (0.0, 0.0, 0.0)
    assert (found.sharpe, found.sortino, found.calmar) == (None,) * 3


def test_a_lost_account_has_no_rates_but_its_fall():
    found = daily_figures(days([800.0, -200.0, 100.0]), 1000.0)

    assert (found.cagr, found.volatility, found.sharpe, found.sortino, found.calmar) == (None,) * 5
    assert found.max_drawdown_daily == pytest.approx(120.0)


def test_growth_beyond_all_numbers_does_not_exist():
    assert daily_figures(days([1e300]), 1000.0).cagr is None


def test_the_figures_of_a_small_run_are_those_of_its_cycles():
    run = made_run(8, 500, funding_hours=1)
    result = result_of(run.series, run.config, run.outcome)
    found, rows = result.metrics, result.document()["cycles"]
    closed = [row for row in rows if row["reason"] != "open"]
    nets = [row["net_pnl"] for row in closed]
    won, lost = sum(n for n in nets if n > 0), -sum(n for n in nets if n < 0)

    assert (found.cycles, found.wins, found.losses) == (
        len(closed),
        sum(n > 0 for n in nets),
        sum(n < 0 for n in nets),
    )
    assert found.win_rate == pytest.approx(found.wins / len(closed) * 100)
    assert found.profit_factor == pytest.approx(won / lost)
    assert found.expectancy == pytest.approx(sum(nets) / len(closed))
    assert found.net_pnl == pytest.approx(sum(row["net_pnl"] for row in rows), abs=1e-9)
    assert found.net_pnl == pytest.approx(found.gross_pnl - found.fees + found.funding, abs=1e-9)
    assert found.return_on_margin == pytest.approx(found.net_pnl / 200 * 100)
    invested = [row["invested"] for row in rows]
    assert found.return_on_notional == pytest.approx(
        found.net_pnl / (sum(invested) / len(invested)) * 100
    )
    held = [row["holding_seconds"] for row in rows]
    assert found.exposure == pytest.approx(sum(held) / (500 * 60) * 100)
    assert found.longest_holding_seconds == max(held)
    assert found.average_holding_seconds == pytest.approx(
        sum(row["holding_seconds"] for row in closed) / len(closed)
    )
    assert sum(found.reasons.values()) == len(rows)
    assert found.levels[0] == len(rows)
    assert sum(found.levels) == found.entries
    assert found.orders == 2 * (found.entries + found.cycles)
    assert found.max_invested == pytest.approx(max(invested))


def test_price_profit_is_what_orders_brought_in():
    run = made_run(8, 500, leave_open=False)
    result = result_of(run.series, run.config, run.outcome)
    money = sum(
        order["cost"] * (1 if order["side"] == "sell" else -1)
        for order in result.document()["orders"]
    )
    assert not result.cycles.still_open
    assert result.metrics.gross_pnl == pytest.approx(money, abs=1e-9)
    assert result.metrics.fees == pytest.approx(
        sum(order["fee"] for order in result.document()["orders"]), abs=1e-9
    )


def test_a_drawdown_lasts_until_its_peak_is_reached_again():
    run = made_run(8, 500)
    result = result_of(run.series, run.config, run.outcome)
    curve = [200.0, *run.equity]
    peaks = np.maximum.accumulate(curve)
    falls = (peaks - curve) / peaks
    bottom = int(falls.argmax())
    begin = int(np.flatnonzero(np.array(curve[: bottom + 1]) == peaks[bottom])[0])
    later = np.flatnonzero(np.array(curve[bottom:]) >= peaks[bottom])
    end = bottom + int(later[0]) if len(later) else len(curve) - 1

    assert result.metrics.max_drawdown == pytest.approx(falls[bottom] * 100)
    assert result.metrics.max_drawdown_seconds == (end - begin) * 60


def test_light_figures_differ_by_those_of_every_bar_alone():
    run = made_run(8, 500)
    result = result_of(run.series, run.config, run.outcome)
    full, light = result.metrics.document(), result.light_metrics.document()
    missing = {name for name in full if full[name] != light[name]}

    assert missing == {"max_drawdown", "max_drawdown_amount", "max_drawdown_seconds"}
    assert {light[name] for name in missing} == {None}


def test_a_run_without_trades_has_figures():
    run = made_run(8, 500, pace=0.0)
    found = result_of(run.series, run.config, run.outcome).metrics.document()

    assert (found["cycles"], found["net_pnl"], found["exposure"]) == (0, 0.0, 0.0)
    assert found["levels"] == [0, 0, 0]
    assert found["reasons"] == {}
    for name in ("win_rate", "profit_factor", "expectancy", "open_pnl", "fee_share", "sharpe"):
        assert found[name] is None


@given(
    seed=st.integers(0, 10_000),
    bars=st.integers(1, 200),
    pace=st.floats(0, 1),
    size=st.sampled_from([1e-6, 1.0, 100.0, 1e5, 1e9]),
    taker_fee=st.sampled_from([0, 0.0005, 0.05]),
    frame=st.sampled_from([60_000, HOUR, DAY]),
)
@settings(max_examples=80, deadline=None)
def test_no_figure_is_ever_anything_but_a_number_or_none(seed, bars, pace, size, taker_fee, frame):
    run = made_run(seed, bars, pace=pace, size=size, taker_fee=taker_fee, frame=frame)
    result = result_of(run.series, run.config, run.outcome)
    found = result.metrics

    for value in found.document().values():
        assert not isinstance(value, float) or math.isfinite(value)
    assert found.net_pnl == pytest.approx(
        found.gross_pnl - found.fees + found.funding, rel=1e-9, abs=1e-9
    )
    assert result.curve[-1] == pytest.approx(found.final_equity, rel=1e-9, abs=1e-9)
    assert 0 <= found.exposure <= 100
