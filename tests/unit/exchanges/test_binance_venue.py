"""Binance's adapter against the wire: what it asks, and what it makes of the answers."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import (
    ClockSkew,
    DuplicateOrder,
    ExchangeError,
    KeysRefused,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
    RetryLater,
    StaleMarket,
    UserMustAct,
)
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.model.account import (
    AccountMode,
    Credentials,
    ExchangeAccount,
    ExchangeName,
    MarginMode,
    PositionMode,
)
from pairtrader.model.market import Market
from pairtrader.model.order import OrderReport, OrderStatus, OrderType, Side
from tests.exchange_contract import Rig
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.venues.account import ApiKey, FakeAccount, FakeFill, OrderScript
from tests.fakes.venues.binance import BinanceDialect
from tests.fakes.venues.markets import Book, FakeMarkets
from tests.fakes.venues.transport import InProcessSession
from tests.fakes.venues.wire import Answer, FakeVenues, Fault, Reason, Request, answered

D = Decimal
NOW = 1_790_000_040_000
HOUR = 3_600_000
DAY = 24 * HOUR
HOST = "http://127.0.0.1:9"
OWN = "https://fapi.binance.com"
ORDER = "/fapi/v1/order"
TRADES = "/fapi/v1/userTrades"


class Recorder(InProcessSession):
    """Notes the full addresses, too."""

    urls: list[str]

    def get(self, url: Any, **kwargs: Any) -> Any:
        self.urls.append(str(url))
        return super().get(url, **kwargs)

    def post(self, url: Any, **kwargs: Any) -> Any:
        self.urls.append(str(url))
        return super().post(url, **kwargs)

    def delete(self, url: Any, **kwargs: Any) -> Any:
        self.urls.append(str(url))
        return super().delete(url, **kwargs)


class Desk(Rig):
    """A rig whose exchange can be reached behind the adapter's back."""

    venues: FakeVenues
    account: FakeAccount
    clock: FakeClock
    session: Recorder
    gala: Market
    chz: Market

    def asked(self, path: str, method: str = "GET") -> list[Request]:
        return [r for r in self.venues.requests if (r.method, r.path) == (method, path)]

    def answers(self, path: str, answer: Answer | None, method: str = "GET", **more: Any) -> None:
        """The next request to `path` gets this, or its right answer cut off."""

        def matches(request: Request) -> bool:
            return (request.method, request.path) == (method, path)

        processed = more.pop("processed", answer is None)
        self.venues.faults.append(Fault(answer, processed=processed, matches=matches, **more))

    def buy(self, amount: int = 10_000, **kwargs: Any) -> OrderReport:
        return self.place(self.gala, Side.BUY, D(amount), **kwargs)

    def found(self, client_order_id: str) -> OrderReport | None:
        return self.run(self.exchange.find_order(self.gala, client_order_id))

    def send(self, side: Side = Side.BUY, amount: int = 10_000, **kwargs: Any) -> OrderReport:
        """Send an order without looking for it."""
        return self.run(self.exchange.place(self.order(self.gala, side, D(amount), **kwargs)))

    def set_leverage(self, leverage: int, mode: MarginMode = MarginMode.CROSS) -> None:
        self.run(self.exchange.set_leverage(self.gala, leverage, mode))


def exchange_on(
    desk_session: InProcessSession,
    clock: FakeClock,
    keys: Callable[[], Credentials] | None,
    mode: AccountMode = AccountMode.LIVE,
    host: str | None = None,
) -> BaseExchange:
    account = ExchangeAccount(
        account_id="acc",
        user_id="user",
        exchange_name=ExchangeName.BINANCE,
        mode=mode,
        label="live",
        is_active=True,
        created_at=NOW,
        updated_at=NOW,
        uid="uid-1",
    )
    return create_exchange(
        account,
        clock=clock.now,
        account_store=MemoryAccountStore(),
        candle_source=Recordings(MemoryFiles({})),
        keys=keys,
        hosts={} if host is None else {"binance": host},
        session=desk_session,
    )


def desk_of(
    hedge: bool = False, mode: AccountMode = AccountMode.LIVE, host: str | None = None
) -> Desk:
    clock = FakeClock(NOW)
    venues = FakeVenues(FakeMarkets(clock.now), (BinanceDialect(),))
    account = venues.open_account("binance", hedge=hedge)
    session = Recorder(venues)
    session.urls = []

    def keys() -> Credentials:
        return Credentials(account.key.api_key, account.key.secret)

    exchange = exchange_on(session, clock, keys, mode, host)
    desk = Desk(exchange, ("GALA-USDT", "CHZ-USDT"), clock.now, _nothing, account.uid, NOW)
    desk.venues, desk.account, desk.clock, desk.session = venues, account, clock, session
    desk.gala, desk.chz = desk.markets()
    venues.requests.clear()
    return desk


def _nothing(market: Market, side: Side, price: Decimal) -> None:
    """The market stays."""


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = desk_of()
    yield desk
    desk.close()


@pytest.fixture
def hedged() -> Iterator[Desk]:
    desk = desk_of(hedge=True)
    yield desk
    desk.close()


# What an order looks like


def sent_fields(desk: Desk) -> dict[str, str]:
    (request,) = desk.asked(ORDER, "POST")
    fields = request.form
    assert fields.pop("timestamp") == str(NOW)
    assert fields.pop("recvWindow") == "5000"
    assert len(fields.pop("signature")) == 64
    assert request.query == ""
    return fields


@pytest.mark.parametrize("opening", [Side.BUY, Side.SELL])
@pytest.mark.parametrize("reduce_only", [False, True])
@pytest.mark.parametrize("kind", ["market", "bounded", "resting"])
@pytest.mark.parametrize("hedge", [False, True])
def test_an_order_is_one_request_with_these_fields_alone(
    hedge: bool, kind: str, reduce_only: bool, opening: Side
) -> None:
    desk = desk_of(hedge=hedge)
    side = opening
    if reduce_only:
        desk.account.trade_by_hand("GALA", opening.value, D(20_000))
        side = opening.opposite
    price = D("0.020000") if side is Side.BUY else D("0.010000")
    prices: dict[str, Any] = {
        "market": {},
        "bounded": {"bound": price},
        "resting": {"limit": price},
    }[kind]
    desk.send(side, reduce_only=reduce_only, client_order_id="abc123", **prices)
    expected = {
        "symbol": "GALAUSDT",
        "side": side.value.upper(),
        "type": "MARKET",
        "quantity": "10000",
        "newClientOrderId": "abc123",
        "newOrderRespType": "ACK",
    }
    if kind != "market":
        tif = {"bounded": "IOC", "resting": "GTC"}[kind]
        expected |= {"type": "LIMIT", "timeInForce": tif, "price": format(price, "f")}
    if hedge:
        expected |= {"positionSide": "LONG" if opening is Side.BUY else "SHORT"}
    elif reduce_only:
        expected |= {"reduceOnly": "true"}
    assert sent_fields(desk) == expected
    desk.close()


