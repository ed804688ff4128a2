"""What exchanges know of the past, asked for page by page over their own REST APIs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from pairtrader.exchanges import past_prices as module
from pairtrader.exchanges.errors import (
    RateLimited,
    RegionBlocked,
    RetryLater,
    UnknownExchange,
    UnknownSymbol,
    UserMustAct,
)
from pairtrader.exchanges.past_prices import Page, PastPrices, past_prices
from tests.fakes.clock import FakeClock
from tests.fakes.venues.past_markets import PastMarkets, past_candle
from tests.fakes.venues.transport import InProcessSession
from tests.fakes.venues.wire import Answer, FakeVenues, Fault, Request
from tests.fakes.wire_desk import venues_of

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_790_000_040_000
EXCHANGES = ("binance", "bybit", "okx")
PAGES = {"binance": 1_000, "bybit": 1_000, "okx": 300}


@dataclass
class Desk:
    """One exchange whose past is asked for, without sockets and without waiting."""

    past: PastPrices
    venues: FakeVenues
    markets: PastMarkets
    waits: list[float] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def requests(self) -> list[Request]:
        """Those for candles and rates; the list of markets is asked for before."""
        words = ("kline", "candles", "funding/history", "fundingRate", "funding-rate")
        return [r for r in self.venues.requests if any(word in r.path for word in words)]

    async def candles(self, since: int, until: int) -> list[tuple[int, tuple[str, ...]]]:
        return await all_pages(
            lambda at: self.past.candles("GALA-USDT", "1m", MINUTE, at), since, until
        )

    async def funding(self, since: int, until: int) -> list[tuple[int, tuple[str, ...]]]:
        return await all_pages(lambda at: self.past.funding("GALA-USDT", at), since, until)


async def all_pages(
    page: Callable[[int], Awaitable[Page]], since: int, until: int
) -> list[tuple[int, tuple[str, ...]]]:
    rows: list[tuple[int, tuple[str, ...]]] = []
    while since < until:
        found = await page(since)
        assert found.until > since
        rows.extend(row for row in found.rows if row[0] < until)
        since = found.until
    return rows


@pytest.fixture(params=EXCHANGES)
def exchange(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def desk(exchange: str) -> Desk:
    clock = FakeClock(NOW)
    markets = PastMarkets(clock.now)
    venues = venues_of(markets)
    waits: list[float] = []
    notices: list[str] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    past = past_prices(
        exchange,
        clock=clock.now,
        hosts={exchange: "http://venue.test"},
        sleep=sleep,
        session=InProcessSession(venues),
        notice=notices.append,
    )
    return Desk(past, venues, markets, waits, notices)


def run(desk: Desk, task: Callable[[], Awaitable[None]]) -> None:
    async def opened() -> None:
        await desk.past.open(["GALA-USDT"], "1m")
        await task()
        await desk.past.close()

    asyncio.run(opened())


def expected(times: range, lacks: frozenset[int] = frozenset()) -> list[tuple[int, list[float]]]:
    return [(t, list(map(float, past_candle(t)[:4]))) for t in times if t not in lacks]


def as_numbers(rows: list[tuple[int, tuple[str, ...]]]) -> list[tuple[int, list[float]]]:
    return [(time, list(map(float, cells[:4]))) for time, cells in rows]


def test_candles_come_complete_over_pages(desk: Desk, exchange: str) -> None:
    count = 2 * PAGES[exchange] + 7
    since = NOW // MINUTE * MINUTE - count * MINUTE

    async def task() -> None:
        rows = await desk.candles(since, since + count * MINUTE)
        assert as_numbers(rows) == expected(range(since, since + count * MINUTE, MINUTE))
        assert all(len(cells) == 5 for _, cells in rows)

    run(desk, task)
    assert len(desk.requests()) == 3


def test_bars_that_were_never_made_hide_no_others(desk: Desk, exchange: str) -> None:
    count = 3 * PAGES[exchange]
    since = NOW // MINUTE * MINUTE - count * MINUTE
    bars = range(since, since + count * MINUTE, MINUTE)
    # From the start, over more than a page in the middle, and single ones.
    lacks = frozenset([*bars[:5], *bars[200 : 200 + PAGES[exchange] + 20], bars[-1]])
    desk.markets.lacks = set(lacks)

    async def task() -> None:
        assert as_numbers(await desk.candles(since, bars.stop)) == expected(bars, lacks)

    run(desk, task)


def test_a_time_without_any_bars_is_passed_over(desk: Desk, exchange: str) -> None:
    since = NOW // MINUTE * MINUTE - 2_500 * MINUTE
    desk.markets.lacks = set(range(since, NOW + MINUTE, MINUTE))

    async def task() -> None:
        assert await desk.candles(since, NOW) == []

    run(desk, task)
    assert len(desk.requests()) <= 2_500 // PAGES[exchange] + 1


def test_funding_rates_come_complete_over_pages(desk: Desk) -> None:
    since = NOW // HOUR * HOUR - 30 * 24 * HOUR
    settled = [(since + n * HOUR, f"0.000{n % 9}1") for n in range(30 * 24)]
    desk.markets.funding = {"GALA": settled, "CHZ": [(since, "0.5")]}

    async def task() -> None:
        rows = await desk.funding(since, NOW)
        assert [(time, float(rate)) for time, (rate,) in rows] == [
            (time, float(rate)) for time, rate in settled
        ]

    run(desk, task)


def test_a_limit_is_waited_for_as_long_as_the_exchange_says(desk: Desk, exchange: str) -> None:
    limited = Answer(429, "{}", headers=(("Retry-After", "17"),))
    wanted = ("kline", "candles")
    desk.venues.faults.append(
        Fault(limited, matches=lambda r: any(word in r.path for word in wanted), times=2)
    )
    since = NOW // MINUTE * MINUTE - 5 * MINUTE

    async def task() -> None:
        assert len(await desk.candles(since, since + 5 * MINUTE)) == 5

    run(desk, task)
    assert [wait for wait in desk.waits if wait >= 1] == [17, 17]
    assert desk.notices == [f"{exchange} limits our requests; asking again in 17 s"] * 2


FAULTS = {
    "a connection lost": Fault(Answer(hang_up=True), times=3),
    "no answer": Fault(Answer(hang=True), times=3),
    "a gateway's page": Fault(Answer(502, "<html>Bad Gateway</html>"), times=3),
    "half an answer": Fault(None, processed=True, times=3),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_what_passes_is_asked_for_again(desk: Desk, fault: Fault) -> None:
    wanted = ("kline", "candles")
    fault = Fault(
        fault.answer, fault.processed, lambda r: any(word in r.path for word in wanted), times=3
    )
    desk.venues.faults.append(fault)
    since = NOW // MINUTE * MINUTE - 5 * MINUTE

    async def task() -> None:
        assert len(await desk.candles(since, since + 5 * MINUTE)) == 5

    run(desk, task)
    # Longer each time.
    assert [wait for wait in desk.waits if wait >= 1] == [1, 2, 4]


def test_it_is_given_up_after_some_attempts(desk: Desk) -> None:
    desk.venues.faults.append(Fault(Answer(500, "{}"), times=1_000))
    with pytest.raises(RetryLater):
        run(desk, lambda: asyncio.sleep(0))
    assert len(desk.venues.requests) >= module.ATTEMPTS
    assert max(desk.waits) <= 60


def test_a_blocked_region_is_not_asked_again(desk: Desk) -> None:
    desk.venues.faults.append(Fault(Answer(451, "{}"), times=1_000))
    with pytest.raises(RegionBlocked):
        run(desk, lambda: asyncio.sleep(0))
    assert len(desk.venues.requests) <= 2


def test_what_the_exchange_does_not_have_is_said_before_anything_is_asked(desk: Desk) -> None:
    async def open_(symbol: str, timeframe: str) -> None:
        try:
            await desk.past.open([symbol], timeframe)
        finally:
            await desk.past.close()

    with pytest.raises(UnknownSymbol, match="has no perpetual swap NONE-USDT"):
        asyncio.run(open_("NONE-USDT", "1m"))
    with pytest.raises(UserMustAct, match=r"has no candles of 7m; it has .*1m, 3m"):
        asyncio.run(open_("GALA-USDT", "7m"))


def test_requests_keep_a_distance(desk: Desk, exchange: str) -> None:
    since = NOW // MINUTE * MINUTE - 3_000 * MINUTE

    async def task() -> None:
        await desk.candles(since, NOW)

    run(desk, task)
    pauses = [wait for wait in desk.waits if wait < 1]
    assert len(pauses) >= len(desk.requests())
    assert min(pauses) >= 0.1


def test_limits_without_a_time_are_waited_for_longer_each_time(desk: Desk) -> None:
    desk.venues.faults.append(Fault(Answer(429, "{}"), times=1_000))
    with pytest.raises(RateLimited):
        run(desk, lambda: asyncio.sleep(0))
    waits = [wait for wait in desk.waits if wait >= 1]
    assert waits == sorted(waits)
    assert len(waits) == module.ATTEMPTS - 1


def test_an_unknown_exchange_is_told_with_those_that_are_known() -> None:
    with pytest.raises(UnknownExchange, match="known are: binance, bybit, okx, simulated"):
        past_prices("kraken", clock=FakeClock().now)


def test_the_simulated_past_is_that_of_its_market() -> None:
    clock = FakeClock(NOW)
    past = past_prices("simulated", clock=clock.now, seed=5)
    other = past_prices("simulated", clock=clock.now, seed=6)
    since = NOW // MINUTE * MINUTE - 700 * MINUTE

    async def rows(source: PastPrices) -> list[tuple[int, tuple[str, ...]]]:
        await source.open(["LTC-USDT"], "1m")
        return await all_pages(
            lambda at: source.candles("LTC-USDT", "1m", MINUTE, at), since, since + 700 * MINUTE
        )

    found = asyncio.run(rows(past))
    assert [time for time, _ in found] == list(range(since, since + 700 * MINUTE, MINUTE))
    assert found == asyncio.run(rows(past))
    assert found != asyncio.run(rows(other))
    # A bar opens where the one before it closed.
    assert all(one[1][3] == two[1][0] for one, two in pairwise(found))
    rates = asyncio.run(all_pages(lambda at: past.funding("LTC-USDT", at), since, NOW))
    assert [time % (8 * HOUR) for time, _ in rates] == [0] * len(rates)
    assert len(rates) in (1, 2)
    with pytest.raises(UnknownSymbol, match="has no perpetual swap NONE-USDT; it has BTC-USDT"):
        asyncio.run(past.open(["NONE-USDT"], "1m"))
