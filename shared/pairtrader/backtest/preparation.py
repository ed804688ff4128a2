"""What all runs over the same prices have in common, worked out once.

A sweep hands one `Prepared` to all of its runs: what differs between them is kept by what it
depends on (first bar, spread mode, largest jump).
"""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from pairtrader.backtest.search import BLOCK, WINDOW
from pairtrader.backtest.series import Bars, Floats, FundingRates, Integers, PairSeries
from pairtrader.model.settings import SpreadMode

CHUNK = 1 << 15
"""Bars worked on at once: few enough to stay near the processor."""
KEPT = 8
"""Results of each kind that are kept; one run needs one of each."""
Bytes = NDArray[np.uint8]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """The bars that are looked at: from the start time's on."""

    first: int
    times: Integers
    market1: Bars
    market2: Bars


@dataclass(frozen=True, slots=True)
class Extremes:
    """Lowest and highest value in each block or window."""

    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Spreads:
    """The spread of all bars, for the search alone: it may miss the exact one by `slack`."""

    values: Floats
    blocks: Extremes
    windows: Extremes
    slack: float
    """Points."""


@dataclass(frozen=True, slots=True)
class Settlements:
    """Funding of both markets by time, market 1 first where times are equal."""

    times: Integers
    bars: Integers
    """First bar whose close is no earlier; as many as there are bars where none is."""
    legs: Integers
    pays: Floats
    """Mark times rate: what one coin held long pays, quote currency."""