def test_small_numbers_are_written_without_an_exponent(desk: Desk) -> None:
    fine = replace(desk.gala, amount_step=D("1E-8"), min_amount=D("1E-8"), min_notional=D(0))
    order = desk.order(fine, Side.BUY, D("1E-8"), limit=D("1E-7"))
    with pytest.raises(OrderRefused):
        desk.run(desk.exchange.place(order))
    fields = sent_fields(desk)
    assert (fields["quantity"], fields["price"]) == ("0.00000001", "0.0000001")


def test_nobody_else_takes_credit_for_an_order(desk: Desk) -> None:
    desk.send(client_order_id="abc123")
    (request,) = desk.asked(ORDER, "POST")
    assert request.headers["x-mbx-apikey"] == desk.account.key.api_key
    assert "x-cvBPrNm9" not in request.body
    assert [order.client_id for order in desk.account.orders] == ["abc123"]


def test_public_requests_bear_no_key(desk: Desk) -> None:
    desk.run(desk.exchange.quote_pair(desk.gala, desk.chz))
    assert len(desk.venues.requests) == 2
    for request in desk.venues.requests:
        assert "x-mbx-apikey" not in request.headers
        assert set(request.params) == {"symbol"}


def test_keys_are_fetched_when_the_first_private_call_is_due(desk: Desk) -> None:
    fetched: list[str] = []

    def keys() -> Credentials:
        fetched.append("keys")
        return Credentials(desk.account.key.api_key, desk.account.key.secret)

    exchange = exchange_on(desk.session, desk.clock, keys)
    desk.run(exchange.quote(desk.gala))
    assert fetched == []
    for _ in range(2):
        desk.run(exchange.balance())
    assert fetched == ["keys"]
    desk.run(exchange.close())


# What became of it


def test_an_accepted_order_is_reported_as_open_until_it_is_looked_up(desk: Desk) -> None:
    report = desk.send(client_order_id="a")
    assert (report.status, report.fills) == (OrderStatus.OPEN, ())
    assert report.exchange_order_id == desk.account.orders[0].exchange_id
    found = desk.found("a")
    assert found is not None
    assert found.status is OrderStatus.CLOSED
    assert found.type is OrderType.MARKET
    assert (found.filled, found.average) == (10_000, D("0.018001"))
    assert found.fee == D("0.018001") * 10_000 * D("0.0005")
    assert found.timestamp == NOW


def test_a_market_order_that_runs_dry_is_canceled_with_its_fills(desk: Desk) -> None:
    """Binance calls it expired."""
    desk.account.scripts["GALA", 1] = OrderScript(share=D("0.4"))
    report = desk.buy()
    assert (report.status, report.filled, report.amount) == (OrderStatus.CANCELED, 4_000, 10_000)


def test_what_may_not_rest_counts_as_a_market_order(desk: Desk) -> None:
    bounded = desk.buy(bound=D("0.017000"))
    assert (bounded.type, bounded.status, bounded.fills) == (
        OrderType.MARKET, OrderStatus.CANCELED, (),
    )  # fmt: skip
    resting = desk.buy(limit=D("0.017000"))
    assert (resting.type, resting.status, resting.fills) == (OrderType.LIMIT, OrderStatus.OPEN, ())


def test_a_resting_order_that_has_traded_in_part_is_open_with_fills(desk: Desk) -> None:
    desk.send(limit=D("0.017000"), client_order_id="rest")
    order = desk.account.orders[0]
    order.fills.append(FakeFill("7", D(300), D("0.017"), D("0.001"), "USDT", NOW, maker=True))
    report = desk.found("rest")
    assert report is not None
    assert (report.status, report.filled) == (OrderStatus.OPEN, 300)
    assert report.fills[0].maker


def test_a_fill_on_the_way_to_its_cancel_is_found(desk: Desk) -> None:
    desk.account.scripts["GALA", 1] = OrderScript(fills_at_cancel=D("0.25"))
    desk.send(limit=D("0.017000"), client_order_id="rest")
    desk.run(desk.exchange.cancel(desk.gala, "rest"))
    report = desk.found("rest")
    assert report is not None
    assert (report.status, report.filled) == (OrderStatus.CANCELED, 2_500)


def test_a_close_for_more_than_is_held_is_cut_down(desk: Desk) -> None:
    desk.buy(6_000)
    report = desk.place(desk.gala, Side.SELL, D(10_000), reduce_only=True)
    assert (report.status, report.amount, report.filled) == (OrderStatus.CLOSED, 6_000, 6_000)
    assert desk.held(desk.gala) == 0


WORDS = {
    "NEW": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.OPEN,
    "FILLED": OrderStatus.CLOSED,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.CANCELED,
    "EXPIRED_IN_MATCH": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "PENDING_CANCEL": None,
    "filled": None,
    "": None,
}


@pytest.mark.parametrize(("word", "expected"), WORDS.items())
def test_a_state_is_known_or_not_guessed(
    desk: Desk, word: str, expected: OrderStatus | None
) -> None:
    desk.buy(client_order_id="a")
    row = _right_answer(desk, ORDER, "a")
    desk.answers(ORDER, answered({**row, "status": word}))
    if expected is None:
        with pytest.raises(RetryLater):
            desk.found("a")
        return
    report = desk.found("a")
    assert report is not None
    assert report.status is expected


def _right_answer(desk: Desk, path: str, client_order_id: str) -> Any:
    """What the exchange would say when it is asked for an order."""
    bodies: list[str] = []
    handle = desk.venues.handle

    def listen(request: Request) -> Answer:
        answer = handle(request)
        if request.path == path:
            bodies.append(answer.body)
        return answer

    desk.venues.handle = listen  # type: ignore[method-assign]
    desk.found(client_order_id)
    desk.venues.handle = handle  # type: ignore[method-assign]
    return json.loads(bodies[0])


