"""What the account was worth at each bar: capital, closed cycles, and the open one at its mark."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.arrays import distinct
from pairtrader.backtest.books import Books
from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.series import Floats, FundingRates, Integers, PairSeries
from pairtrader.backtest.trades import Outcome
from pairtrader.model.risk import DAY_MS

CHUNK = 1 << 15
"""Bars worked on at a time: what they need stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Equity:
    """Equity as a function of the bar, quote currency.

    Between two changes it is linear in both closes: `fixed` + `units1` x close 1 + `units2` x
    close 2. Closing fees to come lie in the units.
    """

    series: PairSeries
    initial_capital: float
    first_bar: int
    changes: Integers
    """Bars from which on the rows below hold; the first one is `first_bar`."""
    fixed: Floats
    """Quote currency."""
    units1: Floats
    units2: Floats
    """Base coins, signed, less the share of the closing fee."""
    held1: Floats
    held2: Floats
    """Base coins, unsigned."""

    def at(self, bars: Integers) -> Floats:
        """Return the equity at the close of each of `bars`.

        It is what the live bot shows: the initial capital, the nets of all closed cycles, and the
        net PnL of the open one: unrealised at the close, less the fees paid and the taker fees of
        closing there, plus the funding known by then. Bars before the first one that was looked at
        have the initial capital.
        """
        row = np.maximum(np.searchsorted(self.changes, bars, side="right") - 1, 0)
        close1, close2 = self.series.market1.close[bars], self.series.market2.close[bars]
        worth: Floats = self.fixed[row] + self.units1[row] * close1 + self.units2[row] * close2
        return worth

    def curve(self) -> Floats:
        """Return the equity at the close of every bar from `first_bar` on."""
        whole = np.empty(len(self.series) - self.first_bar)
        for begin, end, rows, lengths in self._chunks():
            worth = whole[begin - self.first_bar : end - self.first_bar]
            np.multiply(
                np.repeat(self.units1[rows], lengths),
                self.series.market1.close[begin:end],
                out=worth,
            )
            second = np.repeat(self.units2[rows], lengths)
            second *= self.series.market2.close[begin:end]
            second += np.repeat(self.fixed[rows], lengths)
            worth += second
        return whole

    def notional(self, begin: int, end: int) -> Floats:
        """Return what both legs held were worth at each close from `begin` up to `end`."""
        bars = np.arange(begin, end)
        row = np.maximum(np.searchsorted(self.changes, bars, side="right") - 1, 0)
        worth: Floats = (
            self.held1[row] * self.series.market1.close[begin:end]
            + self.held2[row] * self.series.market2.close[begin:end]
        )
        return worth

    def largest_notional(self) -> float:
        """Return a bound that `notional` never exceeds."""
        return float(
            self.held1.max() * self.series.market1.close.max()
            + self.held2.max() * self.series.market2.close.max()
        )

    def _chunks(self) -> Iterator[tuple[int, int, slice, Integers]]:
        """Yield begin and end of each chunk, the rows that hold in it, and for how many bars."""
        for begin in range(self.first_bar, len(self.series), CHUNK):
            end = min(begin + CHUNK, len(self.series))
            low = int(np.searchsorted(self.changes, begin, side="right")) - 1
            high = int(np.searchsorted(self.changes, end, side="left"))
            edges = np.concatenate(([begin], self.changes[low + 1 : high], [end]))
            yield begin, end, slice(low, high), np.diff(edges)


def equity_of(series: PairSeries, outcome: Outcome, config: BacktestConfig, books: Books) -> Equity:
    """Return the equity of a run by its books."""
    trades, capital = outcome.trades, config.initial_capital
    payments = _payments(series, books) if config.terms.funding else _NOTHING
    changes = np.concatenate(([outcome.first_bar], trades.bar, payments.bars))
    changes = distinct(np.sort(changes, kind="stable"))
    row = np.searchsorted(trades.bar, changes, side="right") - 1
    if not len(trades):
        nothing = np.zeros(len(changes))
        fixed = np.full(len(changes), capital)
        return Equity(
            series, capital, outcome.first_bar, changes, fixed, nothing, nothing, nothing, nothing
        )

    flat = (row < 0) | books.closes[row]
    held1 = np.where(flat, 0.0, books.entered1[row])
    held2 = np.where(flat, 0.0, books.entered2[row])
    direction = trades.direction[row].astype(np.float64)
    taker = config.terms.taker_fee
    entry = direction * (books.cost1[row] - books.cost2[row]) - books.fees[row]
    funding = payments.known_of(books.cycle[row], changes)
    closed = np.concatenate(([0.0], np.cumsum(trades.net)))[row + 1]
    return Equity(
        series=series,
        initial_capital=capital,
        first_bar=outcome.first_bar,
        changes=changes,
        fixed=capital + closed + np.where(flat, 0.0, entry + funding),
        units1=held1 * (-direction - taker),
        units2=held2 * (direction - taker),
        held1=held1,
        held2=held2,
    )


