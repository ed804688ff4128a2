"""Lists over all bots, names and preferences: tables and fakes keep the same promises."""

from dataclasses import replace
from typing import Any

import pytest

from functions.api.identifiers import new_id
from pairtrader.model.account import AccountMode
from pairtrader.model.bot import Bot
from pairtrader.model.order import Side
from pairtrader.model.preferences import BotDefaults, Preferences, Theme
from pairtrader.model.records import OrderRecord
from pairtrader.storage import paging
from pairtrader.storage.bot_names import BotNameRepository
from pairtrader.storage.bots import BotRepository
from pairtrader.storage.cycles import CycleItem, CycleRepository
from pairtrader.storage.errors import BadCursor, Superseded
from pairtrader.storage.orders import OrderItem, OrderRepository
from pairtrader.storage.paging import Window
from pairtrader.storage.preferences import PreferenceRepository, StoredPreferences
from pairtrader.storage.users import UserRepository
from tests.fakes.ledger_rows import cycle_row, order_row
from tests.fakes.memory_ledger import MemoryCycles, MemoryOrders, MemoryPreferences
from tests.fakes.trading_desk import TradingDesk

AT = 1_780_000_000_000
PAPER = AccountMode.PAPER


class TableOrders(OrderRepository):
    def put(self, *rows: Any) -> None:
        with OrderItem.batch_write() as batch:
            for row in rows:
                batch.save(OrderItem.of(row))


class TableCycles(CycleRepository):
    def put(self, *rows: Any) -> None:
        for row in rows:
            CycleItem.of(row).save()


class RowsOfOrders(MemoryOrders):
    def put(self, *rows: Any) -> None:
        self.rows += rows


class RowsOfCycles(MemoryCycles):
    def put(self, *rows: Any) -> None:
        keys = {(row.bot_id, row.cycle_number) for row in rows}
        kept = [row for row in self.rows if (row.bot_id, row.cycle_number) not in keys]
        self.rows = [*kept, *rows]


@pytest.fixture(params=["memory", "table"])
def kind(request: pytest.FixtureRequest, tables: str) -> str:
    return str(request.param)


@pytest.fixture
def orders(kind: str) -> Any:
    return RowsOfOrders() if kind == "memory" else TableOrders()


@pytest.fixture
def cycles(kind: str) -> Any:
    return RowsOfCycles() if kind == "memory" else TableCycles()


@pytest.fixture
def preferences(kind: str) -> Any:
    return MemoryPreferences() if kind == "memory" else PreferenceRepository()


def walk(page: Any) -> tuple[list[list[Any]], list[str]]:
    """All pages that `page` (of a cursor) leads to, and their cursors."""
    found, cursors, cursor = [], [], None
    while True:
        read = page(cursor)
        found.append(list(read.items))
        cursor = read.cursor
        if cursor is None:
            return found, cursors
        cursors.append(cursor)


def is_bought(order: OrderRecord) -> bool:
    return order.side is Side.BUY