def test_an_order_filled_with_nothing_is_not_believed(desk: Desk) -> None:
    desk.buy(client_order_id="a")
    row = _right_answer(desk, ORDER, "a")
    desk.answers(ORDER, answered({**row, "executedQty": "0"}))
    with pytest.raises(RetryLater):
        desk.found("a")


def test_an_answer_about_another_order_is_not_believed(desk: Desk) -> None:
    desk.buy(client_order_id="a")
    row = _right_answer(desk, ORDER, "a")
    desk.answers(ORDER, answered({**row, "clientOrderId": "b"}))
    with pytest.raises(RetryLater):
        desk.found("a")


def test_fills_that_come_late_are_waited_for(desk: Desk) -> None:
    desk.account.scripts["GALA", 1] = OrderScript(fills_late=2)
    desk.send(client_order_id="a")
    for _ in range(2):
        with pytest.raises(RetryLater):
            desk.found("a")
    report = desk.found("a")
    assert report is not None
    assert report.filled == 10_000


def test_an_order_that_shows_as_open_for_a_while_has_no_fills_yet(desk: Desk) -> None:
    desk.account.scripts["GALA", 1] = OrderScript(shown_as_open=1)
    desk.send(client_order_id="a")
    statuses = [report.status for report in (desk.found("a"), desk.found("a")) if report]
    assert statuses == [OrderStatus.OPEN, OrderStatus.CLOSED]


def test_an_order_hidden_or_forgotten_is_not_found(desk: Desk) -> None:
    desk.send(bound=D("0.017000"), client_order_id="expired")
    desk.account.hidden_orders = 1
    assert desk.found("expired") is None
    assert desk.found("expired") is not None
    desk.clock.advance(3 * DAY / 1_000 + 1)
    assert desk.found("expired") is None


# Fills


def fill_in_pieces(desk: Desk, pieces: int) -> None:
    """Turn the last order into one of many fills, among trades of another order."""
    order, other = desk.account.orders[0], desk.account.orders[1]
    first = int(order.fills[0].fill_id)
    each = order.amount / pieces
    order.fills = [
        FakeFill(str(first + 2 * i), each, D("0.018"), D("0.01"), "USDT", NOW, maker=False)
        for i in range(pieces)
    ]
    other.fills = [
        FakeFill(str(first + 2 * i + 1), D(1), D("0.018"), D("0.01"), "USDT", NOW, maker=False)
        for i in range(pieces)
    ]


@pytest.mark.parametrize(("pieces", "requests"), [(999, 1), (1_000, 3), (1_001, 3), (2_500, 4)])
def test_all_pages_of_fills_are_read(desk: Desk, pieces: int, requests: int) -> None:
    desk.buy(client_order_id="many")
    desk.buy(1_000)
    desk.account.orders[0].amount = D(pieces)
    fill_in_pieces(desk, pieces)
    desk.venues.requests.clear()
    report = desk.found("many")
    assert report is not None
    assert (len(report.fills), report.filled) == (pieces, pieces)
    assert len(desk.asked(TRADES)) == requests


def test_trades_of_other_orders_are_left_out(desk: Desk) -> None:
    desk.buy(client_order_id="a")
    row = _right_answer(desk, TRADES, "a")[0]
    foreign = {**row, "id": 1, "orderId": 1}
    desk.answers(TRADES, answered([foreign, row]))
    report = desk.found("a")
    assert report is not None
    assert len(report.fills) == 1


def test_a_fill_told_twice_counts_once(desk: Desk) -> None:
    desk.buy(client_order_id="a")
    row = _right_answer(desk, TRADES, "a")[0]
    desk.answers(TRADES, answered([row, row]))
    report = desk.found("a")
    assert report is not None
    assert report.filled == 10_000


@pytest.mark.parametrize("days", [1, 6, 7, 30])
def test_fills_of_an_old_order_are_still_read(desk: Desk, days: int) -> None:
    desk.buy(client_order_id="old")
    desk.clock.advance(days * DAY / 1_000)
    report = desk.found("old")
    assert report is not None
    assert report.filled == 10_000


@pytest.mark.parametrize(
    "field", ["id", "orderId", "qty", "price", "commission", "commissionAsset", "time", "maker"]
)
def test_a_fill_that_lacks_something_is_not_booked(desk: Desk, field: str) -> None:
    desk.buy(client_order_id="a")
    row = _right_answer(desk, TRADES, "a")[0]
    del row[field]
    desk.answers(TRADES, answered([row]))
    with pytest.raises(RetryLater):
        desk.found("a")


def test_a_fee_in_bnb_is_valued_at_its_own_price(desk: Desk) -> None:
    desk.venues.markets.books["BNB"] = Book("BNB", "599.90", "600.10", "0.01", "1", "0.01")
    desk.account.fee_currency, desk.account.fee_price = "BNB", D(600)
    for client_order_id in ("a", "b"):
        report = desk.buy(client_order_id=client_order_id)
        assert report.fee == pytest.approx(report.cost * D("0.0005"))
    assert desk.account.orders[0].fills[0].fee < D("0.001"), "in BNB"
    (asked,) = [
        r for r in desk.asked("/fapi/v1/ticker/bookTicker") if r.params["symbol"] == "BNBUSDT"
    ]
    assert "x-mbx-apikey" not in asked.headers


def test_a_fee_in_a_currency_without_a_swap_is_the_usual_one(desk: Desk) -> None:
    desk.account.fee_currency, desk.account.fee_price = "BNB", D(600)
    report = desk.buy()
    assert report.fee == report.cost * desk.gala.taker_fee


def test_without_the_price_of_bnb_a_fee_is_not_guessed(desk: Desk) -> None:
    desk.venues.markets.books["BNB"] = Book("BNB", "599.90", "600.10", "0.01", "1", "0.01")
    desk.account.fee_currency, desk.account.fee_price = "BNB", D(600)
    desk.send(client_order_id="a")
    desk.answers("/fapi/v1/ticker/bookTicker", Answer(503, "busy"))
    with pytest.raises(RetryLater):
        desk.found("a")
    assert desk.found("a") is not None


def test_a_rebate_is_a_negative_fee(desk: Desk) -> None:
    desk.account.maker_fee = D("-0.0001")
    desk.send(limit=D("0.017500"), client_order_id="rest")
    desk.venues.move("GALA", D("0.017400"), D("0.017401"))
    report = desk.found("rest")
    assert report is not None
    assert report.fee == D("0.0175") * 10_000 * D("-0.0001")


