"""A bot's settings, tried on the past."""

from collections.abc import Mapping
from typing import Any

from functions.research.briefs import Brief, Study, rates_of, series_of, tables_of
from functions.research.past_candles import Table
from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import run
from pairtrader.backtest.result import DataSource, MarketSource, result_of
from pairtrader.backtest.series import PairSeries
from pairtrader.model.research import Job, Stage


async def backtest(brief: Brief) -> Study:
    """Run the job's backtest.

    Raises:
        FixConfig: the configuration does not go with the prices.
        NoCandles, BadCandles, ExchangeError: there are no prices.
    """
    tables = await tables_of(brief)
    config = _config(brief.job)
    rates = await rates_of(brief) if config.terms.funding else (None, None)
    brief.progress.at(Stage.COMPUTING)
    series = series_of(brief.job, tables, rates)
    outcome = run(series, config)
    brief.progress.at(Stage.COMPUTING, 0.5)
    document = result_of(series, config, outcome, _source(brief, tables, series)).document()
    document = _readable(document)
    return Study(document, _summary_of(document))


MOST_ORDERS = 40_000
"""A page that shows a result has to read all of it."""


def _readable(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its latest cycles alone, as far as their orders are not too many."""
    orders = document["orders"]
    if len(orders) <= MOST_ORDERS:
        return document
    first = orders[-MOST_ORDERS]["cycle"] + 1
    kept = [order for order in orders if order["cycle"] >= first]
    cycles = [cycle for cycle in document["cycles"] if cycle["number"] >= first]
    text = (
        f"cycles and orders before cycle {first} are left out here, the figures hold all of them: "
        "the command line keeps them too"
    )
    warnings = [*document["warnings"], {"code": "rows_left_out", "text": text}]
    return {**document, "orders": kept, "cycles": cycles, "warnings": warnings}


def _config(job: Job) -> BacktestConfig:
    """Return the configuration; a start before the period is its beginning."""
    config = BacktestConfig.of(job.parameters)
    if config.settings.start_time.timestamp() * 1000 >= job.period.since:
        return config
    return BacktestConfig.of({k: v for k, v in job.parameters.items() if k != "start_time"})


def _source(brief: Brief, tables: Mapping[str, Table], series: PairSeries) -> DataSource:
    bars = [tables[symbol].shape[1] for symbol in brief.job.symbols]
    first, second = (
        MarketSource(count, symbol, source=brief.candles.past.name)
        for symbol, count in zip(brief.job.symbols, bars, strict=True)
    )
    return DataSource(first, second, unpaired_bars=sum(bars) - 2 * len(series))


SUMMARISED = (
    "initial_capital",
    "final_equity",
    "net_pnl",
    "return_on_margin",
    "return_on_notional",
    "cagr",
    "max_drawdown",
    "volatility",
    "sharpe",
    "sortino",
    "calmar",
    "win_rate",
    "profit_factor",
    "exposure",
    "fees",
    "funding",
    "cycles",
    "entries",
    "orders",
)
"""Metrics that a list of backtests shows."""


def _summary_of(document: Mapping[str, Any]) -> dict[str, Any]:
    metrics = document["metrics"]
    return {
        **{name: metrics[name] for name in SUMMARISED},
        "warnings": len(document["warnings"]),
    }
