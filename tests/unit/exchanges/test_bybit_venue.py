"""Live accounts on Bybit: its requests, its quirks, and answers that are not to be believed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import pytest

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.ccxt_client import CcxtClient
from pairtrader.exchanges.errors import (
    ClockSkew,
    KeysRefused,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
    RetryLater,
    UserMustAct,
)
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.exchanges.venues.bybit import Bybit
from pairtrader.model.account import AccountMode, Credentials, MarginMode, PositionMode
from pairtrader.model.market import Market
from pairtrader.model.order import OrderReport, OrderRequest, OrderStatus, OrderType, Side
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.venues.account import FakeFill, OrderScript, Reason
from tests.fakes.venues.bybit import ACCOUNT_WIDE, BybitDialect
from tests.fakes.venues.markets import Book, FakeMarkets
from tests.fakes.venues.transport import InProcessSession
from tests.fakes.venues.wire import Answer, FakeVenues, Fault, Request, answered
from tests.fakes.wire_desk import live_account

D = Decimal
T = TypeVar("T")
NOW = 1_790_000_040_000
HOUR, DAY = 3_600_000, 86_400_000
BUY, SELL = Side.BUY, Side.SELL
SOME = D(10_000)
LIST = ("result", "list")

Change = Callable[[Any], Any]


class Wire(InProcessSession):
    """Keeps what was sent where, and lets a test change what comes back."""

    def __init__(self, venues: FakeVenues) -> None:
        super().__init__(venues)
        self.addresses: list[str] = []
        self.changes: dict[str, Change] = {}
        """What is made of the answers of a path."""

    def get(self, url: Any, **kwargs: Any) -> Any:
        self.addresses.append(str(url))
        return super().get(url, **kwargs)

    def post(self, url: Any, **kwargs: Any) -> Any:
        self.addresses.append(str(url))
        return super().post(url, **kwargs)

    async def ask(self, request: Request) -> Answer:
        answer = await super().ask(request)
        change = self.changes.get(request.path)
        if change is None:
            return answer
        changed = change(json.loads(answer.body))
        return Answer(body=changed if isinstance(changed, str) else json.dumps(changed))


class Bench:
    """One account on Bybit, and everything behind it."""

    def __init__(
        self,
        *,
        hedge: bool = False,
        mode: AccountMode = AccountMode.LIVE,
        hosts: dict[str, str] | None = None,
    ) -> None:
        self.clock = FakeClock(NOW)
        self.dialect = BybitDialect()
        self.venues = FakeVenues(FakeMarkets(self.clock.now), (self.dialect,))
        self.account = self.venues.open_account("bybit", hedge=hedge)
        self.wire = Wire(self.venues)
        self.runner = asyncio.Runner()
        self.exchange = self.another(mode, hosts)

    def another(
        self, mode: AccountMode = AccountMode.LIVE, hosts: dict[str, str] | None = None
    ) -> BaseExchange:
        """The same account in another process."""
        key = self.account.key
        return create_exchange(
            live_account("bybit", mode),
            clock=self.clock.now,
            account_store=MemoryAccountStore(),
            candle_source=Recordings(MemoryFiles({})),
            keys=lambda: Credentials(key.api_key, key.secret),
            hosts=hosts,
            session=self.wire,
        )

    def run(self, call: Awaitable[T]) -> T:
        async def body() -> T:
            return await call

        return self.runner.run(body())

    def order(self, client_id: str = "c1", **changes: Any) -> OrderRequest:
        usual = OrderRequest(client_id, gala(), BUY, OrderType.MARKET, SOME)
        return replace(usual, **changes)

    def place(self, client_id: str = "c1", **changes: Any) -> OrderReport:
        return self.run(self.exchange.place(self.order(client_id, **changes)))

    def find(self, client_id: str = "c1") -> OrderReport | None:
        return self.run(self.exchange.find_order(gala(), client_id))

    def found(self, client_id: str = "c1") -> OrderReport:
        report = self.find(client_id)
        assert report is not None
        return report

    def change(self, path: str, change: Change) -> None:
        """From now on, make this of the answers of a path."""
        self.wire.changes[f"/v5/{path}"] = change

    def change_rows(self, path: str, **values: Any) -> None:
        def change(body: Any) -> Any:
            for row in body["result"]["list"]:
                row.update(values)
            return body

        self.change(path, change)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.venues.requests if request.path == f"/v5/{path}"]

    def close(self) -> None:
        self.run(self.exchange.close())
        self.runner.close()


@cache
def markets() -> tuple[Market, Market]:
    bench = Bench()
    listed = {market.symbol: market for market in bench.run(bench.exchange.load_markets())}
    bench.close()
    return listed["GALA-USDT"], listed["CHZ-USDT"]


def gala() -> Market:
    return markets()[0]


def chz() -> Market:
    return markets()[1]


@pytest.fixture
def bench() -> Iterator[Bench]:
    markets()
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def hedged() -> Iterator[Bench]:
    markets()
    bench = Bench(hedge=True)
    yield bench
    bench.close()


# Orders on their way


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"side": "Buy", "orderType": "Market", "reduceOnly": False}),
        ({"side": SELL}, {"side": "Sell", "orderType": "Market", "reduceOnly": False}),
        (
            {"price": D("0.018100")},
            {"side": "Buy", "orderType": "Limit", "timeInForce": "IOC", "price": "0.018100"},
        ),
        (
            {"type": OrderType.LIMIT, "price": D("1.7E-2")},
            {"side": "Buy", "orderType": "Limit", "timeInForce": "GTC", "price": "0.017"},
        ),
        ({"amount": D("1E+4")}, {"qty": "10000"}),
    ],
)
def test_an_order_is_written_as_bybit_reads_it(
    bench: Bench, asked: dict[str, Any], expected: dict[str, Any]
) -> None:
    bench.place(**asked)
    (request,) = bench.asked("order/create")
    sent = request.json
    assert expected.items() <= sent.items()
    assert ("price" in sent, "timeInForce" in sent) == (("price" in expected),) * 2
    assert (sent["category"], sent["symbol"], sent["positionIdx"]) == ("linear", "GALAUSDT", 0)
    assert sent["orderLinkId"] == "c1"
    assert isinstance(sent["qty"], str)


@pytest.mark.parametrize(
    ("side", "reduce_only", "index"),
    [(BUY, False, 1), (SELL, True, 1), (SELL, False, 2), (BUY, True, 2)],
)
def test_hedge_mode_names_the_position_that_is_meant(
    hedged: Bench, side: Side, reduce_only: bool, index: int
) -> None:
    for opening in (BUY, SELL):
        hedged.place(f"open{opening}", side=opening)
    hedged.place(side=side, reduce_only=reduce_only)
    sent = hedged.asked("order/create")[-1].json
    assert (sent["positionIdx"], sent["reduceOnly"]) == (index, reduce_only)


def test_an_order_expires_within_its_window_and_bears_nobodys_name(bench: Bench) -> None:
    bench.place()
    (request,) = bench.asked("order/create")
    assert request.headers["x-bapi-recv-window"] == str(bench.exchange.request_expiry_ms) == "5000"
    assert request.headers["x-bapi-timestamp"] == str(NOW)
    assert "ccxt" not in str(request.headers).lower()


def test_an_order_is_taken_before_it_is_matched(bench: Bench) -> None:
    report = bench.place()
    assert (report.status, report.fills) == (OrderStatus.OPEN, ())
    assert report.exchange_order_id == bench.account.orders[0].exchange_id


@pytest.mark.parametrize("lost", ["hang", "hang_up", "cut off", "server error", "not found"])
@pytest.mark.parametrize("processed", [True, False])
def test_an_order_whose_answer_is_lost_is_unknown_and_sent_once(
    bench: Bench, lost: str, processed: bool
) -> None:
    answers = {
        "hang": Answer(hang=True),
        "hang_up": Answer(hang_up=True),
        "cut off": Answer(body='{"retCode":0,"retMsg":"OK","result":{"orderI'),
        "server error": Answer(502, "<html>Bad Gateway</html>"),
        "not found": Answer(404, ""),
    }
    bench.run(bench.exchange.positions([gala()]))
    bench.venues.faults.append(Fault(answers[lost], processed, bench.venues.sends_order))
    with pytest.raises(OutcomeUnknown):
        bench.place()
    assert len(bench.asked("order/create")) == 1
    assert len(bench.account.accepted("c1")) == processed
    assert (bench.find() is not None) is processed


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"orderId": "", "orderLinkId": "c1"},
        {"orderLinkId": "c1"},
        {"orderId": "1000001", "orderLinkId": "c2"},
        {"orderId": "1000001"},
        None,
        [],
    ],
)
def test_an_answer_without_the_orders_ids_proves_nothing(bench: Bench, result: Any) -> None:
    bench.change("order/create", lambda body: {**body, "result": result})
    with pytest.raises(OutcomeUnknown):
        bench.place()


@pytest.mark.parametrize(
    "reason", [reason for reason in Reason if reason not in (Reason.DUPLICATE, Reason.UNCHANGED)]
)
def test_a_refused_order_leaves_no_trace(bench: Bench, reason: Reason) -> None:
    bench.account.scripts["GALA", 1] = OrderScript(refuse=reason)
    # Codes of look-ups and cancels say nothing of an order that was sent.
    expected = OutcomeUnknown if reason is Reason.NO_ORDER else OrderRefused
    with pytest.raises(expected):
        bench.place()
    assert bench.find() is None


def test_a_limited_order_was_not_looked_at(bench: Bench) -> None:
    bench.run(bench.exchange.positions([gala()]))
    body = {"retCode": 10006, "retMsg": "Too many visits!", "result": {}}
    limited = replace(answered(body), headers=(("Retry-After", "3"),))
    bench.venues.faults.append(Fault(limited, matches=bench.venues.sends_order))
    with pytest.raises(RateLimited) as refusal:
        bench.place()
    assert refusal.value.retry_after_seconds == 3
    assert bench.account.orders == []


@pytest.mark.parametrize("ahead", [5_001, -1_000, 60_000, -60_000])
def test_a_wrong_clock_is_corrected_for_the_next_request(bench: Bench, ahead: int) -> None:
    bench.run(bench.exchange.positions([gala()]))
    bench.venues.clock_ahead = ahead
    with pytest.raises(ClockSkew):
        bench.place()
    assert bench.account.orders == []
    bench.place("c2")
    stamp = bench.asked("order/create")[-1].headers["x-bapi-timestamp"]
    assert int(stamp) == NOW + ahead
    assert bench.found("c2").filled == SOME


@pytest.mark.parametrize("ahead", [5_000, -999])
def test_a_clock_within_the_window_needs_no_correction(bench: Bench, ahead: int) -> None:
    bench.venues.clock_ahead = ahead
    bench.place()
    assert bench.found().filled == SOME


# Orders looked up


def test_a_filled_order_is_found_with_its_fills(bench: Bench) -> None:
    bench.place()
    report = bench.found()
    (fill,) = report.fills
    assert (report.status, report.type, report.side) == (OrderStatus.CLOSED, OrderType.MARKET, BUY)
    assert (report.amount, report.timestamp, fill.timestamp) == (SOME, NOW, NOW)
    assert (fill.amount, fill.price, fill.maker) == (SOME, D("0.018001"), False)
    assert fill.fee == SOME * D("0.018001") * D("0.0005")


@pytest.mark.parametrize("restarted", [False, True])
def test_an_order_that_has_ended_is_found_after_a_restart_of_bybit(
    bench: Bench, restarted: bool
) -> None:
    bench.dialect.has_restarted = restarted
    bench.place()
    assert bench.found().status is OrderStatus.CLOSED
    assert len(bench.asked("order/history")) == restarted


def test_only_an_order_that_rests_is_a_limit_order(bench: Bench) -> None:
    bench.place("bounded", price=D("0.0181"))
    bench.place("rests", type=OrderType.LIMIT, price=D("0.017"))
    assert bench.found("bounded").type is OrderType.MARKET
    report = bench.found("rests")
    assert (report.type, report.status, report.fills) == (OrderType.LIMIT, OrderStatus.OPEN, ())


def test_an_order_can_be_canceled_with_fills(bench: Bench) -> None:
    bench.account.scripts["GALA", 1] = OrderScript(share=D("0.3"))
    bench.place(price=D("0.0181"))
    report = bench.found()
    assert (report.status, report.filled) == (OrderStatus.CANCELED, D(3_000))


def test_fills_may_overtake_a_cancel(bench: Bench) -> None:
    bench.account.scripts["GALA", 1] = OrderScript(fills_at_cancel=D("0.4"))
    bench.place(type=OrderType.LIMIT, price=D("0.017"))
    bench.run(bench.exchange.cancel(gala(), "c1"))
    report = bench.found()
    assert (report.status, report.filled) == (OrderStatus.CANCELED, D(4_000))
    assert report.fills[0].maker


def test_an_open_order_may_be_partially_filled(bench: Bench) -> None:
    bench.place(type=OrderType.LIMIT, price=D("0.017"))
    (order,) = bench.account.orders
    order.fills.append(FakeFill("7", D(2_500), D("0.017"), D(1), "USDT", NOW, maker=True))
    report = bench.found()
    assert (report.status, report.filled) == (OrderStatus.OPEN, D(2_500))


def test_an_order_that_the_engine_rejected_has_ended_unfilled(bench: Bench) -> None:
    bench.place(type=OrderType.LIMIT, price=D("0.017"))
    bench.change_rows("order/realtime", orderStatus="Rejected", rejectReason="EC_NoEnoughQtyToFill")
    report = bench.found()
    assert (report.status, report.fills) == (OrderStatus.CANCELED, ())


def test_an_order_that_bybit_does_not_show_yet_is_not_found(bench: Bench) -> None:
    bench.place()
    bench.account.hidden_orders = 1
    assert bench.find() is None
    assert bench.found().filled == SOME


def test_a_look_up_may_lag_behind(bench: Bench) -> None:
    bench.account.scripts["GALA", 1] = OrderScript(shown_as_open=1)
    bench.place()
    assert (bench.found().status, bench.found().status) == (OrderStatus.OPEN, OrderStatus.CLOSED)


def test_fills_that_are_not_published_yet_are_waited_for(bench: Bench) -> None:
    bench.account.scripts["GALA", 1] = OrderScript(fills_late=2)
    bench.place()
    for _ in range(2):
        with pytest.raises(RetryLater):
            bench.find()
    assert bench.found().filled == SOME


def many_fills(bench: Bench, count: int) -> None:
    """Have an order filled in parts."""
    bench.place()
    (order,) = bench.account.orders
    part, (whole,) = SOME / count, order.fills
    fee = whole.fee / count
    order.fills = [
        FakeFill(str(number), part, whole.price, fee, "USDT", NOW + number, maker=False)
        for number in range(count)
    ]


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (100, 1), (125, 2), (250, 3)])
def test_fills_of_all_pages_are_read(bench: Bench, count: int, requests: int) -> None:
    many_fills(bench, count)
    report = bench.found()
    assert (len(report.fills), report.filled) == (count, SOME)
    assert [fill.timestamp for fill in report.fills] == list(range(NOW, NOW + count))
    assert len(bench.asked("execution/list")) == requests


def test_a_page_that_comes_twice_is_counted_once(bench: Bench) -> None:
    many_fills(bench, 125)
    bench.change("execution/list", first_page_again(bench))
    with pytest.raises(RetryLater):
        bench.find()


def first_page_again(bench: Bench) -> Change:
    pages: list[Any] = []

    def change(body: Any) -> Any:
        pages.append(body)
        return {**pages[0], "result": {**pages[0]["result"], "nextPageCursor": str(len(pages))}}

    return change


def test_pages_that_do_not_end_are_given_up(bench: Bench) -> None:
    bench.place()
    part = {"execQty": "1"}

    def change(body: Any) -> Any:
        body["result"]["nextPageCursor"] = "0:0"
        body["result"]["list"][0].update(part)
        return body

    bench.change("execution/list", change)
    with pytest.raises(RetryLater):
        bench.find()
    assert len(bench.asked("execution/list")) == 2


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        {"orderStatus": "Untriggered"},
        {"orderStatus": "Frozen"},
        {"orderStatus": ""},
        {"orderLinkId": "c2"},
        {"orderLinkId": ""},
        {"orderId": ""},
        {"symbol": "CHZUSDT"},
        {"symbol": None},
        {"side": "None"},
        {"side": ""},
        {"qty": ""},
        {"qty": "9999"},
        {"cumExecQty": ""},
        {"cumExecQty": None},
        {"cumExecQty": "9999"},
        {"cumExecQty": "0"},
        {"cumExecQty": "10001"},
        {"cumExecQty": "NaN"},
        {"orderType": ""},
        {"timeInForce": ""},
        {"createdTime": ""},
        {"createdTime": None},
    ],
)
def test_a_report_that_is_incomplete_or_contradicts_itself_is_not_believed(
    bench: Bench, values: dict[str, Any], restarted: bool
) -> None:
    bench.dialect.has_restarted = restarted
    bench.place()
    bench.change_rows("order/history" if restarted else "order/realtime", **values)
    with pytest.raises(RetryLater):
        bench.find()


def test_two_orders_of_one_id_are_not_believed(bench: Bench) -> None:
    bench.place()

    def twice(body: Any) -> Any:
        body["result"]["list"] *= 2
        return body

    bench.change("order/realtime", twice)
    with pytest.raises(RetryLater):
        bench.find()


@pytest.mark.parametrize(
    "values",
    [
        {"orderId": "1000099"},
        {"orderId": ""},
        {"execId": ""},
        {"execQty": ""},
        {"execQty": "9999"},
        {"execPrice": "0"},
        {"execPrice": ""},
        {"execFee": ""},
        {"execFee": None},
        {"execTime": ""},
        {"extraFees": [{"feeCoin": "MNT", "fee": "1"}]},
        {"extraFees": [{"feeCoin": "USDT"}]},
        {"extraFees": "soon"},
    ],
)
def test_a_fill_that_is_incomplete_is_not_believed(bench: Bench, values: dict[str, Any]) -> None:
    bench.place()
    bench.change_rows("execution/list", **values)
    with pytest.raises(RetryLater):
        bench.find()


def test_a_fee_in_another_coin_is_valued_at_its_swap(bench: Bench) -> None:
    bench.venues.markets.books["MNT"] = Book("MNT", "0.9", "1.1", "0.0001", "1", "0.1")
    bench.account.fee_currency, bench.account.fee_price = "MNT", D("0.5")
    bench.place()
    (fill,) = bench.found().fills
    assert fill.fee == SOME * D("0.018001") * D("0.0005") / D("0.5")


def test_a_named_fee_currency_is_taken_as_it_is(bench: Bench) -> None:
    bench.place()
    bench.change_rows("execution/list", feeCurrency="USDT", execFee="0.25")
    assert bench.found().fee == D("0.25")


def test_a_rebate_is_negative(bench: Bench) -> None:
    bench.account.maker_fee = D("-0.0001")
    bench.place(type=OrderType.LIMIT, price=D("0.017"))
    bench.venues.move("GALA", D("0.0169"), D("0.0169"))
    assert bench.found().fee == -SOME * D("0.017") * D("0.0001")


@pytest.mark.parametrize("as_text", [False, True])
def test_a_tax_on_the_fee_is_paid_too(bench: Bench, as_text: bool) -> None:
    bench.place()
    taxes = [{"feeCoin": "USDT", "feeType": "GST", "feeRate": "0.00009", "fee": "0.05"}]
    told = json.dumps(taxes) if as_text else taxes
    bench.change_rows("execution/list", execFee="0.25", extraFees=told)
    assert bench.found().fee == D("0.30")


# Cancels, open orders


def test_canceling_what_is_gone_is_success(bench: Bench) -> None:
    bench.place()
    for client_id in ("c1", "nobody"):
        bench.run(bench.exchange.cancel(gala(), client_id))
    assert len(bench.asked("order/cancel")) == 2


def test_an_order_that_is_being_worked_on_is_canceled_later(bench: Bench) -> None:
    bench.place(type=OrderType.LIMIT, price=D("0.017"))
    busy = answered({"retCode": 110079, "retMsg": "The order is processing", "result": {}})
    bench.venues.faults.append(Fault(busy, matches=lambda r: r.path == "/v5/order/cancel"))
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.cancel(gala(), "c1"))
    assert bench.found().status is OrderStatus.OPEN


def test_all_open_orders_of_a_market_are_listed(bench: Bench) -> None:
    for number in range(120):
        bench.place(f"c{number}", type=OrderType.LIMIT, price=D("0.0001"), amount=D(60_000))
    bench.account.rest_by_hand("GALA", "buy", SOME, D("0.017"))
    bench.account.rest_by_hand("CHZ", "buy", SOME, D("0.03"))
    bench.place("ended")
    listed = bench.run(bench.exchange.open_orders(gala()))
    assert sorted(listed) == sorted(["", *(f"c{number}" for number in range(120))])
    assert len(bench.asked("order/realtime")) == 4, "pages of 50; an empty one ends them"
    assert len(bench.run(bench.exchange.open_orders(chz()))) == 1


# Positions


def test_a_position_is_shown_with_its_prices(bench: Bench) -> None:
    bench.place(side=SELL)
    bench.venues.markets.books["GALA"].mark = "0.018100"
    bench.venues.requests.clear()
    held = bench.run(bench.exchange.positions([gala(), chz()]))
    position = held["GALA-USDT"]
    assert (position.amount, position.hedged, position.opposite) == (-SOME, False, None)
    assert (position.entry_price, position.mark_price) == (D("0.017999"), D("0.018100"))
    assert position.unrealized_pnl == -SOME * D("0.000101")
    assert position.liquidation_price is not None
    assert position.liquidation_price > position.mark_price
    assert held["CHZ-USDT"].is_flat
    assert len(bench.asked("position/list")) == 2


def test_a_position_far_from_liquidation_has_no_price_of_it(bench: Bench) -> None:
    bench.place()
    bench.change_rows("position/list", liqPrice="")
    held = bench.run(bench.exchange.positions([gala()]))
    assert held["GALA-USDT"].liquidation_price is None


def test_hedge_mode_shows_both_sides(hedged: Bench) -> None:
    hedged.place("long", amount=D(3_000))
    hedged.place("short", side=SELL, amount=D(2_000))
    position = hedged.run(hedged.exchange.positions([gala()]))["GALA-USDT"]
    assert position.hedged
    assert (position.side(1).amount, position.side(-1).amount) == (3_000, -2_000)


def shown(*indexes: int, **values: Any) -> Change:
    """Make an answer about a market's positions out of one with a single row."""

    def change(body: Any) -> Any:
        (first, *_) = body["result"]["list"]
        rows = [{**first, "positionIdx": index, **values} for index in indexes]
        return {**body, "result": {**body["result"], "list": rows}}

    return change


