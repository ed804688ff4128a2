"""Lines of bots' logs, and the messages that they become."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from functions.notify import handler as notify_handler
from functions.notify.announcement import Announcement
from pairtrader.model.events import EventKind
from pairtrader.model.notification import DeliveryRecord, Quota
from pairtrader.model.records import LogRecord, LogType
from pairtrader.storage.trade_logs import LogItem
from pairtrader.trading.records import log_record
from tests.fakes.api_world import ApiWorld
from tests.fakes.memory_notifications import MemoryChannels, MemoryOutbox
from tests.fakes.notifications import NOW, a_channel


class Bots:
    """One bot's configuration."""

    def __init__(self, config: Any) -> None:
        self._config = config

    def config(self, bot_id: str) -> Any:
        return self._config if bot_id == self._config.bot_id else None


class Hall:
    """An announcement over memory."""

    def __init__(self) -> None:
        world = ApiWorld()
        ada = world.user()
        self.config = world.bots.peek(ada.bot(ada.account())).config
        self.channels, self.outbox = MemoryChannels(), MemoryOutbox()
        self.announcement = Announcement(Bots(self.config), self.channels, self.outbox)

    def channel(self, channel_id: str, **changes: Any) -> None:
        user_id = changes.pop("user_id", self.config.user_id)
        channel = a_channel(user_id=user_id, id=channel_id, **changes)
        quota = self.channels.quota(user_id)
        self.channels.add(channel, quota, Quota(revision=quota.revision + 1))

    def line(self, event: EventKind | None = EventKind.FILL) -> LogRecord:
        line = log_record(
            self.config.bot_id, LogType.TRADE, "level 1 opened", NOW, event, invested=Decimal(200)
        )
        return replace(line, id="1-a")


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_every_channel_that_wants_the_event_gets_a_message(hall: Hall) -> None:
    hall.channel("1")
    hall.channel("2", events=(EventKind.FILL,))
    hall.channel("3", events=(EventKind.CLOSE,))
    hall.channel("4", is_enabled=False)
    hall.channel("5", is_verified=False)
    hall.channel("6", record=DeliveryRecord(disabled_reason="too many failures"))
    hall.channel("7", user_id="bob")

    assert hall.announcement.announce(hall.line()) == 2

    assert [each.id for each in hall.outbox.sent] == ["1-a-1", "1-a-2"]
    message = hall.outbox.sent[0]
    assert message.bot is not None
    assert message.bot.bot_name == hall.config.settings.bot_name
    assert message.bot.symbols == ("GALA-USDT", "CHZ-USDT")
    assert (message.event, message.occurred_at) == (EventKind.FILL, NOW)
    assert message.details == {"invested": "200"}


def test_a_line_announced_again_makes_the_same_messages(hall: Hall) -> None:
    hall.channel("1")
    hall.announcement.announce(hall.line())
    hall.announcement.announce(hall.line())
    first, second = hall.outbox.sent
    assert first == second


def test_lines_without_events_and_of_deleted_bots_are_nobody_s(hall: Hall) -> None:
    hall.channel("1")
    assert hall.announcement.announce(hall.line(None)) == 0
    assert hall.announcement.announce(replace(hall.line(), bot_id="gone")) == 0
    assert hall.outbox.sent == []


# Handler


class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"


def record(line: LogRecord, sequence: str) -> dict[str, Any]:
    image = LogItem.of(line).to_dynamodb_dict()
    return {"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": sequence}}


@pytest.fixture
def handled(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr(notify_handler, "announcement", lambda: hall.announcement)
    return hall


def handle(*records: dict[str, Any]) -> dict[str, Any]:
    return notify_handler.handler({"Records": list(records)}, Context())  # type: ignore[arg-type]


def test_a_line_survives_the_stream(handled: Hall) -> None:
    handled.channel("1")
    assert handle(record(handled.line(), "7")) == {"batchItemFailures": []}
    [message] = handled.outbox.sent
    assert message.text == "level 1 opened"


def test_from_a_line_that_fails_on_all_come_again(handled: Hall) -> None:
    handled.channel("1")
    handled.outbox.is_down = True
    answer = handle(record(handled.line(), "7"), record(handled.line(), "8"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}


def test_what_can_t_be_read_holds_up_nothing(handled: Hall) -> None:
    handled.channel("1")
    broken = {"dynamodb": {"NewImage": {"bot_id": {"S": "b"}}, "SequenceNumber": "1"}}
    odd = record(handled.line(), "2")
    odd["dynamodb"]["NewImage"]["body"] = {"S": "{}"}
    assert handle(broken, odd, record(handled.line(), "3")) == {"batchItemFailures": []}
    assert len(handled.outbox.sent) == 1


def test_the_stream_s_filter_finds_the_event_of_a_line(hall: Hall) -> None:
    told = LogItem.of(hall.line()).to_dynamodb_dict()
    assert told["event"] == {"S": "fill"}
    assert "event" not in LogItem.of(hall.line(None)).to_dynamodb_dict()
