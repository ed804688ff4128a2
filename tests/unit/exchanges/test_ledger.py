"""A simulated account under races, lost answers and long absences; and what its calls cost."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import pytest

from pairtrader.exchanges.errors import (
    DuplicateOrder,
    OutcomeUnknown,
    RetryLater,
    UnknownSymbol,
)
from pairtrader.exchanges.simulated.exchange import SimulatedExchange
from pairtrader.exchanges.simulated.ledger import ATTEMPTS
from pairtrader.exchanges.simulated.prices import FUNDING_INTERVAL_MS
from pairtrader.exchanges.simulated.synthetic import SyntheticFeed
from pairtrader.exchanges.simulated.universe import LISTINGS
from pairtrader.model.account import MarginMode, Simulation
from pairtrader.model.market import Market
from pairtrader.model.order import OrderRequest, OrderStatus, OrderType, Side
from tests.fakes.clock import FakeClock
from tests.fakes.memory_account_store import MemoryAccountStore

NOW = 1_790_000_000_000
D = Decimal
T = TypeVar("T")
SIMULATION = Simulation(seed=3)
GALA = LISTINGS["GALA-USDT"].market(SIMULATION)
CHZ = LISTINGS["CHZ-USDT"].market(SIMULATION)


class World:
    """One account, seen through any number of processes."""

    def __init__(self, simulation: Simulation = SIMULATION) -> None:
        self.clock, self.store, self.simulation = FakeClock(NOW), MemoryAccountStore(), simulation
        self.exchange = self.process()

    def process(self) -> SimulatedExchange:
        now = self.clock.now
        feed = SyntheticFeed(self.simulation, now)
        return SimulatedExchange("acc", "uid", self.simulation, feed, self.store, now)

    def market_order(self, name: str, side: Side = Side.BUY, market: Market = GALA) -> None:
        run(self.exchange.place(order(name, side, market)))

    def held(self, market: Market = GALA) -> Decimal:
        return run(self.exchange.positions([market]))[market.symbol].amount


def order(
    name: str, side: Side = Side.BUY, market: Market = GALA, limit: str | None = None
) -> OrderRequest:
    type_ = OrderType.MARKET if limit is None else OrderType.LIMIT
    price = None if limit is None else D(limit)
    return OrderRequest(name, market, side, type_, D(10_000), price)


def run(call: Awaitable[T]) -> T:
    async def body() -> T:
        return await call

    return asyncio.run(body())


def meanwhile(act: Callable[[SimulatedExchange], Awaitable[object]], world: World) -> None:
    """Let another process act right before this one's write."""

    def hook() -> None:
        for _ in act(world.process()).__await__():
            raise AssertionError("the simulated exchange waits for nothing")

    world.store.before_write = hook


@pytest.fixture
def world() -> World:
    return World()


def test_an_order_that_loses_the_race_is_judged_anew_and_placed_once(world: World) -> None:
    meanwhile(lambda other: other.place(order("theirs", Side.SELL, CHZ)), world)
    world.market_order("ours")
    assert (world.held(GALA), world.held(CHZ)) == (D(10_000), D(-10_000))
    assert world.store.calls["write"] == 3


def test_margin_is_judged_on_the_books_of_the_winner() -> None:
    world = World(Simulation(seed=3, starting_balance=D(25)))
    meanwhile(lambda other: other.place(order("theirs", Side.BUY)), world)
    with pytest.raises(Exception, match="insufficient margin"):
        world.market_order("ours")
    assert world.held() == 10_000


def test_the_same_order_from_two_processes_at_once_is_one_order(world: World) -> None:
    meanwhile(lambda other: other.place(order("same")), world)
    with pytest.raises(DuplicateOrder):
        world.market_order("same")
    assert world.held() == 10_000


def test_races_without_end_are_given_up_with_nothing_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.store, "write", lambda *_, **__: "superseded")
    with pytest.raises(RetryLater):
        world.market_order("ours")
    assert world.store.calls["read_books"] == ATTEMPTS
    assert world.store.orders == {}


@pytest.mark.parametrize("done", [True, False])
def test_an_order_whose_answer_is_lost_has_an_unknown_outcome(world: World, done: bool) -> None:
    if done:
        world.store.lose_next_answer = True
    else:
        world.store.unreachable = {"write"}
    with pytest.raises(OutcomeUnknown):
        world.market_order("ours")
    world.store.unreachable = set()
    found = run(world.exchange.find_order(GALA, "ours"))
    assert (found is not None) is done
    assert world.held() == (10_000 if done else 0)


@pytest.mark.parametrize("method", ["read_books", "read_order", "read_funding"])
def test_records_that_cannot_be_read_mean_retry_later(world: World, method: str) -> None:
    world.market_order("ours")
    world.store.unreachable = {method}
    calls: dict[str, Awaitable[object]] = {
        "read_books": world.exchange.positions([GALA]),
        "read_order": world.exchange.find_order(GALA, "ours"),
        "read_funding": world.exchange.funding(GALA, 0),
    }
    for name, call in calls.items():
        if name == method:
            with pytest.raises(RetryLater):
                run(call)
        else:
            asyncio.run(_drop(call))