@dataclass(frozen=True, slots=True)
class _Payments:
    """Funding by settlement, in the order in which it became known."""

    bars: Integers
    """At whose close it was first known."""
    cycle: Integers
    amounts: Floats
    """Received, quote currency."""

    def known_of(self, cycle: Integers, bars: Integers) -> Floats:
        """Return what each of `cycle` had received by the close of each of `bars`."""
        upto = np.searchsorted(self.bars, bars, side="right")
        since = np.searchsorted(self.cycle, cycle, side="left")
        total = np.concatenate(([0.0], np.cumsum(self.amounts)))
        return np.where(upto > since, total[upto] - total[np.minimum(since, upto)], 0.0)


_NOTHING = _Payments(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def _payments(series: PairSeries, books: Books) -> _Payments:
    """Return the funding of both legs.

    A settlement counts for what was filled before it and not closed before it; the mark is the
    close of the last bar closed by then.
    """
    trades = books.trades
    legs = (
        (series.funding1, books.entered1, -trades.direction, series.market1.close),
        (series.funding2, books.entered2, trades.direction, series.market2.close),
    )
    parts = [
        _payments_of_leg(series, books, rates, held * sign, close)
        for rates, held, sign, close in legs
        if rates is not None and len(rates.times) and len(trades)
    ]
    if not parts:
        return _NOTHING
    bars = np.concatenate([part.bars for part in parts])
    # What becomes known at one bar is of one cycle: a look lies between two of them.
    order = np.argsort(bars, kind="stable")
    return _Payments(
        bars[order],
        np.concatenate([part.cycle for part in parts])[order],
        np.concatenate([part.amounts for part in parts])[order],
    )


def _payments_of_leg(
    series: PairSeries, books: Books, rates: FundingRates, held: Floats, close: Floats
) -> _Payments:
    known_at = series.times + series.timeframe_ms
    row = np.searchsorted(books.filled_at, rates.times, side="left") - 1
    mark = np.searchsorted(known_at, rates.times, side="right") - 1
    bar = np.searchsorted(known_at, rates.times, side="left")
    counts = (row >= 0) & (mark >= 0) & (bar < len(series)) & ~books.closes[row]
    row, mark, bar, rate = row[counts], mark[counts], bar[counts], rates.rates[counts]
    return _Payments(bar, books.cycle[row], -held[row] * close[mark] * rate)


@dataclass(frozen=True, slots=True)
class Days:
    """Every UTC day of a run, those without a bar as well."""

    begins: Integers
    """ms UTC."""
    equity: Floats
    """At the last close of each day; a close at midnight ends the day before."""
    returns: Floats
    """Simple: equity ÷ equity of the day before - 1, that of the first day on the initial
    capital. NaN where the equity before was not positive."""


def days_of(equity: Equity) -> Days:
    """Return the equity by UTC day; a day on which nothing closed carries the one before."""
    times, frame = equity.series.times, equity.series.timeframe_ms
    first_day = int(times[equity.first_bar]) // DAY_MS
    last_day = (int(times[-1]) + frame - 1) // DAY_MS
    begins = np.arange(first_day, last_day + 1, dtype=np.int64) * DAY_MS
    bars = np.searchsorted(times, begins + DAY_MS - frame, side="right") - 1
    worth = np.where(
        bars >= equity.first_bar, equity.at(np.maximum(bars, 0)), equity.initial_capital
    )
    before = np.concatenate(([equity.initial_capital], worth[:-1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.where(before > 0, worth / before - 1.0, np.nan)
    return Days(begins, worth, returns)
