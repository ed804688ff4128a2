"""What a job is worked on with, and the prices that it needs."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from functions.research.past_candles import NoCandles, PastCandles, Table
from functions.research.progress import Progress
from pairtrader.backtest.series import Bars, Floats, FundingRates, PairSeries
from pairtrader.model.research import Job, JobKind, Period, Stage

Rates = tuple[FundingRates | None, FundingRates | None]
AT_ONCE = 2
"""Markets that are asked for at the same time: both of a pair; exchanges limit what we may ask."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What is to be found out, and by what."""

    job: Job
    candles: PastCandles
    progress: Progress


@dataclass(frozen=True, slots=True)
class Study:
    """What was found out."""

    document: Mapping[str, Any]
    summary: Mapping[str, Any]


async def tables_of(brief: Brief) -> dict[str, Table]:
    """Return the candles of all symbols; a finder does without those that have none."""
    job, gate = brief.job, asyncio.Semaphore(AT_ONCE)
    told = _Sum(brief.progress, Stage.CANDLES, job.period, len(job.symbols))
    found: dict[str, Table] = {}
    absent: list[NoCandles] = []

    async def fetch(symbol: str) -> None:
        async with gate:
            try:
                found[symbol] = await brief.candles.of(symbol, job.period, told.of(symbol))
            except NoCandles as error:
                absent.append(error)

    brief.progress.at(Stage.CANDLES)
    await _all(fetch(symbol) for symbol in job.symbols)
    enough = len(job.symbols) if job.kind is not JobKind.FINDER else 2
    if len(found) < enough:
        raise absent[0]
    return {symbol: found[symbol] for symbol in job.symbols if symbol in found}


def series_of(job: Job, tables: Mapping[str, Table], rates: Rates = (None, None)) -> PairSeries:
    """Return the bars that both markets have.

    Raises:
        NoCandles: there are none.
    """
    first, second = (tables[symbol] for symbol in job.symbols)
    times = np.intersect1d(first[0], second[0], assume_unique=True)
    if not len(times):
        names = " and ".join(job.symbols)
        raise NoCandles(f"{names} have no bar in common: choose another period.")
    return PairSeries(
        times.astype(np.int64),
        job.period.timeframe_ms,
        _bars(first, times),
        _bars(second, times),
        *rates,
    )


def _bars(table: Table, times: Floats) -> Bars:
    chosen = np.searchsorted(table[0], times)
    opens, highs, lows, closes = (np.ascontiguousarray(column[chosen]) for column in table[1:])
    return Bars(opens, closes, highs, lows)


async def rates_of(brief: Brief) -> tuple[FundingRates, FundingRates]:
    """Return the funding rates of both markets.

    Raises:
        BadCandles: there is one that can't be right.
        ExchangeError: the exchange did not tell.
    """
    job = brief.job
    told = _Sum(brief.progress, Stage.FUNDING, job.period, len(job.symbols))
    brief.progress.at(Stage.FUNDING)
    found: dict[str, FundingRates] = {}

    async def fetch(symbol: str) -> None:
        times, rates = await brief.candles.rates(symbol, job.period, told.of(symbol))
        found[symbol] = FundingRates(times, rates)

    await _all(fetch(symbol) for symbol in job.symbols)
    first, second = job.symbols
    return found[first], found[second]


async def _all(tasks: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; when one fails the others are not left running."""
    running = [asyncio.ensure_future(task) for task in tasks]
    try:
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class _Sum:
    """How much of a stage is done, when several symbols are under way."""

    def __init__(self, progress: Progress, stage: Stage, period: Period, symbols: int) -> None:
        self._progress = progress
        self._stage = stage
        self._whole = max(1, (period.until - period.since) * symbols)
        self._done: dict[str, int] = {}

    def of(self, symbol: str) -> Callable[[int], None]:
        """Return what takes how many ms of the symbol's period are there."""

        def arrived(ms: int) -> None:
            self._done[symbol] = ms
            self._progress.at(self._stage, sum(self._done.values()) / self._whole)

        return arrived