@pytest.mark.parametrize(
    "change",
    [
        shown(),
        shown(1),
        shown(2),
        shown(0, 1),
        shown(0, 0),
        shown(1, 1),
        shown(3),
        shown(0, symbol="CHZUSDT"),
        shown(0, symbol=""),
        shown(0, positionIdx=None),
        shown(0, size=""),
        shown(0, size=None),
        shown(0, side=""),
        shown(0, side="None"),
        shown(0, avgPrice="0"),
        shown(0, avgPrice=""),
        shown(0, markPrice=""),
        shown(0, liqPrice="soon"),
        shown(0, unrealisedPnl=""),
    ],
)
def test_positions_that_are_missing_or_incomplete_are_not_flat(
    bench: Bench, change: Change
) -> None:
    bench.place()
    bench.change("position/list", change)
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.positions([gala()]))


def test_an_empty_list_of_positions_is_not_flat(bench: Bench) -> None:
    bench.place()
    bench.account.empty_positions = 1
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.positions([gala(), chz()]))
    held = bench.run(bench.exchange.positions([gala(), chz()]))
    assert held["GALA-USDT"].amount == SOME


def in_hedge_mode(bench: Bench, symbol: str) -> None:
    """Show one market in hedge mode: on Bybit each has a mode of its own."""

    def change(body: Any) -> Any:
        rows = body["result"]["list"]
        if rows[0]["symbol"] != symbol:
            return body
        return shown(1, 2)(body)

    bench.change("position/list", change)


