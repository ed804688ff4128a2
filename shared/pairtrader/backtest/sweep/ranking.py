"""Which run is better: by one figure, without luck by the order in which they were run."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pairtrader.backtest.series import Floats
from pairtrader.backtest.sweep.runs import Answer, Metrics

LESS_IS_BETTER = frozenset(
    {
        "average_holding_seconds",
        "exposure",
        "fee_share",
        "fees",
        "longest_holding_seconds",
        "losses",
        "max_drawdown",
        "max_drawdown_amount",
        "max_drawdown_daily",
        "max_drawdown_seconds",
        "max_invested",
        "volatility",
    }
)
OBJECTIVES = (
    "net_pnl",
    "return_on_margin",
    "return_on_notional",
    "cagr",
    "sharpe",
    "sortino",
    "calmar",
    "profit_factor",
    "expectancy",
    "win_rate",
    "max_drawdown",
    "max_drawdown_daily",
    "max_drawdown_amount",
    "max_drawdown_seconds",
    "volatility",
    "exposure",
    "cycles",
    "fees",
    "fee_share",
    "gross_pnl",
    "average_holding_seconds",
)
"""Figures that a sweep may rank by."""
NEEDS_EVERY_BAR = frozenset({"max_drawdown", "max_drawdown_amount", "max_drawdown_seconds"})
"""Figures that are not there without the equity of every bar."""
MIN_RANKED = 3
"""Fewer runs have no order worth comparing."""


def score(metrics: Metrics | None, objective: str, min_cycles: int = 0) -> float | None:
    """Return how good a run is, more is better; None where that can't be told."""
    if metrics is None or (metrics.get("cycles") or 0) < min_cycles:
        return None
    value: Any = metrics.get(objective)
    if value is None:
        return None
    return -float(value) if objective in LESS_IS_BETTER else float(value)


def ranked(answers: Sequence[Answer], objective: str, min_cycles: int = 0) -> list[Answer]:
    """Return runs from the best to the worst; equal ones as numbered, those without score last."""

    def place(answer: Answer) -> tuple[bool, float, int]:
        value = score(answer.metrics, objective, min_cycles)
        return value is None, 0.0 if value is None else -value, answer.task.number

    return sorted(answers, key=place)


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Spearman's correlation of two orders, -1 to 1; None where one of them is no order."""
    if len(first) < MIN_RANKED:
        return None
    ranks1, ranks2 = _ranks(first), _ranks(second)
    spread1, spread2 = ranks1 - ranks1.mean(), ranks2 - ranks2.mean()
    scale = float(np.sqrt((spread1 @ spread1) * (spread2 @ spread2)))
    return float(spread1 @ spread2) / scale if scale else None


def _ranks(values: Sequence[float]) -> Floats:
    """Return the rank of each value; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks
