"""The table of simulated accounts and the fake that stands in for it keep the same promises."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.exchanges.simulated.account_store import AccountStore
from pairtrader.exchanges.simulated.exchange import SimulatedExchange
from pairtrader.exchanges.simulated.prices import synthetic_quote
from pairtrader.exchanges.simulated.synthetic import SyntheticFeed
from pairtrader.model.account import Simulation
from pairtrader.model.market import Market
from pairtrader.model.order import Side
from pairtrader.storage.simulated_accounts import SimulatedAccountItem, SimulatedAccountRepository
from tests.exchange_contract import ExchangeContract, Rig
from tests.fakes.clock import FakeClock
from tests.fakes.memory_account_store import MemoryAccountStore

NOW = 1_790_000_040_000


@pytest.fixture(scope="module")
def table(aws: str) -> None:
    SimulatedAccountItem.create_table(wait=False)


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest) -> AccountStore:
    if request.param == "memory":
        return MemoryAccountStore()
    request.getfixturevalue("table")
    return SimulatedAccountRepository()


@pytest.fixture
def account() -> str:
    return uuid.uuid4().hex


def write(store: AccountStore, account: str, version: int, **rows: Any) -> str:
    everything: dict[str, Any] = {"new_order": None, "orders": {}, "funding": [], **rows}
    return store.write(account, version, f"books {version + 1}", **everything)


def test_an_account_without_history_has_no_records(store: AccountStore, account: str) -> None:
    assert store.read_books(account) is None
    assert store.read_order(account, "c1") is None
    assert list(store.read_funding(account, 0)) == []


@pytest.mark.parametrize("rows", [{}, {"orders": {"c1": "order"}, "new_order": "c1"}])
def test_every_write_raises_the_version(
    store: AccountStore, account: str, rows: dict[str, Any]
) -> None:
    assert write(store, account, 0, **rows) == "written"
    assert store.read_books(account) == (1, "books 1")
    assert write(store, account, 1) == "written"
    assert store.read_books(account) == (2, "books 2")


@pytest.mark.parametrize("rows", [{}, {"orders": {"c2": "order"}, "new_order": "c2"}])
@pytest.mark.parametrize("version", [0, 2])
def test_a_write_on_books_read_at_another_version_does_nothing(
    store: AccountStore, account: str, version: int, rows: dict[str, Any]
) -> None:
    write(store, account, 0)
    assert write(store, account, version, **rows) == "superseded"
    assert store.read_books(account) == (1, "books 1")
    assert store.read_order(account, "c2") is None


@pytest.mark.parametrize("version", [1, 0])
def test_a_new_order_of_a_taken_name_is_a_duplicate_whatever_the_version(
    store: AccountStore, account: str, version: int
) -> None:
    write(store, account, 0, orders={"c1": "first"}, new_order="c1")
    again = {"orders": {"c1": "second", "a0": "other"}, "new_order": "c1"}
    assert write(store, account, version, **again) == "duplicate"
    assert store.read_order(account, "c1") == "first"
    assert store.read_order(account, "a0") is None
    assert store.read_books(account) == (1, "books 1")


def test_known_orders_are_replaced(store: AccountStore, account: str) -> None:
    write(store, account, 0, orders={"c1": "open"}, new_order="c1")
    write(store, account, 1, orders={"c1": "closed", "c2": "new"}, new_order="c2")
    assert store.read_order(account, "c1") == "closed"
    assert store.read_order(account, "c2") == "new"


def test_settlements_are_read_after_a_time_in_their_order(
    store: AccountStore, account: str
) -> None:
    rows = [(NOW + 5, "GALA-USDT", "-0.5"), (NOW, "LTC-USDT", "1.25"), (NOW, "GALA-USDT", "2")]
    write(store, account, 0, funding=rows)
    write(store, account, 1, funding=[(9_999, "XLM-USDT", "3")])
    assert list(store.read_funding(account, 0)) == [
        (9_999, "XLM-USDT", "3"),
        (NOW, "GALA-USDT", "2"),
        (NOW, "LTC-USDT", "1.25"),
        (NOW + 5, "GALA-USDT", "-0.5"),
    ]
    assert list(store.read_funding(account, NOW)) == [(NOW + 5, "GALA-USDT", "-0.5")]
    assert list(store.read_funding(account, NOW + 5)) == []


def test_accounts_do_not_see_each_other(store: AccountStore, account: str) -> None:
    write(store, account, 0, orders={"c1": "o"}, new_order="c1", funding=[(NOW, "A-B", "1")])
    other = account + "x"
    assert store.read_books(other) is None
    assert store.read_order(other, "c1") is None
    assert list(store.read_funding(other, 0)) == []


def test_of_many_writers_at_once_one_wins(table: None, account: str) -> None:
    store = SimulatedAccountRepository()

    def attempt(number: int) -> str:
        return write(store, account, 0, orders={f"c{number}": "o"}, new_order=f"c{number}")

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(attempt, range(8)))
    assert outcomes == ["superseded"] * 7 + ["written"]
    assert store.read_books(account) == (1, "books 1")


def test_an_unreachable_table_is_a_connection_error(
    table: None, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SimulatedAccountRepository()
    monkeypatch.setattr(SimulatedAccountItem.Meta, "table_name", "no-such-table")
    monkeypatch.setattr(SimulatedAccountItem, "_connection", None)
    for call in (
        lambda: store.read_books(account),
        lambda: store.read_order(account, "c1"),
        lambda: store.read_funding(account, 0),
        lambda: write(store, account, 0),
        lambda: write(store, account, 0, orders={"c1": "o"}, new_order="c1"),
    ):
        with pytest.raises(ConnectionError):
            call()


class TestSimulatedExchangeOnTheTable(ExchangeContract):
    @pytest.fixture
    def rig(self, table: None, account: str) -> Iterator[Rig]:
        clock, simulation = FakeClock(NOW), Simulation(seed=7)
        feed, store = SyntheticFeed(simulation, clock.now), SimulatedAccountRepository()
        exchange = SimulatedExchange(account, "uid-1", simulation, feed, store, clock.now)

        def trade_through(market: Market, side: Side, price: Decimal) -> None:
            for _ in range(3_600):
                clock.advance(1)
                quote = synthetic_quote(7, market.symbol, clock.now())
                if quote.ask < price if side is Side.BUY else quote.bid > price:
                    return
            raise AssertionError("the market never came there")

        candle = NOW - NOW % 60_000 - 600_000
        rig = Rig(exchange, ("GALA-USDT", "CHZ-USDT"), clock.now, trade_through, "uid-1", candle)
        yield rig
        rig.close()
