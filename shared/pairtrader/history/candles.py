"""Candles of one market as a file holds them: times, prices, gaps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pairtrader.backtest.series import Bars, Floats, Integers
from pairtrader.history.candle_rules import CANDLES
from pairtrader.history.csv_tables import Rows, line_of_row, read_csv
from pairtrader.history.errors import BadData
from pairtrader.history.parquet_tables import read_parquet
from pairtrader.history.text_files import PARQUET_MAGIC, first_bytes
from pairtrader.history.times import timeframe_name, utc

GAPS_NAMED = 10
_PART = 1 << 16


@dataclass(frozen=True, slots=True)
class Gap:
    """Bars that are not there."""

    first: int
    """When the first missing bar would have opened, ms UTC."""
    bars: int

    def document(self) -> dict[str, object]:
        """Return it as JSON takes it."""
        return {"first": utc(self.first), "bars": self.bars}


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles of one file, in order of time and each sound."""

    path: Path
    times: Integers
    """When each bar opens, ms UTC, rising."""
    prices: tuple[Floats, Floats, Floats, Floats]
    """Open, high, low, close, quote currency; highs and lows empty where not kept."""
    timeframe_ms: int

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.times)

    @property
    def has_extremes(self) -> bool:
        """Return whether highs and lows were kept."""
        return len(self.prices[1]) == len(self.times)

    def bars(self, chosen: Integers | None = None, *, extremes: bool) -> Bars:
        """Return all bars, or those with the indices `chosen`."""
        first, high, low, last = (
            column if chosen is None or len(column) == 0 else column[chosen]
            for column in self.prices
        )
        return Bars(first, last, high, low) if extremes else Bars(first, last)


def read_candles(path: str | Path, *, extremes: bool = True) -> Candles:
    """Return the candles of a CSV (plain or gzip) or Parquet file, all of them checked.

    Raises:
        BadData: naming the first line that can't be right.
    """
    path = Path(path)
    times, prices = gathered(candle_rows(path), path, columns=(0, 1, 2, 3) if extremes else (0, 3))
    if not extremes:
        nothing = np.empty(0)
        prices = [prices[0], nothing, nothing, prices[1]]
    first, high, low, last = prices
    return Candles(path, times, (first, high, low, last), timeframe_of(path, times))


def candle_rows(path: Path) -> Iterator[Rows]:
    """Yield the candles of a CSV (plain or gzip) or Parquet file in order, checked.

    Raises:
        BadData: naming the first line that can't be right.
    """
    if first_bytes(path).startswith(PARQUET_MAGIC):
        return read_parquet(path, CANDLES)
    return read_csv(path, CANDLES)


def gathered(
    parts: Iterator[Rows], path: Path, columns: Sequence[int], plural: str = CANDLES.plural
) -> tuple[Integers, list[Floats]]:
    """Return times and columns of all rows, each one array.

    Raises:
        BadData: there are no rows.
    """
    times: list[Integers] = []
    values: list[list[Floats]] = [[] for _ in columns]
    for rows in parts:
        times.append(rows.times)
        for kept, column in zip(values, columns, strict=True):
            # A copy: a view would keep the columns beside it.
            kept.append(rows.values[column].copy())
    if not times:
        raise no_rows(path, plural)
    whole = np.concatenate(times)
    times.clear()
    arrays = []
    for kept in values:
        arrays.append(np.concatenate(kept))
        kept.clear()
    return whole, arrays


def no_rows(path: Path, plural: str = CANDLES.plural) -> BadData:
    """Return what to tell of a file that holds nothing but a header."""
    return BadData(path, f"has a header, but no {plural}")


def gaps(times: Integers, timeframe_ms: int) -> tuple[int, int, tuple[Gap, ...]]:
    """Return how many gaps there are, how many bars are missing in them, and the first few."""
    if int(times[-1]) - int(times[0]) == (len(times) - 1) * timeframe_ms:
        # No two bars are closer than that: none is missing.
        return 0, 0, ()
    steps = np.diff(times)
    wide = np.flatnonzero(steps > timeframe_ms)
    missing = steps[wide] // timeframe_ms - 1
    named = tuple(
        Gap(int(times[index]) + timeframe_ms, int(bars))
        for index, bars in zip(wide[:GAPS_NAMED], missing, strict=False)
    )
    return len(wide), int(missing.sum()), named


def refuse_gaps(candles: Candles) -> None:
    """Do nothing if every bar is there.

    Raises:
        BadData: naming the first gap.
    """
    count, missing, named = gaps(candles.times, candles.timeframe_ms)
    if count:
        gap = named[0]
        text = (
            f"{missing} bars are missing in {count} gaps, the first {gap.bars} from "
            f"{utc(gap.first)} on: download them, or allow gaps"
        )
        raise BadData(candles.path, text)


def timeframe_of(path: Path, times: Integers) -> int:
    """Return the length of a bar, ms: the step that most bars are apart, of equals the shortest.

    `path` is where the times were read from.

    Raises:
        BadData: a bar lies off the grid of that step.
    """
    if len(times) == 1:
        raise BadData(path, "has one candle only: the timeframe can't be told from it")
    step = int(times[1]) - int(times[0])
    if _is_even(times, step):
        return step
    steps = np.diff(times)
    # Where bars are missing for want of trades, the shortest step is still the most common one; a
    # shorter one that is rare leads to a bar of another grid.
    found, counts = np.unique(steps, return_counts=True)
    length = int(found[counts.argmax()])
    if (found % length).any():
        # Most bars lie on the grid, perhaps not the first.
        phases, counts = np.unique(times % length, return_counts=True)
        stray = int(np.flatnonzero(times % length != phases[counts.argmax()])[0])
        text = f"{utc(int(times[stray]))} is off the grid of {timeframe_name(length)} bars"
        raise _misplaced(path, stray, f"{text}: leave it out")
    return length


def _is_even(times: Integers, step: int) -> bool:
    """Return whether all times are `step` apart; worked on in parts, so that memory stays small."""
    return all(
        bool((np.diff(times[begin : begin + _PART + 1]) == step).all())
        for begin in range(0, len(times) - 1, _PART)
    )


def _misplaced(path: Path, index: int, text: str) -> BadData:
    if first_bytes(path).startswith(PARQUET_MAGIC):
        return BadData(path, text, line=index + 1, unit="row")
    return BadData(path, text, line=line_of_row(path, index))
