"""Prices of two markets side by side, of whatever candles fit."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from functions.exchange.pair_prices import pair_prices
from pairtrader.exchanges.errors import UnknownSymbol
from pairtrader.model.market import Candle, Market
from tests.fakes.api_gateways import market

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_790_000_040_000 // DAY * DAY + 7 * HOUR + 12_345
PAIR = ("GALA-USDT", "CHZ-USDT")


class Candles:
    """An exchange that has candles of a stretch of time, a hundred at once."""

    def __init__(self, begin: int, end: int, without: frozenset[int] = frozenset()) -> None:
        self.begin, self.end, self.without = begin, end, without
        self.asked: list[tuple[str, int, int]] = []

    async def candles(
        self, of: Market, since: int, limit: int, timeframe_ms: int = MINUTE
    ) -> Sequence[Candle]:
        assert limit <= 100
        self.asked.append((of.symbol, since, timeframe_ms))
        first = -(-max(since, self.begin) // timeframe_ms) * timeframe_ms
        opens = [first + i * timeframe_ms for i in range(limit)]
        one = Decimal(2) if of.symbol == "CHZ-USDT" else Decimal(1)
        return [
            Candle(opening, one, one, one, one + Decimal(opening % 1000))
            for opening in opens
            if opening <= self.end and not (of.symbol == PAIR[0] and opening in self.without)
        ]


class Opened(SimpleNamespace):
    """The account as the shelf opens it."""

    async def named(self, symbols: tuple[str, ...]) -> list[Market]:
        if "NOPE-USDT" in symbols:
            raise UnknownSymbol("no NOPE-USDT")
        return [market(symbol) for symbol in symbols]


def asked(exchange: Candles, since: int, symbols: tuple[str, str] = PAIR, most: int = 500) -> Any:
    opened = Opened(exchange=exchange, clock=lambda: NOW)
    return asyncio.run(pair_prices(opened, symbols, since, most))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("span", "timeframe"),
    [
        (30 * MINUTE, MINUTE),
        (8 * HOUR, MINUTE),
        (9 * HOUR, 5 * MINUTE),
        (3 * DAY, 15 * MINUTE),
        (14 * DAY, HOUR),
        (60 * DAY, 4 * HOUR),
        (300 * DAY, DAY),
        (3000 * DAY, DAY),
    ],
)
def test_candles_are_as_short_as_500_of_them_allow(span: int, timeframe: int) -> None:
    exchange = Candles(NOW - 4000 * DAY, NOW)
    found = asked(exchange, NOW - span)
    assert found["timeframe_ms"] == timeframe
    assert 1 <= len(found["points"]) <= 500
    assert found["points"][-1][0] == NOW, "the candle that is still open closes now"
    assert found["start_prices"] == ["1", "2"]


def test_points_are_those_that_both_markets_have_in_order() -> None:
    since = NOW // MINUTE * MINUTE - 200 * MINUTE
    gone = frozenset(since + i * MINUTE for i in (3, 150))
    found = asked(Candles(NOW - DAY, NOW, gone), since)
    times = [point[0] for point in found["points"]]
    assert len(times) == 201 - 2
    assert times == sorted(set(times))
    assert since + 4 * MINUTE not in times
    assert found["points"][0][1:] == ["1", "2"]


def test_a_recording_that_ended_long_ago_is_drawn_from_shorter_candles() -> None:
    begin = NOW - 400 * DAY
    found = asked(Candles(begin, begin + 6 * HOUR), begin // MINUTE * MINUTE + MINUTE)
    assert found["timeframe_ms"] == 5 * MINUTE
    assert len(found["points"]) >= 50


def test_no_candle_at_the_start_is_no_start_price() -> None:
    found = asked(Candles(NOW - DAY, NOW), NOW - 2 * DAY)
    assert (found["start_prices"], found["points"]) == (None, [])


def test_a_start_that_lies_ahead_asks_for_nothing() -> None:
    exchange = Candles(NOW - DAY, NOW)
    assert asked(exchange, NOW + HOUR)["start_prices"] is None
    assert exchange.asked == []


def test_an_unknown_symbol_is_told() -> None:
    with pytest.raises(UnknownSymbol):
        asked(Candles(NOW - DAY, NOW), NOW - HOUR, ("GALA-USDT", "NOPE-USDT"))
