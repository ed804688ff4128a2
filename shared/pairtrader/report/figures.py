"""Names of a run's figures for people, and what each is taken of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pairtrader.report.markup import DASH, duration, number, percent

MONEY, PERCENT, RATIO, TIME, COUNT = "money", "percent", "ratio", "duration", "count"


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the metrics."""

    name: str
    label: str
    kind: str
    basis: str = ""

    def text(self, value: Any) -> str:
        """Return its value for reading."""
        if value is None:
            return DASH
        if self.kind == TIME:
            return duration(value)
        if self.kind == PERCENT:
            return percent(value)
        return number(value)


GROUPS: tuple[tuple[str, tuple[Figure, ...]], ...] = (
    (
        "Result",
        (
            Figure("initial_capital", "Initial capital", MONEY),
            Figure("final_equity", "Final equity", MONEY, "open cycle marked at the last closes"),
            Figure("net_pnl", "Net PnL", MONEY, "price profit - fees + funding"),
            Figure("open_pnl", "of it not realised", MONEY, "the open cycle"),
            Figure("gross_pnl", "Price profit", MONEY, "at prices as filled, slippage included"),
            Figure("fees", "Fees", MONEY, "the open cycle's closing fee included"),
            Figure("fee_share", "Fees", PERCENT, "of the price profit"),
            Figure("funding", "Funding", MONEY, "received less paid"),
            Figure("funding_share", "Funding", PERCENT, "of the price profit"),
            Figure("return_on_margin", "Return on margin", PERCENT, "of the initial capital"),
            Figure(
                "return_on_notional",
                "Return on notional",
                PERCENT,
                "of the mean entry notional of a cycle",
            ),
        ),
    ),
    (
        "Risk",
        (
            Figure("cagr", "CAGR", PERCENT, "a year of 365 days, UTC days of the run"),
            Figure("volatility", "Volatility", PERCENT, "a year, of daily returns"),
            Figure("sharpe", "Sharpe ratio", RATIO, "daily returns, x √365, no risk-free rate"),
            Figure("sortino", "Sortino ratio", RATIO, "daily returns, downside deviation"),
            Figure("calmar", "Calmar ratio", RATIO, "CAGR ÷ drawdown at ends of days"),
            Figure("max_drawdown", "Largest drawdown", PERCENT, "of the peak, at every bar"),
            Figure("max_drawdown_amount", "Largest drawdown", MONEY, "at every bar"),
            Figure("max_drawdown_seconds", "Its length", TIME, "until the peak was reached again"),
            Figure("max_drawdown_daily", "Largest drawdown", PERCENT, "of the peak, ends of days"),
        ),
    ),
    (
        "Trades",
        (
            Figure("cycles", "Closed cycles", COUNT),
            Figure("wins", "Wins", COUNT),
            Figure("losses", "Losses", COUNT),
            Figure("win_rate", "Win rate", PERCENT, "of closed cycles"),
            Figure("profit_factor", "Profit factor", RATIO, "net profits ÷ net losses"),
            Figure("expectancy", "Expectancy", MONEY, "net of a closed cycle"),
            Figure("exposure", "Exposure", PERCENT, "of the time looked at"),
            Figure("average_holding_seconds", "Holding, mean", TIME, "closed cycles"),
            Figure("longest_holding_seconds", "Holding, longest", TIME, "all cycles"),
            Figure("max_invested", "Largest position", MONEY, "entry notional of both legs"),
            Figure("entries", "Entries", COUNT, "pairs of orders"),
            Figure("orders", "Orders", COUNT, "single ones that filled"),
        ),
    ),
)
BY_NAME: Mapping[str, Figure] = {figure.name: figure for _, figures in GROUPS for figure in figures}
HEADLINES = ("net_pnl", "return_on_margin", "max_drawdown", "sharpe", "win_rate", "cycles")


def figure_of(name: str) -> Figure:
    """Return what is known of a figure."""
    return BY_NAME.get(name) or Figure(name, name.replace("_", " "), RATIO)