def test_a_pair_needs_one_position_mode(bench: Bench) -> None:
    in_hedge_mode(bench, "CHZUSDT")
    with pytest.raises(UserMustAct, match="GALAUSDT and CHZUSDT"):
        bench.run(bench.exchange.positions([gala(), chz()]))


def test_each_market_has_its_own_position_mode(bench: Bench) -> None:
    in_hedge_mode(bench, "CHZUSDT")
    bench.run(bench.exchange.identity())
    bench.place("c1")
    # The account is in one-way mode behind the scenes, so it refuses.
    with pytest.raises(OrderRefused):
        bench.place("c2", market=chz(), amount=D(1_000))
    sent = [request.json["positionIdx"] for request in bench.asked("order/create")]
    assert sent == [0, 1]


def test_a_position_mode_that_was_switched_is_read_again(bench: Bench) -> None:
    bench.place("c1", type=OrderType.LIMIT, price=D("0.017"))
    bench.account.hedge = True
    with pytest.raises(OrderRefused):
        bench.place("c2")
    bench.place("c3")
    sent = [request.json["positionIdx"] for request in bench.asked("order/create")]
    assert sent == [0, 0, 1]


# The account


def test_the_account_is_known_by_its_user(hedged: Bench) -> None:
    hedged.account.uid = "24617703"
    identity = hedged.run(hedged.exchange.identity())
    assert (identity.uid, identity.position_mode) == ("24617703", PositionMode.HEDGE)
    assert (identity.can_trade, identity.can_withdraw) == (True, False)
    assert (identity.ip_bound, identity.expires_at) == (True, None)