async def _drop(call: Awaitable[object]) -> None:
    call.close()  # type: ignore[attr-defined]


def test_quotes_and_candles_touch_no_records(world: World) -> None:
    run(world.exchange.quote_pair(GALA, CHZ))
    run(world.exchange.quote(GALA))
    run(world.exchange.candles(GALA, NOW - 600_000, 3))
    assert not world.store.calls


def test_an_order_costs_one_read_and_one_write_and_a_look_only_a_read(world: World) -> None:
    world.market_order("ours")
    assert world.store.calls == {"read_books": 1, "write": 1}
    world.store.calls.clear()
    world.held()
    run(world.exchange.balance())
    assert world.store.calls == {"read_books": 2}
    world.store.calls.clear()
    run(world.exchange.find_order(GALA, "ours"))
    assert world.store.calls == {"read_order": 1}


def test_looking_at_a_resting_order_writes_nothing_until_it_fills(world: World) -> None:
    run(world.exchange.place(order("rest", limit="0.010000")))
    writes = world.store.calls["write"]
    world.clock.advance(60)
    found = run(world.exchange.find_order(GALA, "rest"))
    assert found is not None
    assert found.status is OrderStatus.OPEN
    assert world.store.calls["write"] == writes


def test_an_order_resting_for_weeks_is_found_filled_in_bounded_time(world: World) -> None:
    quote = run(world.exchange.quote(GALA))
    price = GALA.round_price(quote.mid * D("0.99"))
    run(world.exchange.place(order("rest", limit=f"{price}")))
    world.clock.advance(30 * 86_400)
    found = run(world.exchange.find_order(GALA, "rest"))
    assert found is not None
    assert found.status is OrderStatus.CLOSED
    assert found.average == price


def test_funding_is_settled_by_whoever_looks_first_and_once(world: World) -> None:
    world.market_order("ours")
    world.clock.advance(FUNDING_INTERVAL_MS // 1_000)
    meanwhile(lambda other: other.positions([GALA]), world)
    payments = run(world.exchange.funding(GALA, 0))
    (settlement,) = [p.timestamp for p in payments]
    assert settlement % FUNDING_INTERVAL_MS == 0
    assert run(world.exchange.funding(GALA, settlement)) == []
    assert len(run(world.exchange.funding(GALA, settlement - 1))) == 1
    assert run(world.exchange.funding(CHZ, 0)) == []


def test_a_year_of_funding_is_settled_in_slices_that_one_write_can_hold(world: World) -> None:
    world.market_order("one")
    world.market_order("two", Side.SELL, CHZ)
    world.clock.advance(365 * 86_400)
    balance = run(world.exchange.balance())
    paid = [run(world.exchange.funding(market, 0)) for market in (GALA, CHZ)]
    assert [len(payments) for payments in paid] == [1_095, 1_095]
    times = [p.timestamp for p in paid[0]]
    assert times == sorted(set(times))
    assert run(world.exchange.balance()) == balance


def test_accounts_may_be_free_of_funding() -> None:
    world = World(Simulation(seed=3, funding=False))
    world.market_order("ours")
    world.clock.advance(10 * 86_400)
    assert run(world.exchange.funding(GALA, 0)) == []


def test_fees_and_slippage_are_the_accounts_own() -> None:
    world = World(Simulation(seed=3, taker_fee=D("0.001"), slippage=D("0.01")))
    quote = run(world.exchange.quote(GALA))
    report = run(world.exchange.place(order("ours")))
    assert report.average == quote.ask * D("1.01")
    assert report.fee == pytest.approx(report.cost * D("0.001"))
    (market,) = [m for m in run(world.exchange.load_markets()) if m.symbol == "GALA-USDT"]
    assert market.taker_fee == D("0.001")


def test_a_symbol_that_is_not_listed_is_unknown(world: World) -> None:
    nowhere = replace(GALA, symbol="NO-USDT")
    for call in (world.exchange.quote(nowhere), world.exchange.candles(nowhere, NOW, 1)):
        with pytest.raises(UnknownSymbol):
            run(call)


def test_more_leverage_than_the_market_has_is_refused(world: World) -> None:
    with pytest.raises(Exception, match="50 at most"):
        run(world.exchange.set_leverage(GALA, 100, MarginMode.CROSS))


def test_the_other_legs_loss_counts_for_the_margin(world: World) -> None:
    world.market_order("long", Side.BUY, CHZ)
    account = run(world.exchange.balance())
    position = run(world.exchange.positions([CHZ]))["CHZ-USDT"]
    report = run(world.exchange.find_order(CHZ, "long"))
    assert report is not None
    assert account.total == 10_000 - report.fee + position.unrealized_pnl
    assert account.free == account.total - 10_000 * position.mark_price / 10
