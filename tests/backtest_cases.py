"""Settings, terms and prices drawn at random, and how a run is held against the plain loop."""

import random
from typing import Any

import numpy as np

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import Prepared, run
from pairtrader.backtest.series import Bars, FundingRates, PairSeries
from tests.bar_loop import BarLoop

MINUTE = 60_000
FIRST = 1_700_000_040_000
SYMBOLS = ("ONE-USDT", "TWO-USDT")


def random_document(draw: random.Random, unit: float = 1.0) -> dict[str, Any]:
    """A configuration; spreads are around `unit` points, so that something happens."""
    rows = draw.randint(1, 6)
    investment = draw.choice(["20", "100", "333.33"])
    notional = float(investment)
    leverage = draw.choice([1, 2, 3, 5, 10, 20])
    basis = draw.choice(["notional", "margin"])
    mode = draw.choice(["position", "position", "regression"])
    percent = unit * draw.uniform(0.1, 0.9) / 2 * (leverage if basis == "margin" else 1)
    side = draw.choice(["auto", "auto", "auto", "buy", "sell"])
    document: dict[str, Any] = {
        "market1_symbol": SYMBOLS[0],
        "market2_symbol": SYMBOLS[1],
        "market1_direction": side,
        "market2_direction": {"auto": "auto", "buy": "sell", "sell": "buy"}[side],
        "spread_mode": draw.choice(["difference", "difference", "log_ratio"]),
        "leverage": leverage,
        "margin_mode": draw.choice(["cross", "isolated"]),
        "order_type_open": draw.choice(["market", "market", "limit"]),
        "order_type_close": draw.choice(["market", "market", "limit"]),
        "investment_per_order": investment,
        "dca_config": [
            {
                "times": row + 1,
                "spread": round(unit * draw.uniform(0.2, 1.5 if not row else 0.8), 3),
                "multiplier": draw.choice([1, 1, 1.5, 2.1]) if row else 1,
            }
            for row in range(rows)
        ],
        "max_position_value": f"{notional * 2 * draw.choice([1, 3.5, 20, 20]):.2f}",
        "profit_mode": mode,
        "profit_ratio": percent if mode == "position" else unit * draw.uniform(0.1, 1.0),
        "profit_basis": basis,
        "regression_requires_profit": draw.random() < 0.5,
        "stop_loss_ratio": min(1000, percent * draw.choice([0.5, 2, 10, 60])),
        "pause_after_close": draw.random() < 0.9,
        "cooldown_seconds": draw.choice([0, 0, 0, 60, 600, 7_200]),
        "max_price_jump": draw.choice([5.0, 5.0, 0.5 * unit, 0.1 * unit]),
        "max_leg_imbalance": draw.choice([5.0, 0.5, 100.0, 100.0]),
        "liquidation_guard": draw.random() < 0.7,
        "liquidation_buffer": draw.choice([75.0, 20.0, 5.0]),
        "fill_at": draw.choice(["next_open", "signal_close"]),
        "taker_fee": draw.choice([0.0005, 0.0, 0.002]),
        "maker_fee": draw.choice([0.0002, -0.0001]),
        "slippage": draw.choice([0.0001, 0.0, 0.001]),
        "funding": draw.random() < 0.5,
        "lot_steps": draw.random() < 0.4,
        "honour_pause": draw.random() < 0.1,
        "markets": {
            symbol: {
                "amount_step": draw.choice(["0.001", "0.01", "0.0025", "10", "0.3", "1", "0.7"]),
                "min_amount": draw.choice(["0", "0.001", "0.5"]),
                "min_notional": draw.choice(["0", "5", "90"]),
                "max_market_amount": draw.choice([None, "1000", "9"]),
                "price_step": draw.choice([None, "0.01", "0.0005", "0.25"]),
            }
            for symbol in SYMBOLS
        },
    }
    if document["lot_steps"] and draw.random() < 0.4:  # so fine that nothing is refused
        for market in document["markets"].values():
            market.update(amount_step="0.0001", min_notional="5", min_amount="0")
            market["max_market_amount"] = None
    if draw.random() < 0.3:
        document["initial_capital"] = f"{notional * draw.choice([0.02, 0.1, 0.5, 1]):.4f}"
    return document


def random_series(draw: random.Random, bars: int, unit: float = 1.0) -> PairSeries:
    """Two markets on a common walk, with gaps, jumps, and funding at odd moments."""
    noise = np.random.default_rng(draw.randrange(2**32))
    walk = np.cumsum(noise.normal(0, draw.choice([0.0003, 0.003]) * unit, bars))
    gap = np.zeros(bars)
    pull = draw.choice([0.0, 0.01, 0.2])
    steps = noise.normal(0, draw.choice([0.05, 0.2, 0.6]) * unit, bars)
    if draw.random() < 0.4:
        steps[noise.integers(0, bars, max(1, bars // 60))] += draw.choice([-6, 6]) * unit
    for bar in range(1, bars):
        gap[bar] = gap[bar - 1] * (1 - pull) + steps[bar]
    closes = (
        np.round(draw.choice([100.0, 0.07, 31_234.5]) * np.exp(walk + gap / 200), 6),
        np.round(50.0 * np.exp(draw.choice([1, 0.5, 2]) * walk - gap / 200), 4),
    )
    times = FIRST + MINUTE * np.arange(bars, dtype=np.int64)
    if draw.random() < 0.4:
        for at in noise.integers(1, bars, 3):
            times[at:] += MINUTE * int(noise.integers(1, 30))
    return PairSeries(
        times,
        MINUTE,
        _bars(closes[0], noise, unit),
        _bars(closes[1], noise, unit),
        _rates(times, noise),
        _rates(times, noise),
    )


def _bars(closes: np.ndarray, noise: np.random.Generator, unit: float) -> Bars:
    opens = np.concatenate((closes[:1], closes[:-1])) * (
        1 + noise.normal(0, 0.0005 * unit, len(closes))
    )
    reach = np.abs(noise.normal(0, 0.001 * unit, (2, len(closes))))
    high, low = (
        np.maximum(opens, closes) * (1 + reach[0]),
        np.minimum(opens, closes) * (1 - reach[1]),
    )
    return Bars(opens, closes, high, low)


def _rates(times: np.ndarray, noise: np.random.Generator) -> FundingRates:
    every = int(noise.integers(2, 40)) * MINUTE
    moments = np.arange(times[0] - every, times[-1] + 2 * every, every)
    moments = np.unique(moments + noise.integers(0, 2) * noise.integers(0, MINUTE, len(moments)))
    return FundingRates(moments, noise.normal(0, 0.001, len(moments)))


def assert_same_as_loop(
    series: PairSeries, config: BacktestConfig, *engines: bool, prepared: Prepared | None = None
) -> BarLoop:
    """Hold each engine (False: NumPy, True: compiled) against the plain loop, bit for bit."""
    loop = BarLoop(series, config).run()
    expected = loop.columns()
    for fast in engines:
        outcome = run(series, config, prepared=prepared, fast=fast)
        for name, column in expected.items():
            assert getattr(outcome.trades, name).tolist() == column, (name, fast)
        marked = outcome.open_cycle
        assert (None if marked is None else (marked.net, marked.funding)) == loop.open_cycle()
        assert (outcome.paused_at, outcome.pause_reason) == (loop.paused_at, loop.reason), fast
        assert (outcome.price_jumps, outcome.lapsed_entries) == (loop.jumps, loop.lapsed), fast
        assert (outcome.first_bar, outcome.start_prices) == (loop.first, loop.starts), fast
    return loop