# Refused, later, unknown


OUTCOMES: dict[Reason, type[ExchangeError]] = {
    Reason.STEP: StaleMarket,
    Reason.TOO_SMALL: StaleMarket,
    Reason.NOTIONAL: StaleMarket,
    Reason.TOO_LARGE: StaleMarket,
    Reason.PRICE_STEP: StaleMarket,
    Reason.MARGIN: OrderRefused,
    Reason.DUPLICATE: DuplicateOrder,
    Reason.NOTHING_TO_REDUCE: OrderRefused,
    Reason.POSITION_MODE: OrderRefused,
    Reason.UNKNOWN_SYMBOL: OrderRefused,
    Reason.NOT_TRADING: OrderRefused,
    Reason.OUT_OF_ORDER: OrderRefused,
}


@pytest.mark.parametrize("host", [None, HOST], ids=["own host", "another host"])
@pytest.mark.parametrize(("reason", "expected"), OUTCOMES.items())
def test_a_refusal_is_one_whichever_host_says_it(
    reason: Reason, expected: type[ExchangeError], host: str | None
) -> None:
    """CCXT picks its table of codes by the host."""
    desk = desk_of(host=host)
    desk.account.scripts["GALA", 1] = OrderScript(refuse=reason)
    with pytest.raises(expected) as refusal:
        desk.send(client_order_id="a")
    assert type(refusal.value) is expected
    assert refusal.value.exchange_code.startswith("-")
    assert desk.account.accepted("a") == []
    assert len(desk.asked(ORDER, "POST")) == 1
    desk.close()


UNKNOWN_ANSWERS = {
    "nothing": Answer(hang_up=True),
    "a time-out": Answer(hang=True),
    "503": Answer(503, '{"code":-1000,"msg":"Unknown error, please check your request."}'),
    "503 without a body": Answer(503, ""),
    "408": Answer(408, '{"code":-1007,"msg":"Timeout waiting for response from backend server."}'),
    "-1006": answered({"code": -1006, "msg": "An unexpected response was received."}, 400),
    "a code nobody knows": answered({"code": -7777, "msg": "?"}, 400),
    "a page": Answer(200, "<html>busy</html>"),
    "cut off": None,
    "no id": answered({"clientOrderId": "a", "status": "NEW"}),
    "an empty id": answered({"clientOrderId": "a", "orderId": ""}),
    "no client id": answered({"orderId": 5}),
    "another order": answered({"orderId": 5, "clientOrderId": "b"}),
    "an empty object": answered({}),
    "an empty list": answered([]),
    "a number": Answer(200, "5"),
    "null": Answer(200, "null"),
}


@pytest.mark.parametrize(
    ("kind", "processed"),
    # Only an answer that was given can be cut off.
    [*((kind, True) for kind in UNKNOWN_ANSWERS),
     *((kind, False) for kind, answer in UNKNOWN_ANSWERS.items() if answer is not None)],
)  # fmt: skip
def test_anything_else_leaves_the_order_unknown_and_is_never_sent_again(
    desk: Desk, kind: str, processed: bool
) -> None:
    answer = UNKNOWN_ANSWERS[kind]
    desk.answers(ORDER, answer, "POST", processed=processed)
    with pytest.raises(OutcomeUnknown) as unknown:
        desk.send(client_order_id="a")
    assert type(unknown.value) is OutcomeUnknown
    assert unknown.value.sent_at == NOW
    assert len(desk.asked(ORDER, "POST")) == 1
    found = desk.found("a")
    assert (found is not None) is processed
    assert len(desk.account.accepted("a")) == int(processed)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(429, '{"code":-1003,"msg":"Too many requests"}', (("Retry-After", "7"),)), 7),
        (Answer(418, '{"code":-1003,"msg":"banned until"}', (("Retry-After", "60"),)), 60),
        (answered({"code": -1015, "msg": "Too many new orders"}, 429), None),
        (answered({"code": -1008, "msg": "Request throttled by system-level protection."}, 503),
         None),
    ],
)  # fmt: skip
def test_an_order_that_was_not_looked_at_may_come_again_later(
    desk: Desk, answer: Answer, expected: float | None
) -> None:
    desk.answers(ORDER, answer, "POST")
    with pytest.raises(RateLimited) as limited:
        desk.send(client_order_id="a")
    assert limited.value.retry_after_seconds == expected


def test_a_client_id_is_refused_while_its_order_is_open_only(desk: Desk) -> None:
    """The exchange's own check is no protection for orders that fill at once."""
    desk.send(limit=D("0.017000"), client_order_id="rest")
    with pytest.raises(DuplicateOrder):
        desk.send(limit=D("0.017000"), client_order_id="rest")
    for _ in range(2):
        desk.send(client_order_id="taken")
    assert len(desk.account.accepted("taken")) == 2


def test_a_cancel_of_what_is_gone_is_success(desk: Desk) -> None:
    desk.buy(client_order_id="filled")
    for client_order_id in ("filled", "nobody"):
        desk.run(desk.exchange.cancel(desk.gala, client_order_id))
    assert len(desk.asked(ORDER, "DELETE")) == 2


def test_a_cancel_without_an_answer_is_to_be_asked_again(desk: Desk) -> None:
    desk.send(limit=D("0.017000"), client_order_id="rest")
    desk.answers(ORDER, Answer(hang_up=True), "DELETE", processed=True)
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.cancel(desk.gala, "rest"))
    desk.run(desk.exchange.cancel(desk.gala, "rest"))
    report = desk.found("rest")
    assert report is not None
    assert report.status is OrderStatus.CANCELED


# Positions, position mode


def test_positions_of_both_markets_are_one_request(desk: Desk) -> None:
    desk.buy()
    desk.venues.move("GALA", D("0.018500"), D("0.018502"))
    desk.venues.requests.clear()
    held = desk.run(desk.exchange.positions([desk.gala, desk.chz]))
    assert [r.path for r in desk.venues.requests] == ["/fapi/v3/positionRisk"]
    gala = held["GALA-USDT"]
    assert (gala.amount, gala.entry_price) == (10_000, D("0.018001"))
    assert gala.mark_price == D("0.018501")
    assert gala.unrealized_pnl == 5
    assert gala.liquidation_price is None, "there is money for more than the whole fall"
    assert held["CHZ-USDT"].is_flat


