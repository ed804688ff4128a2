import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.remarks import Remark
from pairtrader.backtest.result import DataSource, MarketSource, result_of
from pairtrader.backtest.series import FundingRates
from pairtrader.backtest.tables import csv_tables, iso_times
from tests.made_runs import BEGIN, MINUTE, made_run

FIELDS = {
    "version",
    "config",
    "data",
    "start_prices",
    "started_at",
    "warnings",
    "metrics",
    "cycles",
    "orders",
    "equity",
    "spread",
}


def result(run, **changes):
    return result_of(run.series, run.config, replace(run.outcome, **changes))


def run_left_open(**shape):
    """Return the first made run that ends in an open cycle."""
    runs = (made_run(seed, 300, **shape) for seed in range(20))
    return next(run for run in runs if run.outcome.open_cycle)


def codes(found):
    return [warning["code"] for warning in found.document()["warnings"]]


def test_the_document_has_all_parts_and_is_plain_json():
    document = result(made_run(1, 300, funding_hours=1)).document()

    assert set(document) == FIELDS
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_its_config_can_be_run_again():
    run = made_run(1, 300, fill_at="signal_close", honour_pause=True)
    config = result(run).document()["config"]
    again = BacktestConfig.of(config)

    assert again.terms == run.config.terms.model_copy(
        update={"initial_capital": again.terms.initial_capital}
    )
    assert again.initial_capital == run.config.initial_capital
    assert config["start_time"] == "2025-05-04T16:00:00Z"
    assert config["initial_capital"] == "200"


def test_a_start_time_that_was_given_stays():
    run = made_run(1, 300, start_time="2025-05-04T16:00:30Z")

    assert result(run).document()["config"]["start_time"] == "2025-05-04T16:00:30Z"


