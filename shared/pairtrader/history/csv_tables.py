"""Columns of a CSV file as arrays, every cell of them checked.

A block of lines is read in one of three ways, the fastest that takes it: plain decimals all at
once, NumPy's reader for any number, and cell by cell. Only the last has to find words for what is
wrong; the others just decline.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pairtrader.backtest.series import Floats, Integers
from pairtrader.history.candle_rules import NEVER, Layout, wrong_unit
from pairtrader.history.decimals import plain_rows
from pairtrader.history.errors import BadData
from pairtrader.history.text_files import Block, line_blocks

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,30}(\.0*)?", re.ASCII)
_FRACTION = re.compile(r"[+-]?\d+\.\d+", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}([,' _\u00a0\u202f]\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d[\d.]*,\d+")
_DATE = re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?")
_NOTHING = {"", "nan", "null", "none", "na", "n/a", "-", "nat", "<na>"}
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_OTHER_DELIMITERS = ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"))
_SHOWN = 40
"""Characters of a cell that a message repeats."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table."""

    times: Integers
    """ms UTC."""
    values: Floats
    """A row of this array for each column."""


@dataclass(frozen=True, slots=True)
class _Header:
    cells: int
    time: int
    """Where the time stands in a line."""
    values: tuple[int, ...]


class _Unreadable(Exception):
    """A line that holds no row; the rows before it are given along."""

    def __init__(self, rows: Rows, line: int, text: str) -> None:
        super().__init__(text)
        self.rows, self.line, self.text = rows, line, text


def read_csv(path: Path, layout: Layout) -> Iterator[Rows]:
    """Yield the rows of a CSV file (plain or gzip) in order, checked.

    Raises:
        BadData: naming the first line that can't be right.
    """
    blocks = line_blocks(path)
    head = next(blocks, None)
    if head is None:
        raise BadData(path, "is empty")
    header = _header(path, head, layout)
    before = NEVER
    for block in blocks:
        lines: Sequence[int] | None = None
        unreadable: _Unreadable | None = None
        rows = _plain(block, header)
        if rows is None:
            rows = _any_numbers(block, header)
        if rows is None or layout.first_fault(rows.times, rows.values, before) is not None:
            # Something is wrong or odd: cell by cell, to say what and where.
            try:
                rows, lines = _cell_by_cell(path, block, header, layout)
            except _Unreadable as error:
                rows, unreadable = error.rows, error
                lines = _numbered(block)
            fault = layout.first_fault(rows.times, rows.values, before)
            if fault is not None:
                raise _refusal(blocks, BadData(path, fault.text, line=lines[fault.index]))
        if unreadable is not None:
            raise _refusal(blocks, BadData(path, unreadable.text, line=unreadable.line))
        if len(rows.times):
            before = int(rows.times[-1])
            yield rows


def _refusal(rest: Iterator[Block], error: BadData) -> BadData:
    """Return what to tell: of a packed file that is broken, no line can be trusted."""
    try:
        deque(rest, maxlen=0)
    except BadData as broken:
        if broken.line is None:
            return broken
    return error


def csv_columns(path: Path) -> list[str]:
    """Return the names in the first line, in lower case.

    Raises:
        BadData: the file has no first line of text.
    """
    head = next(line_blocks(path), None)
    if head is None:
        raise BadData(path, "is empty")
    line = _text(path, head.lines.rstrip(b"\n"), 1)
    return [cell.strip().lower() for cell in _cells(path, line, 1)]


def line_of_row(path: Path, index: int) -> int:
    """Return the number of the line that holds the row with this index, of a file that was read."""
    blocks = line_blocks(path)
    next(blocks)
    for block in blocks:
        lines = _numbered(block)
        if index < len(lines):
            return lines[index]
        index -= len(lines)
    raise IndexError(index)


def _numbered(block: Block) -> list[int]:
    """Return the numbers of the lines that hold something."""
    lines = block.lines.split(b"\n")[:-1]
    return [number for number, line in enumerate(lines, block.first_line) if line.strip()]


# The header


def _header(path: Path, head: Block, layout: Layout) -> _Header:
    line = _text(path, head.lines.rstrip(b"\n"), 1)
    cells = [cell.strip().lower() for cell in _cells(path, line, 1)]
    wanted = ("timestamp", *layout.columns)
    for name in wanted:
        if cells.count(name) > 1:
            raise BadData(path, f"column {name} is named twice", line=1)
    missing = [name for name in wanted if name not in cells]
    if missing:
        raise BadData(path, _missing(line, cells, missing, layout), line=1)
    time, *values = (cells.index(name) for name in wanted)
    return _Header(len(cells), time, tuple(values))


def _missing(line: str, cells: list[str], missing: list[str], layout: Layout) -> str:
    wanted = ",".join(("timestamp", *layout.columns))
    for delimiter, name in _OTHER_DELIMITERS:
        if line.count(delimiter) >= len(layout.columns):
            return f"the cells are parted by {name}: part them by commas"
    if all(_NUMBER.fullmatch(cell) for cell in cells):
        return f"there is no header: put a first line {wanted} in front"
    for name in missing:
        for other in layout.names.get(name, ()):
            if other in cells:
                return f"there is no column {name}: {other} may be it, rename it"
    names = ", ".join(missing)
    return f"there is no column {names}: the first line must name {wanted}, in any order"