def test_a_short_shows_below_zero_with_its_liquidation_price(desk: Desk) -> None:
    desk.place(desk.gala, Side.SELL, D(4_000_000))
    position = desk.run(desk.exchange.positions([desk.gala]))["GALA-USDT"]
    assert position.amount == -4_000_000
    assert position.liquidation_price is not None
    assert position.liquidation_price > position.mark_price


def test_other_markets_of_the_account_are_left_out(desk: Desk) -> None:
    desk.account.trade_by_hand("CHZ", "buy", D(1_000))
    held = desk.run(desk.exchange.positions([desk.gala]))
    assert list(held) == ["GALA-USDT"]
    assert held["GALA-USDT"].is_flat


def test_an_open_order_without_a_position_is_flat(desk: Desk) -> None:
    desk.buy()
    desk.place(desk.gala, Side.SELL, D(10_000), reduce_only=True)
    desk.send(limit=D("0.017000"))
    assert desk.held(desk.gala) == 0


def test_in_hedge_mode_both_ways_are_kept_apart(hedged: Desk) -> None:
    hedged.buy(10_000)
    hedged.place(hedged.gala, Side.SELL, D(4_000))
    position = hedged.run(hedged.exchange.positions([hedged.gala]))["GALA-USDT"]
    assert position.hedged
    assert (position.side(1).amount, position.side(-1).amount) == (10_000, -4_000)
    hedged.place(hedged.gala, Side.BUY, D(4_000), reduce_only=True)
    position = hedged.run(hedged.exchange.positions([hedged.gala]))["GALA-USDT"]
    assert (position.side(1).amount, position.side(-1).amount) == (10_000, 0)


def test_in_hedge_mode_a_close_for_more_than_is_held_is_refused(hedged: Desk) -> None:
    hedged.buy(6_000)
    with pytest.raises(OrderRefused) as refusal:
        hedged.send(Side.SELL, 10_000, reduce_only=True)
    assert refusal.value.exchange_code == "-2022"


@pytest.mark.parametrize("hedge", [False, True])
def test_the_position_mode_is_read_where_no_position_has_shown_it(hedge: bool) -> None:
    desk = desk_of(hedge=hedge)
    desk.run(desk.exchange.positions([desk.gala]))
    desk.buy()
    assert len(desk.asked("/fapi/v1/accountConfig")) == 1
    desk.close()


@pytest.mark.parametrize("hedge", [False, True])
def test_a_position_shows_the_mode(hedge: bool) -> None:
    desk = desk_of(hedge=hedge)
    desk.account.trade_by_hand("CHZ", "buy", D(1_000))
    desk.run(desk.exchange.positions([desk.gala]))
    desk.buy()
    assert desk.asked("/fapi/v1/accountConfig") == []
    desk.close()


def test_a_mode_switched_behind_our_back_refuses_one_order(desk: Desk) -> None:
    desk.buy(client_order_id="a")
    desk.account.hedge = True
    desk.account.holdings.clear()
    with pytest.raises(OrderRefused) as refusal:
        desk.send(client_order_id="b")
    assert refusal.value.exchange_code == "-4061"
    assert desk.buy(client_order_id="c").status is OrderStatus.CLOSED
    assert desk.account.orders[-1].position_side == "long"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"positions": []},
        [5],
        [{}],
        [{"symbol": "GALAUSDT", "positionSide": "BOTH"}],
        [{"symbol": "GALAUSDT", "positionAmt": "5"}],
        [{"positionAmt": "5", "positionSide": "BOTH"}],
        ["complete", {"positionAmt": ""}],
        ["complete", {"positionAmt": "NaN"}],
        ["complete", {"entryPrice": "0"}],
        ["complete", {"markPrice": None}],
        ["complete", {"unRealizedProfit": ""}],
        ["complete", {"positionSide": "NET"}],
        ["complete", {"positionSide": "SHORT"}],
        ["both", {"symbol": "CHZUSDT", "positionSide": "LONG"}],
    ],
)
def test_positions_that_can_not_be_read_are_not_flat(desk: Desk, broken: Any) -> None:
    row = {
        "symbol": "GALAUSDT", "positionSide": "BOTH", "positionAmt": "5", "entryPrice": "0.018",
        "markPrice": "0.018", "unRealizedProfit": "0", "liquidationPrice": "0",
    }  # fmt: skip
    body = broken
    if isinstance(broken, list) and broken[0] in ("complete", "both"):
        body = ([row] if broken[0] == "both" else []) + [{**row, **broken[1]}]
    desk.answers("/fapi/v3/positionRisk", answered(body))
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.positions([desk.gala, desk.chz]))


# Leverage


def test_leverage_and_margin_type_are_set_once(desk: Desk) -> None:
    for _ in range(2):
        desk.set_leverage(7, MarginMode.ISOLATED)
    assert desk.account.leverage["GALA"] == 7
    assert desk.account.margin_modes["GALA"] == "isolated"
    assert len(desk.asked("/fapi/v1/leverage", "POST")) == 1
    assert len(desk.asked("/fapi/v1/marginType", "POST")) == 1
    desk.set_leverage(7, MarginMode.CROSS)
    assert desk.account.margin_modes["GALA"] == "cross"
    assert len(desk.asked("/fapi/v1/leverage", "POST")) == 1


def test_an_open_position_keeps_its_leverage_though_binance_would_change_it(desk: Desk) -> None:
    desk.buy()
    for leverage, mode in ((3, MarginMode.CROSS), (10, MarginMode.ISOLATED)):
        with pytest.raises(UserMustAct):
            desk.set_leverage(leverage, mode)
    assert desk.asked("/fapi/v1/leverage", "POST") == []
    assert desk.asked("/fapi/v1/marginType", "POST") == []
    desk.set_leverage(10, MarginMode.CROSS)


def test_open_orders_keep_the_margin_type(desk: Desk) -> None:
    desk.send(limit=D("0.017000"))
    with pytest.raises(UserMustAct) as refusal:
        desk.set_leverage(10, MarginMode.ISOLATED)
    assert refusal.value.exchange_code == "-4047"


def test_more_leverage_than_the_market_allows_is_for_the_user_to_change(desk: Desk) -> None:
    with pytest.raises(UserMustAct) as refusal:
        desk.set_leverage(51)
    assert refusal.value.exchange_code == "-4028"


