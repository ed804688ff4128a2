"""Replays: each pair of quotes takes exactly the next candle; nothing looks ahead of it."""

import asyncio
import gzip
from collections.abc import Awaitable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pairtrader.exchanges.errors import NoMarketData, RetryLater, SkipTick
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.exchanges.simulated.step_replay import StepReplayExchange
from pairtrader.model.account import AccountMode, ExchangeAccount, ExchangeName, Simulation
from pairtrader.model.market import Market, Quote
from pairtrader.model.order import OrderRequest, OrderStatus, OrderType, Side
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import FolderFiles, MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore

D = Decimal
T = TypeVar("T")
NOW = 1_790_000_000_000
MINUTE = 60_000
START = 1_746_374_400_000
DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "perp_1m_2025-05"
LTC, XLM = "LTC-USDT", "XLM-USDT"


def csv(closes: dict[int, str], timeframe: int = MINUTE) -> bytes:
    """Candles by number, closing where told and opening where the one before closed."""
    lines = ["timestamp,open,high,low,close,volume"]
    last = next(iter(closes.values()))
    for number, close in closes.items():
        high, low = max(D(last), D(close)), min(D(last), D(close))
        lines.append(f"{START + number * timeframe},{last},{high},{low},{close},1")
        last = close
    return "\n".join(lines).encode()


class Replay:
    """An account on recorded candles."""

    def __init__(self, files: dict[str, bytes], **simulation: Any) -> None:
        self.clock, self.store = FakeClock(NOW), MemoryAccountStore()
        self.recordings = Recordings(
            MemoryFiles({f"{key}.csv": content for key, content in files.items()})
        )
        self.simulation = Simulation(source="replay", dataset="may", **simulation)
        self.exchange = self.process()

    def process(self) -> StepReplayExchange:
        account = ExchangeAccount(
            account_id="acc",
            user_id="user",
            exchange_name=ExchangeName.SIMULATED,
            mode=AccountMode.PAPER,
            label="replay",
            is_active=True,
            created_at=NOW,
            updated_at=NOW,
            uid="acc",
            simulation=self.simulation,
        )
        return create_exchange(  # type: ignore[return-value]
            account,
            clock=self.clock.now,
            account_store=self.store,
            candle_source=self.recordings,
        )

    def markets(self) -> tuple[Market, Market]:
        listed = {m.symbol: m for m in run(self.exchange.load_markets())}
        return listed[LTC], listed[XLM]

    def step(self) -> tuple[str, str]:
        self.clock.advance(5)
        first, second = run(self.exchange.quote_pair(*self.markets()))
        assert first.timestamp == second.timestamp == self.clock.now()
        assert first.bid == first.ask
        return str(first.bid), str(second.bid)

    def order(self, name: str, side: Side, amount: str, limit: str | None = None) -> OrderRequest:
        type_ = OrderType.MARKET if limit is None else OrderType.LIMIT
        price = None if limit is None else D(limit)
        return OrderRequest(name, self.markets()[0], side, type_, D(amount), price)

    def place(self, *args: Any) -> Any:
        return run(self.exchange.place(self.order(*args)))


def run(call: Awaitable[T]) -> T:
    async def body() -> T:
        return await call

    return asyncio.run(body())


def both(first: Sequence[int], second: Sequence[int], **simulation: Any) -> Replay:
    """Candles at these minutes, closing at 100 + minute and 0.1 + minute / 100."""
    return Replay(
        {
            f"candles/may/{LTC}": csv({n: f"{100 + n}" for n in first}),
            f"candles/may/{XLM}": csv({n: f"{0.1 + n / 100:.2f}" for n in second}),
        },
        **simulation,
    )


def test_each_pair_of_quotes_takes_the_next_candle() -> None:
    replay = both(range(3), range(3))
    assert [replay.step() for _ in range(3)] == [("100", "0.10"), ("101", "0.11"), ("102", "0.12")]


def test_candles_that_only_one_market_has_are_passed_over() -> None:
    replay = both([0, 1, 2, 5, 6, 7], [2, 3, 6, 7])
    assert [replay.step()[0] for _ in range(3)] == ["102", "106", "107"]