# Three ways to read a block


def _plain(block: Block, header: _Header) -> Rows | None:
    found = plain_rows(block.lines, header.cells, header.time, header.values)
    return None if found is None else Rows(found.whole, found.numbers)


def _any_numbers(block: Block, header: _Header) -> Rows | None:
    """Read numbers however they are written; quotes and blank lines are left to the slow way."""
    text = block.lines
    if b'"' in text or not _is_regular(text, header.cells):
        return None
    columns = (header.time, *header.values)
    try:
        table = np.loadtxt(
            text.decode().split("\n")[:-1],
            delimiter=",",
            comments=None,
            usecols=columns,
            ndmin=2,
            unpack=True,
        )
    except ValueError:
        return None
    times = table[0]
    with np.errstate(invalid="ignore"):
        if not (np.abs(times) < 2**53).all() or (times != np.floor(times)).any():
            return None
    return Rows(times.astype(np.int64), np.ascontiguousarray(table[1:]))


def _is_regular(text: bytes, columns: int) -> bool:
    """Return whether each line has as many cells as it should."""
    letters = np.frombuffer(text, np.uint8)
    borders = letters[(letters == ord(",")) | (letters == ord("\n"))]
    if len(borders) == 0 or len(borders) % columns:
        return False
    lines = borders.reshape(-1, columns) == ord("\n")
    return bool(lines[:, -1].all()) and not lines[:, :-1].any()


def _cell_by_cell(
    path: Path, block: Block, header: _Header, layout: Layout
) -> tuple[Rows, list[int]]:
    """Return rows and the numbers of their lines.

    Raises:
        _Unreadable: at the first line that is no row.
    """
    times: list[int] = []
    values: list[list[float]] = []
    numbers: list[int] = []
    for number, raw in enumerate(block.lines.split(b"\n")[:-1], block.first_line):
        if not raw.strip():
            continue
        try:
            cells = _cells(path, _text(path, raw, number), number)
            _check_count(path, number, cells, header)
            time = _time(path, number, cells[header.time])
            row = [
                _number(path, number, name, cells[column])
                for name, column in zip(layout.columns, header.values, strict=True)
            ]
        except BadData as error:
            rows = _rows(times, values, len(layout.columns))
            raise _Unreadable(rows, number, error.text) from error
        times.append(time)
        values.append(row)
        numbers.append(number)
    return _rows(times, values, len(layout.columns)), numbers


def _rows(times: list[int], values: list[list[float]], columns: int) -> Rows:
    table = np.array(values, np.float64).reshape(-1, columns)
    return Rows(np.array(times, np.int64), np.ascontiguousarray(table.T))


# One line, one cell


def _text(path: Path, raw: bytes, line: int) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadData(path, "is not UTF-8 text: save the file as UTF-8", line=line) from error


def _cells(path: Path, text: str, line: int) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise BadData(path, f"has a quote that does not fit ({error})", line=line) from error


def _check_count(path: Path, line: int, cells: Sequence[str], header: _Header) -> None:
    if len(cells) == header.cells:
        return
    text = f"has {len(cells)} cells, the header names {header.cells}"
    if len(cells) > header.cells:
        text += ": write numbers without thousands separators and with a decimal point"
    else:
        text += ": the line may be cut off"
    raise BadData(path, text, line=line)


def _time(path: Path, line: int, cell: str) -> int:
    text = cell.strip()
    if _WHOLE.fullmatch(text):
        time = int(text.partition(".")[0])
        if abs(time) >= 2**62:
            raise BadData(path, wrong_unit(time), line=line)
        return time
    shown = _shown(text)
    if text.lower() in _NOTHING:
        problem = "timestamp is empty"
    elif _DATE.match(text):
        problem = f"timestamp {shown} is a date: write ms since 1970-01-01 UTC"
    elif _FRACTION.fullmatch(text):
        problem = f"timestamp {shown} is not a whole number: write ms since 1970-01-01 UTC"
    elif _NUMBER.fullmatch(text):
        # As spreadsheets shorten large numbers: the digits are lost.
        problem = f"timestamp {shown} is shortened: write all its digits"
    else:
        problem = f"timestamp {shown} is not a whole number: write ms since 1970-01-01 UTC"
    raise BadData(path, problem, line=line)


def _number(path: Path, line: int, name: str, cell: str) -> float:
    text = cell.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    raise BadData(path, f"{name} {_not_a_number(text)}", line=line)


def _not_a_number(text: str) -> str:
    shown = _shown(text)
    if not text:
        return "is empty: leave out a bar that is not known, it counts as a gap"
    if text.lower() in _NOTHING:
        return f"is {shown}: leave out a bar that is not known, it counts as a gap"
    if _INFINITE.fullmatch(text):
        return f"is {shown}: no such value can be true"
    if _GROUPED.fullmatch(text):
        return f"is {shown}: write numbers without thousands separators"
    if _DECIMAL_COMMA.fullmatch(text):
        return f"is {shown}: write numbers with a decimal point"
    if text.endswith("%"):
        return f"is {shown}: write fractions, 0.0001 for 0.01 %"
    return f"is {shown}: not a number"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
