"""OKX's adapter against its fake: requests, quirks, and answers that must not be believed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

import pytest

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
from pairtrader.exchanges.live import LiveExchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.model.account import (
    AccountMode,
    Credentials,
    ExchangeAccount,
    ExchangeName,
    MarginMode,
    Position,
    PositionMode,
)
from pairtrader.model.market import Market
from pairtrader.model.order import OrderReport, OrderRequest, OrderStatus, OrderType, Side
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.venues.account import FakeAccount, OrderScript, Reason
from tests.fakes.venues.markets import Book, FakeMarkets
from tests.fakes.venues.okx import OkxDialect
from tests.fakes.venues.transport import InProcessSession
from tests.fakes.venues.wire import Answer, FakeVenues, Fault, Request

D = Decimal
T = TypeVar("T")
NOW = 1_790_000_040_000
HOUR = 3_600_000
DAY = 24 * HOUR
HOST = "http://127.0.0.1:9100"
Change = Callable[[dict[str, Any]], object]


class TamperedOkx(OkxDialect):
    """Right answers, changed on their way."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}
        """By path."""

    def answer(self, venues: FakeVenues, request: Request) -> Answer:
        answer = super().answer(venues, request)
        change = self.changes.get(request.path.removeprefix("/api/v5/"))
        if change is None:
            return answer
        body = json.loads(answer.body)
        change(body)
        return replace(answer, body=json.dumps(body))


class NotingSession(InProcessSession):
    """Remembers where requests went."""

    def __init__(self, venues: FakeVenues) -> None:
        super().__init__(venues)
        self.addresses: list[str] = []

    def get(self, url: Any, **kwargs: Any) -> Any:
        self.addresses.append(str(url))
        return super().get(url, **kwargs)

    def post(self, url: Any, **kwargs: Any) -> Any:
        self.addresses.append(str(url))
        return super().post(url, **kwargs)


