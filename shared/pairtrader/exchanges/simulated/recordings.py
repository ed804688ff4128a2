"""Data sets of recorded candles: where their files lie, read once per process."""

import gzip
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from pairtrader.exchanges.errors import NoMarketData
from pairtrader.exchanges.simulated.candle_table import (
    NO_FUNDING,
    CandleTable,
    FundingTable,
    parse_candles,
    parse_funding,
)

_T = TypeVar("_T")
_ENDINGS = (".csv.gz", ".csv")
_TABLES_KEPT = 16


class FileStore(Protocol):
    """Files by key."""

    def read(self, key: str) -> bytes | None:
        """Return the file's content, None if there is no such file.

        Raises:
            RetryLater: the store could not be reached.
        """
        ...

    def names(self, prefix: str) -> Sequence[str]:
        """Return the keys that begin with `prefix`."""
        ...


class CandleSource(Protocol):
    """Recorded markets by data set and symbol."""

    def candles(self, dataset: str, symbol: str) -> CandleTable:
        """Return the candles of `symbol`.

        Raises:
            NoMarketData: there are none, or the file can't be right.
        """
        ...

    def funding(self, dataset: str, symbol: str) -> FundingTable:
        """Return the funding rates of `symbol`, empty where none were recorded."""
        ...

    def symbols(self, dataset: str) -> Sequence[str]:
        """Return the symbols that have candles, sorted."""
        ...


class Recordings:
    """Data sets in files ``candles/{dataset}/{symbol}.csv[.gz]`` and ``funding/…``.

    What was read is kept: a data set must not change under its name.
    """

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._candles = lru_cache(_TABLES_KEPT)(self._read_candles)
        self._funding = lru_cache(_TABLES_KEPT)(self._read_funding)

    def candles(self, dataset: str, symbol: str) -> CandleTable:
        """Return the candles of `symbol`.

        Raises:
            NoMarketData: there are none, or the file can't be right.
        """
        return self._candles(dataset, symbol)

    def funding(self, dataset: str, symbol: str) -> FundingTable:
        """Return the funding rates of `symbol`, empty where none were recorded."""
        return self._funding(dataset, symbol)

    def symbols(self, dataset: str) -> Sequence[str]:
        """Return the symbols that have candles, sorted."""
        prefix = f"candles/{dataset}/"
        found = {
            key.removeprefix(prefix).removesuffix(ending)
            for key in self._files.names(prefix)
            for ending in _ENDINGS
            if key.endswith(ending)
        }
        return sorted(found)

    def _read_candles(self, dataset: str, symbol: str) -> CandleTable:
        table = self._read(f"candles/{dataset}/{symbol}", parse_candles)
        if table is None:
            raise NoMarketData(f"data set {dataset} has no candles of {symbol}")
        return table

    def _read_funding(self, dataset: str, symbol: str) -> FundingTable:
        return self._read(f"funding/{dataset}/{symbol}", parse_funding) or NO_FUNDING

    def _read(self, stem: str, parse: Callable[[str, str], _T]) -> _T | None:
        for ending in _ENDINGS:
            content = self._files.read(stem + ending)
            if content is not None:
                return parse(stem + ending, _text(stem + ending, content))
        return None


def _text(name: str, content: bytes) -> str:
    try:
        return (gzip.decompress(content) if name.endswith(".gz") else content).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise NoMarketData(f"{name}: not a whole gzip file") from error
    except UnicodeDecodeError as error:
        raise NoMarketData(f"{name}: not UTF-8 text") from error
