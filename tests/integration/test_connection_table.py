"""The table of connections and the fake that stands in for it keep the same promises."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.records import Records
from pairtrader.storage.bot_items import BotItem, StateItem
from pairtrader.storage.bots import BotRepository, Guard
from pairtrader.storage.connections import (
    Audience,
    ConnectionItem,
    ConnectionRepository,
    Holder,
    Subscription,
    bot_topic,
    user_topic,
)
from pairtrader.storage.cycles import CycleItem
from pairtrader.storage.orders import OrderItem
from pairtrader.storage.watched_bots import WatchedBots
from tests.fakes.memory_connections import MemoryConnections
from tests.fakes.trading_desk import BOT, USER, TradingDesk

NOW = 1_767_225_600
ADA = Holder("ada", "family", "session")
TABLES = (ConnectionItem, BotItem, OrderItem, CycleItem)


@pytest.fixture(scope="module")
def tables(aws: str) -> Iterator[None]:
    made = [table for table in TABLES if not table.exists()]
    for table in made:
        table.create_table(wait=True)
    yield
    for table in made:
        table.delete_table()


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryConnections()
        return
    request.getfixturevalue("tables")
    yield ConnectionRepository()
    with ConnectionItem.batch_write() as batch:
        for item in list(ConnectionItem.scan()):
            batch.delete(item)


def test_a_ticket_is_taken_once(store: Any) -> None:
    store.add_ticket("digest", ADA, NOW + 30)
    assert store.take_ticket("another", NOW) is None
    assert store.take_ticket("digest", NOW) == ADA
    assert store.take_ticket("digest", NOW) is None


def test_an_expired_ticket_is_none(store: Any) -> None:
    store.add_ticket("digest", ADA, NOW)
    assert store.take_ticket("digest", NOW) is None


def test_of_many_who_take_a_ticket_one_gets_it(tables: None) -> None:
    store = ConnectionRepository()
    store.add_ticket("wanted", ADA, NOW + 30)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: store.take_ticket("wanted", NOW), range(16)))
    assert sorted(map(bool, taken)) == [False] * 15 + [True]


def test_a_connection_is_its_holder_s_until_it_expires(store: Any) -> None:
    store.open("c1", ADA, NOW + 10)
    assert store.holder_of("c1", NOW) == ADA
    assert store.holder_of("c1", NOW + 10) is None
    assert store.holder_of("c2", NOW) is None


def test_subscriptions_are_found_from_both_ends(store: Any) -> None:
    store.open("c1", ADA, NOW + 10)
    store.subscribe("c1", bot_topic("b1"), NOW + 5)
    store.subscribe("c1", user_topic("ada"), NOW + 6)
    store.subscribe("c2", bot_topic("b1"), NOW)
    assert sorted(store.subscriptions_of("c1"), key=str) == [
        Subscription(bot_topic("b1"), NOW + 5),
        Subscription(user_topic("ada"), NOW + 6),
    ]
    assert store.audience(bot_topic("b1"), NOW) == Audience(live=("c1",), expired=("c2",))
    assert store.audience(bot_topic("b2"), NOW) == Audience()


def test_a_subscription_can_be_prolonged_and_ended(store: Any) -> None:
    store.subscribe("c1", bot_topic("b1"), NOW)
    store.subscribe("c1", bot_topic("b1"), NOW + 5)
    assert store.audience(bot_topic("b1"), NOW).live == ("c1",)
    store.unsubscribe("c1", bot_topic("b1"))
    store.unsubscribe("c1", bot_topic("b1"))
    assert store.audience(bot_topic("b1"), NOW) == Audience()
    assert store.subscriptions_of("c1") == []


def test_a_closed_connection_leaves_nothing(store: Any) -> None:
    store.open("c1", ADA, NOW + 10)
    store.subscribe("c1", bot_topic("b1"), NOW + 5)
    store.subscribe("c1", bot_topic("b2"), NOW + 5)
    store.subscribe("c2", bot_topic("b1"), NOW + 5)
    store.close("c1")
    store.close("c1")
    assert store.holder_of("c1", NOW) is None
    assert store.audience(bot_topic("b1"), NOW).live == ("c2",)
    assert store.audience(bot_topic("b2"), NOW) == Audience()


def test_numbers_of_a_topic_never_come_twice(store: Any) -> None:
    assert store.last_number("t") == 0
    assert list(store.numbers("t", 2, NOW)) == [1, 2]
    assert list(store.numbers("t", 3, NOW)) == [3, 4, 5]
    assert list(store.numbers("u", 1, NOW)) == [1]
    assert store.last_number("t") == 5


def test_numbers_are_no_subscription(store: Any) -> None:
    store.numbers(bot_topic("b1"), 2, NOW)
    assert store.audience(bot_topic("b1"), NOW) == Audience()


# Marks


@pytest.fixture
def bots(tables: None) -> Iterator[BotRepository]:
    bot = TradingDesk().bot
    repository = BotRepository()
    repository.create(bot.config, bot.state)
    yield repository
    for item in list(BotItem.query(BOT)):
        item.delete()


def mark() -> str | None:
    return StateItem.get(BOT, "STATE", consistent_read=True).watched


def test_a_mark_is_set_and_goes_only_by_its_name(bots: BotRepository) -> None:
    watched = WatchedBots()
    assert watched.mark(BOT)
    first = mark()
    assert first
    assert watched.mark(BOT)
    second = mark()
    assert second not in (None, first)
    assert not watched.clear(BOT, first)
    assert mark() == second
    assert watched.clear(BOT, second or "")
    assert mark() is None


def test_a_bot_that_does_not_exist_is_not_marked_into_being(bots: BotRepository) -> None:
    assert not WatchedBots().mark("nobody")
    assert list(BotItem.query("nobody")) == []


def test_marks_and_ticks_do_not_see_each_other(bots: BotRepository) -> None:
    before = bots.load(BOT)
    assert before is not None
    WatchedBots().mark(BOT)
    set_mark = mark()
    assert bots.load(BOT) == before
    ticked = bots.change(before.state, replace(before.state, last_spread=1.5), Guard.REVISION)
    assert ticked.revision == before.state.revision + 1
    cycle_done = replace(ticked, total_profit=Decimal(3))
    bots.commit(ticked, cycle_done, Guard.REVISION, records=Records())
    assert mark() == set_mark


def test_the_ids_of_a_users_bots(bots: BotRepository) -> None:
    assert BOT in bots.ids_of(USER, 1000)
    assert bots.ids_of("somebody", 10) == []