def test_what_a_key_may_do_is_read(bench: Bench) -> None:
    key = bench.account.key
    key.can_withdraw, key.ip_bound, key.expires_at = True, False, NOW + 7 * DAY
    identity = bench.run(bench.exchange.identity())
    assert (identity.can_trade, identity.can_withdraw, identity.ip_bound) == (True, True, False)
    assert identity.expires_at == (NOW + 7 * DAY) // 1_000 * 1_000


def test_a_key_for_reading_can_not_trade(bench: Bench) -> None:
    bench.account.key.can_trade = False
    identity = bench.run(bench.exchange.identity())
    assert not identity.can_trade
    with pytest.raises(OrderRefused):
        bench.place()
    with pytest.raises(KeysRefused):
        bench.run(bench.exchange.set_leverage(gala(), 5, MarginMode.CROSS))


def told_of_the_key(**values: Any) -> Change:
    return lambda body: {**body, "result": {**body["result"], **values}}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"permissions": {"ContractTrade": ["Position"], "Wallet": []}}, {"can_trade": False}),
        ({"permissions": {"ContractTrade": ["Order"], "Wallet": []}}, {"can_trade": False}),
        ({"permissions": {"ContractTrade": [], "Wallet": []}}, {"can_trade": False}),
        ({"ips": None}, {"ip_bound": None}),
        ({"ips": []}, {"ip_bound": False}),
        ({"ips": ["203.0.113.7", "*"]}, {"ip_bound": False}),
        ({"expiredAt": ""}, {"expires_at": None}),
        ({"expiredAt": None}, {"expires_at": None}),
        ({"expiredAt": "0001-01-01T00:00:00Z"}, {"expires_at": None}),
        ({"expiredAt": "2027-01-02T03:04:05Z"}, {"expires_at": 1_798_859_045_000}),
    ],
)
def test_a_key_is_described_in_many_ways(
    bench: Bench, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    bench.change("user/query-api", told_of_the_key(**values))
    identity = bench.run(bench.exchange.identity())
    assert {name: getattr(identity, name) for name in expected} == expected


@pytest.mark.parametrize(
    "values",
    [
        {"userID": ""},
        {"userID": None},
        {"readOnly": None},
        {"permissions": None},
        {"permissions": {"ContractTrade": ["Order", "Position"]}},
        {"permissions": {"Wallet": []}},
        {"permissions": {"ContractTrade": ["Order", "Position"], "Wallet": None}},
        {"expiredAt": "soon"},
    ],
)
def test_a_key_that_is_not_fully_described_is_not_believed(
    bench: Bench, values: dict[str, Any]
) -> None:
    bench.change("user/query-api", told_of_the_key(**values))
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.identity())


