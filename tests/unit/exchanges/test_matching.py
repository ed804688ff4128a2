"""How simulated orders fill, and that no money is made or lost on the way."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairtrader.exchanges.errors import OrderRefused
from pairtrader.exchanges.simulated.books import Books, LeverageSetting
from pairtrader.exchanges.simulated.feed import FundingRate, Look, PricePoint
from pairtrader.exchanges.simulated.margin import equity, free_margin, liquidation_price
from pairtrader.exchanges.simulated.matching import (
    MAX_RESTING_ORDERS,
    Draft,
    Terms,
    advance,
    place,
)
from pairtrader.model.account import MarginMode, Simulation
from pairtrader.model.market import Market, Quote
from pairtrader.model.order import OrderReport, OrderRequest, OrderStatus, OrderType, Side

D = Decimal
NOW = 1_790_000_000_000
START = D(10_000)
SIMULATION = Simulation(taker_fee=D("0.0005"), maker_fee=D("0.0002"), slippage=D("0.001"))
BUY, SELL = Side.BUY, Side.SELL
MARKET = Market(
    symbol="LTC-USDT",
    base="LTC",
    quote="USDT",
    amount_step=D("0.01"),
    min_amount=D("0.01"),
    min_notional=D(5),
    price_step=D("0.1"),
    taker_fee=D("0.0005"),
    maker_fee=D("0.0002"),
    max_market_amount=D(1_000_000),
)
OTHER = replace(MARKET, symbol="XLM-USDT", base="XLM")


def look(bid: str = "99.9", ask: str = "100.1", time: int = NOW, market: Market = MARKET) -> Look:
    return Look(Quote(market.symbol, D(bid), D(ask), time), time)


def terms(seen: Look | None = None, simulation: Simulation = SIMULATION) -> Terms:
    seen = seen or look()
    return Terms(seen, {seen.quote.symbol: seen.quote.mid}, simulation, seen.time)


def order(side: Side, amount: str, **changes: Any) -> OrderRequest:
    type_ = OrderType.LIMIT if "limit" in changes else OrderType.MARKET
    price = changes.pop("limit", changes.pop("bound", None))
    return replace(
        OrderRequest("c1", MARKET, side, type_, D(amount)),
        price=None if price is None else D(price),
        **changes,
    )


def holding(amount: str, price: str = "100", balance: Decimal = START) -> Draft:
    """Books that hold `amount` entered at `price`, as if bought without fees."""
    draft = Draft(Books(balance))
    if D(amount):
        side = BUY if D(amount) > 0 else SELL
        free = Simulation(taker_fee=D(0), maker_fee=D(0), slippage=D(0))
        seen = look(price, price)
        draft = place(draft, order(side, amount.lstrip("-")), terms(seen, free))
    return Draft(draft.books)


def filled(draft: Draft) -> OrderReport:
    return draft.reports[-1]


@pytest.mark.parametrize(("side", "price"), [(BUY, "100.2001"), (SELL, "99.8001")])
def test_a_market_order_fills_beyond_its_side_of_the_quote(side: Side, price: str) -> None:
    draft = place(holding("0"), order(side, "2"), terms())
    (fill,) = filled(draft).fills
    assert (fill.amount, fill.price) == (D(2), D(price))
    assert fill.fee == 2 * D(price) * D("0.0005")
    assert not fill.maker
    assert draft.books.holding("LTC-USDT").amount == 2 * side.sign
    assert draft.books.balance == START - fill.fee


@pytest.mark.parametrize(
    ("side", "bound", "status"),
    [
        (BUY, "100.2", OrderStatus.CANCELED),
        (BUY, "100.3", OrderStatus.CLOSED),
        (SELL, "99.9", OrderStatus.CANCELED),
        (SELL, "99.8", OrderStatus.CLOSED),
    ],
)
def test_a_market_order_fills_within_its_bound_or_not_at_all(
    side: Side, bound: str, status: OrderStatus
) -> None:
    draft = place(holding("0"), order(side, "2", bound=bound), terms())
    assert filled(draft).status is status
    assert filled(draft).filled == (2 if status is OrderStatus.CLOSED else 0)


@pytest.mark.parametrize(
    ("quote", "side", "limit", "rests", "price"),
    [
        (("99.9", "100.1"), BUY, "100.0", True, None),
        (("99.9", "100.1"), BUY, "100.1", False, "100.1"),
        (("99.9", "100.1"), BUY, "105.0", False, "100.2001"),
        (("99.9", "100.1"), SELL, "100.0", True, None),
        (("99.9", "100.1"), SELL, "99.9", False, "99.9"),
        (("99.9", "100.1"), SELL, "95.0", False, "99.8001"),
        (("100", "100"), BUY, "100.0", True, None),
        (("100", "100"), SELL, "100.0", True, None),
        (("100", "100"), BUY, "100.1", False, "100.1"),
    ],
)
def test_a_limit_order_rests_unless_the_market_is_there(
    quote: tuple[str, str], side: Side, limit: str, rests: bool, price: str | None
) -> None:
    draft = place(holding("0"), order(side, "1", limit=limit), terms(look(*quote)))
    assert filled(draft).type is OrderType.LIMIT
    assert filled(draft).status is (OrderStatus.OPEN if rests else OrderStatus.CLOSED)
    assert len(draft.books.resting) == rests
    assert filled(draft).average == (None if price is None else D(price))


@pytest.mark.parametrize(
    ("held", "side", "amount", "executed", "status"),
    [
        ("2", SELL, "2", "2", OrderStatus.CLOSED),
        ("2", SELL, "5", "2", OrderStatus.CANCELED),
        ("-2", BUY, "5", "2", OrderStatus.CANCELED),
        ("2", SELL, "0.5", "0.5", OrderStatus.CLOSED),
        ("2", SELL, "0.01", "0.01", OrderStatus.CLOSED),
    ],
)
def test_reduce_only_is_cut_to_the_position(
    held: str, side: Side, amount: str, executed: str, status: OrderStatus
) -> None:
    draft = place(holding(held), order(side, amount, reduce_only=True), terms())
    assert (filled(draft).filled, filled(draft).status) == (D(executed), status)
    assert filled(draft).amount == D(amount)


@pytest.mark.parametrize(("held", "side"), [("0", BUY), ("0", SELL), ("1", BUY), ("-1", SELL)])
def test_reduce_only_opens_and_raises_nothing(held: str, side: Side) -> None:
    with pytest.raises(OrderRefused) as refusal:
        place(holding(held), order(side, "1", reduce_only=True), terms())
    assert refusal.value.exchange_code == "reduce_only"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (order(BUY, "0"), "amount"),
        (order(BUY, "0.015"), "amount"),
        (order(BUY, "0.04"), "amount"),
        (order(BUY, "1000001"), "amount"),
        (order(BUY, "-1"), "amount"),
        (order(BUY, "1", limit="99.95"), "price"),
        (order(BUY, "1", limit="-1"), "price"),
        (replace(order(BUY, "1", limit="1"), price=None), "price"),
        (order(BUY, "1000"), "margin"),
        (order(BUY, "1100", limit="99.0"), "margin"),
    ],
)
def test_what_an_exchange_would_refuse_is_refused(request_: OrderRequest, code: str) -> None:
    with pytest.raises(OrderRefused) as refusal:
        place(holding("0"), request_, terms())
    assert refusal.value.exchange_code == code


def test_leverage_decides_what_the_margin_carries() -> None:
    books = replace(holding("0").books, settings={"LTC-USDT": LeverageSetting(1, MarginMode.CROSS)})
    place(Draft(books), order(BUY, "99"), terms())
    with pytest.raises(OrderRefused, match="insufficient margin"):
        place(Draft(books), order(BUY, "100"), terms())


def test_resting_orders_bind_margin_and_reductions_never_need_any() -> None:
    draft = place(holding("0"), order(BUY, "900", limit="99.0"), terms())
    with pytest.raises(OrderRefused, match="insufficient margin"):
        place(draft, order(BUY, "200"), terms())
    ruined = holding("-900")
    fallen = terms(look("105", "105.2"))
    assert free_margin(ruined.books, fallen.marks) < 0
    assert filled(place(ruined, order(BUY, "900", reduce_only=True), fallen)).filled == 900


def test_open_orders_are_limited() -> None:
    draft = holding("0")
    for number in range(MAX_RESTING_ORDERS):
        request_ = order(BUY, "0.1", limit="90", client_order_id=f"c{number}")
        draft = place(draft, request_, terms())
    with pytest.raises(OrderRefused) as refusal:
        place(draft, order(BUY, "0.1", limit="90"), terms())
    assert refusal.value.exchange_code == "open_orders"


def rate(time: int, value: str, mark: str = "100") -> FundingRate:
    return FundingRate(time, D(value), D(mark), time)


@pytest.mark.parametrize(
    ("side", "low", "high", "fills"),
    [
        (BUY, "98.9", "101", True),
        (BUY, "99.0", "101", False),
        (SELL, "98", "101.1", True),
        (SELL, "98", "101.0", False),
    ],
)
def test_a_resting_order_fills_once_the_market_trades_through_it(
    side: Side, low: str, high: str, fills: bool
) -> None:
    limit = "99.0" if side is BUY else "101.0"
    draft = Draft(place(holding("0"), order(side, "2", limit=limit), terms()).books)
    path = [PricePoint(NOW, D(1), D(1_000)), PricePoint(NOW + 1, D(low), D(high))]
    draft = advance(draft, "LTC-USDT", path, [], SIMULATION, NOW + 5)
    assert bool(draft.reports) is fills
    if fills:
        (fill,) = filled(draft).fills
        assert (fill.price, fill.maker, fill.timestamp) == (D(limit), True, NOW + 5)
        assert fill.fee == 2 * D(limit) * D("0.0002")
        assert draft.books.resting == ()
        assert draft.books.holding("LTC-USDT").funded_until == NOW + 1


def test_a_resting_reduction_without_a_position_left_is_canceled() -> None:
    draft = place(holding("2"), order(SELL, "2", limit="101.0", reduce_only=True), terms())
    draft = place(draft, order(SELL, "2", client_order_id="c2"), terms())
    through = [PricePoint(NOW + 1, D(105), D(105))]
    draft = advance(Draft(draft.books), "LTC-USDT", through, [], SIMULATION, NOW + 1)
    assert (filled(draft).status, filled(draft).fills) == (OrderStatus.CANCELED, ())
    assert draft.books.holding("LTC-USDT").amount == 0


@pytest.mark.parametrize(("held", "paid"), [("2", "-0.0204"), ("-2", "0.0204")])
def test_longs_pay_a_positive_rate_and_shorts_receive_it(held: str, paid: str) -> None:
    rates = [rate(NOW + 1, "0.0001", "102")]
    draft = advance(holding(held), "LTC-USDT", [], rates, SIMULATION, NOW + 9)
    (payment,) = draft.payments
    assert (payment.amount, payment.timestamp) == (D(paid), NOW + 1)
    assert draft.books.balance == START + D(paid) == START + draft.books.funding
    again = advance(Draft(draft.books), "LTC-USDT", [], rates, SIMULATION, NOW + 9)
    assert again.payments == ()


def test_funding_is_settled_on_what_was_held_at_that_moment() -> None:
    draft = Draft(place(holding("1"), order(BUY, "1", limit="99.0"), terms()).books)
    path = [PricePoint(NOW + 10, D(98), D(98))]
    rates = [rate(NOW + 5, "0.01"), rate(NOW + 10, "0.01"), rate(NOW + 15, "0.01")]
    draft = advance(draft, "LTC-USDT", path, rates, SIMULATION, NOW + 20)
    assert [p.amount for p in draft.payments] == [D(-1), D(-1), D(-2)]


def test_settlements_noticed_together_bear_different_times() -> None:
    late = [FundingRate(NOW + i, D("0.01"), D(100), NOW + 50) for i in (1, 2, 3)]
    draft = advance(holding("1"), "LTC-USDT", [], late, SIMULATION, NOW + 50)
    assert [p.timestamp for p in draft.payments] == [NOW + 50, NOW + 51, NOW + 52]


def test_a_cross_position_is_liquidated_where_equity_meets_maintenance() -> None:
    books = holding("900").books
    price = liquidation_price(books, "LTC-USDT", {"LTC-USDT": D(100)})
    assert price is not None
    left = equity(books, {"LTC-USDT": price})
    assert left == pytest.approx(900 * price * D("0.005"), rel=D("1e-9"))
    short = liquidation_price(holding("-900").books, "LTC-USDT", {"LTC-USDT": D(100)})
    assert short is not None
    assert price < 100 < short


def test_a_small_cross_long_cannot_be_liquidated() -> None:
    assert liquidation_price(holding("1").books, "LTC-USDT", {"LTC-USDT": D(100)}) is None
    assert liquidation_price(holding("0").books, "LTC-USDT", {}) is None


@pytest.mark.parametrize(("held", "expected"), [("1", "90.452"), ("-1", "109.453")])
def test_an_isolated_position_has_its_own_margin_alone(held: str, expected: str) -> None:
    settings = {"LTC-USDT": LeverageSetting(10, MarginMode.ISOLATED)}
    books = replace(holding(held).books, settings=settings)
    price = liquidation_price(books, "LTC-USDT", {"LTC-USDT": D(100)})
    assert price == pytest.approx(D(expected), abs=D("0.001"))


# --- properties --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One thing that may happen to the account."""

    kind: str
    side: Side
    lots: int
    price: int
    """Tenths."""
    reduce_only: bool


