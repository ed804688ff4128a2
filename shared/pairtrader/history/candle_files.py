"""Two files of candles as one series of pairs, and the facts about them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import NamedTuple, Protocol

import numpy as np

from pairtrader.backtest.series import FundingRates, Integers, PairSeries
from pairtrader.history.candles import Candles, Gap, gaps, read_candles, refuse_gaps
from pairtrader.history.errors import BadData
from pairtrader.history.funding import covers, read_funding, within
from pairtrader.history.times import timeframe_name, utc

_WORTH_A_THREAD = 1 << 21
"""Bytes of a file from which on reading two of them side by side pays."""


class DataWarning(NamedTuple):
    """Something about the data that a reader of the result should know."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """One market's file."""

    file: str
    bars: int
    first: int
    """When the first bar opens, ms UTC."""
    last: int
    """When the last bar opens, ms UTC."""
    gaps: int
    missing_bars: int
    named_gaps: tuple[Gap, ...]
    """The first few."""

    def document(self) -> dict[str, object]:
        """Return them as JSON takes them."""
        return {
            "file": self.file,
            "bars": self.bars,
            "first": utc(self.first),
            "last": utc(self.last),
            "gaps": self.gaps,
            "missing_bars": self.missing_bars,
            "first_gaps": [gap.document() for gap in self.named_gaps],
        }


@dataclass(frozen=True, slots=True)
class PairFacts:
    """Both markets' files, and what they have in common."""

    market1: MarketFacts
    market2: MarketFacts
    timeframe_ms: int
    bars: int
    """Bars that both have."""
    first: int
    """When the first of them opens, ms UTC."""
    last: int
    """When the last of them opens, ms UTC."""
    gaps: int
    """Places in the common bars where some are missing in one or both markets."""
    missing_bars: int
    unpaired_bars: int
    """Bars that only one of them has."""
    warnings: tuple[DataWarning, ...]


class Pair(NamedTuple):
    """What `read_pair` returns."""

    series: PairSeries
    facts: PairFacts


class CandleReader(Protocol):
    """Reads one file of candles; `read_candles` is one, a cache another."""

    def __call__(self, path: str | Path, *, extremes: bool) -> Candles:
        """Return the candles of the file; raises `BadData`."""
        ...


def read_pair(
    path1: str | Path,
    path2: str | Path,
    funding1: str | Path | None = None,
    funding2: str | Path | None = None,
    *,
    extremes: bool,
    strict: bool = False,
    read: CandleReader = read_candles,
) -> Pair:
    """Return the bars that both files have, in order of time, and facts about the files.

    Highs and lows are kept if `extremes`; with `strict` every bar must be there. Funding rates are
    cut to the time of the bars.

    Raises:
        BadData: naming file and line that can't be right, or both files if they don't fit.
    """
    one, two = _read_both(Path(path1), Path(path2), extremes, read)
    if strict:
        refuse_gaps(one)
        refuse_gaps(two)
    if one.timeframe_ms != two.timeframe_ms:
        raise BadData(
            two.path,
            f"has bars of {timeframe_name(two.timeframe_ms)}, {one.path} of "
            f"{timeframe_name(one.timeframe_ms)}: take files of one timeframe",
        )
    chosen1, chosen2 = _common(one, two)
    times = one.times if chosen1 is None else one.times[chosen1]
    timeframe, first, last = one.timeframe_ms, int(times[0]), int(times[-1])
    rates = [_read_rates(path, first, last + timeframe) for path in (funding1, funding2)]
    series = PairSeries(
        times,
        timeframe,
        one.bars(chosen1, extremes=extremes),
        two.bars(chosen2, extremes=extremes),
        *(found for found, _ in rates),
    )
    count, missing, named = gaps(times, timeframe)
    unpaired = len(one) + len(two) - 2 * len(times)
    warnings = [warning for _, warning in rates if warning is not None]
    facts = PairFacts(
        market_facts(one), market_facts(two), timeframe, len(times), first, last,
        count, missing, unpaired,
        (*_gap_warnings(count, missing, named), *_unpaired_warnings(one, two, unpaired), *warnings),
    )  # fmt: skip
    return Pair(series, facts)