def test_a_margin_type_that_somebody_set_meanwhile_is_success(desk: Desk) -> None:
    unchanged = answered({"code": -4046, "msg": "No need to change margin type."}, 400)
    desk.answers("/fapi/v1/marginType", unchanged, "POST")
    desk.set_leverage(7, MarginMode.ISOLATED)
    assert desk.account.leverage["GALA"] == 7


@pytest.mark.parametrize(
    "body",
    [[], {}, [{}], [{"symbol": "CHZUSDT", "leverage": 7, "marginType": "CROSSED"}],
     [{"symbol": "GALAUSDT", "leverage": 7}], [{"symbol": "GALAUSDT", "marginType": "CROSSED"}]],
)  # fmt: skip
def test_a_leverage_that_is_not_told_is_not_taken_for_set(desk: Desk, body: Any) -> None:
    desk.answers("/fapi/v1/symbolConfig", answered(body))
    with pytest.raises(RetryLater):
        desk.set_leverage(7)
    assert "GALA" not in desk.account.leverage


@pytest.mark.parametrize("body", [{}, [], {"symbol": "GALAUSDT", "leverage": 5}])
def test_a_leverage_is_set_once_the_exchange_says_so(desk: Desk, body: Any) -> None:
    desk.answers("/fapi/v1/leverage", answered(body), "POST")
    with pytest.raises(RetryLater):
        desk.set_leverage(7)


def test_the_position_limit_is_the_cap_of_the_bracket(desk: Desk) -> None:
    limits = {x: desk.run(desk.exchange.position_limit(desk.gala, x)) for x in (50, 20, 15, 1)}
    assert limits == {50: 1_000_000, 20: 2_500_000, 15: 2_500_000, 1: 50_000_000}
    assert desk.run(desk.exchange.position_limit(desk.gala, 51)) == 0


BRACKETS = [
    {"bracket": 1, "initialLeverage": 50, "notionalCap": 1_000},
    {"bracket": 2, "initialLeverage": 20, "notionalCap": 9_000},
]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"brackets": BRACKETS}, 9_000),
        ({"brackets": BRACKETS, "notionalCoef": 1.5}, 9_000),
        ({"brackets": BRACKETS, "notionalCoef": 0.5}, 4_500),
    ],
)
def test_brackets_come_as_an_object_or_as_a_list_of_one(
    desk: Desk, entry: dict[str, Any], expected: int
) -> None:
    whole = {"symbol": "GALAUSDT", **entry}
    for body in (whole, [whole]):
        desk.answers("/fapi/v1/leverageBracket", answered(body))
        assert desk.run(desk.exchange.position_limit(desk.gala, 10)) == expected


@pytest.mark.parametrize(
    "body",
    [[], {}, [{}], {"symbol": "GALAUSDT"}, {"symbol": "GALAUSDT", "brackets": []},
     {"symbol": "CHZUSDT", "brackets": BRACKETS},
     {"symbol": "GALAUSDT", "brackets": [{"initialLeverage": 50}]}],
)  # fmt: skip
def test_brackets_that_are_not_told_are_no_limit_of_none(desk: Desk, body: Any) -> None:
    desk.answers("/fapi/v1/leverageBracket", answered(body))
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.position_limit(desk.gala, 10))


# Money


@pytest.mark.parametrize("mode", list(MarginMode))
def test_the_balance_counts_profits_of_isolated_positions_too(desk: Desk, mode: MarginMode) -> None:
    desk.set_leverage(5, mode)
    report = desk.buy()
    desk.venues.move("GALA", D("0.019000"), D("0.019002"))
    balance = desk.run(desk.exchange.balance())
    assert balance.currency == "USDT"
    assert balance.total == 10_000 - report.fee + 10
    assert balance.free == balance.total - 10_000 * D("0.019001") / 5


@pytest.mark.parametrize(
    "body",
    [{}, [], {"assets": []}, {"assets": [{"asset": "USDC", "marginBalance": "1"}]},
     {"assets": [{"asset": "USDT"}]}, {"assets": [{"asset": "USDT", "marginBalance": "1"}]},
     {"assets": [{"asset": "USDT", "marginBalance": "", "availableBalance": "1"}]}],
)  # fmt: skip
def test_a_balance_that_is_not_told_is_not_zero(desk: Desk, body: Any) -> None:
    desk.answers("/fapi/v3/account", answered(body))
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.balance())


def test_fee_rates_are_the_accounts_own(desk: Desk) -> None:
    desk.account.taker_fee, desk.account.maker_fee = D("0.00045"), D("-0.00001")
    assert desk.run(desk.exchange.fee_rates(desk.gala)) == (D("0.00045"), D("-0.00001"))
    desk.answers("/fapi/v1/commissionRate", answered({"symbol": "GALAUSDT"}))
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.fee_rates(desk.gala))


def test_funding_is_signed_complete_and_of_this_market_alone(desk: Desk) -> None:
    desk.buy()
    desk.place(desk.chz, Side.SELL, D(5_000))
    start = NOW - NOW % HOUR + HOUR
    for hours, rate in ((0, "0.0001"), (8, "-0.0002")):
        desk.clock.at = start + hours * HOUR
        for base in ("GALA", "CHZ"):
            desk.account.settle_funding(base, D(rate))
    desk.venues.requests.clear()
    payments = desk.run(desk.exchange.funding(desk.gala, NOW))
    assert [(p.symbol, p.amount, p.timestamp) for p in payments] == [
        ("GALA-USDT", D("-0.018"), start),
        ("GALA-USDT", D("0.036"), start + 8 * HOUR),
    ]
    (asked,) = desk.asked("/fapi/v1/income")
    assert asked.params["startTime"] == str(NOW + 1)
    assert len(desk.run(desk.exchange.funding(desk.gala, start))) == 1, "exclusive"


