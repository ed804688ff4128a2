"""Figures of a run as lines for people: name, value, and what a percentage is taken of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pairtrader.cli.output import DASH, duration, number


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the metrics."""

    name: str
    label: str
    kind: str = "ratio"
    basis: str = ""

    def text(self, value: float | None) -> str:
        """Return its value for reading."""
        if value is None:
            return DASH
        if self.kind == "time":
            return duration(value)
        if self.kind == "count":
            return f"{value:,}"
        return number(value) + (" %" if self.kind == "percent" else "")


FIGURES = (
    Figure("net_pnl", "Net PnL", "money", "quote currency, after fees and funding"),
    Figure("return_on_margin", "Return on margin", "percent", "of the initial capital"),
    Figure("return_on_notional", "Return on notional", "percent", "of the mean invested"),
    Figure("cagr", "Growth a year", "percent", "of equity, compounded"),
    Figure("max_drawdown", "Largest drawdown", "percent", "of the peak, at every bar"),
    Figure("max_drawdown_daily", "… at ends of days", "percent", "of the peak"),
    Figure("max_drawdown_seconds", "… until recovered", "time"),
    Figure("volatility", "Volatility", "percent", "a year, daily returns"),
    Figure("sharpe", "Sharpe", basis="a year, daily returns"),
    Figure("sortino", "Sortino", basis="a year, daily returns"),
    Figure("calmar", "Calmar", basis="growth a year ÷ drawdown at ends of days"),
    Figure("cycles", "Cycles closed", "count"),
    Figure("win_rate", "Win rate", "percent", "of closed cycles"),
    Figure("profit_factor", "Profit factor", basis="profits ÷ losses"),
    Figure("expectancy", "Expectancy", "money", "quote currency a cycle"),
    Figure("exposure", "Exposure", "percent", "of the time"),
    Figure("average_holding_seconds", "Holding, mean", "time"),
    Figure("longest_holding_seconds", "Holding, longest", "time"),
    Figure("gross_pnl", "Gross PnL", "money", "quote currency"),
    Figure("fees", "Fees paid", "money", "quote currency"),
    Figure("fee_share", "… share", "percent", "of gross PnL"),
    Figure("funding", "Funding received", "money", "quote currency"),
    Figure("funding_share", "… share", "percent", "of gross PnL"),
    Figure("max_invested", "Largest position", "money", "entry notional, both legs"),
    Figure("entries", "Entries", "count", "pairs of orders"),
    Figure("orders", "Orders", "count"),
    Figure("initial_capital", "Initial capital", "money", "quote currency"),
    Figure("final_equity", "Final equity", "money", "quote currency"),
)


BY_NAME: Mapping[str, Figure] = {figure.name: figure for figure in FIGURES}


def text_of(name: str, metrics: Mapping[str, Any]) -> str:
    """Return one figure of a run for reading."""
    return BY_NAME.get(name, Figure(name, name)).text(metrics.get(name))
