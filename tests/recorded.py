"""Recorded markets that lie beside the project, not in it."""

import csv
import gzip
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def candles(dataset: str, coin: str) -> list[dict[str, str]]:
    """Rows of a recorded swap; skips the test where the recordings are absent."""
    timeframe = dataset.split("_")[1]
    path = DATA / dataset / f"binance_{coin}-USDT-PERP_{timeframe}.csv.gz"
    if not path.exists():
        pytest.skip(f"the recorded candles are not here: {path.name} is looked for in {DATA}")
    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(file))
