"""From what the streams tell to what clients hear."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from functions.push import handler as entry
from functions.push.broadcast import Broadcast
from functions.push.delivery import Delivery
from pairtrader.model.account import ExchangeName
from pairtrader.model.bot import Bot, BotState, Status
from pairtrader.model.records import LogRecord, LogType, PositionRecord
from pairtrader.model.research import Failure, Job, JobKind, Period
from pairtrader.storage.connections import bot_topic, jobs_topic, user_topic
from pairtrader.storage.orders import OrderItem
from pairtrader.storage.positions import PositionItem
from pairtrader.storage.research_jobs import Quota, QuotaItem, item_of
from pairtrader.storage.sockets import ConnectionGone, NotDelivered
from pairtrader.storage.trade_logs import LogItem
from tests.fakes.memory_connections import MemoryConnections
from tests.fakes.streams import record, row_record, state_image, state_record
from tests.fakes.trading_desk import BOT, USER, TradingDesk
from tests.fakes.watched_bots import FakeWatchedBots
from tests.unit.test_views import AT, ORDER

NOW = 1_767_225_600
LATER = NOW + 900


class FakeClients:
    """Clients that hear, are gone, or take nothing."""

    def __init__(self) -> None:
        self.heard: dict[str, list[dict[str, Any]]] = {}
        self.gone: set[str] = set()
        self.deaf: set[str] = set()
        self.tries: list[str] = []

    def send(self, connection_id: str, frame: str) -> None:
        self.tries.append(connection_id)
        if connection_id in self.gone:
            raise ConnectionGone(connection_id)
        if connection_id in self.deaf:
            raise NotDelivered(connection_id)
        self.heard.setdefault(connection_id, []).append(json.loads(frame))


class PushDesk:
    """The push function over memory, one watched bot in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        self.store, self.bots, self.clients = MemoryConnections(), FakeWatchedBots(), FakeClients()
        self.bot = TradingDesk().bot
        self.bots.bots[BOT] = self.bot
        self.bots.marks[BOT] = "m1"
        self.broadcast = Broadcast(self.store, self.bots, self.bots, lambda: self.now)
        self.metrics: list[tuple[str, float]] = []
        pool = ThreadPoolExecutor(4)
        monkeypatch.setattr(entry, "broadcast", lambda: self.broadcast)
        monkeypatch.setattr(entry, "delivery", lambda: Delivery(self.clients, pool))
        monkeypatch.setattr(entry.metrics, "flush_metrics", lambda: None)
        monkeypatch.setattr(
            entry.metrics,
            "add_metric",
            lambda name, unit, value: self.metrics.append((name, value)),
        )

    def watch(self, connection_id: str, topic: str = bot_topic(BOT), until: int = LATER) -> None:
        self.store.open(connection_id, None, LATER)  # type: ignore[arg-type]
        self.store.subscribe(connection_id, topic, until)

    def push(self, *records: Any) -> dict[str, Any]:
        function: Any = entry.handler
        while hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        return function({"Records": list(records)}, None)  # type: ignore[no-any-return]

    def ticked(self, **changes: Any) -> Any:
        """The record of a tick's write, and from then on the bot is so."""
        old = self.bot.state
        looked: dict[str, Any] = {
            "revision": old.revision + 1,
            "last_tick_at": old.last_tick_at + 5_000 if old.last_tick_at else AT,
            "last_spread": 1.25,
            "last_price1": Decimal("0.02450"),
            "last_price2": Decimal(3),
        }
        return self.written(**{**looked, **changes})

    def written(self, **changes: Any) -> Any:
        old = self.bot.state
        self.bot = replace(self.bot, state=replace(old, **changes))
        self.bots.bots[BOT] = self.bot
        return state_record(old, self.bot.state)

    def types(self, connection_id: str) -> list[str]:
        return [message["type"] for message in self.clients.heard.get(connection_id, [])]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> PushDesk:
    return PushDesk(monkeypatch)