def test_the_replay_begins_where_it_is_told() -> None:
    assert both(range(5), range(5), start=START + 2 * MINUTE).step() == ("102", "0.12")
    assert both(range(5), range(5), start=START + MINUTE + 1).step() == ("102", "0.12")
    with pytest.raises(NoMarketData, match="before the start"):
        both(range(5), range(5), start=START + 9 * MINUTE).step()


def test_the_end_of_the_recording_says_so() -> None:
    replay = both(range(2), range(4))
    replay.step(), replay.step()
    for _ in range(2):
        with pytest.raises(NoMarketData, match="no common candle after 2025-05-04T16:01:00Z"):
            replay.step()


def test_everything_else_looks_at_the_candle_taken_last() -> None:
    replay = both(range(3), range(3))
    market, _ = replay.markets()

    def price() -> str:
        quote: Quote = run(replay.exchange.quote(market))
        return str(quote.mid)

    assert price() == "100"
    for expected in ("100", "101", "102"):
        replay.step()
        for _ in range(2):
            assert price() == expected
        assert run(replay.exchange.positions([market]))[LTC].mark_price in (0, D(expected))
    report = replay.place("c1", Side.BUY, "1")
    assert report.average == D("102") * D("1.0001")
    assert report.timestamp == replay.clock.now()


def test_before_the_first_candle_the_market_stands_at_its_open() -> None:
    files = {
        f"candles/may/{LTC}": csv({0: "90", 1: "100"}),
        f"candles/may/{XLM}": csv({0: "1", 1: "2"}),
    }
    replay = Replay(files, start=START + MINUTE)
    assert run(replay.exchange.quote(replay.markets()[0])).mid == 90


def test_of_two_ticks_at_once_one_takes_the_candle_and_one_is_skipped() -> None:
    replay = both(range(5), range(5))
    replay.step()
    other = replay.process()

    def hook() -> None:
        for _ in other.quote_pair(*markets).__await__():
            raise AssertionError("the simulated exchange waits for nothing")

    markets = replay.markets()
    replay.store.before_write = hook
    with pytest.raises(SkipTick):
        run(replay.exchange.quote_pair(*markets))
    assert replay.step()[0] == "102"


def test_an_order_meanwhile_does_not_cost_a_candle() -> None:
    replay = both(range(5), range(5))
    replay.step()
    request, other = replay.order("c1", Side.BUY, "1"), replay.process()

    def hook() -> None:
        for _ in other.place(request).__await__():
            raise AssertionError("the simulated exchange waits for nothing")

    replay.store.before_write = hook
    assert replay.step()[0] == "101"
    assert run(replay.exchange.positions(replay.markets()))[LTC].amount == 1


def test_pairs_of_one_account_step_apart() -> None:
    replay = both(range(5), range(5))
    replay.recordings = Recordings(
        MemoryFiles(
            {f"candles/may/{s}.csv": csv({n: f"{n + 1}" for n in range(5)})
             for s in (LTC, XLM, "ETH-USDT", "BTC-USDT")}
        )
    )  # fmt: skip
    replay.exchange = replay.process()
    listed = {m.symbol: m for m in run(replay.exchange.load_markets())}
    pair = listed["ETH-USDT"], listed["BTC-USDT"]
    replay.step(), replay.step()
    assert run(replay.exchange.quote_pair(*pair))[0].mid == 1
    assert replay.step() == ("3", "3")


def test_a_step_costs_one_read_and_one_write_and_reads_files_once() -> None:
    replay = both(range(9), range(9))
    replay.step()
    replay.store.calls.clear()
    for _ in range(5):
        replay.step()
    assert replay.store.calls == {"read_books": 5, "write": 5}


def test_a_limit_order_fills_by_the_range_of_later_candles() -> None:
    files = {
        f"candles/may/{LTC}": csv({0: "100", 1: "98", 2: "100", 3: "96"}),
        f"candles/may/{XLM}": csv(dict.fromkeys(range(4), "1")),
    }
    replay = Replay(files)
    replay.step()
    replay.place("deep", Side.BUY, "1", "97")
    replay.place("near", Side.BUY, "1", "98")
    statuses = []
    for _ in range(3):
        replay.step()
        found = [run(replay.exchange.find_order(replay.markets()[0], n)) for n in ("deep", "near")]
        statuses.append([order is not None and order.status.value for order in found])
    assert statuses == [["open", "open"], ["open", "open"], ["closed", "closed"]]


