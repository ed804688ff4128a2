"""Sweeps over made-up prices, whose figures are made up as well."""

import hashlib
from typing import Any

import numpy as np

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.series import Bars, PairSeries
from pairtrader.backtest.sweep.evaluation import Evaluation
from pairtrader.backtest.sweep.runs import Answer, Failure, Metrics, Task, Window

MINUTE = 60_000
BASE: dict[str, Any] = {
    "market1_symbol": "A-USDT",
    "market2_symbol": "B-USDT",
    "investment_per_order": "100",
    "max_position_value": "1000",
    "dca_config": [{"times": 1, "spread": 1.0, "multiplier": 1}],
}
WHOLE = Window(0, 1_000)


def series(bars: int = 1_000) -> PairSeries:
    prices = 100 + np.sin(np.arange(bars) / 7)
    times = np.arange(bars, dtype=np.int64) * MINUTE
    return PairSeries(times, MINUTE, Bars(prices, prices + 0.5), Bars(prices * 2, prices * 2))


def lasting(prices: PairSeries, config: BacktestConfig, prepared: Any) -> Metrics:
    """What earns on one part earns on the next: the nearer to a ratio of 3, the more."""
    ratio = config.settings.profit_ratio
    shift = float(prices.times[0]) / 1e9
    return {"net_pnl": 100 - (ratio - 3) ** 2 + shift, "sharpe": ratio, "cycles": 40}


def lucky(prices: PairSeries, config: BacktestConfig, prepared: Any) -> Metrics:
    """What earns is decided anew for every part, by a throw of dice."""
    seed = f"{config.settings.profit_ratio} {int(prices.times[0])} {len(prices)}"
    dice = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=4).digest(), "big")
    return {"net_pnl": dice / 2**32 - 0.5, "sharpe": 1.0, "cycles": 40}


def nothing(prices: PairSeries) -> None:
    return None


def evaluation(figures: Any = lasting, bars: int = 1_000) -> Evaluation:
    return Evaluation(series(bars), BASE, figures, nothing)


def task(number: int, window: Window = WHOLE, **settings: Any) -> Task:
    return Task(number, window, settings or {"profit_ratio": 1.0 + number})


def answer(number: int, metrics: Metrics | None, **settings: Any) -> Answer:
    failure = Failure.INVALID if metrics is None else None
    return Answer(task(number, **settings), metrics, failure, "no" if metrics is None else "")