def test_data_say_where_they_came_from():
    run = made_run(1, 300, gaps=2)
    source = DataSource(
        MarketSource(310, symbol="LTC-USDT", file="ltc.csv.gz"),
        MarketSource(305, source="binance"),
        unpaired_bars=15,
    )
    data = result_of(run.series, run.config, run.outcome, source).document()["data"]
    steps = np.diff(run.series.times)

    assert data == {
        "market1": {"symbol": "LTC-USDT", "file": "ltc.csv.gz", "bars": 310},
        "market2": {"symbol": "LINK-USDT", "source": "binance", "bars": 305},
        "timeframe_seconds": 60,
        "first": "2025-05-04T16:00:00Z",
        "last": iso_times(run.series.times[-1:])[0],
        "bars": 300,
        "gaps": int((steps > MINUTE).sum()),
        "missing_bars": int((steps // MINUTE - 1).sum()),
        "unpaired_bars": 15,
    }


def test_an_order_tells_when_it_was_decided_and_filled():
    run = made_run(1, 300)
    first, second, *_ = result(run).document()["orders"]
    trades = run.outcome.trades
    signal = BEGIN + (int(trades.signal[0]) + 1) * MINUTE

    assert first["signal_at"] == first["filled_at"] == iso_times(np.array([signal]))[0]
    assert (first["market"], second["market"]) == (1, 2)
    assert {first["side"], second["side"]} == {"buy", "sell"}
    assert (first["side"] == "sell") == (trades.direction[0] > 0)
    assert first["purpose"] == "entry"
    assert first["reason"] == "level 1"
    assert first["cost"] == pytest.approx(100)
    assert (first["symbol"], second["symbol"]) == ("LTC-USDT", "LINK-USDT")


def test_closes_take_the_other_side_and_name_the_reason():
    document = result(made_run(1, 300)).document()
    reasons = {row["number"]: row["reason"] for row in document["cycles"]}
    closes = [order for order in document["orders"] if order["purpose"] == "close"]
    entries = {
        (order["cycle"], order["market"]): order["side"]
        for order in document["orders"]
        if order["purpose"] == "entry"
    }

    assert closes
    for order in closes:
        assert order["reason"] == reasons[order["cycle"]]
        assert order["side"] != entries[order["cycle"], order["market"]]


def test_a_resting_order_fills_when_its_bar_closes():
    orders = result(made_run(1, 300, order_type_open="limit")).document()["orders"]

    assert {order["order_type"] for order in orders} == {"limit", "market"}
    assert orders[0]["order_type"] == "limit"
    assert orders[0]["filled_at"] > orders[0]["signal_at"]


def test_the_open_cycle_is_marked_and_has_no_end():
    run = run_left_open()
    document = result(run).document()
    last = document["cycles"][-1]

    assert last["reason"] == "open"
    assert (last["closed_at"], last["closed_bar"], last["close_spread"]) == (None, None, None)
    assert last["net_pnl"] == run.outcome.open_cycle.net
    assert last["first_spread"] is not None
    assert document["metrics"]["reasons"]["open"] == 1


def test_its_price_profit_is_that_at_the_last_closes():
    run = run_left_open()
    document = result(run).document()
    row = document["cycles"][-1]
    orders = [order for order in document["orders"] if order["cycle"] == row["number"]]
    gain = 0.0
    for order in orders:
        market = run.series.market1 if order["market"] == 1 else run.series.market2
        change = float(market.close[-1]) - order["price"]
        gain += order["amount"] * change * (1 if order["side"] == "buy" else -1)

    assert row["gross_pnl"] == pytest.approx(gain, abs=1e-9)


@given(
    seed=st.integers(0, 10_000),
    bars=st.integers(1, 150),
    gaps=st.integers(0, 2),
    funding_hours=st.integers(0, 2),
    pace=st.floats(0, 1),
    size=st.sampled_from([1e-6, 100.0, 1e4, 1e9]),
)
@settings(max_examples=60, deadline=None)
def test_sums_add_up_whatever_was_traded(seed, bars, gaps, funding_hours, pace, size):
    run = made_run(seed, bars, gaps=gaps, funding_hours=funding_hours, pace=pace, size=size)
    document = result(run).document()
    json.dumps(document, allow_nan=False)
    cycles, metrics = document["cycles"], document["metrics"]
    worth = max(metrics["max_invested"], metrics["initial_capital"])

    for row in cycles:
        assert row["net_pnl"] == pytest.approx(
            row["gross_pnl"] - row["fees"] + row["funding"], abs=1e-12 * worth
        )
    change = document["equity"]["daily"][-1]["equity"] - metrics["initial_capital"]
    assert sum(row["net_pnl"] for row in cycles) == pytest.approx(change, abs=1e-9 * worth)
    assert [row["number"] for row in cycles] == list(range(1, len(cycles) + 1))
    assert len(document["orders"]) == metrics["orders"]
    curve = document["equity"]["curve"]
    assert len(curve["times"]) == len(curve["equity"]) == len(curve["drawdown"]) <= 2000


def test_a_long_curve_is_thinned_and_keeps_its_deepest_fall():
    run = made_run(3, 30_000, pace=0.02)
    found = result(run)
    curve = found.document()["equity"]["curve"]

    assert len(curve["times"]) <= 2000
    assert max(curve["drawdown"]) == pytest.approx(found.metrics.max_drawdown)
    assert curve["equity"][-1] == pytest.approx(found.metrics.final_equity)


@pytest.mark.parametrize("mode", ["difference", "log_ratio"])
def test_the_spread_begins_at_the_start_prices(mode):
    run = made_run(3, 300, spread_mode=mode)
    found = result(run)
    spread = found.document()["spread"]
    p1, p2 = run.series.market1.close[7], run.series.market2.close[7]
    s1, s2 = run.outcome.start_prices
    expected = {
        "difference": (p1 / s1 - p2 / s2) * 100,
        "log_ratio": 100 * (np.log(p1 / s1) - np.log(p2 / s2)),
    }

    assert spread["rows"] == [1.0, 1.0, 1.0]
    assert spread["times"][7] == BEGIN + 8 * MINUTE
    assert spread["spread"][7] == pytest.approx(expected[mode])


def test_few_cycles_an_open_one_and_gaps_are_said():
    assert codes(result(run_left_open(gaps=2))) == ["few_cycles", "open_cycle", "gaps"]


def test_a_run_without_a_close_says_so():
    assert codes(result(made_run(2, 300, pace=0.0))) == ["no_cycles"]


@pytest.mark.parametrize(
    ("mode", "start", "said"),
    [("difference", 60.0, True), ("difference", 100.0, False), ("log_ratio", 60.0, False)],
)
def test_points_of_difference_far_from_the_start_price_are_warned_about(mode, start, said):
    run = made_run(2, 300, pace=0.0, spread_mode=mode)
    found = result(run, start_prices=(100.0, start))

    assert ("large_move" in codes(found)) is said


def test_what_was_passed_over_is_counted():
    found = result(made_run(2, 300, pace=0.0), price_jumps=1, lapsed_entries=3).document()
    texts = {warning["code"]: warning["text"] for warning in found["warnings"]}

    assert "1 bar," in texts["price_jumps"]
    assert "3 entries" in texts["lapsed_entries"]


def test_a_pause_tells_since_when_and_why():
    found = result(made_run(2, 300, pace=0.0), paused_at=9, pause_reason="pause_after_close")

    assert found.warnings[0].text == (
        "from 2025-05-04T16:10:00Z on nothing was entered any more: pause_after_close"
    )


def test_an_account_that_was_lost_says_when():
    run = made_run(2, 2000, size=20_000.0, pace=0.05)
    found = result(run)
    first = next(
        bar
        for bar, worth in enumerate(run.equity)
        if worth <= max(0, 0.005 * float(found.equity.notional(bar, bar + 1)[0]))
    )

    assert found.warnings[0].code == "ruined"
    assert found.warnings[0].text.startswith(
        "the account would have been liquidated at "
        + iso_times(run.series.times[first : first + 1] + MINUTE)[0]
    )


def test_an_account_below_its_maintenance_margin_is_lost_though_something_is_left():
    size = 20_000.0
    lowest = min(made_run(2, 2000, size=size, pace=0.05, initial_capital="1000000").equity)
    capital = f"{1_000_000 - lowest + 1:.2f}"
    run = made_run(2, 2000, size=size, pace=0.05, initial_capital=capital)

    assert 0 < min(run.equity) < 0.005 * 2 * size
    assert codes(result(run))[0] == "ruined"


def test_an_account_that_was_never_near_its_margin_is_not_lost():
    assert "ruined" not in codes(result(made_run(2, 2000, initial_capital="100000")))


def covered(run, begin, end):
    times = np.arange(begin, end, 3_600_000)
    return FundingRates(times, np.full(len(times), 1e-5))


def test_funding_that_covers_a_part_is_said_with_both_ranges():
    run = made_run(2, 600, funding_hours=1)
    last = int(run.series.times[-1])
    whole = covered(run, BEGIN, last + MINUTE)
    series = replace(run.series, funding1=whole, funding2=covered(run, BEGIN, last - 4 * 3_600_000))
    found = result_of(series, run.config, run.outcome)
    texts = {warning.code: warning.text for warning in found.warnings}

    assert "LINK-USDT" in texts["funding_partial"]
    assert "2025-05-04T16:00:00Z" in texts["funding_partial"]


def test_a_hole_in_the_funding_rates_is_said():
    run = made_run(2, 1200, funding_hours=1)
    rates = run.series.funding1
    keep = np.ones(len(rates.times), dtype=bool)
    keep[8:14] = False
    series = replace(run.series, funding1=FundingRates(rates.times[keep], rates.rates[keep]))
    found = result_of(series, run.config, run.outcome)

    assert "funding_gap" in [warning.code for warning in found.warnings]


def test_funding_without_rates_is_said():
    run = made_run(2, 300, pace=0.0, funding=True)

    assert codes(result(run)).count("funding_missing") == 2


def test_what_the_files_had_to_say_comes_last_and_once():
    run = made_run(2, 300, gaps=1, pace=0.0)
    source = replace(
        DataSource.unnamed(run.series),
        remarks=(Remark("gaps", "the same"), Remark("unpaired", "5 bars")),
    )
    found = result_of(run.series, run.config, run.outcome, source)

    assert [warning.code for warning in found.warnings] == ["no_cycles", "gaps", "unpaired"]


def test_csv_tables_hold_what_the_document_holds():
    document = result(made_run(2, 300)).document()
    tables = {
        name: list(csv.DictReader(io.StringIO(text))) for name, text in csv_tables(document).items()
    }

    assert set(tables) == {"cycles.csv", "orders.csv", "equity.csv"}
    for name, rows in (
        ("cycles.csv", document["cycles"]),
        ("orders.csv", document["orders"]),
        ("equity.csv", document["equity"]["daily"]),
    ):
        texts = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]
        assert tables[name] == texts


def test_csv_tables_without_rows_have_their_header():
    tables = csv_tables(result(made_run(2, 300, pace=0.0)).document())

    assert tables["orders.csv"].startswith("cycle,market,symbol,side,")


def test_a_moment_between_two_seconds_keeps_its_milliseconds():
    assert iso_times(np.array([1500])) == ["1970-01-01T00:00:01.500Z"]