def test_recorded_funding_is_paid_in_market_time_and_stamped_in_real_time() -> None:
    files = {
        f"candles/may/{LTC}": csv({n: f"{100 + n}" for n in range(6)}),
        f"candles/may/{XLM}": csv(dict.fromkeys(range(6), "1")),
        f"funding/may/{LTC}": f"timestamp,funding_rate\n{START},0.5\n{START + 3 * MINUTE},0.01\n"
        .encode(),
    }  # fmt: skip
    replay = Replay(files)
    replay.step()
    replay.place("c1", Side.SELL, "2")
    replay.step()
    market, _ = replay.markets()
    assert run(replay.exchange.funding(market, 0)) == []
    replay.step()
    settled = replay.clock.now()
    for _ in range(2):
        (payment,) = run(replay.exchange.funding(market, 0))
        assert (payment.amount, payment.timestamp) == (2 * 102 * D("0.01"), settled)
        replay.step()
    assert run(replay.exchange.funding(market, settled)) == []


def test_candles_come_from_the_recording_merged_where_asked_for() -> None:
    replay = both(range(12), range(12))
    market, _ = replay.markets()
    single = run(replay.exchange.candles(market, START + 1, 3))
    assert [c.open_time for c in single] == [START + n * MINUTE for n in (1, 2, 3)]
    merged = run(replay.exchange.candles(market, START, 9, 5 * MINUTE))
    assert [(c.open_time, int(c.open), int(c.close)) for c in merged] == [
        (START, 100, 104), (START + 5 * MINUTE, 104, 109), (START + 10 * MINUTE, 109, 111),
    ]  # fmt: skip
    assert [merged[1].low, merged[1].high] == [104, 109]


def test_candles_longer_than_a_minute_are_served_as_they_are() -> None:
    replay = Replay({f"candles/may/{s}": csv({0: "9", 1: "10"}, 5 * MINUTE) for s in (LTC, XLM)})
    found = run(replay.exchange.candles(replay.markets()[0], START + MINUTE, 6))
    assert [c.open_time for c in found] == [START + 5 * MINUTE]


def test_in_real_time_a_candle_lasts_a_minute_since_the_account_was_made() -> None:
    replay = both(range(4), [0, 1, 3], pace="realtime")
    first, second = replay.markets()
    replay.clock.advance(59)
    assert run(replay.exchange.quote(first)).mid == 100
    replay.clock.advance(1)
    assert [q.mid for q in run(replay.exchange.quote_pair(first, second))] == [101, D("0.11")]
    replay.clock.advance(60)
    with pytest.raises(RetryLater, match="gap at 2025-05-04T16:02:00Z"):
        run(replay.exchange.quote(second))
    replay.clock.advance(120)
    with pytest.raises(NoMarketData, match="ended"):
        run(replay.exchange.quote(first))
    assert not replay.store.calls


def test_a_replay_needs_a_data_set_that_exists() -> None:
    replay = both(range(2), range(2))
    replay.simulation = Simulation(source="replay")
    with pytest.raises(NoMarketData, match="names no data set"):
        replay.process()
    replay.simulation = Simulation(source="replay", dataset="june")
    with pytest.raises(NoMarketData, match="june has no candles"):
        run(replay.process().load_markets())


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no recorded market data in {DATA}")
def test_a_month_of_real_candles_is_stepped_through_one_by_one() -> None:
    paths = {
        f"candles/may/{coin}-USDT.csv.gz": DATA / f"binance_{coin}-USDT-PERP_1m.csv.gz"
        for coin in ("LTC", "XLM")
    }
    replay = both([0], [0])
    replay.recordings = Recordings(FolderFiles(paths))
    replay.exchange = replay.process()
    rows = gzip.decompress(paths["candles/may/LTC-USDT.csv.gz"].read_bytes()).decode().split("\n")
    closes = [row.split(",")[4] for row in rows[1:1_001]]
    assert [replay.step()[0] for _ in range(1_000)] == closes
    market, _ = replay.markets()
    report = replay.place("c1", Side.BUY, "1.234")
    assert report.status is OrderStatus.CLOSED
    assert market.amount_step == D("0.001")
