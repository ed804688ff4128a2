"""Made-up minutes of a pair, the same on every machine: prefixes of one series of ten million.

Both markets share a slow wave; the gap between them pulls back to nothing. Nothing but NumPy and
the standard library: every peer's environment reads it as well.
"""

import csv
from pathlib import Path

import numpy as np

SEED = 20_250_504
BARS = 10_000_000
MINUTE_MS = 60_000
FIRST_MS = 1_577_836_800_000
"""Midnight of 2020-01-01 UTC."""

GAP_PULL, GAP_SIZE = 0.0015, 0.07
"""Of the gap in points: share that a minute takes back, and what it adds, one deviation."""
WAVE_PULL, WAVE_SIZE = 0.00002, 0.0006
"""Of the logarithm of both prices."""
BLOCK = 1_000
DECIMALS = 4
LEVELS = (100.0, 50.0)

VERSION = f"{SEED}-1"


def closes(folder: Path, market: int, bars: int) -> np.ndarray:
    """Return the first `bars` closes of market 1 or 2, mapped from `folder`, made on first use."""
    path = folder / f"closes{market}-{VERSION}.npy"
    if not path.exists():
        _make(folder)
    series: np.ndarray = np.load(path, mmap_mode="r")
    return series[:bars]


def opens(of: np.ndarray) -> np.ndarray:
    """Return the opens of bars that close at `of`: each begins where the one before ended."""
    return np.concatenate((of[:1], of[:-1]))


def times(bars: int) -> np.ndarray:
    """Return when the bars open, ms UTC."""
    return FIRST_MS + MINUTE_MS * np.arange(bars, dtype=np.int64)


def candle_files(folder: Path, bars: int) -> tuple[Path, Path]:
    """Return both markets' first `bars` as CSV files, written on first use."""
    paths = tuple(folder / f"market{market}-{bars}-{VERSION}.csv" for market in (1, 2))
    for market, path in enumerate(paths, 1):
        if not path.exists():
            _write_candles(path, np.asarray(closes(folder, market, bars)))
    return paths[0], paths[1]


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    source = np.random.default_rng(SEED)
    markets = tuple(np.empty(BARS) for _ in LEVELS)
    gap, wave = 0.0, 0.0
    for begin in range(0, BARS, BLOCK):
        noise = source.standard_normal((2, BLOCK))
        gaps = _pulled_back(gap, GAP_PULL, GAP_SIZE * noise[0])
        waves = _pulled_back(wave, WAVE_PULL, WAVE_SIZE * noise[1])
        gap, wave = gaps[-1], waves[-1]
        for prices, level, sign in zip(markets, LEVELS, (0.005, -0.005), strict=True):
            prices[begin : begin + BLOCK] = level * np.exp(waves + sign * gaps)
    for market, prices in enumerate(markets, 1):
        path = folder / f"closes{market}-{VERSION}.npy"
        np.save(path.with_suffix(".part.npy"), prices.round(DECIMALS))
        path.with_suffix(".part.npy").replace(path)


def _pulled_back(value: float, pull: float, steps: np.ndarray) -> np.ndarray:
    """Return value[t] = (1 - pull) * value[t - 1] + steps[t] for a block of steps."""
    powers = (1.0 - pull) ** np.arange(1, len(steps) + 1)
    return powers * (value + np.cumsum(steps / powers))


def _write_candles(path: Path, closing: np.ndarray) -> None:
    opening = opens(closing)
    high, low = np.maximum(opening, closing), np.minimum(opening, closing)
    columns: list[list[object]] = [times(len(closing)).tolist()]
    columns += [
        [f"{price:.{DECIMALS}f}" for price in column.tolist()]
        for column in (opening, high, low, closing)
    ]
    part = path.with_suffix(".part")
    with part.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("timestamp", "open", "high", "low", "close", "volume"))
        rows.writerows((*row, 1) for row in zip(*columns, strict=True))
    part.replace(path)
