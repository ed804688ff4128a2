"""What a run held after every pair of orders, and which cycle it belonged to."""

from dataclasses import dataclass

import numpy as np

from pairtrader.backtest.series import Floats, Integers, PairSeries
from pairtrader.backtest.trades import Flags, Trades
from pairtrader.strategy import decision


@dataclass(frozen=True, slots=True)
class Books:
    """All columns but `first` and `last` have one value for every row of `Trades`."""

    trades: Trades
    closes: Flags
    """Whether the row ends a cycle."""
    cycle: Integers
    """Which cycle the row belongs to, 0 is the first."""
    first: Integers
    """By cycle: the row of its first entry."""
    last: Integers
    """By cycle: the row of its close, of its last entry where it is still open."""
    filled_at: Integers
    """ms UTC."""
    entered1: Floats
    entered2: Floats
    """Base coins entered so far in the cycle, unsigned; a close takes nothing away."""
    cost1: Floats
    cost2: Floats
    """Entry notional of these, quote currency."""
    fees: Floats
    """Paid so far in the cycle, its close included, quote currency."""

    @property
    def cycles(self) -> int:
        """Return how many cycles were begun."""
        return len(self.first)

    @property
    def open(self) -> bool:
        """Whether the last cycle has not been closed."""
        return bool(len(self.closes)) and not self.closes[-1]

    @property
    def invested(self) -> Floats:
        """Return the summed entry notional of both legs after each row, quote currency."""
        return self.cost1 + self.cost2


def books_of(series: PairSeries, trades: Trades) -> Books:
    """Return the books of `trades`, which were made on `series`."""
    closes = (trades.action >= decision.CLOSE_LIQUIDATION) & (
        trades.action <= decision.CLOSE_REGRESSION
    )
    cycle = np.zeros(len(trades), dtype=np.int64)
    np.cumsum(closes[:-1], out=cycle[1:])
    last = np.flatnonzero(closes).astype(np.int64)
    if len(trades) and not closes[-1]:
        last = np.append(last, len(trades) - 1)
    first = np.concatenate(([0], last[:-1] + 1)).astype(np.int64)[: len(last)]
    entered = np.array(
        (
            trades.amount1,
            trades.amount2,
            trades.amount1 * trades.price1,
            trades.amount2 * trades.price2,
        )
    )
    entered[:, closes] = 0.0
    place = np.arange(len(trades)) - first[cycle]
    entered1, entered2, cost1, cost2, fees = _running(
        np.vstack((entered, trades.fee1 + trades.fee2)), place
    )
    return Books(
        trades=trades,
        closes=closes,
        cycle=cycle,
        first=first,
        last=last,
        filled_at=fill_times(series, trades),
        entered1=entered1,
        entered2=entered2,
        cost1=cost1,
        cost2=cost2,
        fees=fees,
    )


def _running(values: Floats, place: Integers) -> Floats:
    """Return the sums of each row of `values` within its cycle, begun anew where `place` is 0.

    Added up one after the other as the bot does it: a difference of running totals would lose
    digits of small positions after many large ones.
    """
    for step in range(1, int(place.max(initial=0)) + 1):
        columns = np.flatnonzero(place == step)
        values[:, columns] += values[:, columns - 1]
    return values


def fill_times(series: PairSeries, trades: Trades) -> Integers:
    """Return when each row was filled, ms UTC.

    A fill at the next open is one at its opening; a fill at the signal's close and one of a
    resting order, whose other leg may have followed at market, are known when the bar closes.
    """
    at_close = (trades.bar == trades.signal) | trades.maker1 | trades.maker2
    times: Integers = series.times[trades.bar] + np.where(at_close, series.timeframe_ms, 0)
    return times