def test_every_order_of_a_user_is_listed_once_newest_first(orders: Any) -> None:
    user, other, bots = new_id(), new_id(), (new_id(), new_id())
    rows = [order_row(user, bots[n % 2], n, AT + n // 2) for n in range(9)]
    orders.put(*rows, order_row(other, new_id(), 1, AT))
    found, _ = walk(lambda cursor: orders.of_user(user, Window(), 2, cursor))
    listed = [row for page in found for row in page]
    assert listed == sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)
    assert all(len(page) == 2 for page in found[:4])
    of_bot, _ = walk(lambda cursor: orders.of_bot(bots[0], Window(), 2, cursor))
    assert [row for page in of_bot for row in page] == [r for r in listed if r.bot_id == bots[0]]


def test_a_window_begins_with_its_first_moment_and_ends_before_its_last(orders: Any) -> None:
    user, bot = new_id(), new_id()
    orders.put(*[order_row(user, bot, n, AT + n) for n in range(5)])
    page = orders.of_user(user, Window(AT + 1, AT + 3), 10, None)
    assert [row.created_at - AT for row in page.items] == [2, 1]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_sifted_list_misses_nothing_wherever_its_pages_end(
    orders: Any, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_READ", 5)
    monkeypatch.setattr(paging, "READ_AT_ONCE", 3)
    user, bot = new_id(), new_id()
    wanted = {0, 1, 2, 14, 15, 16, 17}
    orders.put(
        *[
            order_row(user, bot, n, AT + n, side=Side.BUY if n in wanted else Side.SELL)
            for n in range(20)
        ]
    )
    for read in (
        lambda cursor: orders.of_user(user, Window(), limit, cursor, is_bought),
        lambda cursor: orders.of_bot(bot, Window(), limit, cursor, is_bought),
    ):
        found, _ = walk(read)
        listed = [row.created_at - AT for page in found for row in page]
        assert listed == sorted(wanted, reverse=True)
        assert max(len(page) for page in found) == limit
        assert [] in found


def test_cursors_lead_nowhere_else(orders: Any) -> None:
    user, bot = new_id(), new_id()
    orders.put(*[order_row(user, bot, n, AT + n) for n in range(3)])
    cursor = orders.of_user(user, Window(), 1, None).cursor
    with pytest.raises(BadCursor):
        orders.of_user(new_id(), Window(), 1, cursor)
    with pytest.raises(BadCursor):
        orders.of_user(user, Window(AT, AT + 1), 1, cursor)
    with pytest.raises(BadCursor):
        orders.of_user(user, Window(AT + 3), 1, cursor)
    assert orders.of_user(user, Window(AT, AT + 3), 5, cursor).items


def test_a_cycle_is_listed_once_it_has_closed(cycles: Any) -> None:
    user, bot = new_id(), new_id()
    opened = cycle_row(user, bot, 2, None, "0")
    cycles.put(cycle_row(user, bot, 1, AT, "1"), opened)
    first, _ = walk(lambda cursor: cycles.closed(user, PAPER, Window(), 5, cursor))
    assert [[row.cycle_number for row in page] for page in first] == [[1]]
    cycles.put(replace(opened, closed_at=AT + 1, reason="user"))
    found, _ = walk(lambda cursor: cycles.closed(user, PAPER, Window(), 1, cursor))
    assert [row.cycle_number for page in found for row in page] == [2, 1]
    assert {row.cycle_number for row in cycles.list(bot, 5, None).items} == {1, 2}


def test_cycles_of_modes_and_users_are_kept_apart(cycles: Any) -> None:
    user, bot = new_id(), new_id()
    kept = cycle_row(user, bot, 1, AT, "1")
    cycles.put(
        kept,
        cycle_row(user, bot, 2, AT, "1", mode=AccountMode.LIVE),
        cycle_row(new_id(), new_id(), 3, AT, "1"),
    )
    assert list(cycles.closed(user, PAPER, Window(), 5, None).items) == [kept]
    cursor = cycles.closed(user, PAPER, Window(), 1, None).cursor
    if cursor is not None:
        with pytest.raises(BadCursor):
            cycles.closed(user, AccountMode.LIVE, Window(), 1, cursor)


def test_bots_keep_their_names_when_they_are_gone(tables: str) -> None:
    made = TradingDesk().bot
    bots = []
    for name in ("kept", "gone"):
        settings = made.config.settings.model_copy(update={"bot_name": name})
        bot_id = new_id()
        config = replace(made.config, bot_id=bot_id, user_id=new_id(), settings=settings)
        bots.append(Bot(config, replace(made.state, bot_id=bot_id)))
        BotRepository().create(config, bots[-1].state)
    kept, gone = bots
    BotRepository().delete(gone, AT)
    asked = {kept.config.bot_id, gone.config.bot_id, new_id()}
    assert BotNameRepository().of(asked) == {
        kept.config.bot_id: "kept",
        gone.config.bot_id: "gone",
    }
    assert BotNameRepository().of(()) == {}


def test_preferences_come_back_as_they_were_and_are_written_once(preferences: Any) -> None:
    user = new_id()
    none = preferences.get(user)
    assert none == StoredPreferences(Preferences())
    wanted = Preferences(theme=Theme.DARK, bot_defaults=BotDefaults(leverage=5))
    first = StoredPreferences(wanted, 1, AT)
    preferences.replace(user, none, first)
    assert preferences.get(user) == first
    with pytest.raises(Superseded):
        preferences.replace(user, none, first)
    second = StoredPreferences(Preferences(), 2, AT)
    preferences.replace(user, first, second)
    with pytest.raises(Superseded):
        preferences.replace(user, first, second)
    assert preferences.get(user) == second
    assert UserRepository().get(f"settings#{user}") is None
