"""Prices of both markets at the same moments, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bars:
    """Candles of one market; all arrays of one length, prices in quote currency."""

    open: Floats
    close: Floats
    high: Floats | None = None
    low: Floats | None = None
    """Highs and lows decide over limit orders only: where there are none, they need not be kept."""


@dataclass(frozen=True, slots=True)
class FundingRates:
    """Settlements of one market, ascending."""

    times: Integers
    """ms UTC."""
    rates: Floats
    """Fraction of the notional; positive: longs pay shorts."""


@dataclass(frozen=True, slots=True)
class PairSeries:
    """Candles that both markets have, each pair at one moment."""

    times: Integers
    """When each bar opens, ms UTC, rising; gaps are bars that one or both markets lack."""
    timeframe_ms: int
    """Length of a bar: its close is known this much after it opens."""
    market1: Bars
    market2: Bars
    funding1: FundingRates | None = None
    funding2: FundingRates | None = None

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.times)
