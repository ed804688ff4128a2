"""Candles of a period: asked for once, kept, and checked."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from functions.research.past_candles import (
    BARS_PER_BLOCK,
    SETTLING_MS,
    BadCandles,
    NoCandles,
    PastCandles,
)
from functions.research.replayed_past import ReplayedPast
from pairtrader.exchanges.errors import NoMarketData, UnknownSymbol, UserMustAct
from pairtrader.exchanges.past_prices import Page, PastPrices, past_prices
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.model.account import Simulation
from pairtrader.model.research import Period
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.venues.past_markets import PastMarkets, past_candle
from tests.fakes.venues.transport import InProcessSession
from tests.fakes.wire_desk import venues_of

MINUTE = 60_000
DAY = BARS_PER_BLOCK * MINUTE
SINCE = 20_000 * DAY
NOW = SINCE + 10 * DAY


class FakePast(PastPrices):
    """An exchange with a price for every minute but those that it lacks; counts requests."""

    name = "binance"

    def __init__(self, *, lacks: Sequence[range] = ()) -> None:
        self.lacks = lacks
        self.asked: list[int] = []
        self.broken: dict[int, tuple[str, ...]] = {}

    async def open(self, symbols: Sequence[str], timeframe: str) -> None:
        return

    async def candles(self, symbol: str, timeframe: str, length: int, since: int) -> Page:
        self.asked.append(since)
        times = range(since, since + 1_000 * length, length)
        rows = [
            (time, self.broken.get(time, ("2", "3", "1", str(2 + time % 7 / 10), "9")))
            for time in times
            if not any(time in each for each in self.lacks)
        ]
        return Page(rows, times.stop)

    async def funding(self, symbol: str, since: int) -> Page:
        times = range(-(-since // (8 * 60 * MINUTE)) * 8 * 60 * MINUTE, since + DAY, DAY // 3)
        return Page([(time, ("0.0001",)) for time in times], since + DAY)


class Blocks(dict[str, bytes]):
    """Kept blocks."""

    def put(self, name: str, content: bytes) -> None:
        self[name] = content


def fetched(
    past: FakePast, blocks: Blocks | None, period: Period, now: int = NOW
) -> tuple[Any, list[int]]:
    arrived: list[int] = []
    candles = PastCandles(past, blocks, lambda: now)
    table = asyncio.run(candles.of("GALA-USDT", period, arrived.append))
    return table, arrived


PERIOD = Period(SINCE + DAY // 2, SINCE + 3 * DAY + DAY // 2, MINUTE)


def test_what_was_asked_for_once_is_read_from_the_bucket() -> None:
    past, blocks = FakePast(), Blocks()
    first, _ = fetched(past, blocks, PERIOD)
    assert first.shape == (5, 3 * BARS_PER_BLOCK)
    assert sorted(blocks)[0] == "binance/1m/GALA-USDT/2024-10-04.f64"
    assert len(blocks) == 4
    past.asked.clear()
    second, arrived = fetched(past, blocks, PERIOD)
    assert past.asked == []
    assert np.array_equal(first, second)
    assert arrived[-1] >= PERIOD.until - PERIOD.since


def test_only_what_is_missing_is_asked_for() -> None:
    past, blocks = FakePast(), Blocks()
    whole, _ = fetched(past, blocks, PERIOD)
    del blocks[sorted(blocks)[1]]
    past.asked.clear()
    again, _ = fetched(past, blocks, PERIOD)
    assert np.array_equal(whole, again)
    assert (min(past.asked), len(past.asked)) == (SINCE + DAY, 2)


def test_a_block_that_is_not_over_is_not_kept() -> None:
    past, blocks = FakePast(), Blocks()
    now = SINCE + 2 * DAY + SETTLING_MS - 1
    table, _ = fetched(past, blocks, Period(SINCE, SINCE + 2 * DAY, MINUTE), now)
    assert table.shape[1] == 2 * BARS_PER_BLOCK
    assert len(blocks) == 1


def test_a_candle_that_is_not_closed_does_not_count() -> None:
    now = SINCE + 10 * MINUTE + 1
    table, _ = fetched(FakePast(), None, Period(SINCE, SINCE + DAY, MINUTE), now)
    assert table.shape[1] == 10


def test_an_empty_block_is_asked_for_again() -> None:
    past, blocks = FakePast(lacks=[range(SINCE, SINCE + DAY)]), Blocks()
    table, _ = fetched(past, blocks, Period(SINCE, SINCE + 2 * DAY, MINUTE))
    assert table.shape[1] == BARS_PER_BLOCK
    assert len(blocks) == 1


def test_a_torn_block_is_asked_for_again() -> None:
    past, blocks = FakePast(), Blocks()
    whole, _ = fetched(past, blocks, PERIOD)
    name = sorted(blocks)[0]
    blocks[name] = blocks[name][:-3]
    again, _ = fetched(past, blocks, PERIOD)
    assert np.array_equal(whole, again)


def test_gaps_stay_gaps() -> None:
    gap = range(SINCE + 5 * MINUTE, SINCE + 9 * MINUTE)
    table, _ = fetched(FakePast(lacks=[gap]), Blocks(), Period(SINCE, SINCE + 20 * MINUTE, MINUTE))
    assert table.shape[1] == 16


def test_a_time_without_candles_is_told_with_its_bounds() -> None:
    past = FakePast(lacks=[range(SINCE, SINCE + 2 * DAY)])
    with pytest.raises(NoCandles, match=r"no 1m candles of GALA-USDT from 2024-10-04"):
        fetched(past, Blocks(), Period(SINCE, SINCE + DAY, MINUTE))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("2", "1", "3", "2", "0"), "low 3 is above high 1"),
        (("2", "3", "1", "9", "0"), "close 9 lies outside"),
        (("0", "3", "0", "2", "0"), "not above zero"),
        (("nan", "3", "1", "2", "0"), "not a number"),
    ],
)
def test_a_candle_that_can_t_be_right_is_told(row: tuple[str, ...], words: str) -> None:
    past = FakePast()
    past.broken[SINCE + MINUTE] = row
    with pytest.raises(BadCandles, match=words):
        fetched(past, None, Period(SINCE, SINCE + 10 * MINUTE, MINUTE))


def test_settlements_of_a_period() -> None:
    candles = PastCandles(FakePast(), None, lambda: NOW)
    period = Period(SINCE + MINUTE, SINCE + 2 * DAY, MINUTE)
    times, rates = asyncio.run(candles.rates("GALA-USDT", period, lambda _: None))
    assert times.tolist() == [SINCE + each * DAY // 3 for each in range(1, 7)]
    assert set(rates.tolist()) == {0.0001}


# Exchanges, over the wire


@pytest.mark.parametrize("exchange", ["binance", "bybit", "okx"])
def test_an_exchange_is_asked_for_a_day_once(exchange: str) -> None:
    clock = FakeClock(NOW)
    markets = PastMarkets(clock.now)
    markets.lacks = {SINCE + 17 * MINUTE}
    venues, blocks = venues_of(markets), Blocks()
    period = Period(SINCE + 10 * MINUTE, SINCE + DAY, MINUTE)

    async def study() -> tuple[Any, Any, int]:
        past = past_prices(
            exchange,
            clock=clock.now,
            hosts={exchange: "http://venue.test"},
            sleep=lambda _: asyncio.sleep(0),
            session=InProcessSession(venues),
        )
        await past.open(["GALA-USDT", "CHZ-USDT"], "1m")
        candles = PastCandles(past, blocks, clock.now)
        table = await candles.of("GALA-USDT", period, lambda _: None)
        before = len(venues.requests)
        again = await candles.of("GALA-USDT", period, lambda _: None)
        await past.close()
        return table, again, len(venues.requests) - before

    table, again, asked_again = asyncio.run(study())
    assert table.shape == (5, BARS_PER_BLOCK - 11)
    assert np.array_equal(table, again)
    assert asked_again == 0
    assert table[1:, 0].tolist() == [float(cell) for cell in past_candle(period.since)[:4]]
    assert [name.split("/")[0] for name in blocks] == [exchange]


# Replays


def recordings(*, minutes: int = 30, lacks: int = -1) -> Recordings:
    lines = ["timestamp,open,high,low,close"]
    lines += [
        f"{SINCE + at * MINUTE},{10 + at},{11 + at},{9 + at},{10.5 + at}"
        for at in range(minutes)
        if at != lacks
    ]
    rates = f"timestamp,funding_rate\n{SINCE},0.0002\n"
    return Recordings(
        MemoryFiles(
            {
                "candles/may/GALA-USDT.csv": "\n".join(lines).encode(),
                "funding/may/GALA-USDT.csv": rates.encode(),
            }
        )
    )


def replayed(source: Recordings) -> ReplayedPast:
    return ReplayedPast(Simulation(source="replay", dataset="may"), source, lambda: NOW)


def test_a_replay_s_past_is_its_recording_merged_as_asked_for() -> None:
    candles = PastCandles(replayed(recordings(lacks=7)), None, lambda: NOW)
    minutes = asyncio.run(
        candles.of("GALA-USDT", Period(SINCE, SINCE + DAY, MINUTE), lambda _: None)
    )
    merged = asyncio.run(
        candles.of("GALA-USDT", Period(SINCE, SINCE + DAY, 5 * MINUTE), lambda _: None)
    )
    assert minutes.shape[1] == 29
    assert merged.T.tolist()[1] == [SINCE + 5 * MINUTE, 15, 20, 14, 19.5]
    assert merged.shape[1] == 6


def test_a_replay_does_not_invent_what_was_not_recorded() -> None:
    past = replayed(recordings())
    with pytest.raises(UnknownSymbol, match="CHZ-USDT"):
        asyncio.run(past.open(["GALA-USDT", "CHZ-USDT"], "1m"))
    with pytest.raises(UserMustAct, match="can't be made"):
        asyncio.run(past.candles("GALA-USDT", "30s", MINUTE // 2, SINCE))
    page = asyncio.run(past.funding("GALA-USDT", SINCE))
    assert page.rows == [(SINCE, (format(Decimal("0.0002"), "f"),))]
    with pytest.raises(NoMarketData):
        ReplayedPast(Simulation(source="replay"), recordings(), lambda: NOW)
