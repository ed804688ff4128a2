"""Parsed files of candles kept beside, so that the next run starts at once."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pairtrader.history.candle_copies import State, digest, mapped_copy, state_of, write_copy
from pairtrader.history.candles import Candles, read_candles

_ENDING = ".candles"
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
        """Return the candles of a file as `read_candles` does, highs and lows where they are kept.

        Raises:
            BadData: naming the first line that can't be right.
        """
        path = Path(path)
        state = state_of(path)
        if state is None or int(state["size"]) < self._worth_keeping:
            return read_candles(path, extremes=extremes)
        copy = self._folder / f"{digest(str(path.resolve()).encode())}{_ENDING}"
        found = mapped_copy(copy, path, state)
        if found is not None:
            with suppress(OSError):
                # Tells which copies are in use when room is made.
                os.utime(copy)
            return found
        found = self._copied(path, copy, state)
        return read_candles(path, extremes=extremes) if found is None else found

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

    def _copied(self, path: Path, copy: Path, state: State) -> Candles | None:
        """Read a file into `copy`; None where that can't be, or the file has changed meanwhile."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not write_copy(path, copy, state):
                return None
        except OSError:
            return None
        self._make_room(copy)
        return mapped_copy(copy, path, state)

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