steps = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(["market", "limit", "move", "fund", "cancel"]),
        side=st.sampled_from(list(Side)),
        lots=st.integers(1, 4_000),
        price=st.integers(500, 1_500),
        reduce_only=st.booleans(),
    ),
    max_size=25,
)


class Account:
    """Plays steps and keeps its own, naive accounts beside the books."""

    def __init__(self) -> None:
        self.draft = Draft(Books(START))
        self.time = NOW
        self.price = D(100)
        self.cash = D(0)
        """What naive accounts, paying and receiving every fill in full, would hold."""
        self.position = D(0)
        self.requests: dict[str, OrderRequest] = {}

    def play(self, number: int, step: Step) -> None:
        self.time += 1_000
        before = self.position
        if step.kind in ("market", "limit"):
            self.order(f"c{number}", step)
        elif step.kind == "move":
            self.move(D(step.price) / 10)
        elif step.kind == "fund":
            rates = [rate(self.time, f"{step.price - 1_000}e-6", str(self.price))]
            self.draft = advance(self.draft, "LTC-USDT", [], rates, SIMULATION, self.time)
        elif self.draft.books.resting:
            self.draft = self.draft.with_cancel(self.draft.books.resting[0])
        self.book_rows(before)

    def order(self, name: str, step: Step) -> None:
        limit = {"limit": f"{D(step.price) / 10}"} if step.kind == "limit" else {}
        request_ = order(
            step.side,
            f"{D(step.lots) / 100}",
            client_order_id=name,
            reduce_only=step.reduce_only,
            **limit,
        )
        self.requests[name] = request_
        seen = look(f"{self.price - D('0.1')}", f"{self.price + D('0.1')}", self.time)
        try:
            self.draft = place(self.draft, request_, terms(seen))
        except OrderRefused:
            return

    def move(self, price: Decimal) -> None:
        low, high = min(price, self.price), max(price, self.price)
        path = [PricePoint(self.time, low, high)]
        self.price = price
        self.draft = advance(self.draft, "LTC-USDT", path, [], SIMULATION, self.time)

    def book_rows(self, before: Decimal) -> None:
        for report in self.draft.reports:
            request_ = self.requests[report.client_order_id]
            signed = report.filled * request_.side.sign
            if request_.reduce_only:
                assert abs(before + signed) == abs(before) - abs(signed), "reduced only"
            self.position += signed
            before += signed
            self.cash -= sum(
                (f.amount * f.price * request_.side.sign + f.fee for f in report.fills), D(0)
            )
        self.cash += sum((p.amount for p in self.draft.payments), D(0))
        self.draft = Draft(self.draft.books)


