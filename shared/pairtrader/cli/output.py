"""Results for a terminal and for files."""

import gzip
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

DASH = "-"
ENDLESS = 1e12
"""Numbers from here on are told by their size."""
ROWS_AT_ONCE = 500
"""Of a list, put into words together."""


def print_text(text: str) -> None:
    """Write lines to stdout."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def print_json(document: Mapping[str, Any]) -> None:
    """Write a document to stdout, on one line; of long lists a part at a time is in memory."""
    for part in _json_parts(document):
        sys.stdout.write(part)
    sys.stdout.write("\n")


def _json_parts(document: Mapping[str, Any]) -> Iterator[str]:
    for place, (name, value) in enumerate(document.items()):
        yield f"{',' if place else '{'}{json_text(name)}:"
        if isinstance(value, list) and len(value) > ROWS_AT_ONCE:
            for begin in range(0, len(value), ROWS_AT_ONCE):
                rows = json_text(value[begin : begin + ROWS_AT_ONCE])
                yield ("," if begin else "[") + rows[1:-1]
            yield "]"
        else:
            yield json_text(value)
    yield "}" if document else "{}"


def json_text(document: Any) -> str:
    """Return plain values as compact JSON; numbers that it does not know are an error of ours."""
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def write_text(path: str | Path, text: str) -> None:
    """Write a file whole or not at all; a name ending in .gz compresses it.

    Raises:
        OSError: naming the file that could not be written.
    """
    target = Path(path)
    data = text.encode(errors="backslashreplace")
    if target.suffix == ".gz":
        # No name and no time in the header: the same result makes the same file.
        data = gzip.compress(data, compresslevel=6, mtime=0)
    if target.exists() and not target.is_file():
        # A device or a pipe is written to; another file must not take its place.
        target.write_bytes(data)
        return
    if not target.parent.is_dir():
        raise FileNotFoundError(2, "no such folder: make it first", str(target.parent))
    with NamedTemporaryFile(
        dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as unfinished:
        try:
            unfinished.write(data)
            unfinished.flush()
            Path(unfinished.name).chmod(0o666 & ~_umask())
            Path(unfinished.name).replace(target)
        except BaseException:
            Path(unfinished.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return aligned columns: numbers to the right, all else to the left."""
    cells = [[str(cell) for cell in row] for row in rows]
    to_right = [
        all(_looks_numeric(row[column]) for row in cells) and bool(cells)
        for column in range(len(headers))
    ]
    widths = [
        max(len(headers[column]), *(len(row[column]) for row in cells), 0)
        for column in range(len(headers))
    ]

    def line(row: Sequence[str]) -> str:
        columns = zip(row, widths, to_right, strict=True)
        return "  ".join(
            text.rjust(width) if right else text.ljust(width) for text, width, right in columns
        ).rstrip()

    return "\n".join([line(headers), *(line(row) for row in cells)])


def _looks_numeric(cell: str) -> bool:
    return cell in ("", DASH) or cell.lstrip("+-")[:1].isdigit()


def number(value: float | None, places: int = 2) -> str:
    """Return a number for reading; a figure that does not exist is a dash."""
    if value is None:
        return DASH
    if abs(value) >= ENDLESS:
        return f"{value:.3e}"
    text = f"{value:,.{places}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def short(value: object) -> str:
    """Return a setting's value as it would be written after ``--set``."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return format(value, ".10g")
    return json.dumps(value, separators=(",", ":"))


def duration(seconds: float | None) -> str:
    """Return a length of time by its two largest units, such as ``3 h 12 min``."""
    if seconds is None:
        return DASH
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    rest, parts = round(seconds), list[str]()
    for name, length in units:
        count, rest = divmod(rest, length)
        parts.append(f"{count} {name}" if count else "")
    first = next((place for place, part in enumerate(parts) if part), len(parts))
    return " ".join(filter(None, parts[first : first + 2])) or "0 s"


def instant(ms: int) -> str:
    """Return a time (ms UTC) as ISO 8601."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Style:
    """Bold and colour where a terminal shows them."""

    def __init__(self, *, no_color: bool) -> None:
        wanted = not no_color and not os.environ.get("NO_COLOR")
        self._on = wanted and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    def heading(self, text: str) -> str:
        """Return a heading."""
        return self._wrapped("1", text)

    def signed(self, value: float | None, text: str) -> str:
        """Return a gain in green and a loss in red."""
        if not value:
            return text
        return self._wrapped("32" if value > 0 else "31", text)

    def warning(self, text: str) -> str:
        """Return something to be noticed."""
        return self._wrapped("33", text)

    def _wrapped(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._on else text
