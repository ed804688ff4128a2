"""Columns of a Parquet file as arrays, every value of them checked."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from pairtrader.history.candle_rules import NEVER, Layout
from pairtrader.history.csv_tables import Rows
from pairtrader.history.errors import BadData

_BATCH = 1 << 17
_INSTALL = "reading and writing Parquet needs pyarrow: pip install 'pairtrader[parquet]'"


def pyarrow_modules(path: Path) -> tuple[Any, Any]:
    """Return pyarrow and its module for Parquet; `path` is for the message.

    Raises:
        BadData: it is not installed.
    """
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise BadData(path, _INSTALL) from error


def read_parquet(path: Path, layout: Layout) -> Iterator[Rows]:
    """Yield the rows of a Parquet file in order, checked; times are whole ms or timestamps.

    Raises:
        BadData: naming the first row that can't be right.
    """
    arrow, parquet = pyarrow_modules(path)
    try:
        with parquet.ParquetFile(path) as file:
            names = _columns(path, file.schema_arrow.names, layout)
            for name, label in zip(names, ("timestamp", *layout.columns), strict=True):
                _check_kind(path, arrow, label, file.schema_arrow.field(name).type)
            first, before = 1, NEVER
            for batch in file.iter_batches(_BATCH, columns=names):
                rows = _rows(path, arrow, batch, names, first)
                fault = layout.first_fault(rows.times, rows.values, before)
                if fault is not None:
                    raise BadData(path, fault.text, line=first + fault.index, unit="row")
                if len(rows.times):
                    first, before = first + len(rows.times), int(rows.times[-1])
                    yield rows
    except (arrow.ArrowException, OSError) as error:
        raise _broken(path, error) from error


def parquet_columns(path: Path) -> list[str]:
    """Return the names of the columns, in lower case.

    Raises:
        BadData: the file can't be read.
    """
    arrow, parquet = pyarrow_modules(path)
    try:
        names: list[str] = parquet.read_schema(path).names
    except (arrow.ArrowException, OSError) as error:
        raise _broken(path, error) from error
    return [name.strip().lower() for name in names]


def _broken(path: Path, error: Exception) -> BadData:
    words = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BadData(path, f"is not a sound Parquet file ({words}): fetch it again")


def _columns(path: Path, names: list[str], layout: Layout) -> list[str]:
    lower = [name.strip().lower() for name in names]
    wanted = ("timestamp", *layout.columns)
    for name in wanted:
        if lower.count(name) > 1:
            raise BadData(path, f"column {name} is there twice")
    missing = [name for name in wanted if name not in lower]
    if missing:
        raise BadData(path, f"there is no column {', '.join(missing)}; it has {', '.join(names)}")
    return [names[lower.index(name)] for name in wanted]


def _check_kind(path: Path, arrow: Any, label: str, kind: Any) -> None:
    types = arrow.types
    if label == "timestamp":
        if not (types.is_integer(kind) or types.is_timestamp(kind) or types.is_floating(kind)):
            raise BadData(path, f"column timestamp holds {kind}: write whole ms or timestamps")
    elif not (types.is_floating(kind) or types.is_integer(kind) or types.is_decimal(kind)):
        raise BadData(path, f"column {label} holds {kind}: write numbers")


def _rows(path: Path, arrow: Any, batch: Any, names: list[str], first: int) -> Rows:
    times, *values = (batch.column(batch.schema.get_field_index(name)) for name in names)
    if times.null_count:
        empty = int(np.argmax(times.is_null().to_numpy(zero_copy_only=False)))
        raise BadData(path, "timestamp is empty", line=first + empty, unit="row")
    if arrow.types.is_timestamp(times.type):
        times = times.cast(arrow.timestamp("ms", times.type.tz), safe=False)
    moments = times.cast(arrow.int64(), safe=False).to_numpy(zero_copy_only=False)
    if arrow.types.is_floating(times.type):
        given = times.to_numpy(zero_copy_only=False)
        broken = given != moments
        if broken.any():
            at = int(np.argmax(broken))
            text = f"timestamp {given[at]:.15g} is not a whole number of ms"
            raise BadData(path, text, line=first + at, unit="row")
    table = [
        column.cast(arrow.float64(), safe=False).to_numpy(zero_copy_only=False) for column in values
    ]
    return Rows(np.asarray(moments, np.int64), np.array(table, np.float64))
