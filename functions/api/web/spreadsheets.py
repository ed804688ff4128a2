"""Rows as CSV (RFC 4180) that spreadsheets take for data, never for formulas."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from pairtrader.views.texts import iso, plain

MOST_ROWS = 2500
"""Rows of one answer: even with the longest names they stay below the 6 MB of a Lambda answer."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | float | Decimal | None


class Moment(int):
    """A moment, ms UTC."""


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a header row and `rows`: plain decimals, times in ISO 8601 UTC, empty for None.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers keep
    their sign.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([[_written(cell) for cell in row] for row in rows])
    return out.getvalue()


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Moment():
            return iso(cell)
        case Decimal():
            return plain(cell)
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else str(cell)
        case _:
            return repr(cell)
