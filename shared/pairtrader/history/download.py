"""Downloads of candles and funding rates that go on where they were interrupted.

Rows are added page by page to ``NAME.part``, and ``.NAME.journal`` says up to which time and byte
they are sound. Only a whole file takes the name; it is extended later by asking for what it lacks.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from pairtrader.backtest.series import Floats, Integers
from pairtrader.history.candle_rules import PRICES
from pairtrader.history.candles import read_candles
from pairtrader.history.errors import BadData
from pairtrader.history.file_names import ending_of
from pairtrader.history.funding import read_funding
from pairtrader.history.journal import (
    Finished,
    Journal,
    Partial,
    Span,
    read_journal,
    write_journal,
)
from pairtrader.history.volumes import read_volumes
from pairtrader.history.writing import csv_lines, header, write_table, write_text

_PART = ".part"
_FEW = 2
"""Candles from which on their timeframe can be told."""

Row = tuple[int, tuple[str, ...]]
Table = tuple[Integers, list[Floats]]
"""Times (ms UTC), and a column for each of the others."""
Report = Callable[[int, int], None]
"""Told how much is done and how much there is to do, ms of market time."""


class Page(Protocol):
    """An answer to the question what there is from some time on."""

    @property
    def rows(self) -> Sequence[Row]:
        """In order of time: the time (ms UTC) and the numbers as text."""
        ...

    @property
    def until(self) -> int:
        """Whatever there is before this time (ms UTC) is among the rows."""
        ...


Fetch = Callable[[int], Awaitable[Page]]
"""Asks for the page that begins at a time (ms UTC)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is downloaded: how its rows are written, checked and taken over from a file."""

    columns: tuple[str, ...]
    """Beside `timestamp`."""
    step_ms: int
    """Least time between rows."""
    read: Callable[[Path], Table]
    """Returns what a file holds; raises `BadData`."""


def candles(timeframe_ms: int) -> Kind:
    """Return the kind of candles of one timeframe."""
    return Kind((*PRICES, "volume"), timeframe_ms, candle_table)


def funding() -> Kind:
    """Return the kind of funding rates."""
    return Kind(("funding_rate",), 1, rate_table)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a download."""

    path: Path
    rows: int
    """In the file; 0: there was nothing, and there is no file."""
    asked: Span
    was_there: bool = False
    """Whether nothing had to be asked for."""


async def download(
    path: Path,
    kind: Kind,
    wanted: Span,
    fetch: Fetch,
    *,
    origin: str,
    report: Report = lambda done, total: None,
) -> Outcome:
    """Bring a file to hold all rows within `wanted`; what it holds already is kept.

    Raises:
        BadData: the file that is there does not fit, or what came can't be right.
        OSError: the file could not be written; what was written so far is gone on with.
    """
    with _alone(path):
        journal = read_journal(path, origin)
        held = _held(path, kind, journal)
        if held is not None and held.holds(wanted):
            return Outcome(path, len(kind.read(path)[0]), held, was_there=True)
        if held is not None and not held.touches(wanted):
            text = f"holds {held}: name another folder, or a range that leaves nothing between"
            raise BadData(path, text)
        return await _Run(path, kind, journal, held, fetch, report).until_whole(wanted)


