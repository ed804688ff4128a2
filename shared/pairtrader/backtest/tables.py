"""Cycles, orders and curves of a run as plain JSON values, and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairtrader.analysis.arrays import distinct
from pairtrader.analysis.thinning import MOST_POINTS, kept
from pairtrader.backtest.books import Books
from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.cycles import REASONS, Cycles
from pairtrader.backtest.drawdown import Drawdown, falls_at
from pairtrader.backtest.equity import CHUNK, Days, Equity
from pairtrader.backtest.series import Floats, Integers, PairSeries
from pairtrader.backtest.trades import Flags
from pairtrader.model.order import OrderType, Purpose, Side
from pairtrader.model.settings import SpreadMode

Row = dict[str, Any]
SECOND_MS = 1000


def iso_times(times: Integers) -> list[str]:
    """Return moments (ms UTC) such as ``2025-05-04T16:01:00Z``, with milliseconds if any has."""
    moments: NDArray[np.datetime64] = times.astype("datetime64[ms]")
    if (times % SECOND_MS).any():
        texts = np.datetime_as_string(moments, unit="ms", timezone="UTC")
    else:
        texts = np.datetime_as_string(moments, unit="s", timezone="UTC", casting="unsafe")
    found: list[str] = texts.tolist()
    return found


def iso_time(moment: int) -> str:
    """Return one moment (ms UTC) in that form."""
    return iso_times(np.array([moment], dtype=np.int64))[0]


def numbers(values: Floats) -> list[float | None]:
    """Return `values` for JSON: None for what is not finite."""
    found: list[float | None] = values.tolist()
    if np.isfinite(values).all():
        return found
    return [value if ok else None for value, ok in zip(found, np.isfinite(values), strict=True)]


def cycle_rows(books: Books, cycles: Cycles, config: BacktestConfig, since: int = 0) -> list[Row]:
    """Return one row for every round trip from `since` on, counted from 0; the open one last."""
    trades, part = books.trades, slice(since, None)
    first, last = books.first[part], books.last[part]
    last_entry = np.where(books.closes[last], last - 1, last)
    net, invested = cycles.net[part], cycles.invested[part]
    on_notional = _shares(net, invested)
    columns: dict[str, Sequence[Any]] = {
        "number": range(since + 1, len(cycles) + 1),
        "direction": trades.direction[first].tolist(),
        "opened_at": iso_times(cycles.opened_at[part]),
        "closed_at": iso_times(cycles.ended_at[part]),
        "opened_bar": trades.bar[first].tolist(),
        "closed_bar": trades.bar[last].tolist(),
        "levels": trades.level[last_entry].tolist(),
        "first_spread": numbers(trades.spread[first]),
        "last_spread": numbers(trades.spread[last_entry]),
        "close_spread": numbers(trades.spread[last]),
        "invested": numbers(invested),
        "gross_pnl": numbers(cycles.gross[part]),
        "fees": numbers(cycles.fees[part]),
        "funding": numbers(cycles.funding[part]),
        "net_pnl": numbers(net),
        "return_on_notional": numbers(on_notional),
        "return_on_margin": numbers(on_notional * config.settings.leverage),
        "holding_seconds": numbers(cycles.held_ms[part] / SECOND_MS),
        "reason": cycles.reasons[part],
    }
    rows = [dict(zip(columns, row, strict=False)) for row in zip(*columns.values(), strict=True)]
    if cycles.still_open:
        rows[-1] |= {"closed_at": None, "closed_bar": None, "close_spread": None}
    return rows


def _shares(net: Floats, invested: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        percent: Floats = net / invested * 100
    return percent


def order_rows(series: PairSeries, books: Books, config: BacktestConfig) -> list[Row]:
    """Return one row for every order that filled, both legs of a pair side by side."""
    trades, settings = books.trades, config.settings
    sell, buy = str(Side.SELL), str(Side.BUY)
    entry, close = str(Purpose.ENTRY), str(Purpose.CLOSE)
    resting, taking = str(OrderType.LIMIT), str(OrderType.MARKET)
    sells1 = (trades.direction > 0) != books.closes
    symbol1, symbol2 = settings.market1_symbol, settings.market2_symbol
    columns = zip(
        (books.cycle + 1).tolist(),
        books.closes.tolist(),
        sells1.tolist(),
        trades.level.tolist(),
        trades.action.tolist(),
        trades.signal.tolist(),
        trades.bar.tolist(),
        iso_times(series.times[trades.signal] + series.timeframe_ms),
        iso_times(books.filled_at),
        numbers(trades.spread),
        *_leg(trades.amount1, trades.price1, trades.fee1, trades.maker1),
        *_leg(trades.amount2, trades.price2, trades.fee2, trades.maker2),
        strict=True,
    )
    return [
        {
            "cycle": cycle,
            "market": market,
            "symbol": symbol,
            "side": side,
            "purpose": close if closes else entry,
            "level": level,
            "reason": REASONS[action] if closes else f"level {level}",
            "signal_bar": signal,
            "bar": bar,
            "signal_at": signal_at,
            "filled_at": filled_at,
            "amount": amount,
            "price": price,
            "cost": cost,
            "fee": fee,
            "order_type": resting if rested else taking,
            "spread": spread,
        }
        for (
            cycle,
            closes,
            sells,
            level,
            action,
            signal,
            bar,
            signal_at,
            filled_at,
            spread,
            amount1,
            price1,
            cost1,
            fee1,
            rested1,
            amount2,
            price2,
            cost2,
            fee2,
            rested2,
        ) in columns
        for market, symbol, side, amount, price, cost, fee, rested in (
            (1, symbol1, sell if sells else buy, amount1, price1, cost1, fee1, rested1),
            (2, symbol2, buy if sells else sell, amount2, price2, cost2, fee2, rested2),
        )
    ]


def _leg(amounts: Floats, prices: Floats, fees: Floats, rested: Flags) -> list[list[Any]]:
    costs = amounts * prices
    return [*map(numbers, (amounts, prices, costs, fees)), rested.tolist()]


def equity_table(equity: Equity, days: Days, curve: Floats, drawdown: Drawdown) -> Row:
    """Return the equity by UTC day, and its curve over all bars thinned to what can be drawn.

    Times are those of the bars' closes, ms UTC; returns and drawdowns are percent.
    """
    points = distinct(
        np.sort(np.append(kept(curve, most=MOST_POINTS - 1), max(drawdown.bottom, 0)))
    )
    falls = falls_at(curve, points, equity.initial_capital)
    closes = equity.series.times[equity.first_bar + points] + equity.series.timeframe_ms
    return {
        "daily": [
            {"day": day, "equity": worth, "return": percent}
            for day, worth, percent in zip(
                np.datetime_as_string(days.begins.astype("datetime64[ms]"), unit="D").tolist(),
                numbers(days.equity),
                numbers(days.returns * 100),
                strict=True,
            )
        ],
        "curve": {
            "times": closes.tolist(),
            "equity": numbers(curve[points]),
            "drawdown": numbers(falls),
        },
    }


def spread_table(
    series: PairSeries, config: BacktestConfig, start_prices: tuple[float, float], first_bar: int
) -> Row:
    """Return the spread at the closes, thinned likewise, and the spreads of the ladder's rows."""
    spreads = _spreads(
        config.settings.spread_mode,
        series.market1.close[first_bar:],
        series.market2.close[first_bar:],
        start_prices,
    )
    points = kept(spreads)
    closes = series.times[first_bar + points] + series.timeframe_ms
    return {
        "times": closes.tolist(),
        "spread": numbers(spreads[points]),
        "rows": [row.spread for row in config.settings.dca_config],
    }


