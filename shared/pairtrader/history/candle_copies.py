"""Candles of a file once more, in columns as they lie in memory.

A copy is one file: a line of JSON, then times, opens, highs, lows and closes. It is believed only
if nothing about the original has changed: path, size, times of change, inode, beginning and end.
Copies are mapped into memory, not read: what a run does not look at costs nothing, and processes
share it. They are written while the original is read, so that it never lies in memory as a whole.
"""

import hashlib
import json
import mmap
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO

import numpy as np

from pairtrader.backtest.series import Floats, Integers
from pairtrader.history.candles import Candles, candle_rows, no_rows, timeframe_of

_VERSION = 1
"""Of the copies' form, and of the checks that their originals passed."""
_HEADER = 4096
_COLUMNS = 5
_NUMBER = 8
"""Bytes."""
_EDGE = 1 << 16

State = Mapping[str, str | int]
"""What a file is known by."""


def state_of(path: Path) -> State | None:
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
            "edges": digest(edges),
        }
    return None


def digest(content: bytes) -> str:
    """Return a name for `content` that no other content has."""
    return hashlib.sha256(content).hexdigest()


def write_copy(path: Path, copy: Path, state: State) -> bool:
    """Read the candles in `path`, known by `state`, into `copy`.

    It is written under a name of its own and then given the right one: readers see all of it.
    Return False, and leave nothing, if the file has changed meanwhile.

    Raises:
        BadData: naming the first line of `path` that can't be right.
        OSError: the copy can't be written.
    """
    with NamedTemporaryFile(dir=copy.parent, prefix=copy.name + ".", delete=False) as file:
        try:
            bars = _write_columns(path, file)
            file.flush()
            times = np.fromfile(file.name, np.int64, bars, offset=_HEADER)
            header = {"original": state, "bars": bars, "timeframe_ms": timeframe_of(path, times)}
            line = json.dumps(header, sort_keys=True).encode()
            is_sound = len(line) < _HEADER and state_of(path) == state
            if is_sound:
                file.seek(0)
                file.write(line.ljust(_HEADER - 1) + b"\n")
                file.close()
                os.replace(file.name, copy)
        except BaseException:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise
    if not is_sound:
        Path(file.name).unlink(missing_ok=True)
    return is_sound


def _write_columns(path: Path, target: IO[bytes]) -> int:
    """Write the columns behind the place of the header, and return how many bars there are.

    How long a column gets shows at the end: rows are put aside in blocks first.
    """
    lengths: list[int] = []
    with TemporaryFile(dir=Path(target.name).parent) as aside:
        for rows in candle_rows(path):
            lengths.append(len(rows.times))
            aside.write(rows.times.tobytes())
            aside.write(rows.values.tobytes())
        if not lengths:
            raise no_rows(path)
        target.seek(_HEADER)
        for column in range(_COLUMNS):
            begin = 0
            for length in lengths:
                aside.seek((begin * _COLUMNS + column * length) * _NUMBER)
                target.write(aside.read(length * _NUMBER))
                begin += length
    return sum(lengths)


def mapped_copy(copy: Path, path: Path, state: State) -> Candles | None:
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
