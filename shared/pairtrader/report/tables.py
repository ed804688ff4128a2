"""A result's tables as CSV files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pairtrader.backtest.tables import csv_tables


def write_tables(document: Mapping[str, Any], folder: Path | str) -> list[Path]:
    """Write cycles.csv, orders.csv and equity.csv (by UTC day) into `folder`, made if missing.

    Raises:
        OSError: the folder can't be made or written to.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in csv_tables(document).items():
        path = place / name
        path.write_text(text, encoding="utf-8", newline="")
        written.append(path)
    return written