class _Run:
    """One file on its way."""

    def __init__(
        self,
        path: Path,
        kind: Kind,
        journal: Journal,
        held: Span | None,
        fetch: Fetch,
        report: Report,
    ) -> None:
        self._path, self._kind, self._held = path, kind, held
        self._journal = journal
        self._fetch, self._report = fetch, report
        self._part = path.with_name(path.name + _PART)

    async def until_whole(self, wanted: Span) -> Outcome:
        held = self._held
        whole = wanted
        if held is not None:
            whole = Span(min(wanted.since, held.since), max(wanted.until, held.until))
        with self._reopened(whole.since) as (file, position):
            if held is None:
                await self._ask(file, Span(position, whole.until))
            else:
                await self._ask(file, Span(position, held.since))
                self._take_over(file, position, held)
                await self._ask(file, Span(max(position, held.until), whole.until))
        return self._finish(whole)

    @contextmanager
    def _reopened(self, since: int) -> Iterator[tuple[IO[bytes], int]]:
        """Give the unfinished file, cut back to what is sound, and the time that comes next."""
        partial = self._journal.partial
        sound = (
            partial is not None
            and partial.fetched.since == since
            and self._part.is_file()
            and self._part.stat().st_size >= partial.size
        )
        if partial is not None and sound:
            with self._part.open("r+b") as file:
                file.truncate(partial.size)
                file.seek(partial.size)
                yield file, partial.fetched.until
            return
        with self._part.open("wb") as file:
            file.write(header(self._kind.columns))
            self._note(file, Span(since, since))
            yield file, since

    async def _ask(self, file: IO[bytes], span: Span) -> None:
        """Fetch what lies within `span`, page by page."""
        since, total = span.since, span.until - span.since
        while since < span.until:
            page = await self._fetch(since)
            rows = [row for row in page.rows if since <= row[0] < span.until]
            last = rows[-1][0] + self._kind.step_ms if rows else since
            # A page that leads nowhere must not be asked for again.
            since = min(max(page.until, last, since + self._kind.step_ms), span.until)
            self._add(file, [_line(row) for row in rows], since)
            self._report(total - (span.until - since), total)

    def _take_over(self, file: IO[bytes], position: int, held: Span) -> None:
        """Add the rows of the file that is there, unless they were before."""
        if position < held.until:
            self._add(file, csv_lines(*self._kind.read(self._path)), held.until)

    def _add(self, file: IO[bytes], lines: Iterable[bytes], until: int) -> None:
        file.writelines(lines)
        partial = self._journal.partial
        since = until if partial is None else partial.fetched.since
        self._note(file, Span(since, until))

    def _note(self, file: IO[bytes], fetched: Span) -> None:
        file.flush()
        os.fsync(file.fileno())
        self._journal = replace(self._journal, partial=Partial(fetched, file.tell()))
        write_journal(self._path, self._journal)

    def _finish(self, whole: Span) -> Outcome:
        rows = self._checked()
        if rows:
            self._give_name()
            found = self._path.stat()
            finished = Finished(whole, found.st_size, found.st_mtime_ns)
            write_journal(self._path, replace(self._journal, finished=finished, partial=None))
        else:
            # Nothing to keep: another day there may be something.
            write_journal(self._path, replace(self._journal, partial=None))
        self._part.unlink(missing_ok=True)
        return Outcome(self._path, rows, whole)

    def _checked(self) -> int:
        with self._part.open("rb") as file:
            rows = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1
        if rows >= _FEW:
            try:
                self._kind.read(self._part)
            except BadData as error:
                text = f"what came can't be right: {error.text}"
                raise BadData(self._part, text, line=error.line) from error
        return rows

    def _give_name(self) -> None:
        if ending_of(self._path) != "parquet":
            write_text(self._path, self._part)
            return
        write_table(self._path, self._kind.columns, *self._kind.read(self._part))


def _line(row: Row) -> bytes:
    time, cells = row
    return (",".join((str(time), *cells)) + "\n").encode()


def _held(path: Path, kind: Kind, journal: Journal) -> Span | None:
    """Return the time that the file covers, None if there is no file.

    A file that was not downloaded, or was changed, covers the time from its first row to its last.
    """
    if not path.exists():
        return None
    found, finished = path.stat(), journal.finished
    if finished is not None and (found.st_size, found.st_mtime_ns) == (
        finished.size,
        finished.modified,
    ):
        return finished.asked
    times, _ = kind.read(path)
    return Span(int(times[0]), int(times[-1]) + kind.step_ms)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let no other process write to the same file."""
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f".{path.name}.lock")
    with lock.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lock.stat().st_ino != os.fstat(file.fileno()).st_ino:
                raise BlockingIOError("the lock went away and is another one's")
        except OSError as error:
            raise BadData(path, "is being downloaded by another process: let it end") from error
        try:
            yield
        finally:
            with suppress(OSError):
                lock.unlink()


def candle_table(path: Path) -> Table:
    """Return the candles in a file: open, high, low, close, volume (0 where it has none).

    Raises:
        BadData: naming the first line that can't be right.
    """
    found = read_candles(path)
    volumes = read_volumes(path, found.times)
    return found.times, [*found.prices, np.zeros(len(found)) if volumes is None else volumes]


def rate_table(path: Path) -> Table:
    """Return the funding rates in a file.

    Raises:
        BadData: naming the first line that can't be right.
    """
    found = read_funding(path)
    return found.times, [found.rates]
