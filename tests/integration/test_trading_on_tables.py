"""The engine on real tables: killed at every step, and counted request by request."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pynamodb.models import Model

from pairtrader.model.account import AccountMode
from pairtrader.model.bot import Bot, BotState, Status
from pairtrader.model.records import CycleRecord, LogRecord, SpreadPoint
from pairtrader.model.risk import DayResult, day_of
from pairtrader.storage.bot_items import BotItem
from pairtrader.storage.bots import BotRepository, Guard
from pairtrader.storage.cycles import CycleItem, CycleRepository
from pairtrader.storage.orders import OrderItem, OrderRepository
from pairtrader.storage.positions import PositionItem
from pairtrader.storage.risk import SUMMED_PLACES, RiskItem, RiskRepository, user_owner
from pairtrader.storage.simulated_accounts import (
    SimulatedAccountItem,
    SimulatedAccountRepository,
)
from pairtrader.storage.spread_history import HistoryItem, SpreadHistoryRepository
from pairtrader.storage.trade_logs import LogItem, LogRepository
from pairtrader.trading.report import TickResult
from tests.crash_scenes import (
    LEASE_SECONDS,
    Scene,
    about_to_add,
    about_to_open,
    about_to_take_profit,
    check_books,
    run_until,
    steps_of,
    told_to_stop,
)
from tests.fakes.fuse import Fuse
from tests.fakes.trading_desk import ACCOUNT, BOT, USER, TradingDesk

TABLES: tuple[type[Model], ...] = (
    BotItem,
    OrderItem,
    PositionItem,
    CycleItem,
    LogItem,
    HistoryItem,
    SimulatedAccountItem,
    RiskItem,
)
OWNERS = {SimulatedAccountItem: ACCOUNT, RiskItem: user_owner(USER)}


class TableBotStore:
    """The tables, with what a `TradingDesk` asks of its store besides."""

    def __init__(self) -> None:
        self._bots = BotRepository()
        self.load, self.change = self._bots.load, self._bots.change
        self.commit = self._bots.commit

    def add(self, what: str | LogRecord, points: Sequence[SpreadPoint] = ()) -> None:
        if isinstance(what, LogRecord):
            LogRepository().add(what)
        else:
            SpreadHistoryRepository().add(what, points)

    def put(self, bot: Bot) -> None:
        self._bots.create(bot.config, bot.state)

    def peek(self, bot_id: str) -> Bot:
        bot = self._bots.load(bot_id)
        assert bot is not None
        return bot

    def edit(self, bot_id: str, **changes: Any) -> None:
        state: BotState = self.peek(bot_id).state
        self._bots.change(state, replace(state, **changes), Guard.REVISION)

    @property
    def orders(self) -> list[str]:
        return [order.id for order in OrderRepository().list(BOT, 100, None).items]

    @property
    def cycles(self) -> Sequence[CycleRecord]:
        return CycleRepository().list(BOT, 100, None).items


class TableAccountStore(SimulatedAccountRepository):
    """The table, with the ids of its orders."""

    @property
    def orders(self) -> list[tuple[str, str]]:
        items = SimulatedAccountItem.query(ACCOUNT, SimulatedAccountItem.kind.startswith("ORDER#"))
        return [(ACCOUNT, item.kind.removeprefix("ORDER#")) for item in items]


@pytest.fixture(scope="module")
def tables(aws: str) -> None:
    for table in TABLES:
        if not table.exists():
            table.create_table(wait=False)


@pytest.fixture
def clean(tables: None) -> Iterator[None]:
    empty()
    yield
    empty()


def empty() -> None:
    for table in TABLES:
        for item in table.query(OWNERS.get(table, BOT)):
            item.delete()


def on_tables(scene: Scene) -> Scene:
    def staged() -> TradingDesk:
        empty()
        return scene(store=TableBotStore(), account_store=TableAccountStore())

    return staged


@pytest.mark.parametrize(
    "scene", [about_to_open, about_to_add, about_to_take_profit, told_to_stop],
    ids=lambda scene: scene.__name__,
)  # fmt: skip
def test_killed_at_any_step_the_next_tick_puts_the_tables_right(scene: Scene, clean: None) -> None:
    staged = on_tables(scene)
    steps = steps_of(staged)
    for number in range(1, len(steps) + 1):
        where = f"{scene.__name__}: killed at step {number}, {steps[number - 1]}"
        desk = staged()
        assert run_until(desk, Fuse(number)), where

        desk.tick(after=LEASE_SECONDS + 1)

        check_books(desk, where)
        desk.tick()
        check_books(desk, where)
        assert result_of_the_day(desk) == result_of_the_books(desk), where
        assert desk.state.status is (Status.STOPPED if scene is told_to_stop else Status.RUNNING), (
            where
        )


def result_of_the_day(desk: TradingDesk) -> DayResult:
    """What the day's item says, by which losses are limited."""
    return RiskRepository().day(USER, day_of(desk.clock.now()))


def result_of_the_books(desk: TradingDesk) -> DayResult:
    """What the bot itself says: every cycle counts once."""
    state, day = desk.state, day_of(desk.clock.now())
    if not state.total_trades:
        return DayResult(day)
    profit = round(state.total_profit, SUMMED_PLACES)
    return DayResult(day, {AccountMode.PAPER: profit}, state.total_trades)


class Requests:
    """What DynamoDB is asked for, by operation."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counted: Counter[str] = Counter()
        from botocore.client import BaseClient  # noqa: PLC0415

        call = BaseClient._make_api_call  # type: ignore[attr-defined]

        def counting(client: Any, operation: str, arguments: Any) -> Any:
            self.counted[operation] += 1
            return call(client, operation, arguments)

        monkeypatch.setattr(BaseClient, "_make_api_call", counting)


def test_an_idle_tick_asks_dynamodb_twice_and_once_a_minute_three_times(
    clean: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = TradingDesk(store=TableBotStore(), account_store=TableAccountStore())
    desk.tick()
    requests = Requests(monkeypatch)

    results = [desk.tick().result for _ in range(24)]

    assert set(results) == {TickResult.IDLE}
    assert requests.counted == {"Query": 24, "UpdateItem": 24, "BatchWriteItem": 2}