def test_an_account_that_is_not_unified_is_told_to_upgrade(bench: Bench) -> None:
    bench.change("user/query-api", told_of_the_key(uta=0))
    with pytest.raises(UserMustAct, match="unified"):
        bench.run(bench.exchange.identity())


@pytest.mark.parametrize("wrong", ["key", "secret", "expired"])
def test_keys_that_are_wrong_are_refused(bench: Bench, wrong: str) -> None:
    if wrong == "expired":
        bench.account.key.expires_at = NOW
    else:
        setattr(bench.account.key, "api_key" if wrong == "key" else "secret", "another")
    exchange = bench.exchange if wrong == "expired" else bench_with_old_keys(bench)
    with pytest.raises(KeysRefused) as refusal:
        bench.run(exchange.balance())
    for secret in ("key-bybit-1", "secret-bybit-1", "another"):
        assert secret not in str(refusal.value)


def bench_with_old_keys(bench: Bench) -> BaseExchange:
    return create_exchange(
        live_account("bybit"),
        clock=bench.clock.now,
        account_store=MemoryAccountStore(),
        candle_source=Recordings(MemoryFiles({})),
        keys=lambda: Credentials("key-bybit-1", "secret-bybit-1"),
        session=bench.wire,
    )


def test_in_cross_margin_all_collateral_is_free(bench: Bench) -> None:
    balance = bench.run(bench.exchange.balance())
    assert (balance.currency, balance.total, balance.free) == ("USDT", 10_000, 10_000)
    bench.place()
    balance = bench.run(bench.exchange.balance())
    assert balance.total == bench.account.equity()
    assert balance.free == bench.account.free() < balance.total


