"""Parsed files of candles kept beside, so that the next run starts at once.

A copy is one file: a line of JSON, then times, opens, highs, lows and closes as they lie in memory.
It is believed only if nothing about the original has changed: path, size, times of change, inode,
beginning and end. Copies are mapped into memory, not read: what a run does not look at costs
nothing, and processes share it.
"""

import hashlib
import json
import mmap
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np

from pairtrader.backtest.series import Floats, Integers
from pairtrader.history.candles import Candles, read_candles

_VERSION = 1
"""Of the copies' form, and of the checks that their originals passed."""
_ENDING = ".candles"
_HEADER = 4096
_COLUMNS = 5
_NUMBER = 8
"""Bytes."""
_EDGE = 1 << 16
_WORTH_KEEPING = 1 << 18
"""Bytes of an original from which on a copy saves time."""
_MOST_KEPT = 8 << 30
"""Bytes of all copies together."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return where copies lie: `PAIRTRADER_CACHE`, else the user's folder for caches."""
    if chosen := environment.get("PAIRTRADER_CACHE"):
        return Path(chosen)
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        given = environment.get("XDG_CACHE_HOME", "")
        # What is not absolute is to be passed over, the standard says.
        base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    return base / "pairtrader"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the folder holds."""

    folder: Path
    files: int
    size: int
    """Bytes."""


class ParsedFiles:
    """Reads files of candles, and keeps what was read in a folder.

    A folder that can't be written to is no error: the files are then read each time.
    """

    def __init__(self, folder: Path, *, worth_keeping: int = _WORTH_KEEPING) -> None:
        self._folder = folder
        self._worth_keeping = worth_keeping

    @classmethod
    def of_user(cls, environment: Mapping[str, str] = os.environ) -> "ParsedFiles":
        """Return the user's own."""
        return cls(cache_folder(environment))

    def read(self, path: str | Path, *, extremes: bool = True) -> Candles:
        """Return the candles of a file as `read_candles` does, highs and lows in any case.

        Raises:
            BadData: naming the first line that can't be right.
        """
        path = Path(path)
        state = _state(path)
        if state is None or int(state["size"]) < self._worth_keeping:
            return read_candles(path, extremes=extremes)
        copy = self._folder / f"{_digest(str(path.resolve()).encode())}{_ENDING}"
        found = _mapped(copy, path, state)
        if found is not None:
            with suppress(OSError):
                # Tells which copies are in use when room is made.
                os.utime(copy)
            return found
        candles = read_candles(path, extremes=True)
        if _state(path) == state:
            self._keep(copy, candles, state)
        return candles

    def kept(self) -> Kept:
        """Return how much the folder holds."""
        sizes = [size for _, size, _ in self._copies()]
        return Kept(self._folder, len(sizes), sum(sizes))

    def clear(self) -> Kept:
        """Remove all copies, and return what was removed."""
        files = size = 0
        for copy, bytes_, _ in self._copies():
            with suppress(OSError):
                copy.unlink()
                files, size = files + 1, size + bytes_
        return Kept(self._folder, files, size)

    def _keep(self, copy: Path, candles: Candles, state: Mapping[str, str | int]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(copy, candles, state)
        except OSError:
            return
        self._make_room(copy)

    def _make_room(self, newest: Path) -> None:
        """Remove the copies that were not used for longest, until all fit."""
        copies = sorted(self._copies(), key=lambda found: found[2])
        total = sum(size for _, size, _ in copies)
        for copy, size, _ in copies:
            if total <= _MOST_KEPT:
                return
            if copy != newest:
                with suppress(OSError):
                    copy.unlink()
                total -= size

    def _copies(self) -> Iterator[tuple[Path, int, int]]:
        """Yield each copy's path, size and time of last use; half-written ones as well."""
        for copy in sorted(self._folder.glob(f"*{_ENDING}*")):
            with suppress(OSError):
                found = copy.stat()
                yield copy, found.st_size, found.st_mtime_ns


def _state(path: Path) -> dict[str, str | int] | None:
    """Return what a file is known by, None if it can't be read."""
    with suppress(OSError), path.open("rb") as file:
        found = os.fstat(file.fileno())
        if not path.is_file():
            return None
        edges = file.read(_EDGE)
        file.seek(max(found.st_size - _EDGE, 0))
        edges += file.read(_EDGE)
        return {
            "version": _VERSION,
            "byte_order": sys.byteorder,
            "path": str(path.resolve()),
            "size": found.st_size,
            "modified": found.st_mtime_ns,
            "changed": found.st_ctime_ns,
            "inode": found.st_ino,
            "device": found.st_dev,
            "edges": _digest(edges),
        }
    return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(copy: Path, candles: Candles, state: Mapping[str, str | int]) -> None:
    """Write a copy under a name of its own, then give it the right one: readers see all of it."""
    header = {"original": state, "bars": len(candles), "timeframe_ms": candles.timeframe_ms}
    line = json.dumps(header, sort_keys=True).encode()
    if len(line) >= _HEADER:
        return
    with NamedTemporaryFile(dir=copy.parent, prefix=copy.name + ".", delete=False) as file:
        try:
            file.write(line.ljust(_HEADER - 1) + b"\n")
            for column in (candles.times, *candles.prices):
                file.write(column.tobytes())
            file.close()
            os.replace(file.name, copy)
        except BaseException:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise


def _mapped(copy: Path, path: Path, state: Mapping[str, str | int]) -> Candles | None:
    """Return the candles in `copy`, None if it is not a whole copy of this very file."""
    try:
        with copy.open("rb") as file:
            header = json.loads(file.read(_HEADER))
            bars, timeframe = header["bars"], header["timeframe_ms"]
            size = _HEADER + _COLUMNS * _NUMBER * bars
            if header["original"] != state or os.fstat(file.fileno()).st_size != size:
                return None
            # Whoever writes into an array writes into pages of his own.
            memory = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
    except (OSError, ValueError, KeyError, TypeError):
        return None

    starts = [_HEADER + number * _NUMBER * bars for number in range(_COLUMNS)]
    times: Integers = np.frombuffer(memory, np.int64, bars, starts[0])
    first, high, low, last = (_floats(memory, bars, start) for start in starts[1:])
    return Candles(path, times, (first, high, low, last), timeframe)


def _floats(memory: mmap.mmap, count: int, offset: int) -> Floats:
    return np.frombuffer(memory, np.float64, count, offset)