def test_an_idle_tick_tells_prices_alone(desk: PushDesk) -> None:
    desk.watch("c1")
    desk.push(desk.ticked())
    desk.push(desk.ticked(last_pnl=Decimal("1.50")))
    first, second = desk.clients.heard["c1"]
    assert first == {
        "type": "spread_update",
        "bot_id": BOT,
        "subscription": BOT,
        "seq": 1,
        "at": "2026-01-01T00:00:00.123Z",
        "spread": 1.25,
        "market1_price": "0.0245",
        "market2_price": "3",
        "pnl": None,
        "pnl_percent": None,
    }
    assert (second["seq"], second["pnl"]) == (2, "1.5")


@pytest.mark.parametrize(
    ("story", "changes"),
    [
        ("another status", {"status": Status.PAUSED, "status_reason": "closed"}),
        ("another reason to hold", {"hold_reason": "cooldown"}),
        ("a cycle finished", {"current_cycle": 1, "total_trades": 1}),
    ],
)
def test_a_tick_that_changes_where_the_bot_stands_tells_that_too(
    desk: PushDesk, story: str, changes: dict[str, Any]
) -> None:
    desk.watch("c1")
    desk.push(desk.ticked(), desk.ticked(**changes))
    assert desk.types("c1") == ["spread_update", "spread_update", "bot_update"], story
    assert [message["seq"] for message in desk.clients.heard["c1"]] == [1, 2, 3]


def test_a_write_of_the_api_tells_where_the_bot_stands_by_the_newest_settings(
    desk: PushDesk,
) -> None:
    desk.watch("c1")
    desk.push(desk.ticked())
    config = replace(desk.bot.config, updated_at=AT + 60_000)
    desk.bot = Bot(config, desk.bot.state)
    desk.push(desk.written(revision=desk.bot.state.revision + 1))
    told = desk.clients.heard["c1"][-1]
    assert told["type"] == "bot_update"
    assert told["updated_at"] == told["at"] == "2026-01-01T00:01:00.123Z"


def test_writes_of_a_tick_at_work_are_told_where_they_show(desk: PushDesk) -> None:
    desk.watch("c1")
    desk.push(desk.ticked(lease_owner="tick", fence=1))
    revision = desk.bot.state.revision
    desk.push(desk.written(revision=revision + 1, order_rounds=1))
    assert desk.types("c1") == ["spread_update"]
    desk.push(desk.written(revision=revision + 2, current_cycle=1))
    desk.push(desk.written(revision=revision + 3, lease_owner=""))
    assert desk.types("c1") == ["spread_update", "bot_update"]


def test_settings_changed_beside_a_tick_at_work_are_told(desk: PushDesk) -> None:
    desk.watch("c1")
    desk.push(desk.ticked(lease_owner="tick", fence=1))
    config = replace(desk.bot.config, updated_at=desk.bot.state.last_tick_at + 1)
    desk.bot = replace(desk.bot, config=config)
    desk.push(desk.written(revision=desk.bot.state.revision + 1))
    assert desk.types("c1") == ["spread_update", "bot_update"]


def test_idle_ticks_read_the_settings_once_a_minute(desk: PushDesk) -> None:
    desk.watch("c1")
    desk.push(desk.ticked())
    desk.bots.reads = 0
    for _ in range(12):
        desk.push(desk.ticked())
        desk.now += 10
    assert desk.bots.reads == 1


def test_the_mark_of_another_watcher_is_no_news(desk: PushDesk) -> None:
    desk.watch("c1")
    state = desk.bot.state
    desk.push(state_record(state, state, "m2"))
    assert desk.clients.heard == {}
    assert desk.store.last == {}


def test_rows_are_told_as_they_are_written(desk: PushDesk) -> None:
    desk.watch("c1")
    desk.bot = replace(desk.bot, state=replace(desk.bot.state, last_price2=Decimal("2.5")))
    desk.bots.bots[BOT] = desk.bot
    position = PositionRecord(
        BOT, 1, 1, "BBB-USDT", "long", Decimal(4), Decimal(3), True, AT, AT + 5
    )
    log = LogRecord(BOT, "l1", LogType.TRADE, "in", {"spread": 1.5}, AT)
    desk.push(row_record("orders", OrderItem.of(ORDER)))
    desk.push(row_record("positions", PositionItem.of(position)))
    desk.push(row_record("trade-logs", LogItem.of(log)))
    order, held, line = desk.clients.heard["c1"]
    assert (order["type"], order["seq"], order["id"]) == ("order_update", 1, "o1")
    assert (held["type"], held["seq"], held["unrealized_pnl"]) == ("position_update", 2, "-2")
    assert (line["type"], line["seq"], line["message"]) == ("log", 3, "in")


