"""Recorded candles and funding rates of one symbol, read from CSV."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from math import isfinite

from pairtrader.exchanges.errors import NoMarketData
from pairtrader.model.market import Candle

MINUTE_MS = 60_000
_PRICES = ("open", "high", "low", "close")


def utc(time: int) -> str:
    """Return a time (ms UTC) as people write it."""
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class CandleTable:
    """Candles of one symbol in order of time.

    Rows stay text until they are looked at: a month of minutes costs a few megabytes.
    """

    name: str
    """Of the file, for messages."""
    times: Sequence[int]
    """Open times, ms UTC, ascending."""
    rows: Sequence[str]
    columns: tuple[int, int, int, int]
    """Where open, high, low and close stand in a row."""
    timeframe: int
    """Length of a candle, ms."""

    def __len__(self) -> int:
        return len(self.times)

    def candle(self, index: int) -> Candle:
        """Return the candle at `index`."""
        cells = self.rows[index].split(",")
        first, high, low, last = (Decimal(cells[column]) for column in self.columns)
        return Candle(self.times[index], first, high, low, last)

    def find(self, open_time: int) -> int | None:
        """Return the index of the candle opening at `open_time` (ms UTC), None if there is none."""
        index = self.first_from(open_time)
        return index if index < len(self) and self.times[index] == open_time else None

    def first_from(self, time: int) -> int:
        """Return the index of the first candle opening at or after `time` (ms UTC)."""
        return bisect_left(self.times, time)

    def closed_between(self, after: int, until: int) -> Iterator[Candle]:
        """Yield the candles that closed later than `after` and not later than `until` (ms UTC)."""
        first = bisect_right(self.times, after - self.timeframe)
        for index in range(first, bisect_right(self.times, until - self.timeframe)):
            yield self.candle(index)


@dataclass(frozen=True, slots=True)
class FundingTable:
    """Funding rates of one symbol in order of time."""

    times: Sequence[int]
    """Settlements, ms UTC, ascending."""
    rates: Sequence[Decimal]
    """Fraction of the notional; positive: longs pay shorts."""

    def between(self, after: int, until: int) -> Iterator[tuple[int, Decimal]]:
        """Yield time and rate of settlements later than `after`, not later than `until`."""
        for index in range(bisect_right(self.times, after), bisect_right(self.times, until)):
            yield self.times[index], self.rates[index]


NO_FUNDING = FundingTable((), ())


def parse_candles(name: str, text: str) -> CandleTable:
    """Return the candles of a CSV file with timestamp (ms of opening), open, high, low, close.

    Raises:
        NoMarketData: naming the file and the line that can't be right.
    """
    lines = text.splitlines()
    columns = _columns(name, lines, ("timestamp", *_PRICES))
    times, rows = array("q"), list[str]()
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        cells = line.split(",")
        times.append(_next_time(name, number, cells, columns[0], times))
        _check_prices(name, number, cells, columns[1:])
        rows.append(line)
    if not rows:
        raise NoMarketData(f"{name}: no candles")
    first, high, low, last = columns[1:]
    return CandleTable(name, times, rows, (first, high, low, last), _timeframe(times))


def parse_funding(name: str, text: str) -> FundingTable:
    """Return the rates of a CSV file with timestamp (ms of settlement) and funding_rate.

    Raises:
        NoMarketData: naming the file and the line that can't be right.
    """
    lines = text.splitlines()
    columns = _columns(name, lines, ("timestamp", "funding_rate"))
    times, rates = array("q"), list[Decimal]()
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        cells = line.split(",")
        times.append(_next_time(name, number, cells, columns[0], times))
        _number(name, number, cells, columns[1], "funding_rate")
        rates.append(Decimal(cells[columns[1]]))
    return FundingTable(times, rates)


def _columns(name: str, lines: Sequence[str], wanted: Sequence[str]) -> list[int]:
    header = [cell.strip().lower() for cell in lines[0].split(",")] if lines else []
    missing = [column for column in wanted if column not in header]
    if missing:
        raise NoMarketData(f"{name} line 1: no column {', '.join(missing)}")
    return [header.index(column) for column in wanted]


def _next_time(
    name: str, number: int, cells: Sequence[str], column: int, times: Sequence[int]
) -> int:
    try:
        time = int(cells[column])
    except (ValueError, IndexError) as error:
        raise NoMarketData(f"{name} line {number}: timestamp is not a whole number") from error
    if times and time == times[-1]:
        raise NoMarketData(f"{name} line {number}: {utc(time)} appears twice")
    if times and time < times[-1]:
        raise NoMarketData(f"{name} line {number}: {utc(time)} is earlier than the line before")
    return time


def _number(name: str, number: int, cells: Sequence[str], column: int, label: str) -> float:
    try:
        value = float(cells[column])
    except (ValueError, IndexError) as error:
        raise NoMarketData(f"{name} line {number}: {label} is not a number") from error
    if not isfinite(value):
        raise NoMarketData(f"{name} line {number}: {label} is {cells[column].strip()}")
    return value


def _check_prices(name: str, number: int, cells: Sequence[str], columns: Sequence[int]) -> None:
    first, high, low, last = (
        _number(name, number, cells, column, label)
        for column, label in zip(columns, _PRICES, strict=True)
    )
    if low <= 0:
        raise NoMarketData(f"{name} line {number}: low is not above zero")
    if low > min(first, last) or high < max(first, last):
        raise NoMarketData(f"{name} line {number}: open or close lies outside low and high")


def _timeframe(times: Sequence[int]) -> int:
    gaps = (after - before for before, after in pairwise(times))
    return min(gaps, default=MINUTE_MS)
