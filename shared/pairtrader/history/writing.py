"""Files of candles and funding rates, written whole or not at all."""

import gzip
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from pairtrader.backtest.series import Floats, Integers
from pairtrader.history.file_names import ending_of
from pairtrader.history.parquet_tables import pyarrow_modules

_LEVEL = 6
_ROWS_AT_ONCE = 1 << 15


def write_table(
    path: Path, columns: Sequence[str], times: Integers, values: Sequence[Floats]
) -> None:
    """Write a table in the format that the file's name stands for; `times` come first.

    Raises:
        BadData: Parquet is asked for and pyarrow not installed.
        OSError: the file could not be written.
    """
    if ending_of(path) == "parquet":
        arrow, parquet = pyarrow_modules(path)
        data = {"timestamp": times, **dict(zip(columns, values, strict=True))}
        with replaced(path) as file:
            parquet.write_table(arrow.table(data), file)
        return
    with replaced(path) as file, _text_into(path, file) as text:
        text.write(header(columns))
        for lines in csv_lines(times, values):
            text.write(lines)


def header(columns: Sequence[str]) -> bytes:
    """Return the first line of a table that has these columns beside `timestamp`."""
    return ",".join(("timestamp", *columns)).encode() + b"\n"


def csv_lines(times: Integers, values: Sequence[Floats]) -> Iterator[bytes]:
    """Yield the lines of a table, many at once."""
    for first in range(0, len(times), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        cells = [list(map(plain, column[rows].tolist())) for column in values]
        lines = zip(map(str, times[rows].tolist()), *cells, strict=True)
        yield "".join(",".join(line) + "\n" for line in lines).encode()


def write_text(path: Path, source: Path) -> None:
    """Write a text file as `path`, packed where its name says so.

    Raises:
        OSError: the file could not be written.
    """
    with source.open("rb") as text, replaced(path) as file, _text_into(path, file) as into:
        shutil.copyfileobj(text, into, 1 << 20)


def plain(value: float) -> str:
    """Return the shortest decimal that means this very number, without an exponent."""
    text = repr(value)
    if "e" in text or "n" in text:
        from decimal import Decimal  # noqa: PLC0415 - very small numbers only

        return format(Decimal(text), "f")
    return text.removesuffix(".0")


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to, which takes the name `path` when all is on the disk."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        unfinished = Path(file.name)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            # Temporary files are for their owner alone; this one is to be like any other.
            unfinished.chmod(0o666 & ~_mask())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


@contextmanager
def _text_into(path: Path, file: IO[bytes]) -> Iterator[Any]:
    if ending_of(path) != "csv.gz" and path.suffix != ".gz":
        yield file
        return
    # Neither name nor time in the header: the same data make the same file.
    with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed:
        yield packed


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
