"""The table of bots and the fake that stands in for it keep the same promises."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.bot import Bot, BotConfig, BotState, Command, CommandKind, Status
from pairtrader.model.cycle import Intent
from pairtrader.model.order import OrderType, Purpose, Side
from pairtrader.model.records import Records, SpreadPoint
from pairtrader.storage.bot_items import BotItem, ConfigItem
from pairtrader.storage.bots import BotRepository, Guard
from pairtrader.storage.cycles import CycleItem, CycleRepository
from pairtrader.storage.errors import AlreadyExists, BadCursor, Superseded
from pairtrader.storage.orders import OrderItem, OrderRepository
from pairtrader.storage.positions import PositionItem, PositionRepository
from pairtrader.storage.risk import RiskItem
from pairtrader.storage.spread_history import HistoryItem, SpreadHistoryRepository
from pairtrader.storage.trade_logs import LogItem
from pairtrader.trading.records import cycle_record, position_records
from tests.fakes.memory_api_stores import MemoryBots
from tests.fakes.memory_bot_store import MemoryBotStore
from tests.fakes.trading_desk import BOT, USER, TradingDesk

TABLES = (BotItem, OrderItem, PositionItem, CycleItem, LogItem, HistoryItem, RiskItem)


@pytest.fixture(scope="module")
def tables(aws: str) -> None:
    for table in TABLES:
        table.create_table(wait=False)


def bot_of_a_desk() -> Bot:
    return TradingDesk().bot


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    bot = bot_of_a_desk()
    if request.param == "memory":
        memory = MemoryBotStore()
        memory.bots[BOT] = bot
        yield memory
        return
    request.getfixturevalue("tables")
    repository = BotRepository()
    repository.create(bot.config, bot.state)
    yield repository
    for item in list(BotItem.query(BOT)):
        item.delete()


def intent(name: str) -> Intent:
    return Intent(
        BOT, name, 1, Purpose.ENTRY, 0, 1, 1, Side.BUY, OrderType.MARKET,
        Decimal("1.5"), Decimal("100.25"), False, Decimal(0), 7,
    )  # fmt: skip


def leased(store: Any) -> BotState:
    state = store.load(BOT).state
    held = replace(state, lease_owner="me", lease_until=99, fence=state.fence + 1)
    return store.change(state, held, Guard.REVISION)


def test_what_is_changed_is_read_back(store: Any) -> None:
    before = store.load(BOT).state
    wanted = replace(
        before,
        last_price1=Decimal("0.0245100"),
        last_spread=1.0964912280701755,
        command=Command(CommandKind.CLOSE, "c", 5),
        points=(SpreadPoint(5, Decimal("1.5"), Decimal(2), 0.25),),
    )

    stored = store.change(before, wanted, Guard.REVISION)

    assert stored == replace(wanted, revision=before.revision + 1)
    assert store.load(BOT).state == stored


def test_what_becomes_nothing_is_removed(store: Any) -> None:
    before = store.load(BOT).state
    set_ = store.change(before, replace(before, hold_reason="x", last_spread=1.0), Guard.REVISION)

    gone = store.change(set_, replace(set_, hold_reason="", last_spread=None), Guard.REVISION)

    assert (gone.hold_reason, gone.last_spread) == ("", None)


def test_the_second_of_two_writers_is_superseded(store: Any) -> None:
    seen = store.load(BOT).state
    store.change(seen, replace(seen, skipped=1), Guard.REVISION)

    with pytest.raises(Superseded):
        store.change(seen, replace(seen, skipped=2), Guard.REVISION)

    assert store.load(BOT).state.skipped == 1


def test_a_lease_holder_is_not_stopped_by_writes_beside_it(store: Any) -> None:
    held = leased(store)
    store.change(held, replace(held, total_trades=5), Guard.REVISION)

    stored = store.change(held, replace(held, skipped=3), Guard.FENCE)

    assert (stored.total_trades, stored.skipped) == (5, 3)


@pytest.mark.parametrize("guard", [Guard.FENCE, Guard.ENTRY])
def test_who_lost_the_lease_writes_nothing(store: Any, guard: Guard) -> None:
    held = leased(store)
    store.change(held, replace(held, fence=held.fence + 1, lease_owner="you"), Guard.REVISION)

    with pytest.raises(Superseded):
        store.commit(held, replace(held, skipped=3), guard, put_intents=[intent("a")])

    assert store.load(BOT).intents == ()


@pytest.mark.parametrize("change", [{"status": Status.STOPPED}, {"generation": 2}])
def test_an_entry_needs_a_bot_that_still_runs(store: Any, change: dict[str, Any]) -> None:
    held = leased(store)
    store.change(held, replace(held, **change), Guard.REVISION)

    with pytest.raises(Superseded):
        store.commit(held, held, Guard.ENTRY, put_intents=[intent("a")])
    store.commit(held, replace(held, skipped=1), Guard.FENCE)

    assert store.load(BOT).intents == ()


def test_a_status_changed_by_the_user_is_not_overwritten(store: Any) -> None:
    held = leased(store)
    store.change(held, replace(held, status=Status.STOPPING), Guard.REVISION)

    with pytest.raises(Superseded):
        store.change(held, replace(held, status=Status.PAUSED), Guard.FENCE)


def test_intents_and_state_are_written_together_or_not_at_all(store: Any) -> None:
    held = leased(store)
    store.commit(
        held, replace(held, order_rounds=1), Guard.ENTRY, put_intents=[intent("a"), intent("b")]
    )

    with pytest.raises(Superseded):
        store.commit(held, replace(held, order_rounds=2), Guard.FENCE, put_intents=[intent("a")])

    bot = store.load(BOT)
    assert bot.state.order_rounds == 1
    assert {each.client_order_id for each in bot.intents} == {"a", "b"}
    assert intent("a") in bot.intents

    store.commit(held, held, Guard.FENCE, delete_intents=bot.intents)
    assert store.load(BOT).intents == ()


def test_a_bot_that_does_not_exist_is_none_and_can_not_be_written(store: Any) -> None:
    ghost = replace(store.load(BOT).state, bot_id="ghost")

    assert store.load("ghost") is None
    with pytest.raises((Superseded, KeyError)):
        store.change(ghost, replace(ghost, skipped=1), Guard.REVISION)
    assert store.load("ghost") is None


# Configurations


@pytest.fixture(params=["memory", "table"])
def api_store(request: pytest.FixtureRequest) -> Iterator[Any]:
    bot = bot_of_a_desk()
    config = replace(bot.config, updated_at=1)
    if request.param == "memory":
        memory = MemoryBots()
        memory.create(config, bot.state)
        yield memory
        return
    request.getfixturevalue("tables")
    repository = BotRepository()
    repository.create(config, bot.state)
    yield repository
    for item in list(BotItem.query(BOT)):
        item.delete()


def renewed(config: BotConfig) -> BotConfig:
    return replace(config, market1=replace(config.market1, max_leverage=3), markets_checked_at=99)


def test_renewed_markets_are_stored_beside_a_state_that_ticks_change(api_store: Any) -> None:
    config, state = api_store.config(BOT), api_store.load(BOT).state
    api_store.change(state, replace(state, skipped=1), Guard.REVISION)

    api_store.refresh_markets(config, renewed(config))

    bot = api_store.load(BOT)
    assert bot.config == api_store.config(BOT) == renewed(config)
    assert bot.state.skipped == 1
    assert bot.config in [each.config for each in api_store.list_by_user(USER, 99, None).items]


def test_markets_never_overwrite_what_the_user_has_changed(api_store: Any) -> None:
    bot = api_store.load(BOT)
    edited = replace(bot.config, updated_at=2)
    api_store.reconfigure(edited, bot.state, bot.state)

    with pytest.raises(Superseded):
        api_store.refresh_markets(bot.config, renewed(bot.config))
    state = api_store.load(BOT).state
    part = api_store.with_markets(bot.config, renewed(bot.config))
    with pytest.raises(Superseded):
        api_store.commit(state, replace(state, skipped=5), Guard.REVISION, extra=part)

    assert api_store.config(BOT) == edited
    assert api_store.load(BOT).state.skipped == 0


def test_a_deleted_bot_is_not_made_again_by_its_markets(api_store: Any) -> None:
    bot = api_store.load(BOT)
    api_store.delete(bot, 5)

    with pytest.raises(Superseded):
        api_store.refresh_markets(bot.config, renewed(bot.config))

    assert api_store.config(BOT) is None


def test_of_a_deleted_bot_name_owner_and_earnings_stay(api_store: Any) -> None:
    before = api_store.load(BOT)
    earned = replace(before.state, total_profit=Decimal("1.25"), total_trades=2, current_cycle=2)
    api_store.commit(before.state, earned, Guard.REVISION)
    bot = api_store.load(BOT)
    assert api_store.load_deleted(BOT) is None

    api_store.delete(bot, 5)

    left = api_store.load_deleted(BOT)
    assert (left.config, left.deleted_at) == (bot.config, 5)
    assert (left.state.total_profit, left.state.total_trades) == (Decimal("1.25"), 2)
    assert api_store.load(BOT) is None
    assert list(api_store.list_deleted(USER, 9, None).items) == [left]
    assert BOT not in [each.config.bot_id for each in api_store.list_by_user(USER, 99, None).items]
    assert api_store.list_deleted("somebody else", 9, None).items in ([], ())


def test_a_bot_that_was_written_meanwhile_is_not_deleted(api_store: Any) -> None:
    bot = api_store.load(BOT)
    api_store.commit(bot.state, replace(bot.state, skipped=3), Guard.REVISION)
    with pytest.raises(Superseded):
        api_store.delete(bot, 5)
    assert api_store.load(BOT) is not None
    assert api_store.load_deleted(BOT) is None


def test_markets_state_and_rows_are_written_together_or_not_at_all(api_store: Any) -> None:
    bot = api_store.load(BOT)
    part = api_store.with_markets(bot.config, renewed(bot.config))
    stale = replace(bot.state, revision=bot.state.revision + 7)
    with pytest.raises(Superseded):
        api_store.commit(stale, replace(stale, skipped=1), Guard.REVISION, extra=part)
    assert api_store.config(BOT) == bot.config

    api_store.commit(bot.state, replace(bot.state, skipped=1), Guard.REVISION, extra=part)

    assert api_store.config(BOT) == renewed(bot.config)
    assert api_store.load(BOT).state.skipped == 1


def test_a_configuration_stored_without_its_time_is_renewed_too(tables: None) -> None:
    repository, bot = BotRepository(), bot_of_a_desk()
    config = replace(bot.config, bot_id="old")
    repository.create(config, replace(bot.state, bot_id="old"))
    item = ConfigItem.get("old", "CONFIG")
    item.update(actions=[ConfigItem.updated_at.remove()])

    repository.refresh_markets(config, renewed(config))

    assert repository.config("old") == renewed(config)


def test_rows_of_an_undone_adoption_are_removed(tables: None) -> None:
    desk = TradingDesk()
    desk.tick_at(101.5)
    state = replace(desk.state, bot_id="undone", current_cycle=0)
    config = replace(desk.bot.config, bot_id="undone")
    repository = BotRepository()
    repository.create(config, state)
    assert state.cycle is not None
    rows = Records(
        positions=position_records(config, state, state.cycle, 1),
        cycles=(cycle_record(config, state, state.cycle),),
    )
    repository.commit(state, state, Guard.REVISION, records=rows)
    assert len(PositionRepository().list("undone", 9, None).items) == 2

    state = replace(state, revision=state.revision + 1)
    gone = repository.without_rows(rows)
    repository.commit(state, state, Guard.REVISION, extra=gone)

    assert not PositionRepository().list("undone", 9, None).items
    assert not CycleRepository().list("undone", 9, None).items


def test_bots_of_a_user_come_in_pages(tables: None) -> None:
    repository = BotRepository()
    bot = bot_of_a_desk()
    names = [f"many{n}" for n in range(5)]
    for name in names:
        repository.create(
            replace(bot.config, bot_id=name, user_id="many"), replace(bot.state, bot_id=name)
        )

    first = repository.list_by_user("many", 3, None)
    second = repository.list_by_user("many", 3, first.cursor)

    assert [each.config.bot_id for each in (*first.items, *second.items)] == names
    with pytest.raises(BadCursor):
        repository.list_by_user(USER, 3, first.cursor)
    with pytest.raises(BadCursor):
        repository.list_by_user(USER, 3, "nonsense!")
    with pytest.raises(AlreadyExists):
        repository.create(replace(bot.config, bot_id="many1"), replace(bot.state, bot_id="many1"))


def test_a_day_of_trading_reads_back_newest_first(tables: None) -> None:
    desk = TradingDesk(profit_ratio=0.3)
    for price in (101.5, 102.4, 100.0):
        desk.tick_at(price)
    repository, state = BotRepository(), replace(desk.state, bot_id="day")
    repository.create(replace(desk.bot.config, bot_id="day"), state)
    orders = tuple(replace(order, bot_id="day") for order in desk.store.orders.values())
    cycles = tuple(replace(cycle, bot_id="day") for cycle in desk.store.cycles.values())

    repository.commit(state, state, Guard.REVISION, records=Records(orders=orders, cycles=cycles))

    page = OrderRepository().list("day", 4, None)
    rest = OrderRepository().list("day", 4, page.cursor)
    times = [order.created_at for order in (*page.items, *rest.items)]
    assert sorted(times, reverse=True) == times
    assert {order.id for order in (*page.items, *rest.items)} == {order.id for order in orders}
    assert CycleRepository().list("day", 10, None).items == list(cycles)


def test_looks_are_kept_by_the_minute_and_read_by_time(tables: None) -> None:
    history = SpreadHistoryRepository()
    looks = [
        SpreadPoint(60_000 * m + 5_000 * n, Decimal("1.5"), Decimal(2), 0.25)
        for m in range(3)
        for n in range(12)
    ]
    for minute in range(3):
        history.add("looks", looks[minute * 12 : minute * 12 + 12])

    everything = history.list("looks", "raw", 0, 10**12, 1000, None)
    some = history.list("looks", "raw", 30_000, 90_000, 1000, None)
    minutes = history.list("looks", "minute", 0, 10**12, 1000, None)

    assert list(everything.items) == looks
    assert [p.recorded_at for p in some.items] == list(range(30_000, 90_000, 5_000))
    assert list(minutes.items) == looks[11::12]