@pytest.mark.parametrize(("count", "requests"), [(999, 1), (1_000, 2), (2_500, 3)])
def test_all_pages_of_funding_are_read(desk: Desk, count: int, requests: int) -> None:
    """Two rows a settlement, long and short: a page may end between them."""
    desk.account.funding = [(NOW + i // 2 * 60_000, "GALA", D(i + 1)) for i in range(count)]
    desk.clock.advance(DAY / 1_000 * 30)
    desk.venues.requests.clear()
    payments = desk.run(desk.exchange.funding(desk.gala, NOW - 1))
    assert [payment.amount for payment in payments] == list(range(1, count + 1))
    assert len(desk.asked("/fapi/v1/income")) == requests


def test_income_that_is_no_funding_of_this_market_is_left_out(desk: Desk) -> None:
    row = {
        "symbol": "GALAUSDT", "incomeType": "FUNDING_FEE", "income": "-0.1", "asset": "USDT",
        "info": "FUNDING_FEE", "time": NOW, "tranId": 1, "tradeId": "",
    }  # fmt: skip
    others = [
        {**row, "symbol": "CHZUSDT", "tranId": 2},
        {**row, "incomeType": "COMMISSION", "tranId": 3},
    ]
    desk.answers("/fapi/v1/income", answered([*others, row]))
    (payment,) = desk.run(desk.exchange.funding(desk.gala, NOW - 1))
    assert payment.amount == D("-0.1")


def test_funding_that_never_ends_is_not_read_for_ever(desk: Desk) -> None:
    desk.account.funding = [(NOW, "GALA", D(i)) for i in range(1_001)]
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.funding(desk.gala, NOW - 1))


@pytest.mark.parametrize(
    "change", [{"income": None}, {"time": None}, {"tranId": None}, {"asset": "BNB"}, {"asset": ""}]
)
def test_a_settlement_that_can_not_be_read_is_not_left_out(
    desk: Desk, change: dict[str, Any]
) -> None:
    row = {
        "symbol": "GALAUSDT", "incomeType": "FUNDING_FEE", "income": "-0.1", "asset": "USDT",
        "info": "FUNDING_FEE", "time": NOW, "tranId": 1, "tradeId": "",
    }  # fmt: skip
    desk.answers("/fapi/v1/income", answered([{**row, **change}]))
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.funding(desk.gala, NOW - 1))


# Who the account is


def test_two_keys_of_one_account_have_one_uid(desk: Desk) -> None:
    first = desk.run(desk.exchange.identity())
    desk.account.key = ApiKey("key-of-another-day", "secret-of-another-day")
    other = exchange_on(
        desk.session,
        desk.clock,
        lambda: Credentials("key-of-another-day", "secret-of-another-day"),
    )
    assert desk.run(other.identity()).uid == first.uid == desk.account.uid
    desk.run(other.close())
    assert desk.venues.open_account("binance").uid != first.uid


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ({}, (True, False, True, None)),
        ({"can_trade": False}, (False, False, True, None)),
        ({"can_withdraw": True}, (True, True, True, None)),
        ({"ip_bound": False}, (True, False, False, None)),
        ({"ip_bound": False, "expires_at": NOW + DAY}, (True, False, False, NOW + DAY)),
    ],
)
def test_what_a_key_may_do_is_read(
    desk: Desk, key: dict[str, Any], expected: tuple[bool, bool, bool, int | None]
) -> None:
    for name, value in key.items():
        setattr(desk.account.key, name, value)
    found = desk.run(desk.exchange.identity())
    assert (found.can_trade, found.can_withdraw, found.ip_bound, found.expires_at) == expected
    assert found.position_mode is PositionMode.ONE_WAY


def test_an_account_that_may_not_trade_says_so_whatever_its_key_may(desk: Desk) -> None:
    config = {"canTrade": False, "canWithdraw": True, "dualSidePosition": True}
    desk.answers("/fapi/v1/accountConfig", answered(config))
    found = desk.run(desk.exchange.identity())
    assert not found.can_trade
    assert not found.can_withdraw, "that is about the account"
    assert found.position_mode is PositionMode.HEDGE


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/fapi/v1/accountConfig", {}),
        ("/fapi/v1/accountConfig", {"canTrade": True}),
        ("/fapi/v1/accountConfig", {"canTrade": "true", "dualSidePosition": "false"}),
        ("/fapi/v3/balance", []),
        ("/fapi/v3/balance", {}),
        ("/fapi/v3/balance", [{"asset": "USDT"}]),
        ("/fapi/v3/balance", [{"accountAlias": ""}]),
        ("/fapi/v3/balance", [{"accountAlias": "SgsR"}, {"accountAlias": "FzTi"}]),
        ("/sapi/v1/account/apiRestrictions", {}),
        ("/sapi/v1/account/apiRestrictions", {"enableFutures": True, "ipRestrict": True}),
        ("/sapi/v1/account/apiRestrictions", {"enableFutures": True, "enableWithdrawals": False}),
        ("/sapi/v1/account/apiRestrictions", {"enableFutures": True, "enableWithdrawals": None}),
    ],
)
def test_a_permission_that_is_not_told_is_not_taken_for_granted(
    desk: Desk, path: str, body: Any
) -> None:
    desk.answers(path, answered(body))
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.identity())


def test_wrong_keys_are_refused_and_not_shown(desk: Desk) -> None:
    account, right = desk.account, desk.account.key
    desk.run(desk.exchange.balance())
    account.key = ApiKey(right.api_key, "the secret that the exchange knows")
    with pytest.raises(KeysRefused) as refusal:
        desk.run(desk.exchange.balance())
    assert refusal.value.exchange_code == "-1022"
    account.key = ApiKey("another key", right.secret)
    with pytest.raises(KeysRefused) as refusal:
        desk.run(desk.exchange.balance())
    assert refusal.value.exchange_code == "-2015"
    for told in (str(refusal.value), repr(refusal.value)):
        assert right.secret not in told
        assert right.api_key not in told
        assert "signature" not in told


def test_an_order_signed_with_a_wrong_secret_is_refused(desk: Desk) -> None:
    desk.buy()
    desk.account.key = ApiKey(desk.account.key.api_key, "the secret that the exchange knows")
    with pytest.raises(OrderRefused) as refusal:
        desk.send(client_order_id="forged")
    assert refusal.value.exchange_code == "-1022"
    assert desk.account.accepted("forged") == []


def test_a_key_that_may_only_read_sends_no_order(desk: Desk) -> None:
    desk.account.key.can_trade = False
    desk.run(desk.exchange.balance())
    with pytest.raises(OrderRefused) as refusal:
        desk.send()
    assert refusal.value.exchange_code == "-2015"


# Time


