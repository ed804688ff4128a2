"""Pairs of recorded markets as series, with their funding where it was recorded."""

import gzip
from functools import lru_cache

import numpy as np
import pytest

from pairtrader.backtest.series import Bars, FundingRates, PairSeries
from tests.recorded import DATA

PAIRS = {
    "perp_1m_2025-05": [("ETH", "BTC"), ("LTC", "LINK"), ("XLM", "XRP"), ("AVAX", "ETC")],
    "perp_1m_2023-07": [("ETH", "LTC"), ("ADA", "TRX")],
    "perp_5m_2023-07": [("BTC", "ETH"), ("ENJ", "SAND"), ("CHZ", "SAND"), ("ADA", "LTC")],
    "spot_5m_2024H1": [("GALA", "APE"), ("OP", "ARB"), ("APE", "MATIC"), ("BTC", "ETH")],
    "spot_5m_2020-12": [("ADA", "XRP"), ("CHZ", "ENJ"), ("BCH", "LTC"), ("BTC", "ETH")],
}
"""By data set."""
MINUTE = 60_000


@lru_cache(maxsize=16)
def _columns(dataset: str, name: str) -> np.ndarray:
    path = DATA / dataset / name
    if not path.exists():
        pytest.skip(f"the recorded markets are not here: {path.name} is looked for in {DATA}")
    with gzip.open(path, "rt") as file:
        return np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2).T


def recorded_pair(dataset: str, coins: tuple[str, str], bars: slice = slice(None)) -> PairSeries:
    """Candles of both coins; skips the test where the recordings are absent."""
    kind, timeframe, _ = dataset.split("_")
    swap = "-PERP" if kind == "perp" else ""
    tables = [_columns(dataset, f"binance_{coin}-USDT{swap}_{timeframe}.csv.gz") for coin in coins]
    times = tables[0][0].astype(np.int64)
    assert (times == tables[1][0]).all()
    rates = [_rates(dataset, coin) if swap else None for coin in coins]
    return PairSeries(
        times[bars],
        int(timeframe[:-1]) * MINUTE,
        *(
            Bars(t[1][bars].copy(), t[4][bars].copy(), t[2][bars].copy(), t[3][bars].copy())
            for t in tables
        ),
        *rates,
    )


def _rates(dataset: str, coin: str) -> FundingRates:
    table = _columns(dataset, f"binance_{coin}-USDT-PERP_funding_8h.csv.gz")
    return FundingRates(table[0].astype(np.int64), table[1].copy())
