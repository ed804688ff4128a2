"""Figures of single runs, as little as a ranking needs."""

from dataclasses import dataclass
from typing import Any

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import Prepared, run
from pairtrader.backtest.result import result_of
from pairtrader.backtest.series import PairSeries
from pairtrader.backtest.sweep.runs import Metrics


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """Runs the engine."""

    fast: bool
    """Whether by the compiled one."""
    full: bool
    """Whether the drawdown is looked for at every bar, rather than at the ends of days."""

    def __call__(self, series: PairSeries, config: BacktestConfig, shared: Any) -> Metrics:
        """Return the figures of a run."""
        outcome = run(series, config, fast=self.fast, prepared=shared)
        result = result_of(series, config, outcome)
        return (result.metrics if self.full else result.light_metrics).document()


def prepared(series: PairSeries) -> Prepared:
    """Return what all runs over these prices share."""
    return Prepared(series)