def test_what_is_free_is_told_in_dollars(bench: Bench) -> None:
    def change(body: Any) -> Any:
        (wallet,) = body["result"]["list"]
        wallet["totalAvailableBalance"] = "4995"
        wallet["coin"][0].update(equity="10000", usdValue="9990")
        return body

    bench.change("account/wallet-balance", change)
    balance = bench.run(bench.exchange.balance())
    assert (balance.total, balance.free) == (10_000, 5_000)


def test_in_isolated_margin_what_is_free_is_reckoned(bench: Bench) -> None:
    bench.account.margin_modes[ACCOUNT_WIDE] = "isolated"
    bench.place()
    bench.place("c2", type=OrderType.LIMIT, price=D("0.017"))
    balance = bench.run(bench.exchange.balance())
    in_position, in_order = SOME * D("0.018000") / 10, SOME * D("0.017") / 10
    fee = SOME * D("0.018001") * D("0.0005")
    unrealised = bench.account.unrealised()
    assert balance.free == 10_000 - fee - in_position - in_order
    assert balance.total == 10_000 - fee + unrealised


@pytest.mark.parametrize(
    "values",
    [
        {"equity": ""},
        {"equity": None},
        {"coin": "USDC"},
        {"walletBalance": "", "isolated": True},
        {"totalPositionIM": "", "isolated": True},
        {"totalOrderIM": None, "isolated": True},
    ],
)
def test_a_balance_that_is_incomplete_is_not_believed(bench: Bench, values: dict[str, Any]) -> None:
    if values.pop("isolated", False):
        bench.account.margin_modes[ACCOUNT_WIDE] = "isolated"

    def change(body: Any) -> Any:
        body["result"]["list"][0]["coin"][0].update(values)
        return body

    bench.change("account/wallet-balance", change)
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.balance())


def test_fee_rates_are_the_accounts(bench: Bench) -> None:
    bench.account.taker_fee, bench.account.maker_fee = D("0.00055"), D("-0.00005")
    assert bench.run(bench.exchange.fee_rates(gala())) == (D("0.00055"), D("-0.00005"))
    bench.change_rows("account/fee-rate", takerFeeRate="")
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.fee_rates(gala()))


# Leverage and margin mode


def test_leverage_that_is_set_already_is_success(bench: Bench) -> None:
    for _ in range(2):
        bench.run(bench.exchange.set_leverage(gala(), 7, MarginMode.CROSS))
    sent = bench.asked("position/set-leverage")[0].json
    assert (sent["buyLeverage"], sent["sellLeverage"]) == ("7", "7")
    assert bench.account.leverage == {"GALA": 7}
    assert bench.asked("account/set-margin-mode") == []


def test_the_margin_mode_is_switched_where_it_differs(bench: Bench) -> None:
    async def both_legs() -> None:
        await asyncio.gather(
            *(bench.exchange.set_leverage(m, 7, MarginMode.ISOLATED) for m in markets())
        )

    bench.run(both_legs())
    bench.run(both_legs())
    assert bench.account.margin_modes[ACCOUNT_WIDE] == "isolated"
    assert bench.account.leverage == {"GALA": 7, "CHZ": 7}
    assert 1 <= len(bench.asked("account/set-margin-mode")) <= 2
    bench.place()
    assert bench.account.orders[0].margin_mode == "isolated"


def test_the_margin_mode_is_not_switched_beneath_other_positions(bench: Bench) -> None:
    bench.account.trade_by_hand("CHZ", "buy", SOME)
    with pytest.raises(UserMustAct, match=r"whole account.*holds positions"):
        bench.run(bench.exchange.set_leverage(gala(), 7, MarginMode.ISOLATED))
    assert bench.asked("account/set-margin-mode") == []
    assert bench.account.leverage == {}


def test_a_margin_mode_that_bybit_does_not_switch_is_explained(bench: Bench) -> None:
    bench.account.rest_by_hand("CHZ", "buy", SOME, D("0.03"))
    with pytest.raises(UserMustAct, match=r"whole account.*choose cross.*uncancelled"):
        bench.run(bench.exchange.set_leverage(gala(), 7, MarginMode.ISOLATED))
    assert bench.account.leverage == {}


def margin_mode_answer(code: int, reasons: list[Any]) -> Change:
    return lambda body: {**body, "retCode": code, "result": {"reasons": reasons}}


@pytest.mark.parametrize(
    ("code", "reasons", "words"),
    [
        (0, [{"reasonCode": "3400000", "reasonMsg": "Equity is too small"}], "Equity is too small"),
        (110073, [], "no reason"),
        (3400071, [], "no reason"),
    ],
)
def test_a_refusal_counts_unless_the_other_leg_has_switched(
    bench: Bench, code: int, reasons: list[Any], words: str
) -> None:
    bench.change("account/set-margin-mode", margin_mode_answer(code, reasons))
    # Switched all the same, as if by the other leg's request.
    bench.run(bench.exchange.set_leverage(gala(), 7, MarginMode.ISOLATED))
    assert bench.account.leverage == {"GALA": 7}
    info = {"result": {"marginMode": "REGULAR_MARGIN"}, "retCode": 0}
    bench.change("account/info", lambda _: info)
    with pytest.raises(UserMustAct, match=words):
        bench.run(bench.exchange.set_leverage(chz(), 7, MarginMode.ISOLATED))


