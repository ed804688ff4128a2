"""Bybit's codes: what is known of an order, and of anything else, after each of them."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

import pytest

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.ccxt_slim import exchange_class
from pairtrader.exchanges.errors import (
    AlreadySet,
    ClockSkew,
    DuplicateOrder,
    ExchangeError,
    KeysRefused,
    NoSuchOrder,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
    RetryLater,
    StaleMarket,
    UnknownSymbol,
    UserMustAct,
)
from pairtrader.exchanges.venues.bybit import Bybit
from pairtrader.model.market import Market
from pairtrader.model.order import OrderRequest, OrderType, Side
from tests.fakes.clock import FakeClock
from tests.fakes.venues.account import FakeAccount
from tests.fakes.venues.bybit import BybitDialect
from tests.fakes.venues.markets import FakeMarkets
from tests.fakes.venues.transport import InProcessSession
from tests.fakes.venues.wire import Answer, FakeVenues, Fault
from tests.fakes.wire_desk import adapter

EXPECTED: dict[tuple[type[ExchangeError], type[ExchangeError]], str] = {
    (ClockSkew, ClockSkew): "10002",
    (RateLimited, RateLimited): "10006 10018 10429",
    (OrderRefused, KeysRefused): "10003 10004 10005 10007 10010 33004 -2015",
    (OutcomeUnknown, RetryLater): "-1 429 10000 10014 10016 10019 110079 3400214",
    (DuplicateOrder, RetryLater): "110072 110030",
    (OutcomeUnknown, NoSuchOrder): "110001 110008 110010",
    (OrderRefused, RetryLater): "110017 110034",
    (OutcomeUnknown, AlreadySet): "110025 110026 110027 110043",
    (OrderRefused, UnknownSymbol): "10029",
    (StaleMarket, UserMustAct): "110094",
    (OrderRefused, UserMustAct): """
        10001 10008 10009 10017 10024 10027 10028 30133 30134 30135 30136 100028 110003 110004
        110005 110006 110007 110009 110011 110012 110013 110014 110015 110016 110018 110020 110021
        110022 110023 110024 110028 110029 110031 110032 110033 110036 110037 110038 110039 110040
        110042 110044 110045 110046 110047 110048 110051 110052 110053 110063 110066 110067 110068
        110069 110070 110071 110073 110076 110077 110080 110085 110086 110087 110088 110089 110090
        110095 110096 110097 110098 110099 110100 110103 170346 3100197 3200320 3200403 3200419
        3400045 3400052 3400053 3400054 3400071 3400139 3401010
    """,
}
"""(What sending an order raises, what any other call raises): codes."""
TABLE = [(code, *raised) for raised, codes in EXPECTED.items() for code in codes.split()]


class Bench:
    """One account whose next answer to a private request is a code."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.venues = FakeVenues(FakeMarkets(clock.now), (BybitDialect(),))
        self.account: FakeAccount = self.venues.open_account("bybit")
        self.exchange: BaseExchange = adapter(
            self.account, clock.now, session=InProcessSession(self.venues)
        )
        self.runner = asyncio.Runner()

    def say(self, code: str, status: int, message: str) -> None:
        body = f'{{"retCode":{code},"retMsg":"{message}","result":{{}},"time":1}}'
        self.venues.faults.append(
            Fault(Answer(status, body), matches=lambda request: "x-bapi-sign" in request.headers)
        )

    def order(self, code: str, *, status: int = 200) -> ExchangeError:
        """What sending an order raises after this answer."""
        order = OrderRequest("c1", gala(), Side.BUY, OrderType.MARKET, Decimal(1_000))

        async def place() -> None:
            await self.exchange.positions([gala()])
            self.say(code, status, "in Bybit's words")
            await self.exchange.place(order)

        with pytest.raises(ExchangeError) as refusal:
            self.runner.run(place())
        return refusal.value

    def question(self, code: str, *, message: str = "in Bybit's words") -> ExchangeError:
        """What a look-up raises after this answer."""
        self.say(code, 200, message)
        with pytest.raises(ExchangeError) as refusal:
            self.runner.run(self.exchange.balance())
        return refusal.value


@pytest.fixture
def bench() -> Iterator[Bench]:
    gala()
    bench = Bench()
    yield bench
    bench.runner.run(bench.exchange.close())
    bench.runner.close()


@cache
def gala() -> Market:
    markets = {m.symbol: m for m in asyncio.run(Bench().exchange.load_markets())}
    return markets["GALA-USDT"]


def test_every_code_of_the_venue_is_in_the_table() -> None:
    assert sorted(code for code, *_ in TABLE) == sorted(Bybit.codes)


@pytest.mark.parametrize(("code", "sent", "asked"), TABLE, ids=[row[0] for row in TABLE])
def test_a_code_means_what_the_caller_must_do(
    bench: Bench, code: str, sent: type[ExchangeError], asked: type[ExchangeError]
) -> None:
    after_order, after_question = bench.order(code), bench.question(code)
    assert (type(after_order), type(after_question)) == (sent, asked)
    assert after_order.exchange_code == after_question.exchange_code == code


def test_a_code_that_is_not_listed_proves_nothing_of_an_order(bench: Bench) -> None:
    """CCXT calls several of Bybit's time-outs bad requests or invalid orders."""
    known_to_ccxt = exchange_class("bybit")().exceptions["exact"]
    unlisted = [*sorted(set(known_to_ccxt) - set(Bybit.codes)), "999999"]
    assert {"170007", "170146", "340099"} <= set(unlisted)
    for code in unlisted:
        # The code that CCXT does not take for an error at all is an answer without an id.
        assert type(bench.order(code)) is OutcomeUnknown, code
    assert bench.account.orders == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 404, 400])
def test_a_failure_without_a_code_proves_nothing_of_an_order(bench: Bench, status: int) -> None:
    assert type(bench.order('"x"', status=status)) is OutcomeUnknown


@pytest.mark.parametrize(
    ("status", "expected"), [(429, RateLimited), (401, OrderRefused), (403, OrderRefused)]
)
def test_a_status_that_tells_that_an_order_was_not_looked_at(
    bench: Bench, status: int, expected: type[ExchangeError]
) -> None:
    assert type(bench.order('""', status=status)) is expected


def test_what_was_signed_is_not_repeated(bench: Bench) -> None:
    """Bybit's complaint about a signature quotes the key."""
    key = bench.account.key.api_key
    quoted = f"error sign! origin_string[1767225600000{key}5000category=linear]"
    error = bench.question("10004", message=quoted)
    assert key not in str(error)
    assert "error sign!" in str(error)