def _spreads(
    mode: SpreadMode, close1: Floats, close2: Floats, start_prices: tuple[float, float]
) -> Floats:
    """Return the spread of every bar, points: to be drawn, a last bit is no matter here."""
    start1, start2 = start_prices
    whole = np.empty(len(close1))
    for begin in range(0, len(whole), CHUNK):
        part = slice(begin, begin + CHUNK)
        spreads = np.divide(close1[part], start1, out=whole[part])
        if mode is SpreadMode.LOG_RATIO:
            spreads /= close2[part]
            spreads *= start2
            np.log(spreads, out=spreads)
        else:
            spreads -= close2[part] / start2
        spreads *= 100.0
    return whole


def csv_tables(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the tables of a result document as CSV by file name, each with a header line.

    Numbers are written in full, times in UTC; what does not exist is an empty cell.
    """
    return {
        "cycles.csv": _csv(document["cycles"], CYCLE_COLUMNS),
        "orders.csv": _csv(document["orders"], ORDER_COLUMNS),
        "equity.csv": _csv(document["equity"]["daily"], DAY_COLUMNS),
    }


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


CYCLE_COLUMNS = (
    "number",
    "direction",
    "opened_at",
    "closed_at",
    "opened_bar",
    "closed_bar",
    "levels",
    "first_spread",
    "last_spread",
    "close_spread",
    "invested",
    "gross_pnl",
    "fees",
    "funding",
    "net_pnl",
    "return_on_notional",
    "return_on_margin",
    "holding_seconds",
    "reason",
)
ORDER_COLUMNS = (
    "cycle",
    "market",
    "symbol",
    "side",
    "purpose",
    "level",
    "reason",
    "signal_bar",
    "bar",
    "signal_at",
    "filled_at",
    "amount",
    "price",
    "cost",
    "fee",
    "order_type",
    "spread",
)
DAY_COLUMNS = ("day", "equity", "return")