def test_a_switch_whose_answer_is_lost_sets_no_leverage(bench: Bench) -> None:
    fault = Fault(Answer(hang=True), matches=lambda r: r.path == "/v5/account/set-margin-mode")
    bench.venues.faults.append(fault)
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.set_leverage(gala(), 7, MarginMode.ISOLATED))
    assert bench.account.leverage == {}


def test_a_margin_mode_that_is_not_told_is_not_guessed(bench: Bench) -> None:
    bench.change("account/info", lambda body: {**body, "result": {"unifiedMarginStatus": 5}})
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.set_leverage(gala(), 7, MarginMode.CROSS))
    assert bench.account.leverage == {}


def test_more_leverage_than_the_market_allows_is_refused(bench: Bench) -> None:
    with pytest.raises(UserMustAct):
        bench.run(bench.exchange.set_leverage(gala(), 51, MarginMode.CROSS))


@pytest.mark.parametrize(
    ("leverage", "limit"), [(1, 50_000_000), (10, 5_000_000), (50, 1_000_000), (51, 0)]
)
def test_a_position_is_limited_by_its_leverage(bench: Bench, leverage: int, limit: int) -> None:
    assert bench.run(bench.exchange.position_limit(gala(), leverage)) == limit


def test_a_tier_allows_all_leverages_up_to_its_own(bench: Bench) -> None:
    def coarse(body: Any) -> Any:
        tiers = [("1000000", "50.00"), ("2000000", "25.00"), ("4000000", "12.50")]
        body["result"]["list"] = [
            {"symbol": "GALAUSDT", "riskLimitValue": value, "maxLeverage": leverage}
            for value, leverage in tiers
        ]
        return body

    bench.change("market/risk-limit", coarse)
    limits = [bench.run(bench.exchange.position_limit(gala(), at)) for at in (12, 13, 26, 50)]
    assert limits == [4_000_000, 2_000_000, 1_000_000, 1_000_000]


@pytest.mark.parametrize("values", [{"symbol": "CHZUSDT"}, {"riskLimitValue": ""}])
def test_tiers_that_are_not_told_are_not_guessed(bench: Bench, values: dict[str, Any]) -> None:
    bench.change_rows("market/risk-limit", **values)
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.position_limit(gala(), 10))


# Funding


def test_funding_is_positive_where_it_is_received(bench: Bench) -> None:
    bench.place()
    bench.clock.advance(3_600)
    bench.account.settle_funding("GALA", D("0.0001"))
    bench.clock.advance(3_600)
    bench.account.settle_funding("GALA", D("-0.0002"))
    payments = bench.run(bench.exchange.funding(gala(), NOW))
    value = SOME * D("0.018000")
    assert [(p.symbol, p.amount) for p in payments] == [
        ("GALA-USDT", -value * D("0.0001")),
        ("GALA-USDT", value * D("0.0002")),
    ]
    assert [p.timestamp for p in payments] == [NOW + HOUR, NOW + 2 * HOUR]


def test_funding_of_all_pages_and_weeks_is_read(bench: Bench) -> None:
    start = NOW - 20 * DAY
    times = [start + hour * HOUR for hour in range(20 * 24 + 1)]
    bench.account.funding = [(time, "GALA", D(number)) for number, time in enumerate(times)]
    bench.account.funding += [(time, "CHZ", D(1)) for time in times]
    payments = bench.run(bench.exchange.funding(gala(), start))
    assert [(p.timestamp, p.amount) for p in payments] == list(
        zip(times[1:], range(1, len(times)), strict=True)
    )
    for request in bench.asked("account/transaction-log"):
        sent = request.params
        assert int(sent["endTime"]) - int(sent["startTime"]) < 7 * DAY
        assert (sent["type"], sent["category"]) == ("SETTLEMENT", "linear")
        assert (sent["baseCoin"], sent["currency"]) == ("GALA", "USDT")


@pytest.mark.parametrize("beyond", [-1, 0, 1, 2])
def test_funding_where_two_weeks_meet_is_read_once(bench: Bench, beyond: int) -> None:
    start = NOW - 20 * DAY
    bench.account.funding = [(start + 7 * DAY + beyond, "GALA", D(1))]
    assert len(bench.run(bench.exchange.funding(gala(), start))) == 1


def test_funding_of_another_market_is_none_of_ours(bench: Bench) -> None:
    bench.account.funding = [(NOW, "GALA", D(1))]
    bench.change_rows("account/transaction-log", symbol="GALAPERP")
    assert bench.run(bench.exchange.funding(gala(), NOW - HOUR)) == []


def test_funding_since_ever_is_asked_for_as_long_as_it_is_kept(bench: Bench) -> None:
    bench.account.funding = [(NOW - 729 * DAY, "GALA", D(1)), (NOW - 731 * DAY, "GALA", D(2))]
    payments = bench.run(bench.exchange.funding(gala(), 0))
    assert [payment.amount for payment in payments] == [1]


@pytest.mark.parametrize(
    "values",
    [{"funding": ""}, {"funding": None}, {"transactionTime": ""}, {"symbol": ""}],
)
def test_funding_that_is_incomplete_is_not_believed(bench: Bench, values: dict[str, Any]) -> None:
    bench.account.funding = [(NOW, "GALA", D(1))]
    bench.change_rows("account/transaction-log", **values)
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.funding(gala(), NOW - HOUR))


# Answers of no shape


@dataclass(frozen=True)
class Question:
    """A call and the path whose answer it depends on."""

    path: str
    ask: Callable[[BaseExchange], Awaitable[Any]]
    has_rows: bool = True
    """Whether an empty list is no answer."""