@dataclass(slots=True)
class Prepared:
    """Price data of many runs."""

    series: PairSeries
    _kept: dict[str, dict[Hashable, Any]] = field(default_factory=dict)

    def once(self, kind: str, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` makes, made once for each `key`; of each kind a few are kept."""
        kept = self._kept.setdefault(kind, {})
        found = kept.get(key)
        if found is None:
            found = make()
            for old in list(kept)[: len(kept) - KEPT + 1]:
                kept.pop(old, None)
            kept[key] = found
        return cast("T", found)

    def span(self, first: int) -> Span:
        """Return the bars from `first` on."""
        series = self.series
        return Span(
            first, series.times[first:], _cut(series.market1, first), _cut(series.market2, first)
        )

    def closes(self, first: int) -> tuple[Extremes, Extremes]:
        """Return the extremes of both markets' closes by window."""
        span = self.span(first)
        return self.once(
            "closes",
            first,
            lambda: (by_window(span.market1.close), by_window(span.market2.close)),
        )

    def spreads(self, first: int, mode: SpreadMode, starts: tuple[float, float]) -> Spreads:
        """Return the spreads from `first` on, counted from `starts`."""

        def make() -> Spreads:
            span = self.span(first)
            closes = span.market1.close, span.market2.close
            values = spread_values(mode, closes, starts)
            blocks = by_block(values)
            return Spreads(values, blocks, windows_of(blocks), slack(self.closes(first), starts))

        return self.once("spreads", (first, mode), make)

    def entries(
        self, first: int, mode: SpreadMode, starts: tuple[float, float], low: float, high: float
    ) -> bytes:
        """Return for each bar 1 where the spread is at or beyond a bound, else 0."""

        def make() -> bytes:
            values = self.spreads(first, mode, starts).values
            flags = np.empty(len(values), np.bool_)
            for begin in range(0, len(values), CHUNK):
                part = values[begin : begin + CHUNK]
                flags[begin : begin + CHUNK] = (part >= high) | (part <= low)
            return flags.tobytes()

        return self.once("entries", (first, mode, low, high), make)

    def jumps(self, first: int, percent: float) -> Bytes:
        """Return for each bar whether a close is more than `percent` away from the one before."""

        def make() -> Bytes:
            span, flags = self.span(first), np.zeros(len(self.series) - first, np.uint8)
            for bars, extremes in zip(
                (span.market1, span.market2), self.closes(first), strict=True
            ):
                _mark_jumps(bars.close, extremes, percent, flags)
            return flags

        return self.once("jumps", (first, percent), make)

    def settlements(self, first: int) -> Settlements:
        """Return the funding from the first look on."""
        return self.once("settlements", first, lambda: _settlements(self.series, self.span(first)))


def _cut(bars: Bars, first: int) -> Bars:
    cut = (None if a is None else a[first:] for a in (bars.open, bars.close, bars.high, bars.low))
    opened, closed, high, low = cut
    if opened is None or closed is None:
        raise AssertionError("bars without prices")
    return Bars(opened, closed, high, low)


def spread_values(
    mode: SpreadMode, closes: tuple[Floats, Floats], starts: tuple[float, float]
) -> Floats:
    """Return the spread of all bars, points, but for the rounding of its last digits."""
    (close1, close2), (start1, start2) = closes, starts
    values, work = np.empty(len(close1)), np.empty(min(CHUNK, len(close1)))
    for begin in range(0, len(close1), CHUNK):
        part = slice(begin, min(begin + CHUNK, len(close1)))
        out, other = values[part], work[: part.stop - begin]
        if mode is SpreadMode.LOG_RATIO:
            np.divide(close1[part], close2[part], out=out)
            np.multiply(out, start2 / start1, out=out)
            np.log(out, out=out)
            np.multiply(out, 100.0, out=out)
        else:
            np.multiply(close1[part], 100.0 / start1, out=out)
            np.multiply(close2[part], 100.0 / start2, out=other)
            np.subtract(out, other, out=out)
    return values


def by_block(values: Floats) -> Extremes:
    """Return the extremes of each `BLOCK` values; the last block may be shorter."""
    whole = len(values) // BLOCK
    blocks = math.ceil(len(values) / BLOCK)
    low, high = np.empty(blocks), np.empty(blocks)
    rows = CHUNK // BLOCK
    for begin in range(0, whole, rows):
        end = min(begin + rows, whole)
        part = values[begin * BLOCK : end * BLOCK]
        least = np.minimum(part[::2], part[1::2])
        most = np.maximum(part[::2], part[1::2])
        while len(least) > end - begin:
            least, most = (
                np.minimum(least[::2], least[1::2]),
                np.maximum(most[::2], most[1::2]),
            )
        low[begin:end], high[begin:end] = least, most
    if blocks > whole:
        low[whole], high[whole] = values[whole * BLOCK :].min(), values[whole * BLOCK :].max()
    return Extremes(low, high)


def by_window(values: Floats) -> Extremes:
    """Return the extremes of each `WINDOW` values; the last window may be shorter."""
    return _in_groups(values, values, WINDOW)


def slack(closes: tuple[Extremes, Extremes], starts: tuple[float, float]) -> float:
    """Return by how much a spread of `spread_values` may miss the exact one, points, and more."""
    tops = [float(extremes.high.max()) for extremes in closes]
    return 1e-9 * max(1.0, tops[0] / starts[0], tops[1] / starts[1])


def windows_of(blocks: Extremes) -> Extremes:
    """Return the extremes of each window, given those of its blocks."""
    return _in_groups(blocks.low, blocks.high, WINDOW // BLOCK)


def _in_groups(lows: Floats, highs: Floats, size: int) -> Extremes:
    whole = len(lows) // size
    low = lows[: whole * size].reshape(whole, size).min(axis=1)
    high = highs[: whole * size].reshape(whole, size).max(axis=1)
    if len(lows) > whole * size:
        low = np.append(low, lows[whole * size :].min())
        high = np.append(high, highs[whole * size :].max())
    return Extremes(low, high)


def _mark_jumps(closes: Floats, extremes: Extremes, percent: float, flags: Bytes) -> None:
    """Flag the jumps of one market, by the live bot's own formula.

    Only windows whose extremes are far enough apart can hold one.
    """
    before = np.concatenate((closes[:1], closes[WINDOW - 1 : -1 : WINDOW]))[: len(extremes.low)]
    low, high = np.minimum(extremes.low, before), np.maximum(extremes.high, before)
    # A fall by x % is a rise by more than x %.
    for window in np.flatnonzero(high / low - 1.0 >= percent / 100.0 * (1.0 - 1e-9)):
        begin, end = max(int(window) * WINDOW, 1), min((int(window) + 1) * WINDOW, len(closes))
        moves = np.abs(closes[begin:end] / closes[begin - 1 : end - 1] - 1.0) * 100.0
        flags[begin:end] |= (moves > percent).astype(np.uint8)


def _settlements(series: PairSeries, span: Span) -> Settlements:
    """A settlement is charged at the close of the last bar that had closed by then."""
    looks = span.times + series.timeframe_ms
    parts = []
    for leg, (rates, bars) in enumerate(
        ((series.funding1, span.market1), (series.funding2, span.market2))
    ):
        if rates is not None:
            parts.append(_of_leg(leg, rates, bars, looks))
    if not parts:
        return Settlements(
            np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        )
    times, bars_, legs, pays = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((legs, times))
    return Settlements(times[order], bars_[order], legs[order], pays[order])


def _of_leg(
    leg: int, rates: FundingRates, bars: Bars, looks: Integers
) -> tuple[Integers, Integers, Integers, Floats]:
    # Nothing is held before the first look, nor entered early enough for one at its moment.
    counted = rates.times > looks[0]
    times = rates.times[counted]
    known = np.searchsorted(looks, times, side="left")
    marks = bars.close[np.searchsorted(looks, times, side="right") - 1]
    return times, known, np.full(len(times), leg, np.int64), marks * rates.rates[counted]
