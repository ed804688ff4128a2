"""Small runs whose figures are worked out by hand."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import FixConfig, NeedsExtra, run
from pairtrader.backtest.series import Bars, FundingRates, PairSeries
from pairtrader.backtest.trades import Outcome
from pairtrader.strategy.decision import (
    ADD,
    CLOSE_LIQUIDATION,
    CLOSE_REGRESSION,
    CLOSE_STOP_LOSS,
    CLOSE_TAKE_PROFIT,
    OPEN,
)
from tests.backtest_cases import FIRST, MINUTE, assert_same_as_loop

FREE = {"taker_fee": 0.0, "slippage": 0.0, "fill_at": "signal_close"}
BASE: dict[str, Any] = {
    "market1_symbol": "ONE-USDT",
    "market2_symbol": "TWO-USDT",
    "dca_config": [
        {"times": 1, "spread": 1, "multiplier": 1},
        {"times": 2, "spread": 2, "multiplier": 2},
    ],
    "investment_per_order": "100",
    "max_position_value": "1000",
    "profit_ratio": 0.7,
    "max_price_jump": 50,
}


def series(closes1: list[float], closes2: list[float] | None = None, **more: Any) -> PairSeries:
    """One-minute bars; each opens where the one before closed unless `opens1` says else."""
    count = len(closes1)
    times = np.array(more.get("minutes", range(count)), np.int64) * MINUTE + FIRST
    closes = [np.array(closes1, float), np.array(closes2 or [100.0] * count, float)]
    bars = []
    for market, close in enumerate(closes, 1):
        opens = np.array(more.get(f"opens{market}", [*close[:1], *close[:-1]]), float)
        reach = [more.get(f"{side}{market}") for side in ("highs", "lows")]
        bars.append(Bars(opens, close, *(None if r is None else np.array(r, float) for r in reach)))
    return PairSeries(times, MINUTE, bars[0], bars[1], more.get("funding1"), more.get("funding2"))


def traded(prices: PairSeries, **changes: Any) -> Outcome:
    """What all engines and the plain loop agree on."""
    config = BacktestConfig.of({**BASE, **FREE, **changes})
    assert_same_as_loop(prices, config, False)
    return run(prices, config, fast=False)


def test_a_cycle_at_the_closes_earns_what_the_short_leg_fell() -> None:
    outcome = traded(series([100, 102, 100.5]))

    trades = outcome.trades
    assert outcome.start_prices == (100, 100)
    assert trades.action.tolist() == [OPEN, CLOSE_TAKE_PROFIT]
    assert (trades.signal.tolist(), trades.bar.tolist()) == ([1, 2], [1, 2])
    assert (trades.direction.tolist(), trades.level.tolist()) == ([1, 1], [1, 1])
    assert trades.spread == pytest.approx([2.0, 0.5])
    assert trades.amount1 == pytest.approx([100 / 102] * 2)
    assert trades.amount2 == pytest.approx([1.0, 1.0])
    assert trades.net == pytest.approx([0, 100 - 100 / 102 * 100.5])
    assert outcome.open_cycle is None


def test_fees_and_slippage_are_paid_at_the_next_open() -> None:
    prices = series(
        [100, 97, 99, 99], opens1=[100, 100, 97.2, 98.9], opens2=[100, 100, 100.1, 99.8]
    )

    trades = traded(
        prices, fill_at="next_open", slippage=0.001, taker_fee=0.0005, profit_ratio=0.5
    ).trades

    bought, sold = 97.2 * 1.001, 100.1 * 0.999  # one is behind: it is bought
    assert trades.direction.tolist() == [-1, -1]
    assert trades.bar.tolist() == [2, 3]
    assert trades.price1 == pytest.approx([bought, 98.9 * 0.999])
    assert trades.price2 == pytest.approx([sold, 99.8 * 1.001])
    coins1, coins2 = 100 / 97, 100 / 100
    assert trades.fee1 == pytest.approx([coins1 * bought * 0.0005, coins1 * 98.9 * 0.999 * 0.0005])
    gross = coins1 * (98.9 * 0.999 - bought) + coins2 * (sold - 99.8 * 1.001)
    assert trades.net[1] == pytest.approx(gross - trades.fee1.sum() - trades.fee2.sum())


def test_a_ladder_is_bought_down_and_stopped() -> None:
    outcome = traded(series([100, 101, 103, 104, 120]), stop_loss_ratio=5)

    trades = outcome.trades
    assert trades.action.tolist() == [OPEN, ADD, CLOSE_STOP_LOSS]
    assert trades.signal.tolist() == [1, 2, 4]
    held = 100 / 101 + 200 / 103
    assert trades.amount1[2] == pytest.approx(held)
    assert trades.net[2] == pytest.approx(300 - held * 120)


def test_the_cap_leaves_a_row_out() -> None:
    outcome = traded(series([100, 101, 103, 104]), max_position_value="599")

    assert outcome.trades.action.tolist() == [OPEN]
    assert outcome.open_cycle is not None
    assert outcome.open_cycle.net == pytest.approx(100 - 100 / 101 * 104)


def test_a_regression_closes_on_the_way_back_with_a_profit_only() -> None:
    prices = series([100, 102, 103, 101.5, 100.5], [100, 100, 101.2, 99.95, 99])
    settings = {"profit_mode": "regression", "profit_ratio": 0.4}

    patient = traded(prices, **settings, taker_fee=0.0015).trades
    hasty = traded(prices, **settings, taker_fee=0.0015, regression_requires_profit=False).trades

    # Spreads: 2.0, 1.8, 1.55, 1.5. The way back of 0.4 points is done at bar 3; fees of 0.60
    # leave no profit of the 0.44 there, nor of the 0.47 later.
    assert hasty.action.tolist() == [OPEN, CLOSE_REGRESSION]
    assert hasty.signal.tolist() == [1, 3]
    assert hasty.net[1] < 0
    assert patient.action.tolist() == [OPEN]


def test_funding_is_paid_between_entry_and_exit() -> None:
    look = FIRST + 2 * MINUTE  # the entry's, at the close of bar 1
    rates = FundingRates(np.array([look, look + 1, look + MINUTE]), np.array([0.5, 0.01, -0.002]))
    none = FundingRates(np.array([], np.int64), np.array([]))

    outcome = traded(series([100, 102, 101, 100.5], funding1=rates, funding2=none), funding=True)

    # The short leg receives 1 % of the mark at bar 1 and pays 0.2 % of bar 2's, which closes by the
    # third settlement; the first came no later than the entry.
    coins = 100 / 102
    received = coins * 102 * 0.01 - coins * 101 * 0.002
    assert outcome.trades.signal.tolist() == [1, 2]
    assert outcome.trades.funding[1] == pytest.approx(received)
    assert outcome.trades.net[1] == pytest.approx(received + coins * (102 - 101))


def test_funding_behind_a_gap_is_settled_before_the_close_fills() -> None:
    none = FundingRates(np.array([], np.int64), np.array([]))
    rates = FundingRates(np.array([FIRST + 10 * MINUTE]), np.array([0.003]))
    prices = series(
        [100, 102, 102, 100.5, 100.5], minutes=[0, 1, 2, 3, 20], funding1=rates, funding2=none
    )

    trades = traded(prices, funding=True, fill_at="next_open").trades

    assert trades.bar.tolist() == [2, 4]
    assert trades.funding[1] == pytest.approx(100 / 102 * 100.5 * 0.003)


def test_lots_are_cut_down() -> None:
    markets = {"ONE-USDT": {"amount_step": "0.01"}, "TWO-USDT": {"amount_step": "0.3"}}
    prices = series([100, 102], [50, 50])

    outcome = traded(prices, lot_steps=True, markets=markets, max_leg_imbalance=10)

    assert outcome.trades.amount1.tolist() == [0.98]  # of 0.98039
    assert outcome.trades.amount2 == pytest.approx([1.8])  # of 2


@pytest.mark.parametrize(
    ("market", "words"),
    [
        ({"amount_step": "0.3", "min_amount": "1.9"}, "row 1 is below the minimum of TWO-USDT"),
        ({"amount_step": "0.3", "min_notional": "89.9"}, "row 1 is below the minimum of TWO-USDT"),
        ({"amount_step": "3"}, "row 1 is below the minimum of TWO-USDT"),
        (
            {"amount_step": "0.3", "max_market_amount": "1.7"},
            "row 1 is above the maximum of TWO-USDT",
        ),
    ],
)
def test_an_entry_that_the_exchange_would_refuse_pauses(market: dict[str, str], words: str) -> None:
    markets = {"ONE-USDT": {"amount_step": "0.01"}, "TWO-USDT": market}
    prices = series([100, 102, 105], [50, 50, 50])

    outcome = traded(prices, lot_steps=True, markets=markets, max_leg_imbalance=10)

    assert len(outcome.trades) == 0
    assert (outcome.paused_at, outcome.pause_reason) == (1, words)


def test_a_paused_bot_still_closes() -> None:
    markets = {
        s: {"amount_step": "0.01", "max_market_amount": "1.5"} for s in ("ONE-USDT", "TWO-USDT")
    }
    prices = series([100, 102, 104, 100, 103])

    outcome = traded(prices, lot_steps=True, markets=markets)

    assert outcome.trades.action.tolist() == [OPEN, CLOSE_TAKE_PROFIT]
    assert outcome.trades.signal.tolist() == [1, 3]
    assert (outcome.paused_at, outcome.pause_reason) == (
        2,
        "row 2 is above the maximum of ONE-USDT",
    )


def test_an_entry_too_far_from_balance_pauses_with_the_live_words() -> None:
    markets = {s: {"amount_step": "0.5"} for s in ("ONE-USDT", "TWO-USDT")}

    outcome = traded(series([100, 130, 135]), lot_steps=True, markets=markets)

    assert len(outcome.trades) == 0
    assert outcome.paused_at == 1
    assert outcome.pause_reason == "the legs differ by 35.0 % after rounding to lot steps"


def limit_prices(high1: float, low2: float) -> PairSeries:
    """An entry is decided at bar 1: one is sold at 102, two bought at 100."""
    return series(
        [100, 102, 101.8, 101.8],
        [100, 100, 100.1, 100.1],
        highs1=[100, 102, high1, 101.9],
        lows1=[100, 100, 101.5, 101.5],
        highs2=[100, 100, 100.3, 100.2],
        lows2=[100, 100, low2, 100.05],
    )


@pytest.mark.parametrize(
    ("high1", "low2", "prices", "makers"),
    [
        (102.1, 99.9, (102, 100), (True, True)),
        (102.1, 100, (102, 100.1 * 1.001), (True, False)),
        (102, 99.9, (101.8 * 0.999, 100), (False, True)),
    ],
)
def test_limit_entries_fill_if_the_next_bar_trades_through_them(
    high1: float, low2: float, prices: tuple[float, float], makers: tuple[bool, bool]
) -> None:
    outcome = traded(
        limit_prices(high1, low2),
        order_type_open="limit",
        slippage=0.001,
        maker_fee=0.0001,
        taker_fee=0.0005,
    )

    trades = outcome.trades
    assert trades.bar.tolist() == [2]
    assert (trades.price1[0], trades.price2[0]) == pytest.approx(prices)
    assert (trades.maker1[0], trades.maker2[0]) == makers
    rates = [0.0001 if maker else 0.0005 for maker in makers]
    assert trades.fee1[0] == pytest.approx(100 / 102 * prices[0] * rates[0])
    assert trades.fee2[0] == pytest.approx(prices[1] * rates[1])


def test_a_limit_entry_that_is_only_touched_lapses() -> None:
    outcome = traded(limit_prices(102, 100), order_type_open="limit")

    assert outcome.lapsed_entries == 1
    assert outcome.trades.signal.tolist() == [2]  # it is decided anew, at a new price
    assert outcome.trades.price1.tolist() == [101.8]


def test_nothing_is_entered_behind_a_gap_but_a_close_fills_there() -> None:
    prices = series([100, 102, 102, 102, 100, 100.5], minutes=[0, 1, 5, 6, 7, 60])

    outcome = traded(prices, fill_at="next_open")

    trades = outcome.trades
    assert outcome.lapsed_entries == 1
    assert trades.signal.tolist() == [2, 4]
    assert trades.bar.tolist() == [3, 5]
    assert trades.price1.tolist() == [102, 100]


def test_what_the_last_bar_decides_is_not_done() -> None:
    entry = traded(series([100, 100, 102]), fill_at="next_open")
    close = traded(series([100, 102, 102, 100]), fill_at="next_open")

    assert (len(entry.trades), entry.lapsed_entries) == (0, 1)
    assert (close.trades.action.tolist(), close.lapsed_entries) == ([OPEN], 0)
    assert close.open_cycle is not None


def test_a_jump_is_not_decided_on_and_the_next_bar_is_judged_against_it() -> None:
    outcome = traded(series([100, 106, 107, 100]), max_price_jump=5)

    assert outcome.price_jumps == 2
    assert outcome.trades.signal.tolist() == [2]


def test_a_direction_is_armed_again_by_a_look_below_the_first_row() -> None:
    outcome = traded(series([100, 102, 101.1, 101.2, 100.9, 101.2]), profit_ratio=0.4)

    assert outcome.trades.signal.tolist() == [1, 2, 5]


def test_the_cooldown_counts_from_the_fill() -> None:
    prices = series([100, 102, 100, 102, 102, 102, 102])

    at_close = traded(prices, cooldown_seconds=120).trades
    next_open = traded(prices, cooldown_seconds=180, fill_at="next_open").trades

    assert at_close.signal.tolist() == [1, 2, 4]  # closed at the close of bar 2
    assert next_open.signal.tolist()[:2] == [1, 2]
    assert next_open.signal.tolist()[2] == 5


def test_a_fixed_direction_leaves_the_other_one_alone() -> None:
    prices = series([100, 98, 102, 100.5])

    outcome = traded(prices, market1_direction="sell", market2_direction="buy")

    assert outcome.trades.signal.tolist() == [2, 3]


def test_the_liquidation_guard_closes_before_the_stop() -> None:
    climb = [100, 101, 102, 103, 104, 105, 106, 108, 110, 112, 115, 116]
    outcome = traded(
        series(climb), leverage=10, initial_capital="20", stop_loss_ratio=500,
        dca_config=BASE["dca_config"][:1],
    )  # fmt: skip

    assert outcome.trades.action.tolist() == [OPEN, CLOSE_LIQUIDATION]
    coins, backing = 100 / 101, 20 - 100 * 0.005
    liquidation = (100 + backing) / (coins * 1.005)
    used = [(price - 101) / (liquidation - 101) * 100 for price in climb]
    assert outcome.trades.signal[1] == next(bar for bar, share in enumerate(used) if share >= 75)


def test_a_pause_after_the_close_is_honoured_where_it_is_asked_for() -> None:
    prices = series([100, 102, 100, 102, 100])

    passed_over = traded(prices)
    honoured = traded(prices, honour_pause=True)

    assert len(passed_over.trades) == 4
    assert (len(honoured.trades), honoured.paused_at) == (2, 2)
    assert honoured.pause_reason == "pause_after_close"


def moment(minutes: float) -> str:
    return datetime.fromtimestamp((FIRST + minutes * MINUTE) / 1000, UTC).isoformat()


@pytest.mark.parametrize(
    ("start", "bar"), [(0, 0), (1.99, 1), (2, 2), (2.5, 2), (3.5, 3), (-4.9, 0), (-5, 0)]
)
def test_a_run_starts_in_the_bar_of_the_start_time_or_the_next_soon(start: float, bar: int) -> None:
    prices = series([100, 101, 102, 103], minutes=[0, 1, 2, 8], opens1=[99, 98, 97, 96])

    outcome = traded(prices, start_time=moment(start))

    assert outcome.first_bar == bar
    assert outcome.start_prices == (99 - bar, 100)


@pytest.mark.parametrize("start", [-5.1, 9, 2.9999 - 10])
def test_a_start_time_outside_the_data_is_named(start: float) -> None:
    prices = series([100, 101, 102, 103], minutes=[0, 1, 2, 8])

    with pytest.raises(FixConfig, match=r"start_time: .* goes from 2023-11-14T22:14:00.000Z to"):
        run(prices, BacktestConfig.of({**BASE, "start_time": moment(start)}))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"order_type_open": "limit"}, "order_type_open.*high and low"),
        ({"order_type_close": "limit"}, "order_type_close.*high and low"),
        ({"funding": True}, "funding: the funding rates"),
    ],
)
def test_data_that_lacks_what_the_terms_need_is_refused(
    changes: dict[str, Any], names: str
) -> None:
    with pytest.raises(FixConfig, match=names):
        run(series([100, 101]), BacktestConfig.of({**BASE, **changes}))


def test_a_series_without_bars_is_refused() -> None:
    with pytest.raises(FixConfig, match="no bar that both markets have"):
        run(series([], []), BacktestConfig.of(BASE))


def test_the_compiled_engine_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pairtrader.backtest.engine.find_spec", lambda _: None)

    with pytest.raises(NeedsExtra, match=r"pip install 'pairtrader\[fast\]'"):
        run(series([100, 101]), BacktestConfig.of(BASE), fast=True)
