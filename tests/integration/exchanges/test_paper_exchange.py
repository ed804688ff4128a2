"""Paper accounts over real HTTP: few requests, whole answers, errors that say what to do."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.exchanges.errors import RetryLater, UnknownSymbol, UserMustAct
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.model.account import AccountMode, ExchangeAccount, ExchangeName, Simulation
from pairtrader.model.market import Market
from pairtrader.model.order import OrderRequest, OrderType, Side
from tests.exchange_contract import Rig
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.venues.markets import FakeMarkets
from tests.fakes.venues.transport import VenueServer
from tests.fakes.venues.wire import Answer, FakeVenues, Fault
from tests.fakes.wire_desk import venues_of

D = Decimal
NOW = 1_790_000_040_000
HOUR = 3_600_000


class Desk(Rig):
    """A rig whose server and account can be reached."""

    server: VenueServer
    clock: FakeClock
    store: MemoryAccountStore
    name: str

    def cold(self) -> "Desk":
        """Another process on the same account, with nothing loaded."""
        return desk_on(self.name, self.server, self.clock, self.store)

    @property
    def venues(self) -> FakeVenues:
        return self.server.venues

    @property
    def requests(self) -> list[str]:
        return [str(request) for request in self.venues.requests]

    def fault(self, **answer: Any) -> None:
        self.venues.faults.append(Fault(Answer(**answer)))


def desk_on(name: str, server: VenueServer, clock: FakeClock, store: MemoryAccountStore) -> Desk:
    account = ExchangeAccount(
        account_id="acc",
        user_id="user",
        exchange_name=ExchangeName(name),
        mode=AccountMode.PAPER,
        label="paper",
        is_active=True,
        created_at=NOW,
        updated_at=NOW,
        uid="uid-1",
        simulation=Simulation(taker_fee=D("0.0007")),
    )
    exchange = create_exchange(
        account,
        clock=clock.now,
        account_store=store,
        candle_source=Recordings(MemoryFiles({})),
        hosts={name: server.address},
    )
    desk = Desk(exchange, ("GALA-USDT", "CHZ-USDT"), clock.now, _nothing, "uid-1", NOW)
    desk.server, desk.clock, desk.store, desk.name = server, clock, store, name
    return desk


def _nothing(market: Market, side: Side, price: Decimal) -> None:
    """The market stays."""


@pytest.fixture(params=["okx", "binance", "bybit"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    clock = FakeClock(NOW)
    server = VenueServer(venues_of(FakeMarkets(clock.now)))
    desk = desk_on(request.param, server, clock, MemoryAccountStore())
    yield desk
    desk.close()
    server.close()


def test_markets_carry_the_exchanges_grid_and_the_accounts_fees(desk: Desk) -> None:
    gala, _ = desk.markets()
    contract = {"okx": D(10), "binance": D(1), "bybit": D(1)}[desk.name]
    assert gala.contract_size == contract
    assert gala.amount_step == contract
    assert gala.min_amount == contract * (2 if desk.name == "okx" else 1)
    assert gala.price_step == D("0.000001")
    assert gala.min_notional == (0 if desk.name == "okx" else 5)
    assert gala.max_market_amount == D(5_000_000)
    assert gala.taker_fee == D("0.0007")
    assert gala.max_leverage == (None if desk.name == "binance" else 50)


def test_a_markets_own_record_is_small_and_all_that_a_tick_needs(desk: Desk) -> None:
    gala, chz = desk.markets()
    assert len(gala.native) + len(chz.native) < 3_000
    assert "info" not in gala.native
    tick = desk.cold()
    desk.venues.requests.clear()
    tick.run(tick.exchange.quote_pair(gala, chz))
    assert len(desk.requests) == 2
    assert all("GALA" in r or "CHZ" in r for r in desk.requests), "single-symbol requests"
    tick.run(tick.exchange.candles(gala, NOW - 10 * 60_000, 2))
    tick.run(tick.exchange.place(tick.order(gala, Side.BUY, tick.size(gala))))
    tick.run(tick.exchange.positions([gala, chz]))
    markets_asked = [r for r in desk.requests if "instruments" in r or "exchangeInfo" in r]
    assert markets_asked == []
    tick.close()


def test_quotes_are_exact(desk: Desk) -> None:
    gala, _ = desk.markets()
    quote = desk.run(desk.exchange.quote(gala))
    assert (str(quote.bid), str(quote.ask), quote.timestamp) == ("0.017999", "0.018001", NOW)
    (candle,) = desk.run(desk.exchange.candles(gala, NOW - NOW % 60_000 - 60_000, 1))
    assert [candle.open, candle.high, candle.low, candle.close] == [
        D("0.0180"), D("0.0182"), D("0.0179"), D("0.0181"),
    ]  # fmt: skip


def test_fills_are_at_the_exchanges_quotes(desk: Desk) -> None:
    gala, _ = desk.markets()
    report = desk.place(gala, Side.BUY, D(10_000))
    assert report.average == D("0.018001") * D("1.0001")
    assert report.fee == pytest.approx(report.cost * D("0.0007"))


HOLLOW = {"okx": '{"code":"0"}', "binance": '"down"', "bybit": '{"retCode":0,"time":1}'}
"""Valid JSON, no error, nothing of what was asked for."""


@pytest.mark.parametrize("broken", ["cut off", "not JSON", "empty", "hollow"])
def test_a_broken_answer_is_no_answer(desk: Desk, broken: str) -> None:
    gala, _ = desk.markets()
    body = {
        "cut off": '{"code":"0","retCode":0,"data":[{"instId":"GALA-USDT-SWAP","bid',
        "not JSON": "<html>down</html>",
        "empty": "",
        "hollow": HOLLOW[desk.name],
    }[broken]
    exchange, since = desk.exchange, NOW - 600_000
    for call in (exchange.quote(gala), exchange.candles(gala, since, 3), exchange.load_markets()):
        desk.fault(body=body)
        with pytest.raises(RetryLater):
            desk.run(call)
        desk.venues.faults.clear()
    assert desk.run(exchange.quote(gala)).bid > 0


@pytest.mark.parametrize(
    ("answer", "expected", "wait"),
    [
        ({"status": 429, "headers": (("Retry-After", "12"),)}, RetryLater, 12.0),
        ({"status": 418, "headers": (("Retry-After", "120"),)}, RetryLater, 120.0),
        ({"status": 403, "body": "403 Forbidden, access too frequent"}, RetryLater, 600.0),
        ({"status": 403, "body": "blocked access from your country"}, UserMustAct, None),
        ({"status": 451, "body": "{}"}, UserMustAct, None),
        ({"status": 503, "body": "busy"}, RetryLater, None),
        ({"status": 504, "body": ""}, RetryLater, None),
    ],
)
def test_refusals_say_what_to_do(
    desk: Desk, answer: dict[str, Any], expected: type[Exception], wait: float | None
) -> None:
    gala, _ = desk.markets()
    desk.fault(**answer)
    with pytest.raises(expected) as refusal:
        desk.run(desk.exchange.quote(gala))
    assert getattr(refusal.value, "retry_after_seconds", None) == wait
    assert desk.server.address not in str(refusal.value)


def test_a_connection_cut_off_means_retry_later(desk: Desk) -> None:
    gala, _ = desk.markets()
    for _ in range(3):  # aiohttp asks again by itself where the connection was an old one
        desk.fault(hang_up=True)
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.quote(gala))


def test_a_server_that_is_not_there_means_retry_later(desk: Desk) -> None:
    gala, _ = desk.markets()
    cold = desk.cold()
    desk.server.close()
    with pytest.raises(RetryLater):
        cold.run(cold.exchange.quote(gala))
    cold.close()


def test_a_market_that_is_gone_is_unknown_or_unavailable(desk: Desk) -> None:
    gala, _ = desk.markets()
    del desk.venues.markets.books["GALA"]
    # Bybit's code for it is that of any wrong parameter.
    expected = UserMustAct if desk.name == "bybit" else UnknownSymbol
    with pytest.raises(expected):
        desk.run(desk.exchange.quote(gala))


def test_an_empty_side_of_the_book_is_no_quote(desk: Desk) -> None:
    gala, _ = desk.markets()
    for bid in ("", "0"):
        desk.venues.markets.books["GALA"].bid = bid
        with pytest.raises(RetryLater):
            desk.run(desk.exchange.quote(gala))


def test_a_list_without_markets_is_not_believed(desk: Desk) -> None:
    desk.venues.markets.books.clear()
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.load_markets())


def test_funding_is_paid_at_the_exchanges_rates_and_asked_for_sparingly(desk: Desk) -> None:
    gala, _ = desk.markets()
    settled = NOW - NOW % HOUR + HOUR
    desk.venues.markets.funding["GALA"] = [(settled - 8 * HOUR, "0.5"), (settled, "0.0001")]
    desk.place(gala, Side.BUY, D(10_000))
    desk.venues.requests.clear()
    assert desk.run(desk.exchange.funding(gala, 0)) == []
    assert not _funding_asked(desk)
    desk.clock.advance((settled - NOW) / 1_000 + 1)
    (payment,) = desk.run(desk.exchange.funding(gala, 0))
    assert payment.timestamp == settled
    assert payment.amount == -10_000 * D("0.018") * D("0.0001")
    asked = len(_funding_asked(desk))
    desk.clock.advance(HOUR / 1_000 + 300)
    for _ in range(5):
        desk.run(desk.exchange.positions([gala]))
    assert len(_funding_asked(desk)) == asked + 1
    assert len(desk.run(desk.exchange.funding(gala, 0))) == 1


def _funding_asked(desk: Desk) -> list[str]:
    return [request for request in desk.requests if "unding" in request]


def test_a_cold_process_settles_orders_of_another(desk: Desk) -> None:
    gala, chz = desk.markets()
    order = desk.order(gala, Side.BUY, desk.size(gala), limit=D("0.017500"))
    desk.run(desk.exchange.place(order))
    desk.clock.advance(60)
    desk.venues.markets.move("GALA", D("0.017400"), D("0.017401"))
    cold = desk.cold()
    report = cold.run(cold.exchange.find_order(gala, order.client_order_id))
    assert report is not None
    assert report.average == D("0.017500")
    held = cold.run(cold.exchange.positions([gala, chz]))
    assert held["GALA-USDT"].amount == order.amount
    cold.close()


def test_a_market_of_another_exchange_is_unknown(desk: Desk) -> None:
    gala, _ = desk.markets()
    foreign = replace(gala, native="")
    request = OrderRequest("c1", foreign, Side.BUY, OrderType.MARKET, D(1_000))
    for call in (desk.exchange.quote(foreign), desk.exchange.place(request)):
        with pytest.raises(UnknownSymbol):
            desk.run(call)


def test_timeframes_that_are_not_offered_are_refused(desk: Desk) -> None:
    gala, _ = desk.markets()
    with pytest.raises(UserMustAct):
        desk.run(desk.exchange.candles(gala, NOW, 1, 61_000))