def test_nobody_hears_of_anothers_bot(desk: PushDesk) -> None:
    desk.watch("c1", bot_topic("other"))
    desk.watch("c2")
    desk.push(desk.ticked(), row_record("orders", OrderItem.of(ORDER)))
    assert set(desk.clients.heard) == {"c2"}


def test_who_watches_all_bots_hears_of_changes_alone_in_numbers_of_their_own(
    desk: PushDesk,
) -> None:
    desk.watch("c1")
    desk.watch("c2", user_topic(USER))
    desk.watch("c3", user_topic("somebody"))
    desk.push(desk.ticked(), desk.ticked(status=Status.PAUSED))
    assert desk.types("c1") == ["spread_update", "spread_update", "bot_update"]
    [told] = desk.clients.heard["c2"]
    assert (told["type"], told["subscription"], told["seq"]) == ("bot_update", "*", 1)
    assert "c3" not in desk.clients.heard


# Marks


def test_the_mark_goes_when_nobody_watches(desk: PushDesk) -> None:
    desk.push(desk.ticked())
    assert desk.bots.marks == {}
    assert desk.store.last == {}


def test_one_who_watches_all_bots_keeps_the_mark(desk: PushDesk) -> None:
    desk.watch("c2", user_topic(USER))
    desk.push(desk.ticked())
    assert desk.bots.marks == {BOT: "m1"}


def test_one_who_comes_while_the_mark_is_taken_away_is_not_left_deaf(desk: PushDesk) -> None:
    def come() -> None:
        desk.watch("late")
        desk.bots.mark(BOT)

    desk.store.after_audience = come
    desk.push(desk.ticked())
    assert desk.bots.marks == {BOT: "mark1"}
    desk.push(desk.ticked())
    assert desk.types("late") == ["spread_update"]


def test_rows_of_an_unwatched_bot_are_skipped(desk: PushDesk) -> None:
    desk.push(row_record("orders", OrderItem.of(ORDER)))
    assert desk.bots.marks == {BOT: "m1"}
    assert (desk.bots.reads, desk.clients.tries) == (0, [])


def test_expired_subscriptions_are_ended_and_hear_nothing(desk: PushDesk) -> None:
    desk.watch("asleep", until=NOW)
    desk.push(desk.ticked())
    assert desk.clients.tries == []
    assert desk.store.members == {bot_topic(BOT): {}}
    assert desk.bots.marks == {}


# Connections


def test_a_dead_connection_is_forgotten_with_all_its_subscriptions(desk: PushDesk) -> None:
    desk.watch("dead")
    desk.watch("dead", bot_topic("other"))
    desk.watch("alive")
    desk.clients.gone = {"dead"}
    desk.push(desk.ticked(), desk.ticked())
    assert desk.clients.tries.count("dead") == 1
    assert "dead" not in desk.store.connections
    assert desk.store.members == {bot_topic(BOT): {"alive": LATER}, bot_topic("other"): {}}
    assert desk.types("alive") == ["spread_update", "spread_update"]
    assert ("ConnectionsGone", 1) in desk.metrics


def test_what_is_not_delivered_is_counted_and_not_sent_again(desk: PushDesk) -> None:
    desk.watch("deaf")
    desk.clients.deaf = {"deaf"}
    answer = desk.push(desk.ticked(), desk.ticked())
    assert answer == {"batchItemFailures": []}
    assert desk.clients.tries == ["deaf"]
    assert "deaf" in desk.store.connections
    assert ("PushesFailed", 2) in desk.metrics


def test_a_tick_of_nobody_s_interest_measures_nothing(desk: PushDesk) -> None:
    desk.push(desk.ticked())
    assert desk.metrics == []


# Batches