@given(steps)
def test_no_money_is_made_or_lost(script: list[Step]) -> None:
    account = Account()
    for number, step in enumerate(script):
        account.play(number, step)
        books = account.draft.books
        held = books.holding("LTC-USDT")
        mark = account.price
        assert held.amount == account.position, "a position is the sum of its fills"
        assert books.balance == START + books.realised + books.funding - books.fees
        assert equity(books, {"LTC-USDT": mark}) == START + account.cash + held.amount * mark
        assert held.cost >= 0
        assert (held.cost == 0) is (held.amount == 0)


@given(
    st.lists(st.tuples(st.sampled_from(list(Side)), st.integers(1, 500)), min_size=1, max_size=8)
)
def test_closing_everything_leaves_exactly_what_was_realised(
    trades: list[tuple[Side, int]],
) -> None:
    draft = holding("0")
    for side, lots in trades:
        draft = place(draft, order(side, f"{D(lots) / 10}"), terms())
    held = draft.books.holding("LTC-USDT").amount
    if held:
        side = SELL if held > 0 else BUY
        draft = place(draft, order(side, f"{abs(held)}", reduce_only=True), terms())
    books = draft.books
    assert books.holding("LTC-USDT").amount == books.holding("LTC-USDT").cost == 0
    assert equity(books, {}) == books.balance == START + books.realised - books.fees
    assert books.exposed() == ()
