"""Candles of a period: what the bucket holds is read there, the rest is asked for and kept.

They are kept in blocks of equal numbers of bars, and only those whose time is over.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pairtrader.exchanges.past_prices import Page, PastPrices
from pairtrader.history.candle_rules import first_candle_fault, first_rate_fault
from pairtrader.history.times import utc
from pairtrader.model.research import Period

Table = NDArray[np.float64]
"""A row each of times (ms UTC, whole numbers), opens, highs, lows, closes."""

BARS_PER_BLOCK = 1_440
"""A day of minutes."""
SETTLING_MS = 600_000
"""How long after a block's end its last candles may still change."""
READERS = 16
"""Blocks that are read at the same time."""
ROWS = 5
_BEFORE_ALL = -(2**62)


class NoCandles(Exception):
    """The exchange has none: ask for another period or symbol; the text names both."""


class BadCandles(Exception):
    """What came from the exchange can't be right; the text says what."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fixed stretch of one market's candles."""

    exchange: str
    symbol: str
    timeframe: str
    since: int
    """ms UTC."""
    until: int

    @property
    def name(self) -> str:
        """Return what it is kept by: it begins on this day."""
        day = utc(self.since)[:10]
        return f"{self.exchange}/{self.timeframe}/{self.symbol}/{day}.f64"


class BlockStore(Protocol):
    """Kept blocks. What can't be read is not there; what can't be kept is asked for again."""

    def get(self, name: str) -> bytes | None:
        """Return what is kept by this name."""

    def put(self, name: str, content: bytes) -> None:
        """Keep it."""


class PastCandles:
    """Candles of one exchange; `store` None keeps none, where they cost no request."""

    def __init__(self, past: PastPrices, store: BlockStore | None, now: Callable[[], int]) -> None:
        self.past = past
        self._store = store
        self._now = now

    async def of(self, symbol: str, period: Period, arrived: Callable[[int], None]) -> Table:
        """Return the candles of `symbol` in `period`.

        `arrived` is told after each step how many ms of the period are there.

        Raises:
            NoCandles: there are none.
            BadCandles: there is one that can't be right.
            ExchangeError: the exchange did not tell.
        """
        blocks = list(self._blocks(symbol, period))
        kept = await self._kept(blocks)
        tables: list[Table] = []
        here = 0
        for is_kept, group in _runs(blocks, kept):
            if is_kept:
                tables += [kept[block.name] for block in group]
                here += group[-1].until - group[0].since
                arrived(here)
                continue
            missing = Period(group[0].since, group[-1].until, period.timeframe_ms)
            done = here
            table = await self._asked_for(
                symbol,
                missing,
                lambda ms, done=done: arrived(done + ms),  # type: ignore[misc]
            )
            here += missing.until - missing.since
            await self._keep(group, table)
            tables.append(table)
        whole = np.concatenate(tables, axis=1)
        inside = (whole[0] >= period.since) & (whole[0] < period.until)
        table = whole[:, inside]
        _require_sound(symbol, period, table)
        return table

    def _blocks(self, symbol: str, period: Period) -> Iterator[Block]:
        length = BARS_PER_BLOCK * period.timeframe_ms
        for since in range(period.since // length * length, period.until, length):
            yield Block(self.past.name, symbol, period.timeframe, since, since + length)

    async def _kept(self, blocks: Sequence[Block]) -> dict[str, Table]:
        store = self._store
        if store is None:
            return {}
        gate = asyncio.Semaphore(READERS)

        async def read(block: Block) -> tuple[str, Table | None]:
            async with gate:
                content = await asyncio.to_thread(store.get, block.name)
            return block.name, None if content is None else _unpacked(content)

        found = await asyncio.gather(*(read(block) for block in blocks if self._is_over(block)))
        return {name: table for name, table in found if table is not None}

    async def _keep(self, blocks: Iterable[Block], table: Table) -> None:
        if self._store is None:
            return
        for block in blocks:
            part = table[:, (table[0] >= block.since) & (table[0] < block.until)]
            # An empty block is not kept: a market that is not there yet may be a fault of today.
            if self._is_over(block) and part.shape[1]:
                await asyncio.to_thread(self._store.put, block.name, _packed(part))

    def _is_over(self, block: Block) -> bool:
        return block.until + SETTLING_MS <= self._now()

    async def _asked_for(
        self, symbol: str, period: Period, arrived: Callable[[int], None]
    ) -> Table:
        """Ask page by page for a period; candles that are not closed yet do not count."""
        until = min(period.until, self._now())
        rows: list[tuple[float, ...]] = []
        at = period.since
        while at < until:
            page = await self.past.candles(symbol, period.timeframe, period.timeframe_ms, at)
            rows += _candles_of(page)
            at = _onward(page, at)
            arrived(min(at, period.until) - period.since)
            await asyncio.sleep(0)
        closed = [row for row in rows if row[0] + period.timeframe_ms <= until]
        return np.array(closed, dtype=np.float64).reshape(-1, ROWS).T

    async def rates(
        self, symbol: str, period: Period, arrived: Callable[[int], None]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return times (ms UTC) and rates of the settlements of funding in `period`.

        Raises:
            BadCandles: there is one that can't be right.
            ExchangeError: the exchange did not tell.
        """
        rows: list[tuple[int, float]] = []
        at = period.since
        while at < period.until:
            page = await self.past.funding(symbol, at)
            rows += [(time, float(values[0])) for time, values in page.rows]
            at = _onward(page, at)
            arrived(min(at, period.until) - period.since)
            await asyncio.sleep(0)
        inside = [row for row in rows if period.since <= row[0] <= period.until]
        times = np.array([time for time, _ in inside], dtype=np.int64)
        rates = np.array([rate for _, rate in inside], dtype=np.float64)
        fault = first_rate_fault(times, rates.reshape(1, -1), _BEFORE_ALL)
        if fault is not None:
            raise BadCandles(f"Funding rates of {symbol}: {fault.text}.")
        return times, rates


def _runs(
    blocks: Sequence[Block], kept: dict[str, Table]
) -> Iterator[tuple[bool, Sequence[Block]]]:
    """Return neighbouring blocks that are all kept, or none of them, in order."""
    begin = 0
    for at in range(1, len(blocks) + 1):
        is_kept = blocks[begin].name in kept
        if at == len(blocks) or (blocks[at].name in kept) is not is_kept:
            yield is_kept, blocks[begin:at]
            begin = at


def _candles_of(page: Page) -> list[tuple[float, ...]]:
    return [(time, *map(float, values[:4])) for time, values in page.rows]


def _onward(page: Page, at: int) -> int:
    """Return where the next page begins: an exchange that stands still must not hold us."""
    return max(page.until, at + 1)


def _require_sound(symbol: str, period: Period, table: Table) -> None:
    if not table.shape[1]:
        raise NoCandles(
            f"The exchange has no {period.timeframe} candles of {symbol} from {utc(period.since)} "
            f"to {utc(period.until)}: choose another period."
        )
    times = table[0].astype(np.int64)
    fault = first_candle_fault(times, table[1:], _BEFORE_ALL)
    if fault is not None:
        at = utc(int(times[fault.index]))
        raise BadCandles(f"The exchange's candle of {symbol} at {at} can't be right: {fault.text}.")


def _packed(table: Table) -> bytes:
    return np.ascontiguousarray(table).tobytes()


def _unpacked(content: bytes) -> Table | None:
    """Return the block; None where it is none, as an upload that was cut off."""
    if len(content) % (ROWS * 8) or not content:
        return None
    return np.frombuffer(content, dtype=np.float64).reshape(ROWS, -1)