QUESTIONS = {
    "quote": Question("market/tickers", lambda e: e.quote(gala())),
    "identity": Question("user/query-api", lambda e: e.identity(), False),
    "balance": Question("account/wallet-balance", lambda e: e.balance()),
    "positions": Question("position/list", lambda e: e.positions([gala(), chz()])),
    "order": Question("order/realtime", lambda e: e.find_order(gala(), "c1"), False),
    "ended order": Question("order/history", lambda e: e.find_order(gala(), "nobody"), False),
    "fills": Question("execution/list", lambda e: e.find_order(gala(), "c1")),
    "open orders": Question("order/realtime", lambda e: e.open_orders(gala()), False),
    "funding": Question(
        "account/transaction-log", lambda e: e.funding(gala(), NOW - HOUR), False
    ),
    "fee rates": Question("account/fee-rate", lambda e: e.fee_rates(gala())),
    "tiers": Question("market/risk-limit", lambda e: e.position_limit(gala(), 5)),
    "margin mode": Question(
        "account/info", lambda e: e.set_leverage(chz(), 5, MarginMode.CROSS), False
    ),
}  # fmt: skip
BROKEN: dict[str, Change] = {
    "cut off": lambda body: json.dumps(body)[: len(json.dumps(body)) // 2],
    "empty": lambda _: "",
    "not JSON": lambda _: "<html>down</html>",
    "a text": lambda _: '"down"',
    "a list": lambda _: "[]",
    "without anything": lambda _: {},
    "without a result": lambda body: {**body, "result": None},
    "a result of another shape": lambda body: {**body, "result": []},
    "an empty result": lambda body: {**body, "result": {}},
    "without a list": lambda body: {**body, "result": {"list": None}},
    "a list of another shape": lambda body: {**body, "result": {"list": ["x"]}},
    "an empty list": lambda body: {**body, "result": {**body["result"], "list": []}},
}


@pytest.mark.parametrize(
    ("question", "broken"),
    [
        (name, broken)
        for name, question in QUESTIONS.items()
        for broken in BROKEN
        if question.has_rows or broken != "an empty list"
    ],
)
def test_a_broken_answer_is_no_answer(bench: Bench, question: str, broken: str) -> None:
    asked = QUESTIONS[question]
    bench.place()
    bench.change(asked.path, BROKEN[broken])
    with pytest.raises(RetryLater):
        bench.run(asked.ask(bench.exchange))
    bench.wire.changes.clear()
    bench.run(asked.ask(bench.exchange))


@pytest.mark.parametrize("question", list(QUESTIONS))
@pytest.mark.parametrize("answer", [Answer(hang=True), Answer(hang_up=True), Answer(502, "")])
def test_no_answer_means_retry_later(bench: Bench, question: str, answer: Answer) -> None:
    bench.place()
    asked = QUESTIONS[question]
    fault = Fault(answer, matches=lambda r: r.path == f"/v5/{asked.path}", times=9)
    bench.venues.faults.append(fault)
    with pytest.raises(RetryLater):
        bench.run(asked.ask(bench.exchange))


def test_a_quote_bears_the_time_of_its_answer(bench: Bench) -> None:
    bench.venues.clock_ahead = 250
    quote = bench.run(bench.exchange.quote(gala()))
    assert (quote.bid, quote.ask) == (D("0.017999"), D("0.018001"))
    assert quote.timestamp == NOW + 250
    assert len(bench.venues.requests) == 1


@pytest.mark.parametrize("values", [{"symbol": "CHZUSDT"}, {"bid1Price": ""}, {"ask1Price": "0"}])
def test_a_quote_that_is_not_whole_is_none(bench: Bench, values: dict[str, Any]) -> None:
    bench.change_rows("market/tickers", **values)
    with pytest.raises(RetryLater):
        bench.run(bench.exchange.quote(gala()))


def test_an_unknown_market_is_the_users_to_correct(bench: Bench) -> None:
    del bench.venues.markets.books["GALA"]
    for ask in (bench.exchange.quote(gala()), bench.exchange.fee_rates(gala())):
        with pytest.raises(UserMustAct):
            bench.run(ask)
    with pytest.raises(UserMustAct):
        bench.place()
    assert bench.asked("order/create") == []


# Addresses


@pytest.mark.parametrize(
    ("mode", "hosts", "expected"),
    [
        (AccountMode.LIVE, None, "https://api.bybit.com/v5/"),
        (AccountMode.SANDBOX, None, "https://api-testnet.bybit.com/v5/"),
        (AccountMode.LIVE, {"bybit": "https://api.bybit.nl"}, "https://api.bybit.nl/v5/"),
        (AccountMode.SANDBOX, {"bybit": "http://127.0.0.1:9"}, "http://127.0.0.1:9/v5/"),
        (AccountMode.LIVE, {"okx": "http://127.0.0.1:9"}, "https://api.bybit.com/v5/"),
    ],
)
def test_every_request_goes_to_the_accounts_address(
    mode: AccountMode, hosts: dict[str, str] | None, expected: str
) -> None:
    markets()
    bench = Bench(mode=mode, hosts=hosts)
    bench.place()
    for question in QUESTIONS.values():
        bench.run(question.ask(bench.exchange))
    bench.run(bench.exchange.cancel(gala(), "c1"))
    bench.run(bench.exchange.load_markets())
    assert [a for a in bench.wire.addresses if not a.startswith(expected)] == []
    bench.close()


def test_no_address_of_ccxt_escapes_the_replacement() -> None:
    client = CcxtClient(Bybit(), {"bybit": "http://127.0.0.1:9"}, lambda: NOW)
    tables = [client.raw.urls[name] for name in ("api", "test", "demotrading")]
    assert {address for table in tables for address in table.values()} == {"http://127.0.0.1:9"}


def test_a_swap_in_usdc_is_called_perp() -> None:
    assert Bybit().market_id("BTC", "USDC") == "BTCPERP"
    assert Bybit().market_id("BTC", "USDT") == "BTCUSDT"