def market_facts(candles: Candles) -> MarketFacts:
    """Return what there is to say about a file of candles."""
    count, missing, named = gaps(candles.times, candles.timeframe_ms)
    return MarketFacts(
        candles.path.name, len(candles), int(candles.times[0]), int(candles.times[-1]),
        count, missing, named,
    )  # fmt: skip


def _read_both(
    path1: Path, path2: Path, extremes: bool, read: CandleReader
) -> tuple[Candles, Candles]:
    if min(_size(path1), _size(path2)) < _WORTH_A_THREAD:
        return read(path1, extremes=extremes), read(path2, extremes=extremes)
    beside = _Beside(lambda: read(path2, extremes=extremes))
    one = read(path1, extremes=extremes)
    return one, beside.result()


class _Beside:
    """Something read in a thread of its own."""

    def __init__(self, read: Callable[[], Candles]) -> None:
        self._read = read
        self._found: list[Candles] = []
        self._errors: list[Exception] = []
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._read())
        except Exception as error:
            self._errors.append(error)

    def result(self) -> Candles:
        self._thread.join()
        for error in self._errors:
            raise error
        return self._found[0]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _common(one: Candles, two: Candles) -> tuple[Integers | None, Integers | None]:
    """Return the indices of bars that both have, None for all of them."""
    if np.array_equal(one.times, two.times):
        return None, None
    place = np.searchsorted(two.times, one.times)
    place[place == len(two.times)] = 0
    common = two.times[place] == one.times
    if not common.any():
        raise BadData(two.path, _nothing_common(one, two))
    return np.flatnonzero(common), place[common]


def _nothing_common(one: Candles, two: Candles) -> str:
    range1, range2 = (f"{utc(int(c.times[0]))} to {utc(int(c.times[-1]))}" for c in (one, two))
    if one.times[0] <= two.times[-1] and two.times[0] <= one.times[-1]:
        return (
            f"has no bar that opens when one of {one.path} does, though both reach from "
            f"{utc(int(max(one.times[0], two.times[0])))} to "
            f"{utc(int(min(one.times[-1], two.times[-1])))}: their bars open at other moments"
        )
    return (
        f"has no bar in common with {one.path}: {range1} there, {range2} here; take files of one "
        "range of time"
    )


def _read_rates(
    path: str | Path | None, first: int, last: int
) -> tuple[FundingRates | None, DataWarning | None]:
    if path is None:
        return None, None
    rates = read_funding(path)
    kept = within(rates, first, last)
    if covers(rates, first, last):
        return kept, None
    text = (
        f"{Path(path).name} has rates from {utc(int(rates.times[0]))} to "
        f"{utc(int(rates.times[-1]))} only, the bars reach from {utc(first)} to {utc(last)}: "
        "outside no funding is paid"
    )
    return kept, DataWarning("funding_incomplete", text)


def _gap_warnings(count: int, missing: int, named: tuple[Gap, ...]) -> list[DataWarning]:
    if not count:
        return []
    few = ", ".join(f"{utc(gap.first)} ({gap.bars})" for gap in named[:3])
    text = f"{missing} bars are missing in {count} gaps: {few}{', …' if count > 3 else ''}"  # noqa: PLR2004
    return [DataWarning("gaps", text)]


def _unpaired_warnings(one: Candles, two: Candles, unpaired: int) -> list[DataWarning]:
    if not unpaired:
        return []
    text = (
        f"{unpaired} bars are in one file only and left out: {one.path.name} has {len(one)}, "
        f"{two.path.name} has {len(two)}"
    )
    return [DataWarning("unpaired_bars", text)]
