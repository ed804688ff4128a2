"""Prices in memory that processes share: written once, read where they lie."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pairtrader.backtest.series import Bars, FundingRates, PairSeries

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one array lies."""

    offset: int
    length: int
    kind: str

    def view(self, memory: SharedMemory) -> Array:
        """Return the array, not to be written to."""
        found: Array = np.ndarray(self.length, self.kind, memory.buf, self.offset)
        found.flags.writeable = False
        return found


@dataclass
class LentSeries:
    """Says where the prices of a series lie, small enough to be sent."""

    name: str
    bars: int
    timeframe_ms: int
    places: dict[str, _Place]
    _memory: SharedMemory | None = field(default=None, repr=False, compare=False)

    def __len__(self) -> int:
        """Return the number of bars."""
        return self.bars

    def __getstate__(self) -> dict[str, Any]:
        """Return what is sent: the memory itself stays."""
        return {**self.__dict__, "_memory": None}

    def attached(self) -> PairSeries:
        """Return the series, without a copy. It is valid as long as this object is kept."""
        if self._memory is None:
            self._memory = SharedMemory(self.name)
        memory = self._memory
        arrays = {name: place.view(memory) for name, place in self.places.items()}
        return PairSeries(
            times=arrays["times"],
            timeframe_ms=self.timeframe_ms,
            market1=_bars(arrays, "market1"),
            market2=_bars(arrays, "market2"),
            funding1=_rates(arrays, "funding1"),
            funding2=_rates(arrays, "funding2"),
        )


@contextmanager
def lent(series: PairSeries) -> Iterator[LentSeries]:
    """Put a series where other processes can read it, for as long as the block lasts."""
    arrays = _arrays(series)
    memory = SharedMemory(create=True, size=max(1, sum(a.nbytes for a in arrays.values())))
    try:
        places, offset = {}, 0
        for name, array in arrays.items():
            places[name] = _Place(offset, len(array), array.dtype.str)
            target: Array = np.ndarray(len(array), array.dtype, memory.buf, offset)
            target[:] = array
            del target
            offset += array.nbytes
        yield LentSeries(memory.name, len(series), series.timeframe_ms, places)
    finally:
        memory.close()
        memory.unlink()


def _arrays(series: PairSeries) -> dict[str, Array]:
    found: dict[str, Array | None] = {"times": series.times}
    for name, bars in (("market1", series.market1), ("market2", series.market2)):
        for column in ("open", "close", "high", "low"):
            found[f"{name}.{column}"] = getattr(bars, column)
    for name, rates in (("funding1", series.funding1), ("funding2", series.funding2)):
        found[f"{name}.times"] = None if rates is None else rates.times
        found[f"{name}.rates"] = None if rates is None else rates.rates
    return {name: array for name, array in found.items() if array is not None}


def _bars(arrays: dict[str, Array], name: str) -> Bars:
    return Bars(
        open=arrays[f"{name}.open"],
        close=arrays[f"{name}.close"],
        high=arrays.get(f"{name}.high"),
        low=arrays.get(f"{name}.low"),
    )


def _rates(arrays: dict[str, Array], name: str) -> FundingRates | None:
    times = arrays.get(f"{name}.times")
    return None if times is None else FundingRates(times, arrays[f"{name}.rates"])