def test_a_record_that_is_not_understood_holds_nothing_up(desk: PushDesk) -> None:
    desk.watch("c1")
    strange = record("orders", {"bot_id": {"S": BOT}, "body": {"S": "{}"}})
    answer = desk.push(strange, row_record("orders", OrderItem.of(ORDER)))
    assert answer == {"batchItemFailures": []}
    assert desk.types("c1") == ["order_update"]


@pytest.mark.parametrize(
    "image",
    [
        {"bot_id": {"S": BOT}, "kind": {"S": "CONFIG"}},
        {"bot_id": {"S": BOT}, "kind": {"S": "INTENT#1"}},
        state_image(BotState(BOT), None),
        None,
    ],
    ids=["settings", "an intent", "an unwatched state", "a removal"],
)
def test_what_is_no_watched_state_is_skipped(desk: PushDesk, image: dict[str, Any] | None) -> None:
    desk.watch("c1")
    assert desk.push(record("bots", image)) == {"batchItemFailures": []}
    assert desk.clients.tries == []


def test_a_batch_comes_again_from_the_first_change_whose_audience_is_not_known(
    desk: PushDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.watch("c1")
    other = replace(ORDER, bot_id="other")
    real = desk.store.audience

    def audience(topic: str, now: int) -> Any:
        if topic == bot_topic("other"):
            raise OSError("no table")
        return real(topic, now)

    monkeypatch.setattr(desk.store, "audience", audience)
    records = [row_record("orders", OrderItem.of(order)) for order in (ORDER, other, other, ORDER)]
    answer = desk.push(*records)
    number = records[1]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert desk.types("c1") == ["order_update", "order_update"]


# Backtests and analyses


def job_record(job: Job, at: float = NOW + 0.25) -> Any:
    made = row_record("backtests", item_of(job))
    made["dynamodb"]["ApproximateCreationDateTime"] = at
    return made


A_JOB = Job(
    id="job1",
    user_id=USER,
    kind=JobKind.BACKTEST,
    name="wider ladder",
    exchange_account_id="acc",
    exchange_name=ExchangeName.SIMULATED,
    symbols=("GALA-USDT", "CHZ-USDT"),
    period=Period(0, 600_000, 60_000),
    created_at=NOW * 1000,
)


def test_a_user_hears_how_a_backtest_goes(desk: PushDesk) -> None:
    desk.watch("c1", jobs_topic(USER))
    desk.watch("other", jobs_topic("somebody"))
    item = item_of(A_JOB)
    item.status, item.stage, item.progress = "running", "candles", 41
    running = row_record("backtests", item)
    running["dynamodb"]["ApproximateCreationDateTime"] = NOW + 1
    assert desk.push(job_record(A_JOB), running) == {"batchItemFailures": []}
    assert desk.clients.heard == {
        "c1": [
            {
                "type": "backtest_update",
                "subscription": "backtests",
                "seq": 1,
                "at": "2026-01-01T00:00:00.250Z",
                "id": "job1",
                "kind": "backtest",
                "status": "queued",
                "stage": "queued",
                "progress": 0,
                "cancel_requested": False,
                "error": None,
            },
            {
                **desk.clients.heard["c1"][0],
                "seq": 2,
                "at": "2026-01-01T00:00:01.000Z",
                "status": "running",
                "stage": "candles",
                "progress": 41,
            },
        ]
    }


def test_a_failed_analysis_says_why(desk: PushDesk) -> None:
    desk.watch("c1", jobs_topic(USER))
    item = item_of(replace(A_JOB, kind=JobKind.PAIR))
    item.status, item.failure = "failed", Failure("no_candles", "There are none.")
    record = row_record("backtests", item)
    record["dynamodb"]["ApproximateCreationDateTime"] = NOW
    desk.push(record)
    [told] = desk.clients.heard["c1"]
    assert told["kind"] == "pair"
    assert told["error"] == {"code": "no_candles", "detail": "There are none."}


def test_of_backtests_that_nobody_watches_nothing_is_said(desk: PushDesk) -> None:
    quota = QuotaItem(USER, "#quota", body=Quota(1, 1, 1), revision=1)
    assert desk.push(job_record(A_JOB), row_record("backtests", quota)) == {"batchItemFailures": []}
    assert desk.clients.tries == []
    assert desk.store.last_number(jobs_topic(USER)) == 0
