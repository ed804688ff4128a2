"""Figures of a run.

Percentages name their basis. Money is quote currency. What does not exist is None: a ratio to
nothing, the deviation of one day, the growth rate of an account that was lost.

Win rate, profit factor, expectancy and drawdown mean what they mean for a bot's own history (see
`pairtrader.analysis.performance`); these books are float64.
"""

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from pairtrader.backtest.books import Books
from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.cycles import Cycles
from pairtrader.backtest.drawdown import Drawdown, drawdown_of
from pairtrader.backtest.equity import Days, Equity
from pairtrader.backtest.series import Floats, PairSeries

DAYS_A_YEAR = 365
"""The markets never close."""
FEWEST_RETURNS = 2
"""One return has no deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyFigures:
    """What follows from the equity at the end of every UTC day alone.

    Returns are simple and daily, the first one on the initial capital; days without a bar count
    as well, with a return of 0. All but the drawdown are None where the equity was at or below
    nothing at the end of any day.
    """

    cagr: float | None
    """Growth a year, percent: ((final ÷ initial) ^ (365 ÷ days) - 1) x 100; days: the UTC days of
    the run, begun ones count whole."""
    volatility: float | None
    """Sample standard deviation (n - 1) of the daily returns x √365, percent a year."""
    sharpe: float | None
    """Mean ÷ sample standard deviation of the daily returns x √365; no risk-free rate."""
    sortino: float | None
    """Mean of the daily returns x 365 ÷ (downside deviation x √365); the downside deviation is the
    root of the mean over all days of the squared losses, a gain counting as no loss."""
    calmar: float | None
    """`cagr` ÷ `max_drawdown_daily`."""
    max_drawdown_daily: float
    """Largest fall of the equity at the ends of days from the highest until then, the initial
    capital included, percent of that."""


def daily_figures(days: Days, capital: float) -> DailyFigures:
    """Return the figures of `days`, which began with `capital`."""
    fall = drawdown_of(days.equity, capital).percent
    if days.equity.min() <= 0:
        return DailyFigures(
            cagr=None,
            volatility=None,
            sharpe=None,
            sortino=None,
            calmar=None,
            max_drawdown_daily=fall,
        )
    growth = _growth(float(days.equity[-1]) / capital, len(days.equity))
    returns = days.returns
    few = len(returns) < FEWEST_RETURNS
    mean = float(returns.mean())
    deviation = 0.0 if few or not np.ptp(returns) else float(returns.std(ddof=1))
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    return DailyFigures(
        cagr=growth,
        volatility=None if few else deviation * math.sqrt(DAYS_A_YEAR) * 100,
        sharpe=_ratio(mean * math.sqrt(DAYS_A_YEAR), deviation),
        sortino=None if few else _ratio(mean * math.sqrt(DAYS_A_YEAR), downside),
        calmar=None if growth is None else _ratio(growth, fall),
        max_drawdown_daily=fall,
    )


def _growth(multiple: float, days: int) -> float | None:
    """Return `multiple` in `days` as percent a year, None beyond what a number can hold."""
    try:
        return (math.pow(multiple, DAYS_A_YEAR / days) - 1.0) * 100
    except OverflowError:
        return None


def _ratio(part: float, basis: float) -> float | None:
    return part / basis if basis else None


def _percent(part: float, basis: float) -> float | None:
    return part / basis * 100 if basis > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """All figures of a run, in the order in which they are shown.

    `cycles` to `expectancy` and the average holding are of closed cycles; sums of money include
    the open one, marked at the last closes as if it were closed there.
    """

    initial_capital: float
    final_equity: float
    """`initial_capital` + `net_pnl`."""
    net_pnl: float
    """Nets of all cycles: `gross_pnl` - `fees` + `funding`."""
    gross_pnl: float
    """Price profit at the prices that orders filled at, slippage included."""
    fees: float
    """Paid, and what closing the open cycle would cost; negative where exchanges paid more."""
    funding: float
    """Received less paid."""
    open_pnl: float | None
    """Net PnL of the open cycle, None without one."""
    cycles: int
    """Closed."""
    wins: int
    """With a net profit."""
    losses: int
    """With a net loss; one that brought in nothing is neither."""
    win_rate: float | None
    """Wins in percent of the closed cycles."""
    profit_factor: float | None
    """Net profits of the wins ÷ net losses of the losses; None without a loss."""
    expectancy: float | None
    """Net profit of a closed cycle in the mean."""
    return_on_notional: float | None
    """`net_pnl` in percent of the mean `invested` of all cycles (entry notional of both legs)."""
    return_on_margin: float | None
    """`net_pnl` in percent of `initial_capital`."""
    cagr: float | None
    """See `DailyFigures`, as up to `calmar` and `max_drawdown_daily`."""
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float | None
    """Largest fall of the equity at any bar's close from the highest until then, the initial
    capital included, percent of that. None where bars were not looked at."""
    max_drawdown_amount: float | None
    """Largest fall in quote currency, at any bar's close; it may be another one."""
    max_drawdown_seconds: float | None
    """From the peak before the fall of `max_drawdown` until that equity was reached again, or
    until the end of the data."""
    max_drawdown_daily: float
    exposure: float
    """Time with an open cycle in percent of the time looked at."""
    average_holding_seconds: float | None
    """From the first entry to the close, mean of the closed cycles."""
    longest_holding_seconds: float | None
    """Of all cycles, the open one until the last close of the data."""
    fee_share: float | None
    """`fees` in percent of `gross_pnl`; None where that is no profit."""
    funding_share: float | None
    """`funding` in percent of `gross_pnl`, signed like it; None where that is no profit."""
    max_invested: float
    """Largest summed entry notional of both legs at one time."""
    entries: int
    """Pairs of orders that opened or added."""
    orders: int
    """Single orders that filled: two for every entry and every close."""
    levels: list[int] = field(default_factory=list)
    """How often each row of the ladder was entered."""
    reasons: dict[str, int] = field(default_factory=dict)
    """How many cycles each reason ended, the most frequent first; `open` for the open one."""

    def document(self) -> dict[str, Any]:
        """Return the figures by name, ready for JSON: what is not a finite number is None."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in found.items()
        }


def metrics_of(
    series: PairSeries,
    config: BacktestConfig,
    equity: Equity,
    days: Days,
    books: Books,
    cycles: Cycles,
    drawdown: Drawdown | None,
) -> Metrics:
    """Return the figures of a run; without `drawdown` those that need every bar are None."""
    capital = config.initial_capital
    nets = cycles.net[: cycles.closed]
    won, lost = float(nets[nets > 0].sum()), -float(nets[nets < 0].sum())
    wins, losses = int((nets > 0).sum()), int((nets < 0).sum())
    net, gross = float(cycles.net.sum()), float(cycles.gross.sum())
    fees, funding = float(cycles.fees.sum()), float(cycles.funding.sum())
    entries = int((~books.closes).sum())
    daily = daily_figures(days, capital)
    held = cycles.held_ms / 1000
    return Metrics(
        initial_capital=capital,
        final_equity=capital + net,
        net_pnl=net,
        gross_pnl=gross,
        fees=fees,
        funding=funding,
        open_pnl=float(cycles.net[-1]) if cycles.still_open else None,
        cycles=cycles.closed,
        wins=wins,
        losses=losses,
        win_rate=_percent(wins, cycles.closed),
        profit_factor=_ratio(won, lost),
        expectancy=_ratio(float(nets.sum()), cycles.closed),
        return_on_notional=_percent(net, _mean(cycles.invested) or 0.0),
        return_on_margin=_percent(net, capital),
        cagr=daily.cagr,
        volatility=daily.volatility,
        sharpe=daily.sharpe,
        sortino=daily.sortino,
        calmar=daily.calmar,
        max_drawdown=drawdown.percent if drawdown else None,
        max_drawdown_amount=drawdown.amount if drawdown else None,
        max_drawdown_seconds=_length(series, equity.first_bar, drawdown) if drawdown else None,
        max_drawdown_daily=daily.max_drawdown_daily,
        exposure=min(100.0, float(held.sum()) / _looked_at(series, equity.first_bar) * 100),
        average_holding_seconds=_mean(held[: cycles.closed]),
        longest_holding_seconds=float(held.max()) if len(held) else None,
        fee_share=_percent(fees, gross),
        funding_share=_percent(funding, gross),
        max_invested=float(books.invested.max(initial=0.0)),
        entries=entries,
        orders=2 * len(books.closes),
        levels=_levels(config, books),
        reasons=cycles.reason_counts(),
    )


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _looked_at(series: PairSeries, first_bar: int) -> float:
    """Return the seconds from the opening of the first bar to the close of the last one."""
    last_close = int(series.times[-1]) + series.timeframe_ms
    return (last_close - int(series.times[first_bar])) / 1000


def _length(series: PairSeries, first_bar: int, fall: Drawdown) -> float:
    """Return the seconds from the peak until it was reached again, or to the last close."""
    if not fall.percent:
        return 0.0
    closes = series.times[first_bar:]
    end = int(closes[-1 if fall.recovered is None else fall.recovered])
    begin = int(closes[0]) - series.timeframe_ms if fall.peak < 0 else int(closes[fall.peak])
    return (end - begin) / 1000


def _levels(config: BacktestConfig, books: Books) -> list[int]:
    rows = len(config.settings.dca_config)
    entered = books.trades.level[~books.closes]
    found: list[int] = np.bincount(entered, minlength=rows + 1)[1 : rows + 1].tolist()
    return found
