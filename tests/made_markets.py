"""Series whose nature is known because they were made that way, and recorded closes."""

import gzip
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.recorded import DATA

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HOUR = 3_600_000
BEGIN = 1_746_374_400_000
"""2025-05-04T16:00Z."""


def hours(count: int) -> Integers:
    return BEGIN + np.arange(count, dtype=np.int64) * HOUR


def walk(seed: int, count: int, step: float = 0.01) -> Floats:
    return np.random.default_rng(seed).normal(scale=step, size=count).cumsum()


def reverting(seed: int, count: int, left: float = 0.9, step: float = 0.01) -> Floats:
    """An autoregression of order one: `left` of a deviation is left after one bar."""
    noise = np.random.default_rng(seed).normal(scale=step, size=count)
    values = np.zeros(count)
    for bar in range(1, count):
        values[bar] = left * values[bar - 1] + noise[bar]
    return values


def cointegrated(
    seed: int, count: int, hedge_ratio: float = 0.8, left: float = 0.9
) -> tuple[Floats, Floats]:
    """Logarithms of two markets: 1 is `hedge_ratio` times 2, and something that comes back."""
    second = walk(seed, count) + 3.0
    return hedge_ratio * second + reverting(seed + 10_000, count, left) + 1.0, second


def fractional_noise(seed: int, count: int, exponent: float) -> Floats:
    """Increments of a fractional Brownian motion, exactly, by circulant embedding."""
    lags = np.arange(count + 1, dtype=np.float64)
    power = 2.0 * exponent
    covariance = 0.5 * ((lags + 1) ** power - 2 * lags**power + np.abs(lags - 1) ** power)
    circle = np.concatenate((covariance, covariance[-2:0:-1]))
    weights = np.sqrt(np.maximum(np.fft.fft(circle).real, 0.0) / len(circle))
    rng = np.random.default_rng(seed)
    white = rng.normal(size=len(circle)) + 1j * rng.normal(size=len(circle))
    return np.fft.fft(weights * white).real[:count]


@cache
def recorded_closes(dataset: str, coin: str) -> tuple[Integers, Floats]:
    """Times and closes of a recorded market; skips the test where the recordings are absent."""
    kind, timeframe, _ = dataset.split("_")
    perpetual = "-PERP" if kind == "perp" else ""
    path = DATA / dataset / f"binance_{coin}-USDT{perpetual}_{timeframe}.csv.gz"
    if not path.exists():
        pytest.skip(f"the recorded candles are not here: {path.name} is looked for in {DATA}")
    with gzip.open(path) as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(0, 4))
    return table[:, 0].astype(np.int64), np.ascontiguousarray(table[:, 1])