@pytest.mark.parametrize("ahead", [-3_000, 7_000])
def test_a_clock_that_is_off_is_corrected_for_the_next_request(desk: Desk, ahead: int) -> None:
    desk.venues.clock_ahead = ahead
    with pytest.raises(ClockSkew):
        desk.run(desk.exchange.balance())
    assert desk.run(desk.exchange.balance()).total == 10_000
    assert desk.asked("/fapi/v3/account")[-1].params["timestamp"] == str(NOW + ahead)


def test_an_order_that_came_too_late_does_not_exist(desk: Desk) -> None:
    desk.run(desk.exchange.positions([desk.gala]))
    desk.buy()
    desk.venues.clock_ahead = 5_001
    with pytest.raises(ClockSkew):
        desk.send(client_order_id="late")
    assert desk.account.accepted("late") == []
    desk.venues.requests.clear()
    assert desk.buy(client_order_id="next").status is OrderStatus.CLOSED
    assert desk.asked("/fapi/v1/time") == []


# Addresses


def all_calls(desk: Desk, exchange: BaseExchange) -> None:
    desk.run(exchange.load_markets())
    desk.run(exchange.quote(desk.gala))
    desk.run(exchange.candles(desk.gala, NOW - 600_000, 3))
    desk.run(exchange.identity())
    desk.run(exchange.balance())
    desk.run(exchange.positions([desk.gala, desk.chz]))
    desk.run(exchange.set_leverage(desk.gala, 4, MarginMode.ISOLATED))
    desk.run(exchange.position_limit(desk.gala, 4))
    desk.run(exchange.fee_rates(desk.gala))
    desk.run(exchange.funding(desk.gala, NOW - HOUR))
    desk.run(exchange.place(desk.order(desk.gala, Side.BUY, D(10_000), client_order_id="all")))
    desk.run(exchange.find_order(desk.gala, "all"))
    desk.run(exchange.cancel(desk.gala, "all"))
    desk.run(exchange.open_orders(desk.gala))


@pytest.mark.parametrize(
    ("mode", "host", "expected"),
    [
        (AccountMode.LIVE, None, {OWN, "https://api.binance.com"}),
        (AccountMode.LIVE, HOST, {HOST}),
        (AccountMode.SANDBOX, None, {"https://demo-fapi.binance.com"}),
        (AccountMode.SANDBOX, HOST, {HOST}),
    ],
)
def test_every_request_goes_to_the_address_of_its_mode(
    mode: AccountMode, host: str | None, expected: set[str]
) -> None:
    desk = desk_of(mode=mode, host=host)
    desk.session.urls.clear()
    all_calls(desk, desk.exchange)
    assert {"/".join(url.split("/")[:3]) for url in desk.session.urls} == expected
    desk.close()


def test_demo_trading_tells_no_permissions_and_is_not_asked_for_them() -> None:
    desk = desk_of(mode=AccountMode.SANDBOX)
    desk.account.key.can_withdraw = True
    found = desk.run(desk.exchange.identity())
    assert (found.uid, found.can_trade) == (desk.account.uid, True)
    assert (found.can_withdraw, found.ip_bound, found.expires_at) == (False, None, None)
    assert not [r for r in desk.venues.requests if r.path.startswith("/sapi/")]
    desk.close()


# Answers that are not whole


READS: dict[str, Callable[[Desk], Any]] = {
    "/fapi/v1/ticker/bookTicker": lambda d: d.exchange.quote(d.gala),
    "/fapi/v1/exchangeInfo": lambda d: d.exchange.load_markets(),
    "/fapi/v1/klines": lambda d: d.exchange.candles(d.gala, NOW - 600_000, 3),
    "/fapi/v1/accountConfig": lambda d: d.exchange.identity(),
    "/fapi/v3/balance": lambda d: d.exchange.identity(),
    "/sapi/v1/account/apiRestrictions": lambda d: d.exchange.identity(),
    "/fapi/v3/account": lambda d: d.exchange.balance(),
    "/fapi/v3/positionRisk": lambda d: d.exchange.positions([d.gala]),
    "/fapi/v1/symbolConfig": lambda d: d.exchange.set_leverage(d.gala, 3, MarginMode.CROSS),
    "/fapi/v1/leverageBracket": lambda d: d.exchange.position_limit(d.gala, 3),
    "/fapi/v1/commissionRate": lambda d: d.exchange.fee_rates(d.gala),
    "/fapi/v1/income": lambda d: d.exchange.funding(d.gala, NOW - HOUR),
    "/fapi/v1/order": lambda d: d.exchange.find_order(d.gala, "seen"),
    "/fapi/v1/userTrades": lambda d: d.exchange.find_order(d.gala, "seen"),
    "/fapi/v1/openOrders": lambda d: d.exchange.open_orders(d.gala),
}
BROKEN: dict[str, Answer | None] = {
    "cut off": None,
    "empty": Answer(200, ""),
    "null": Answer(200, "null"),
    "a text": Answer(200, '"down"'),
    "a page": Answer(200, "<html>down</html>"),
    "a list of nothing useful": Answer(200, "[5]"),
    "another object": answered({"success": True}),
    "a server error": Answer(502, "<html>Bad Gateway</html>"),
    "no answer": Answer(hang_up=True),
    "a time-out": Answer(hang=True),
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (path, kind)
        for path in READS
        for kind in BROKEN
        # CCXT reads candles, and skips what it does not know.
        if path != "/fapi/v1/klines" or kind not in ("a list of nothing useful", "another object")
    ],
)
def test_a_broken_answer_is_no_answer(desk: Desk, path: str, kind: str) -> None:
    answer = BROKEN[kind]
    desk.buy(client_order_id="seen")
    desk.account.settle_funding("GALA", D("0.0001"))
    desk.send(limit=D("0.017000"))
    desk.answers(path, answer)
    with pytest.raises(RetryLater):
        desk.run(READS[path](desk))
    if path != "/fapi/v1/symbolConfig":  # there is a position now
        desk.run(READS[path](desk))


@pytest.mark.parametrize(
    "field",
    ["orderId", "clientOrderId", "status", "executedQty", "origQty", "side", "type", "timeInForce",
     "time"],
)  # fmt: skip
def test_an_order_that_lacks_something_is_neither_absent_nor_ended(desk: Desk, field: str) -> None:
    desk.buy(bound=D("0.019000"), client_order_id="a")
    row = _right_answer(desk, ORDER, "a")
    del row[field]
    desk.answers(ORDER, answered(row))
    with pytest.raises(RetryLater):
        desk.found("a")
