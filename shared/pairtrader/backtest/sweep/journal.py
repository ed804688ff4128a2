"""Runs that are done, one a line, so that a sweep that was stopped goes on where it was."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from pairtrader.backtest.series import Floats, Integers, PairSeries
from pairtrader.backtest.sweep.runs import Answer, Failure, Metrics, Task

KIND = "pairtrader.sweep/1"
HEAD = b'{"journal":"pairtrader.sweep/'
_KEPT = (None, Failure.REFUSED)
"""What came of a run is kept if it would come of it again."""


class BadJournal(Exception):
    """The journal is not this sweep's, or not readable: name another file, or remove it."""


def digest_of_data(series: PairSeries) -> str:
    """Return a digest of all prices, times and rates of a series."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str(series.timeframe_ms).encode())
    for array in _arrays(series):
        digest.update(b"none" if array is None else np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _arrays(series: PairSeries) -> Iterator[Floats | Integers | None]:
    yield series.times
    for bars in (series.market1, series.market2):
        yield from (bars.open, bars.close, bars.high, bars.low)
    for rates in (series.funding1, series.funding2):
        yield None if rates is None else rates.times
        yield None if rates is None else rates.rates


def digest_of_config(document: Mapping[str, Any]) -> str:
    """Return a digest of a configuration, whatever the order of its fields."""
    text = json.dumps(document, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class Journal:
    """A file of finished runs; one sweep at a time may have it open."""

    def __init__(self, path: str | Path, *, data: str, config: str, figures: str) -> None:
        """Open a journal, or begin one, for data and a configuration with these digests.

        `figures` names how much each run has been asked for.

        Raises:
            BadJournal: it is of other data or settings, in use, or no journal.
            OSError: it can't be read or written.
        """
        self.path = Path(path)
        self._head = {"journal": KIND, "data": data, "config": config, "figures": figures}
        self._file: IO[bytes] = open(self.path, "a+b")  # noqa: SIM115
        try:
            self._lock()
            self._known = self._read()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Journal":
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        """Return the number of runs in it."""
        return len(self._known)

    def known(self, task: Task) -> Answer | None:
        """Return what came of a run, None if it has not been done."""
        found = self._known.get(task.key)
        if found is None:
            return None
        if "error" in found:
            return Answer(task, None, Failure.REFUSED, found["error"])
        metrics: Metrics = found["metrics"]
        return Answer(task, metrics)

    def add(self, answers: Iterable[Answer]) -> None:
        """Write what has come of runs; it outlives this process from then on."""
        lines = []
        for answer in answers:
            if answer.failure not in _KEPT:
                continue
            result = {"error": answer.error} if answer.failure else {"metrics": answer.metrics}
            self._known[answer.task.key] = result
            lines.append(_line({"key": answer.task.key, **result}))
        if lines:
            self._file.write(b"".join(lines))
            self._file.flush()

    def _lock(self) -> None:
        try:
            import fcntl  # noqa: PLC0415
        except ImportError:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadJournal(f"{self.path}: another sweep is writing to it") from None

    def _read(self) -> dict[str, dict[str, Any]]:
        self._file.seek(0)
        content = self._file.read()
        head = _line(self._head)
        if not content.startswith(HEAD) and not HEAD.startswith(content):
            # Whose file this is is settled before a byte of it is changed.
            raise BadJournal(f"{self.path}: is no journal of a sweep: name another file")
        whole = content.rfind(b"\n") + 1
        lines = content[:whole].splitlines()
        if lines:
            self._check(lines[0])
        if whole < len(content):
            # The last line was torn when the sweep was killed: that run is done anew.
            self._file.truncate(whole)
        if not lines:
            self._file.write(head)
            self._file.flush()
        return dict(self._entry(number, line) for number, line in enumerate(lines[1:], start=2))

    def _check(self, line: bytes) -> None:
        head = _object(line)
        if head is None or head.get("journal") != KIND:
            raise BadJournal(f"{self.path}: is no journal of a sweep: name another file")
        reasons = {
            "data": "the candles or the period have changed",
            "config": "the configuration has changed",
            "figures": "the runs in it have other figures (--figures)",
        }
        for name, reason in reasons.items():
            if head.get(name) != self._head[name]:
                raise BadJournal(f"{self.path}: {reason} since it was begun: name another file")

    def _entry(self, number: int, line: bytes) -> tuple[str, dict[str, Any]]:
        found = _object(line)
        if found is None or "key" not in found or not ({"metrics", "error"} & found.keys()):
            raise BadJournal(f"{self.path} line {number}: is no run: remove the line")
        return found.pop("key"), found


def _line(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
