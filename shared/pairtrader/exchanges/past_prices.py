"""What an exchange still knows of the past: candles and settled funding rates, page by page.

Public requests without keys. A page is asked for by its range of time, never by number: what comes
back says how far it reaches, so that bars the exchange lacks are no end.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from inspect import isclass
from typing import Any, TypeVar

from pairtrader.exchanges import venues
from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.ccxt_client import CcxtClient
from pairtrader.exchanges.ccxt_venue import CcxtVenue
from pairtrader.exchanges.errors import RetryLater, UnknownExchange, UnknownSymbol, UserMustAct
from pairtrader.exchanges.factory import exchange_names
from pairtrader.exchanges.public_markets import PublicMarkets
from pairtrader.exchanges.simulated.prices import (
    funding_times,
    synthetic_candle,
    synthetic_funding_rate,
)
from pairtrader.exchanges.simulated.universe import LISTINGS
from pairtrader.model.market import unified_symbol

Sleep = Callable[[float], Awaitable[None]]
_T = TypeVar("_T")

SIMULATED = "simulated"
TIMEOUT_MS = 15_000
"""A page is large, and nobody trades on it."""
ATTEMPTS = 8
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_SETTLEMENTS = 100
_HOUR_MS = 3_600_000
_RATES_PAGE_MS = _SETTLEMENTS * _HOUR_MS
"""Nobody settles more often than once an hour: no more settlements than fit into a page."""
_OHLCV = 6


@dataclass(frozen=True, slots=True)
class Manners:
    """How an exchange wants to be asked."""

    bars: int
    """In one page."""
    pause: float
    """Seconds between requests: half as many of them as the exchange allows an address."""
    bars_have_end: bool = True
    """Whether candles have to be asked for with an end; else they come from the start on."""
    ends_rates: str = "until"
    """CCXT's parameter for the last time of funding rates, or the exchange's own for the end."""


_MANNERS: Mapping[str, Manners] = {
    "binance": Manners(1_000, 0.25, bars_have_end=False),
    "bybit": Manners(1_000, 0.1),
    # CCXT names an end for its candles; of funding rates it gives the latest that are asked for.
    "okx": Manners(300, 0.2, bars_have_end=False, ends_rates="after"),
}
_CAREFUL = Manners(100, 0.5)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order of time; each starts with its time (ms UTC) and goes on with numbers as text.

    Candles: open, high, low, close (quote currency), volume (base coins). Funding: the rate, a
    fraction of the notional.
    """

    rows: Sequence[tuple[int, tuple[str, ...]]]
    until: int
    """Whatever the exchange has before this time (ms UTC) is among the rows."""


class PastPrices(ABC):
    """One exchange's past.

    Every method may raise `UserMustAct`, and `RetryLater` when asking again and again did not help.
    """

    name: str

    @abstractmethod
    async def open(self, symbols: Sequence[str], timeframe: str) -> None:
        """Make sure that there are such markets, and candles of such a length (``1m``)."""

    @abstractmethod
    async def candles(self, symbol: str, timeframe: str, length: int, since: int) -> Page:
        """Return candles of `length` ms that open from `since` (ms UTC) on, one page."""

    @abstractmethod
    async def funding(self, symbol: str, since: int) -> Page:
        """Return settlements from `since` (ms UTC) on, one page."""

    async def close(self) -> None:
        """Give up connections."""
        return


def past_prices(
    exchange: str,
    *,
    clock: Clock,
    hosts: Mapping[str, str] | None = None,
    seed: int = 0,
    sleep: Sleep = asyncio.sleep,
    session: Any = None,
    notice: Callable[[str], None] = lambda _: None,
) -> PastPrices:
    """Return the past of `exchange`; the simulated one computes it from `seed`.

    `notice` is told in words when the exchange has to be waited for.

    Raises:
        UnknownExchange: there is none of this name.
    """
    if exchange not in exchange_names():
        known = ", ".join(exchange_names())
        raise UnknownExchange(f"unknown exchange {exchange!r}; known are: {known}")
    if exchange == SIMULATED:
        return SyntheticPast(seed, clock)
    client = CcxtClient(_venue(exchange), hosts or {}, clock, session=session)
    return CcxtPast(client, sleep, notice)


def _venue(exchange: str) -> CcxtVenue:
    module = import_module(f"{venues.__name__}.{exchange}")
    for value in vars(module).values():
        if isclass(value) and issubclass(value, CcxtVenue) and value.__module__ == module.__name__:
            venue: CcxtVenue = value()
            return venue
    raise UnknownExchange(f"{exchange} tells nothing of its past")