class Desk:
    """One account on the fake, and its adapter."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.okx = TamperedOkx()
        self.venues = FakeVenues(FakeMarkets(self.clock.now), (self.okx,))
        self.account: FakeAccount = self.venues.open_account("okx")
        self.runner = asyncio.Runner()
        self.session = NotingSession(self.venues)
        self.exchange = self.adapter()
        listed = {market.symbol: market for market in self.run(self.exchange.load_markets())}
        self.gala, self.chz = listed["GALA-USDT"], listed["CHZ-USDT"]
        # The first private request has the clocks compared.
        self.run(self.exchange.balance())
        self.forget()

    def adapter(self, mode: AccountMode = AccountMode.LIVE, **keys: str) -> LiveExchange:
        key = self.account.key
        right = {"api_key": key.api_key, "api_secret": key.secret, "passphrase": key.passphrase}
        exchange = create_exchange(
            ExchangeAccount(
                account_id="acc", user_id="user", exchange_name=ExchangeName.OKX, mode=mode,
                label="live", is_active=True, created_at=NOW, updated_at=NOW, uid="uid",
                secret_arn="arn",
            ),
            clock=self.clock.now,
            account_store=MemoryAccountStore(),
            candle_source=Recordings(MemoryFiles({})),
            keys=lambda: Credentials(**{**right, **keys}),
            hosts={"okx": HOST},
            session=self.session,
        )  # fmt: skip
        assert isinstance(exchange, LiveExchange)
        return exchange

    def run(self, call: Awaitable[T]) -> T:
        async def body() -> T:
            return await call

        return self.runner.run(body())

    def close(self) -> None:
        self.run(self.exchange.close())
        self.runner.close()

    def forget(self) -> None:
        self.venues.requests.clear()
        self.session.addresses.clear()

    @property
    def requests(self) -> list[Request]:
        return self.venues.requests

    @property
    def paths(self) -> list[str]:
        return [request.path.removeprefix("/api/v5/") for request in self.requests]

    def sent(self) -> list[Request]:
        return [request for request in self.requests if self.okx.sends_order(request)]

    def fault(self, path: str, answer: Answer | None, *, processed: bool = False) -> None:
        def matches(request: Request) -> bool:
            return request.path == f"/api/v5/{path}"

        self.venues.faults.append(Fault(answer, processed, matches))

    def hedge(self) -> None:
        self.account.hedge = self.account.refuses_oversized_closes = True

    def order(self, **changes: Any) -> OrderRequest:
        usual = OrderRequest("c1", self.gala, Side.BUY, OrderType.MARKET, D(5_000))
        return replace(usual, **changes)

    def place(self, **changes: Any) -> OrderReport:
        return self.run(self.exchange.place(self.order(**changes)))

    def find(self, client_order_id: str = "c1") -> OrderReport | None:
        return self.run(self.exchange.find_order(self.gala, client_order_id))

    def found(self, client_order_id: str = "c1") -> OrderReport:
        report = self.find(client_order_id)
        assert report is not None
        return report

    def position(self) -> Position:
        return self.run(self.exchange.positions([self.gala]))["GALA-USDT"]

    def script(self, **script: Any) -> None:
        """What is to happen to the next order of GALA."""
        nth = self.account.received.get("GALA", 0) + 1
        self.account.scripts["GALA", nth] = OrderScript(**script)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


LIMIT = {"type": OrderType.LIMIT, "price": D("0.0170")}
BOUND = {"price": D("1.81E-2")}


# What is sent


@pytest.mark.parametrize(
    ("hedge", "changes", "expected"),
    [
        (False, {}, {"side": "buy", "ordType": "market", "posSide": "net"}),
        (False, {"side": Side.SELL}, {"side": "sell", "ordType": "market", "posSide": "net"}),
        (False, BOUND, {"side": "buy", "ordType": "ioc", "px": "0.0181", "posSide": "net"}),
        (False, LIMIT, {"side": "buy", "ordType": "limit", "px": "0.0170", "posSide": "net"}),
        (
            False,
            {"side": Side.SELL, "reduce_only": True},
            {"side": "sell", "ordType": "market", "posSide": "net", "reduceOnly": True},
        ),
        (True, {}, {"side": "buy", "ordType": "market", "posSide": "long"}),
        (True, {"side": Side.SELL}, {"side": "sell", "ordType": "market", "posSide": "short"}),
        (
            True,
            {"side": Side.SELL, "reduce_only": True},
            {"side": "sell", "ordType": "market", "posSide": "long"},
        ),
        (
            True,
            {"reduce_only": True},
            {"side": "buy", "ordType": "market", "posSide": "short"},
        ),
    ],
)
def test_an_order_says_what_it_is_in_okx_own_words(
    desk: Desk, hedge: bool, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    if hedge:
        desk.hedge()
    if changes.get("reduce_only"):
        held = Side.BUY if changes.get("side") is Side.SELL else Side.SELL
        desk.account.trade_by_hand("GALA", held, D(5_000))
    desk.place(**changes)
    (request,) = desk.sent()
    assert request.json == {
        "instId": "GALA-USDT-SWAP",
        "tdMode": "cross",
        "clOrdId": "c1",
        "sz": "500",
        **expected,
    }
    assert desk.paths == ["account/config", "trade/order"]


def test_an_isolated_order_says_so_each_time(desk: Desk) -> None:
    desk.place(margin_mode=MarginMode.ISOLATED)
    (request,) = desk.sent()
    assert request.json["tdMode"] == "isolated"
    assert desk.account.orders[0].margin_mode == "isolated"


def test_numbers_are_written_without_exponents(desk: Desk) -> None:
    desk.place(amount=D("1E+4"), type=OrderType.LIMIT, price=D("1.7E-2"))
    (request,) = desk.sent()
    assert (request.json["sz"], request.json["px"]) == ("1000", "0.017")


def test_orders_expire_after_five_seconds_and_nothing_else_does(desk: Desk) -> None:
    desk.place()
    desk.run(desk.exchange.cancel(desk.gala, "c1"))
    desk.found()
    expiries = [request.headers.get("exptime") for request in desk.requests]
    assert expiries == [None, str(NOW + 5_000), None, None, None]


def test_no_broker_is_named(desk: Desk) -> None:
    desk.place()
    (request,) = desk.sent()
    assert "tag" not in request.json
    assert desk.account.orders[0].client_id == "c1"


def test_the_position_mode_is_asked_for_once(desk: Desk) -> None:
    desk.place()
    desk.place(client_order_id="c2")
    assert desk.paths == ["account/config", "trade/order", "trade/order"]


def test_a_position_that_is_held_shows_the_position_mode(desk: Desk) -> None:
    desk.hedge()
    desk.account.trade_by_hand("CHZ", "buy", D(1_000))
    desk.run(desk.exchange.positions([desk.gala, desk.chz]))
    desk.place()
    assert desk.paths == ["account/positions", "trade/order"]
    assert desk.sent()[0].json["posSide"] == "long"


def test_a_mode_switched_behind_our_back_is_found_out(desk: Desk) -> None:
    desk.place()
    desk.account.holdings.clear()
    desk.hedge()
    with pytest.raises(OrderRefused) as refusal:
        desk.place(client_order_id="c2")
    assert refusal.value.exchange_code == "51000"
    desk.place(client_order_id="c3")
    assert [request.json["posSide"] for request in desk.sent()] == ["net", "net", "long"]
    assert len(desk.account.orders) == 2


def test_an_idle_tick_asks_for_two_quotes_without_keys(desk: Desk) -> None:
    desk.run(desk.exchange.quote_pair(desk.gala, desk.chz))
    assert desk.paths == ["market/ticker", "market/ticker"]
    assert not any("ok-access-key" in request.headers for request in desk.requests)


# Where it is sent


@pytest.mark.parametrize("mode", [AccountMode.LIVE, AccountMode.SANDBOX])
def test_every_request_goes_to_the_host_that_was_named(desk: Desk, mode: AccountMode) -> None:
    exchange = desk.adapter(mode)
    desk.run(exchange.load_markets())
    desk.run(exchange.quote(desk.gala))
    desk.run(exchange.identity())
    desk.run(exchange.set_leverage(desk.gala, 5, MarginMode.CROSS))
    desk.run(exchange.place(desk.order()))
    desk.run(exchange.find_order(desk.gala, "c1"))
    desk.run(exchange.position_limit(desk.gala, 5))
    desk.run(exchange.funding(desk.gala, NOW))
    assert len(desk.session.addresses) >= 9
    assert all(address.startswith(f"{HOST}/api/v5/") for address in desk.session.addresses)
    simulated = {request.headers.get("x-simulated-trading") for request in desk.requests}
    assert simulated == ({"1"} if mode is AccountMode.SANDBOX else {None})


# What comes back from an order


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason.STEP, StaleMarket),
        (Reason.TOO_SMALL, StaleMarket),
        (Reason.NOTIONAL, StaleMarket),
        (Reason.PRICE_STEP, StaleMarket),
        (Reason.TOO_LARGE, OrderRefused),
        (Reason.MARGIN, OrderRefused),
        (Reason.NOTHING_TO_REDUCE, OrderRefused),
        (Reason.POSITION_MODE, OrderRefused),
        (Reason.UNKNOWN_SYMBOL, OrderRefused),
        (Reason.NOT_TRADING, OrderRefused),
        (Reason.OUT_OF_ORDER, OrderRefused),
        (Reason.DUPLICATE, DuplicateOrder),
    ],
)
def test_a_refusal_is_definite_and_sent_once(
    desk: Desk, reason: Reason, expected: type[ExchangeError]
) -> None:
    desk.script(refuse=reason)
    with pytest.raises(expected) as refusal:
        desk.place()
    assert type(refusal.value) is expected
    assert refusal.value.exchange_code
    assert len(desk.sent()) == 1
    assert desk.account.orders == []


def _row(**changes: Any) -> Answer:
    row = {"clOrdId": "c1", "ordId": "77", "tag": "", "ts": "1", "sCode": "0", "sMsg": ""}
    kept = {key: value for key, value in {**row, **changes}.items() if value is not None}
    return _data([kept])


def _data(data: Any, code: str = "0") -> Answer:
    return Answer(body=json.dumps({"code": code, "msg": "", "data": data}))


BROKEN: dict[str, Answer | None] = {
    "cut off": None,
    "not JSON": Answer(body="<html>down</html>"),
    "empty": Answer(body=""),
    "hollow": Answer(body='{"code":"0"}'),
    "of another shape": _data({}),
    "a row that is none": _data(["77"]),
    "HTTP 502": Answer(502, "<html>bad gateway</html>"),
    "HTTP 503 in JSON": Answer(503, '{"code":"50001","msg":"Service temporarily unavailable"}'),
    "an unknown code": Answer(body='{"code":"1","data":[],"msg":"Operation failed."}'),
    "hung up": Answer(hang_up=True),
    "nothing": Answer(hang=True),
}
UNPROVEN: dict[str, Answer | None] = {
    **BROKEN,
    "no row": _data([]),
    "two rows": _data([{"sCode": "0"}, {"sCode": "0"}]),
    "a row without id": _row(ordId=None),
    "an empty id": _row(ordId=""),
    "a row without its own code": _row(sCode=None),
    "a failure inside a success": _row(sCode="51008"),
    "another order's row": _row(clOrdId="c2"),
    "partly done": _data([{"sCode": "0", "clOrdId": "c1", "ordId": "77"}], code="2"),
    "timed out inside": Answer(500, '{"code":"51149","data":[],"msg":"Order timed out."}'),
    "busy": Answer(429, '{"code":"50013","msg":"Systems are busy."}'),
}


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("kind", list(UNPROVEN))
def test_an_answer_that_proves_nothing_leaves_the_order_unknown(
    desk: Desk, kind: str, processed: bool
) -> None:
    if kind == "cut off":
        processed = True
    desk.fault("trade/order", UNPROVEN[kind], processed=processed)
    with pytest.raises(OutcomeUnknown):
        desk.place()
    assert len(desk.sent()) == 1
    report = desk.find()
    assert (report is not None) is processed
    assert len(desk.account.accepted("c1")) == int(processed)


def test_a_limit_on_requests_means_that_the_order_was_not_looked_at(desk: Desk) -> None:
    busy = Answer(429, '{"code":"50011","msg":"Too Many Requests"}', (("Retry-After", "2"),))
    desk.fault("trade/order", busy)
    with pytest.raises(RateLimited) as refusal:
        desk.place()
    assert refusal.value.retry_after_seconds == 2
    assert desk.account.orders == []


def test_an_order_that_came_too_late_was_not_looked_at_and_the_clock_is_set(desk: Desk) -> None:
    desk.venues.clock_ahead = 6_000
    with pytest.raises(ClockSkew) as refusal:
        desk.place()
    assert refusal.value.exchange_code == "50036"
    assert desk.account.orders == []
    desk.place(client_order_id="c2")
    assert desk.sent()[-1].headers["exptime"] == str(NOW + 6_000 + 5_000)


@pytest.mark.parametrize("ahead", [-45_000, 45_000])
def test_a_time_stamp_outside_the_window_is_corrected_next_time(desk: Desk, ahead: int) -> None:
    desk.venues.clock_ahead = ahead
    with pytest.raises(ClockSkew):
        desk.run(desk.exchange.balance())
    assert desk.run(desk.exchange.balance()).total == 10_000
    assert desk.paths == ["account/balance", "public/time", "account/balance"]
    desk.place()
    assert desk.sent()[-1].headers["exptime"] == str(NOW + ahead + 5_000)


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"api_key": "other"}, "50111"),
        ({"api_secret": "other-secret"}, "50113"),
        ({"passphrase": "other-phrase"}, "50105"),
    ],
)
def test_wrong_keys_are_the_users_to_mend(desk: Desk, keys: dict[str, str], code: str) -> None:
    exchange = desk.adapter(**keys)
    with pytest.raises(KeysRefused) as refusal:
        desk.run(exchange.balance())
    assert refusal.value.exchange_code == code
    assert "other-" not in str(refusal.value)
    with pytest.raises(UserMustAct):
        desk.run(exchange.place(desk.order()))
    assert desk.account.orders == []


def test_a_key_that_may_not_trade_has_its_orders_refused(desk: Desk) -> None:
    desk.account.key.can_trade = False
    with pytest.raises(OrderRefused) as refusal:
        desk.place()
    assert refusal.value.exchange_code == "50120"


def test_a_key_that_has_ended_is_refused(desk: Desk) -> None:
    desk.account.key.expires_at = NOW - 1
    with pytest.raises(KeysRefused):
        desk.run(desk.exchange.balance())


# Orders looked up


def test_an_order_is_found_open_then_partly_filled_then_filled(desk: Desk) -> None:
    desk.place(**LIMIT)
    report = desk.found()
    assert (report.status, report.type, report.fills) == (OrderStatus.OPEN, OrderType.LIMIT, ())
    assert (report.amount, report.timestamp) == (5_000, NOW)
    (order,) = desk.account.orders
    desk.clock.advance(2)
    desk.account._fill(order, D(2_000), D("0.0170"), maker=True)
    report = desk.found()
    assert (report.status, report.filled) == (OrderStatus.OPEN, 2_000)
    desk.clock.advance(1)
    desk.venues.move("GALA", D("0.016900"), D("0.016901"))
    report = desk.found()
    assert (report.status, report.filled) == (OrderStatus.CLOSED, 5_000)
    assert [fill.timestamp for fill in report.fills] == [NOW + 2_000, NOW + 3_000]
    assert all(fill.maker for fill in report.fills)
    assert report.exchange_order_id == order.exchange_id


def test_a_bounded_order_that_fills_in_part_is_canceled_with_its_fills(desk: Desk) -> None:
    desk.script(share=D("0.4"))
    desk.place(**BOUND)
    report = desk.found()
    assert (report.status, report.type) == (OrderStatus.CANCELED, OrderType.MARKET)
    assert (report.amount, report.filled) == (5_000, 2_000)
    assert desk.position().amount == 2_000


def test_fills_carry_price_fee_and_time(desk: Desk) -> None:
    desk.place(side=Side.SELL)
    (fill,) = desk.found().fills
    assert (fill.amount, fill.price, fill.timestamp) == (5_000, D("0.017999"), NOW)
    assert fill.fee == 5_000 * D("0.017999") * D("0.0005")
    assert not fill.maker


def test_a_rebate_is_a_negative_fee(desk: Desk) -> None:
    desk.account.maker_fee = D("-0.0001")
    desk.place(**LIMIT)
    desk.venues.move("GALA", D("0.016900"), D("0.016901"))
    assert desk.found().fee == -5_000 * D("0.0170") * D("0.0001")
    assert desk.run(desk.exchange.fee_rates(desk.gala)) == (D("0.0005"), D("-0.0001"))


@pytest.mark.parametrize("listed", [True, False])
def test_a_fee_in_another_coin_is_booked_in_quote_currency(desk: Desk, listed: bool) -> None:
    if listed:
        desk.venues.markets.books["OKB"] = Book("OKB", "49", "51", "0.1", "0.01", "1")
    desk.account.fee_currency, desk.account.fee_price = "OKB", D(25)
    desk.place()
    report = desk.found()
    booked = report.cost * D("0.0005")
    # Half of its price was taken for the fee; without a price the usual rate counts.
    assert report.fee == (2 * booked if listed else booked)


def test_an_order_whose_fills_are_not_published_yet_is_asked_for_again(desk: Desk) -> None:
    desk.script(fills_late=1)
    desk.place()
    with pytest.raises(RetryLater):
        desk.find()
    assert desk.found().filled == 5_000


def test_an_order_may_be_shown_as_open_for_a_while(desk: Desk) -> None:
    desk.script(shown_as_open=1)
    desk.place()
    assert desk.found().status is OrderStatus.OPEN
    assert desk.found().status is OrderStatus.CLOSED


def test_an_order_may_not_be_found_for_a_while(desk: Desk) -> None:
    desk.place()
    desk.account.hidden_orders = 1
    assert desk.find() is None
    assert desk.found().filled == 5_000


def _set(key: str, value: Any) -> Change:
    return lambda body: body["data"][0].__setitem__(key, value)


def _drop(key: str) -> Change:
    return lambda body: body["data"][0].pop(key)


@pytest.mark.parametrize(
    "change",
    [
        _set("state", "effective"),
        _set("state", ""),
        _set("accFillSz", "0"),
        _set("accFillSz", ""),
        _set("accFillSz", "499"),
        _set("accFillSz", "NaN"),
        _set("sz", "many"),
        _set("side", "long"),
        _set("ordId", ""),
        _set("clOrdId", "c2"),
        _set("instId", "CHZ-USDT-SWAP"),
        *(
            _drop(key)
            for key in ("state", "accFillSz", "sz", "side", "ordId", "clOrdId", "ordType", "cTime")
        ),
    ],
)
def test_an_order_that_makes_no_sense_is_not_believed(desk: Desk, change: Change) -> None:
    desk.place()
    desk.okx.changes["trade/order"] = change
    with pytest.raises(RetryLater):
        desk.find()


@pytest.mark.parametrize(
    "change",
    [
        _set("fillSz", "499"),
        _set("fillPx", "0"),
        _set("fee", ""),
        _set("ordId", "1"),
        *(_drop(key) for key in ("fillSz", "fillPx", "fee", "feeCcy", "tradeId", "billId")),
        lambda body: body["data"].clear(),
    ],
)
def test_fills_that_make_no_sense_are_not_believed(desk: Desk, change: Change) -> None:
    desk.place()
    desk.okx.changes["trade/fills"] = change
    with pytest.raises(RetryLater):
        desk.find()


@pytest.mark.parametrize(("count", "pages"), [(99, 1), (100, 2), (250, 3)])
def test_all_pages_of_fills_are_read(desk: Desk, count: int, pages: int) -> None:
    desk.place(**LIMIT, amount=D(10 * count))
    (order,) = desk.account.orders
    for _ in range(count):
        desk.account._fill(order, D(10), D("0.0170"), maker=True)
    order.status = "filled"
    desk.forget()
    report = desk.found()
    assert (len(report.fills), report.filled) == (count, 10 * count)
    assert desk.paths == ["trade/order", *["trade/fills"] * pages]


def test_pages_that_never_end_are_given_up(desk: Desk) -> None:
    desk.place(**LIMIT, amount=D(1_000))
    (order,) = desk.account.orders
    for _ in range(100):
        desk.account._fill(order, D(10), D("0.0170"), maker=True)
    first: list[Any] = []

    def same_page(body: dict[str, Any]) -> None:
        first[:] = first or body["data"]
        body["data"] = first

    desk.okx.changes["trade/fills"] = same_page
    with pytest.raises(RetryLater):
        desk.find()
    assert desk.paths.count("trade/fills") == 2


def test_fills_of_an_old_order_come_from_the_history(desk: Desk) -> None:
    desk.place(**LIMIT)
    (order,) = desk.account.orders
    desk.account._fill(order, D(2_000), D("0.0170"), maker=True)
    desk.clock.advance(4 * DAY / 1_000)
    desk.venues.move("GALA", D("0.016900"), D("0.016901"))
    report = desk.found()
    assert [fill.amount for fill in report.fills] == [2_000, 3_000]
    assert "trade/fills-history" in desk.paths


def test_open_orders_are_named_whoever_sent_them(desk: Desk) -> None:
    assert desk.run(desk.exchange.open_orders(desk.gala)) == []
    desk.place(**LIMIT)
    desk.account.rest_by_hand("GALA", "sell", D(100), D("0.0190"))
    desk.account.rest_by_hand("CHZ", "sell", D(100), D("0.0490"))
    assert desk.run(desk.exchange.open_orders(desk.gala)) == ["", "c1"]


def test_all_pages_of_open_orders_are_read(desk: Desk) -> None:
    for _ in range(120):
        desk.account.rest_by_hand("GALA", "sell", D(20), D("0.0190"))
    assert len(desk.run(desk.exchange.open_orders(desk.gala))) == 120
    assert len(desk.paths) == 2


# Cancels


def test_canceling_what_is_gone_is_success(desk: Desk) -> None:
    desk.place()
    desk.run(desk.exchange.cancel(desk.gala, "c1"))
    desk.run(desk.exchange.cancel(desk.gala, "never"))
    desk.fault("trade/cancel-order", _data([{"sCode": "51410", "clOrdId": "c1"}], code="1"))
    desk.run(desk.exchange.cancel(desk.gala, "c1"))
    assert desk.found().status is OrderStatus.CLOSED


def test_what_fills_while_its_cancel_is_on_its_way_is_not_lost(desk: Desk) -> None:
    desk.script(fills_at_cancel=D("0.3"))
    desk.place(**LIMIT)
    desk.run(desk.exchange.cancel(desk.gala, "c1"))
    report = desk.found()
    assert (report.status, report.filled) == (OrderStatus.CANCELED, 1_500)


# Every answer that is not whole

ONE_ROW: dict[str, tuple[str, Callable[[Desk], Awaitable[object]]]] = {
    "identity": ("account/config", lambda d: d.exchange.identity()),
    "balance": ("account/balance", lambda d: d.exchange.balance()),
    "fees": ("account/trade-fee", lambda d: d.exchange.fee_rates(d.gala)),
    "tiers": ("public/position-tiers", lambda d: d.exchange.position_limit(d.gala, 5)),
    "mark": ("public/mark-price", lambda d: d.exchange.position_limit(d.gala, 5)),
    "order": ("trade/order", lambda d: d.exchange.find_order(d.gala, "c1")),
    "cancel": ("trade/cancel-order", lambda d: d.exchange.cancel(d.gala, "c1")),
    "leverage": (
        "account/set-leverage",
        lambda d: d.exchange.set_leverage(d.chz, 5, MarginMode.CROSS),
    ),
    "mode": ("account/config", lambda d: d.exchange.set_leverage(d.chz, 5, MarginMode.CROSS)),
    "quote": ("market/ticker", lambda d: d.exchange.quote(d.gala)),
}
LISTS: dict[str, tuple[str, Callable[[Desk], Awaitable[object]]]] = {
    "positions": ("account/positions", lambda d: d.exchange.positions([d.gala])),
    "fills": ("trade/fills", lambda d: d.exchange.find_order(d.gala, "c1")),
    "open orders": ("trade/orders-pending", lambda d: d.exchange.open_orders(d.gala)),
    "funding": ("account/bills", lambda d: d.exchange.funding(d.gala, NOW - HOUR)),
}


@pytest.mark.parametrize("kind", list(BROKEN))
@pytest.mark.parametrize("name", [*ONE_ROW, *LISTS])
def test_a_broken_answer_is_no_answer(desk: Desk, name: str, kind: str) -> None:
    path, ask = {**ONE_ROW, **LISTS}[name]
    if name == "cancel":
        desk.place(**LIMIT)
    else:
        desk.place()
    desk.account.settle_funding("GALA", D("0.0001"))
    desk.fault(path, BROKEN[kind], processed=kind == "cut off")
    with pytest.raises(RetryLater):
        desk.run(ask(desk))
    assert desk.venues.faults == []


@pytest.mark.parametrize("data", [[], [{}], [{"x": "1"}]])
@pytest.mark.parametrize("name", list(ONE_ROW))
def test_a_row_that_is_missing_is_never_taken_for_nothing(
    desk: Desk, name: str, data: list[Any]
) -> None:
    path, ask = ONE_ROW[name]
    desk.place()
    desk.fault(path, _data(data))
    with pytest.raises(RetryLater):
        desk.run(ask(desk))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *(("identity", key) for key in ("uid", "posMode", "perm", "ip", "acctLv")),
        *(("balance", key) for key in ("details", "totalEq")),
        *(("positions", key) for key in ("instId", "pos", "posSide", "avgPx", "markPx", "upl")),
        *(("tiers", key) for key in ("maxSz", "maxLever")),
        *(("funding", key) for key in ("billId", "pnl", "subType", "ts", "instId", "type")),
        ("fees", "feeGroup"),
        ("mark", "markPx"),
        ("open orders", "clOrdId"),
        ("leverage", "lever"),
    ],
)
def test_a_field_that_is_missing_is_never_taken_for_zero(desk: Desk, name: str, key: str) -> None:
    path, ask = {**ONE_ROW, **LISTS}[name]
    desk.place()
    desk.account.rest_by_hand("GALA", "sell", D(100), D("0.0190"))
    desk.account.settle_funding("GALA", D("0.0001"))
    desk.okx.changes[path] = _drop(key)
    with pytest.raises(RetryLater):
        desk.run(ask(desk))


@pytest.mark.parametrize("key", ["eq", "availEq", "ccy"])
def test_a_balance_without_its_numbers_is_none(desk: Desk, key: str) -> None:
    desk.okx.changes["account/balance"] = lambda body: body["data"][0]["details"][0].pop(key)
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.balance())


# Positions


def test_both_markets_are_asked_for_at_once(desk: Desk) -> None:
    desk.place()
    desk.account.trade_by_hand("CHZ", "sell", D(2_000))
    desk.forget()
    held = desk.run(desk.exchange.positions([desk.gala, desk.chz]))
    assert desk.paths == ["account/positions"]
    assert desk.requests[0].params["instId"] == "GALA-USDT-SWAP,CHZ-USDT-SWAP"
    gala, chz = held["GALA-USDT"], held["CHZ-USDT"]
    assert (gala.amount, chz.amount) == (5_000, -2_000)
    assert (gala.entry_price, gala.mark_price) == (D("0.018001"), D("0.018"))
    assert gala.unrealized_pnl == 5_000 * (D("0.018") - D("0.018001"))
    assert not gala.hedged
    assert chz.liquidation_price is not None


def test_a_market_never_held_and_one_held_no_more_are_flat(desk: Desk) -> None:
    desk.place()
    desk.place(client_order_id="c2", side=Side.SELL, reduce_only=True)
    held = desk.run(desk.exchange.positions([desk.gala, desk.chz]))
    assert held["GALA-USDT"].is_flat
    assert held["CHZ-USDT"].is_flat


def test_a_hedged_account_holds_both_ways(desk: Desk) -> None:
    desk.hedge()
    desk.place()
    desk.place(client_order_id="c2", side=Side.SELL, amount=D(2_000))
    position = desk.position()
    assert position.hedged
    assert (position.side(1).amount, position.side(-1).amount) == (5_000, -2_000)
    desk.place(client_order_id="c3", reduce_only=True, amount=D(2_000))
    position = desk.position()
    assert (position.side(1).amount, position.side(-1).amount) == (5_000, 0)


def test_a_hedged_close_beyond_the_position_is_refused_and_opens_nothing(desk: Desk) -> None:
    desk.hedge()
    desk.place()
    with pytest.raises(OrderRefused) as refusal:
        desk.place(client_order_id="c2", side=Side.SELL, reduce_only=True, amount=D(5_010))
    assert refusal.value.exchange_code == "51112"
    assert desk.account.position("GALA") == 5_000


def test_a_close_beyond_a_net_position_ends_as_filled_with_what_there_was(desk: Desk) -> None:
    desk.place()
    desk.place(client_order_id="c2", side=Side.SELL, reduce_only=True, amount=D(9_000))
    report = desk.found("c2")
    assert (report.status, report.filled) == (OrderStatus.CLOSED, 5_000)
    assert desk.position().is_flat


@pytest.mark.parametrize("price", ["", "0", "-3.1"])
def test_a_position_that_nothing_would_liquidate_has_no_such_price(desk: Desk, price: str) -> None:
    desk.place()
    desk.okx.changes["account/positions"] = _set("liqPx", price)
    assert desk.position().liquidation_price is None


@pytest.mark.parametrize("change", [_set("posSide", "both"), _set("posSide", ""), _set("pos", "x")])
def test_a_position_that_makes_no_sense_is_not_believed(desk: Desk, change: Change) -> None:
    desk.place()
    desk.okx.changes["account/positions"] = change
    with pytest.raises(RetryLater):
        desk.position()


def test_positions_of_two_modes_at_once_are_not_believed(desk: Desk) -> None:
    desk.place()
    desk.account.trade_by_hand("CHZ", "buy", D(1_000))
    desk.okx.changes["account/positions"] = _set("posSide", "long")
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.positions([desk.gala, desk.chz]))


# Account


@pytest.mark.parametrize("mode", [AccountMode.LIVE, AccountMode.SANDBOX])
@pytest.mark.parametrize(
    ("can_trade", "can_withdraw", "ip_bound"),
    [(True, False, True), (False, False, True), (True, True, True), (True, False, False)],
)
def test_the_key_says_what_it_may_do(
    desk: Desk, mode: AccountMode, can_trade: bool, can_withdraw: bool, ip_bound: bool
) -> None:
    key = desk.account.key
    key.can_trade, key.can_withdraw, key.ip_bound = can_trade, can_withdraw, ip_bound
    identity = desk.run(desk.adapter(mode).identity())
    assert identity.uid == desk.account.uid
    assert (identity.can_trade, identity.can_withdraw, identity.ip_bound) == (
        can_trade,
        can_withdraw,
        ip_bound,
    )
    assert identity.position_mode is PositionMode.ONE_WAY
    desk.hedge()
    assert desk.run(desk.exchange.identity()).position_mode is PositionMode.HEDGE


@pytest.mark.parametrize(("level", "says"), [("1", "spot mode"), ("4", "portfolio margin")])
def test_an_account_mode_that_cant_trade_pairs_is_named(desk: Desk, level: str, says: str) -> None:
    desk.okx.changes["account/config"] = _set("acctLv", level)
    with pytest.raises(UserMustAct, match=f"{says}.*choose futures mode"):
        desk.run(desk.exchange.identity())


def test_a_position_mode_of_an_unknown_name_is_no_guess(desk: Desk) -> None:
    desk.okx.changes["account/config"] = _set("posMode", "both_ways")
    for call in (desk.exchange.identity(), desk.exchange.place(desk.order())):
        with pytest.raises(RetryLater):
            desk.run(call)
    assert desk.sent() == []


def test_equity_holds_the_profit_that_is_not_realised(desk: Desk) -> None:
    desk.place()
    desk.venues.move("GALA", D("0.020000"), D("0.020000"))
    balance = desk.run(desk.exchange.balance())
    profit = 5_000 * (D("0.02") - D("0.018001"))
    assert balance.total == 10_000 + profit - 5_000 * D("0.018001") * D("0.0005")
    assert balance.free == balance.total - 5_000 * D("0.02") / 10
    assert balance.currency == "USDT"


def test_a_currency_that_is_left_out_is_not_there(desk: Desk) -> None:
    desk.account.balance = D(0)
    balance = desk.run(desk.exchange.balance())
    assert (balance.total, balance.free) == (0, 0)


@pytest.mark.parametrize(
    ("hedge", "margin_mode", "sides"),
    [
        (False, MarginMode.CROSS, [None]),
        (False, MarginMode.ISOLATED, [None]),
        (True, MarginMode.CROSS, [None]),
        (True, MarginMode.ISOLATED, ["long", "short"]),
    ],
)
def test_leverage_is_set_for_each_side_that_has_its_own(
    desk: Desk, hedge: bool, margin_mode: MarginMode, sides: list[str | None]
) -> None:
    if hedge:
        desk.hedge()
    for _ in range(2):
        # The second time it is set already.
        desk.forget()
        desk.run(desk.exchange.set_leverage(desk.gala, 5, margin_mode))
        asked = [r.json for r in desk.requests if r.path.endswith("set-leverage")]
        assert [each.get("posSide") for each in asked] == sides
        assert {each["lever"] for each in asked} == {"5"}
    assert desk.account.leverage["GALA"] == 5
    assert desk.account.margin_modes["GALA"] == margin_mode.value


def test_leverage_that_okx_does_not_allow_is_the_users_to_change(desk: Desk) -> None:
    with pytest.raises(UserMustAct) as refusal:
        desk.run(desk.exchange.set_leverage(desk.gala, 51, MarginMode.CROSS))
    assert refusal.value.exchange_code == "59102"
    desk.place(**LIMIT)
    with pytest.raises(UserMustAct) as refusal:
        desk.run(desk.exchange.set_leverage(desk.gala, 7, MarginMode.CROSS))
    assert refusal.value.exchange_code == "59107"


def test_leverage_that_was_set_otherwise_is_not_believed(desk: Desk) -> None:
    desk.okx.changes["account/set-leverage"] = _set("lever", "3")
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.set_leverage(desk.gala, 5, MarginMode.CROSS))


def test_the_largest_position_comes_from_the_tiers_at_the_mark(desk: Desk) -> None:
    desk.venues.markets.books["GALA"].mark = "0.02"
    limits = {lever: desk.run(desk.exchange.position_limit(desk.gala, lever)) for lever in (5, 20)}
    for lever, limit in limits.items():
        tier = D(1_000_000) * 50 / lever
        assert limit is not None
        assert tier - D("0.2") <= limit <= tier
    assert desk.run(desk.exchange.position_limit(desk.gala, 51)) == 0


def test_the_dearest_of_several_fees_counts(desk: Desk) -> None:
    def two_groups(body: dict[str, Any]) -> None:
        groups = body["data"][0]["feeGroup"]
        groups.append({**groups[0], "groupId": "2", "taker": "-0.0009", "maker": "-0.0001"})

    desk.okx.changes["account/trade-fee"] = two_groups
    assert desk.run(desk.exchange.fee_rates(desk.gala)) == (D("0.0009"), D("0.0002"))
    assert desk.requests[0].params["instFamily"] == "GALA-USDT"


# Funding


def test_funding_is_what_this_market_received_after_a_moment(desk: Desk) -> None:
    desk.place()
    desk.account.trade_by_hand("CHZ", "buy", D(1_000))
    for hour in range(3):
        desk.account.settle_funding("GALA", D("0.0001") * (1 - hour), NOW + hour * HOUR)
        desk.account.settle_funding("CHZ", D("0.0001"), NOW + hour * HOUR)
    desk.clock.advance(2 * HOUR / 1_000)
    desk.run(desk.exchange.balance())  # compares the clocks
    desk.forget()
    payments = desk.run(desk.exchange.funding(desk.gala, NOW))
    assert [payment.timestamp for payment in payments] == [NOW + HOUR, NOW + 2 * HOUR]
    # A rate below zero pays who is long.
    assert [payment.amount for payment in payments] == [0, 5_000 * D("0.018") * D("0.0001")]
    assert {payment.symbol for payment in payments} == {"GALA-USDT"}
    assert desk.paths == ["account/bills"]
    asked = desk.requests[0].params
    assert (asked["begin"], asked["end"]) == (str(NOW + 1), str(NOW + 2 * HOUR))


def test_an_isolated_position_pays_from_its_own_margin(desk: Desk) -> None:
    desk.run(desk.exchange.set_leverage(desk.gala, 5, MarginMode.ISOLATED))
    desk.place(margin_mode=MarginMode.ISOLATED)
    desk.account.settle_funding("GALA", D("0.0001"))
    (payment,) = desk.run(desk.exchange.funding(desk.gala, NOW - 1))
    assert payment.amount == -5_000 * D("0.018") * D("0.0001")


def test_funding_of_all_pages_and_of_the_archive_is_counted_once(desk: Desk) -> None:
    desk.place()
    start = NOW
    for hour in range(250):
        desk.account.settle_funding("GALA", D("0.0001"), start + hour * HOUR)
    desk.clock.advance(249 * HOUR / 1_000)
    desk.run(desk.exchange.balance())  # compares the clocks
    desk.forget()
    payments = desk.run(desk.exchange.funding(desk.gala, start - 1))
    assert [payment.timestamp for payment in payments] == [start + h * HOUR for h in range(250)]
    assert desk.paths == [*["account/bills"] * 2, *["account/bills-archive"] * 3]


@pytest.mark.parametrize("change", [_set("subType", "175"), _set("pnl", ""), _set("ts", "")])
def test_funding_that_makes_no_sense_is_not_believed(desk: Desk, change: Change) -> None:
    desk.place()
    desk.account.settle_funding("GALA", D("0.0001"))
    desk.okx.changes["account/bills"] = change
    with pytest.raises(RetryLater):
        desk.run(desk.exchange.funding(desk.gala, NOW - 1))


def test_amounts_are_contracts_on_the_wire_and_coins_inside(desk: Desk) -> None:
    market: Market = desk.gala
    assert (market.contract_size, market.amount_step, market.min_amount) == (10, 10, 20)
    desk.place()
    assert desk.sent()[0].json["sz"] == "500"
    assert desk.found().filled == desk.position().amount == desk.account.position("GALA") == 5_000


def test_the_clocks_are_compared_before_the_first_private_request_and_then_seldom() -> None:
    desk = Desk()
    desk.venues.clock_ahead = -20_000  # within what OKX takes
    fresh = desk.exchange = desk.adapter()
    for _ in range(3):
        desk.run(fresh.balance())
    assert desk.paths == ["public/time", *["account/balance"] * 3]
    order = OrderRequest("c1", desk.gala, Side.BUY, OrderType.MARKET, D(1_000), D("0.0181"))
    desk.run(fresh.place(order))
    (sent,) = desk.sent()
    assert int(sent.headers["exptime"]) == desk.venues.now() + 5_000, "by the exchange's clock"
    desk.clock.advance(1_800)
    desk.forget()
    desk.run(fresh.balance())
    assert desk.paths == ["public/time", "account/balance"]
    desk.close()