class CcxtPast(PastPrices):
    """The past of an exchange that is reached through CCXT."""

    def __init__(self, client: CcxtClient, sleep: Sleep, notice: Callable[[str], None]) -> None:
        self.name = client.venue.name
        self._client = client
        self._markets = PublicMarkets(client, Decimal(0), Decimal(0))
        self._manners = _MANNERS.get(self.name, _CAREFUL)
        self._sleep = sleep
        self._notice = notice

    async def open(self, symbols: Sequence[str], timeframe: str) -> None:
        """Make sure that there are such markets, and candles of such a length (``1m``)."""
        offered = self._client.raw.timeframes
        if timeframe not in offered:
            lengths = ", ".join(offered)
            raise UserMustAct(f"{self.name} has no candles of {timeframe}; it has {lengths}")
        await self._patiently(self._markets.load)
        for symbol in symbols:
            if self._markets.known(symbol) is None:
                raise UnknownSymbol(f"{self.name} has no perpetual swap {symbol}")

    async def candles(self, symbol: str, timeframe: str, length: int, since: int) -> Page:
        """Return candles of `length` ms that open from `since` (ms UTC) on, one page."""
        limit = self._manners.bars
        end = since + limit * length
        params = {"until": end - 1} if self._manners.bars_have_end else {}

        async def ask() -> list[tuple[int, tuple[str, ...]]]:
            rows = await self._client.call(
                lambda ccxt: ccxt.fetch_ohlcv(
                    unified_symbol(symbol), timeframe, since, limit, params
                ),
                TIMEOUT_MS,
            )
            return _in_order(map(_candle, rows), since)

        found = await self._patiently(ask)
        last = found[-1][0] + length if found else since
        # A full page may have been cut off; any other has all of its range.
        return Page(found, last if len(found) >= limit else max(last, end))

    async def funding(self, symbol: str, since: int) -> Page:
        """Return settlements from `since` (ms UTC) on, one page."""
        end = since + _RATES_PAGE_MS
        name = self._manners.ends_rates
        params = {name: end - 1 if name == "until" else str(end)}

        async def ask() -> list[tuple[int, tuple[str, ...]]]:
            rows = await self._client.call(
                lambda ccxt: ccxt.fetch_funding_rate_history(
                    unified_symbol(symbol), since, _SETTLEMENTS, params
                ),
                TIMEOUT_MS,
            )
            return [row for row in _in_order(map(_rate, rows), since) if row[0] < end]

        return Page(await self._patiently(ask), end)

    async def close(self) -> None:
        """Give up connections."""
        await self._client.close()

    async def _patiently(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Return what `ask` gets, asking again for as long as that may help."""
        wait = _FIRST_WAIT
        for attempt in range(1, ATTEMPTS + 1):
            await self._sleep(self._manners.pause)
            try:
                return await ask()
            except RetryLater as error:
                if attempt == ATTEMPTS:
                    raise
                told = error.retry_after_seconds
                pause = wait if told is None else max(told, _FIRST_WAIT)
                self._notice(f"{error}; asking again in {pause:.0f} s")
                await self._sleep(pause)
                wait = min(wait * 2, _LONGEST_WAIT)
        raise AssertionError("the last attempt returns or raises")


class SyntheticPast(PastPrices):
    """The past of the simulated exchange's synthetic market: computed, without a network."""

    name = SIMULATED
    _BARS = 500

    def __init__(self, seed: int, clock: Clock) -> None:
        self._seed = seed
        self._clock = clock

    async def open(self, symbols: Sequence[str], timeframe: str) -> None:
        """Make sure that there are such markets; any length of candles will do."""
        for symbol in symbols:
            if symbol not in LISTINGS:
                listed = ", ".join(LISTINGS)
                raise UnknownSymbol(f"{self.name} has no perpetual swap {symbol}; it has {listed}")

    async def candles(self, symbol: str, timeframe: str, length: int, since: int) -> Page:
        """Return candles of `length` ms that open from `since` (ms UTC) on, one page."""
        now, first = self._clock(), -(-since // length) * length
        end = first + self._BARS * length
        rows = []
        for time in range(first, min(end, now + 1), length):
            bar = synthetic_candle(self._seed, symbol, time, length, now)
            prices = (str(price) for price in (bar.open, bar.high, bar.low, bar.close))
            rows.append((time, (*prices, "0")))
        return Page(rows, end)

    async def funding(self, symbol: str, since: int) -> Page:
        """Return settlements from `since` (ms UTC) on, one page."""
        end = since + _RATES_PAGE_MS
        times = funding_times(since - 1, min(end - 1, self._clock()))
        rates = (format(synthetic_funding_rate(self._seed, symbol, time), "f") for time in times)
        return Page([(time, (rate,)) for time, rate in zip(times, rates, strict=True)], end)


def _in_order(
    rows: "map[tuple[int, tuple[str, ...]]]", since: int
) -> list[tuple[int, tuple[str, ...]]]:
    """Return the rows from `since` on, each time once, in order."""
    found = dict(rows)
    return [(time, found[time]) for time in sorted(found) if time >= since]


def _candle(row: Any) -> tuple[int, tuple[str, ...]]:
    if len(row) < _OHLCV or any(cell is None for cell in row[:_OHLCV]):
        raise RetryLater("a candle came incomplete")
    return int(row[0]), tuple(map(_plain, row[1:_OHLCV]))


def _rate(row: Any) -> tuple[int, tuple[str, ...]]:
    time, rate = row.get("timestamp"), row.get("fundingRate")
    if time is None or rate is None:
        raise RetryLater("a funding settlement came without time or rate")
    return int(time), (_plain(rate),)


def _plain(value: Any) -> str:
    """Return a number as plain digits."""
    return format(Decimal(str(value)), "f")
