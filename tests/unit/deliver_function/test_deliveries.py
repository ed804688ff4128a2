"""What becomes of queued messages, and what their channels show afterwards."""

import json
from typing import Any

import pytest

from functions.deliver import handler as deliver_handler
from functions.deliver.delivery import Delivery, Fate, Outcome
from functions.deliver.sending import CannotDeliver, Parcel, TryLater
from functions.deliver.texts import ADVICE, LABELS, REASONS, TITLES, compose, money
from pairtrader.model.account import AccountMode
from pairtrader.model.cycle import CloseReason
from pairtrader.model.events import EventKind
from pairtrader.model.notification import (
    MAX_FAILURES,
    BotNames,
    Channel,
    ChannelKind,
    DeliveryRecord,
    MessageKind,
    MessageLanguage,
    Proof,
    Quota,
    channel_owner,
    code_owner,
)
from pairtrader.storage.notification_queue import NotificationQueue
from tests.fakes.memory_logins import a_seal
from tests.fakes.memory_notifications import MemoryChannels
from tests.fakes.notifications import NOW, a_channel, a_notification

WAITS = (30, 120)


class FakeSender:
    """Takes messages, or refuses them all."""

    def __init__(self) -> None:
        self.sent: list[Parcel] = []
        self.error: Exception | None = None

    def send(self, parcel: Parcel) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(parcel)


class Desk:
    """A delivery over memory."""

    def __init__(self, channel: Channel) -> None:
        self.channels, self.sender = MemoryChannels(), FakeSender()
        self.channels.add(channel, Quota(), Quota(revision=1))
        senders = dict.fromkeys(ChannelKind, self.sender)
        self.delivery = Delivery(self.channels, a_seal(), senders, WAITS, lambda: NOW)

    def deliver(self, attempt: int = 1, **changes: Any) -> Outcome:
        return self.delivery.deliver(a_notification(**changes), attempt)

    @property
    def record(self) -> DeliveryRecord:
        [channel] = self.channels.channels.values()
        return channel.record


def sealed_channel(**changes: Any) -> Channel:
    owner = channel_owner("01JCHANNEL")
    return a_channel(
        sealed_url=a_seal().close("https://example.com/in", owner),
        sealed_secret=a_seal().close("whsec_key", owner),
        **changes,
    )


def test_a_message_is_sent_with_its_secrets_opened() -> None:
    desk = Desk(sealed_channel())
    assert desk.deliver() == Outcome(Fate.DELIVERED)
    [parcel] = desk.sender.sent
    assert (parcel.url, parcel.secret) == ("https://example.com/in", "whsec_key")
    assert "whsec_key" not in repr(parcel)
    assert desk.record == DeliveryRecord(delivered_at=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_enabled": False},
        {"is_verified": False},
        {"events": (EventKind.CLOSE,)},
        {"record": DeliveryRecord(disabled_reason="too many failures")},
        {"id": "another"},
        {"user_id": "bob"},
    ],
)
def test_what_nobody_wants_any_more_is_dropped(changes: dict[str, Any]) -> None:
    desk = Desk(a_channel(**changes))
    assert desk.deliver() == Outcome(Fate.UNWANTED)
    assert desk.sender.sent == []


def test_a_passing_failure_comes_again_ever_later_and_is_given_up_at_last() -> None:
    desk = Desk(a_channel())
    desk.sender.error = TryLater("the server answered 503")
    assert desk.deliver(1) == Outcome(Fate.DELAYED, 30)
    assert desk.deliver(2) == Outcome(Fate.DELAYED, 120)
    assert desk.record == DeliveryRecord()
    assert desk.deliver(3) == Outcome(Fate.GIVEN_UP)
    assert (desk.record.failures, desk.record.last_error) == (1, "the server answered 503")


def test_a_pause_asked_for_is_kept() -> None:
    desk = Desk(a_channel())
    desk.sender.error = TryLater("Telegram answered 429", 400)
    assert desk.deliver(1) == Outcome(Fate.DELAYED, 400)
    desk.sender.error = TryLater("Telegram answered 429", 5)
    assert desk.deliver(1) == Outcome(Fate.DELAYED, 30)


def test_refused_for_good_is_not_tried_again_and_switches_the_channel_off_in_the_end() -> None:
    desk = Desk(a_channel())
    desk.sender.error = CannotDeliver("the server answered 404")
    for failures in range(1, MAX_FAILURES + 1):
        assert desk.deliver() == Outcome(Fate.DROPPED)
        assert desk.record.failures == failures
    assert desk.record.disabled_reason
    desk.sender.error = None
    assert desk.deliver() == Outcome(Fate.UNWANTED)
    assert desk.sender.sent == []


def test_a_success_ends_a_row_of_failures() -> None:
    desk = Desk(a_channel())
    desk.sender.error = CannotDeliver("the server answered 404")
    desk.deliver()
    desk.sender.error = None
    desk.deliver()
    assert (desk.record.failures, desk.record.last_error) == (0, "")


def test_a_secret_that_can_t_be_opened_is_told_on_the_channel() -> None:
    desk = Desk(a_channel(sealed_secret=a_seal().close("key", "channel#another")))
    assert desk.deliver() == Outcome(Fate.DROPPED)
    assert "set the channel up anew" in desk.record.last_error


def test_a_code_goes_to_an_unproven_address_alone() -> None:
    proof = Proof(digest="", expires_at=NOW, sent_at=NOW)
    code = a_seal().close("12345678", code_owner("01JCHANNEL"))
    changes: dict[str, Any] = {"kind": MessageKind.CODE, "event": None, "sealed_code": code}
    desk = Desk(a_channel(kind=ChannelKind.EMAIL, is_verified=False, proof=proof))
    assert desk.deliver(**changes) == Outcome(Fate.DELIVERED)
    [parcel] = desk.sender.sent
    assert "12345678" in parcel.body
    assert Desk(a_channel()).deliver(**changes) == Outcome(Fate.UNWANTED)


def test_a_channel_switched_off_may_still_be_tested() -> None:
    desk = Desk(a_channel(is_enabled=False))
    assert desk.deliver(kind=MessageKind.TEST, event=None) == Outcome(Fate.DELIVERED)


# Texts


@pytest.mark.parametrize("language", list(MessageLanguage))
def test_every_kind_of_event_has_its_words(language: MessageLanguage) -> None:
    assert set(TITLES[language]) == set(EventKind)
    assert set(ADVICE[language]) == set(ADVICE[MessageLanguage.ENGLISH])
    assert set(LABELS[language]) == set(LABELS[MessageLanguage.ENGLISH])
    assert set(REASONS[language]) == set(REASONS[MessageLanguage.ENGLISH]) >= set(CloseReason)


def test_a_close_is_told_with_its_numbers() -> None:
    details = {
        "reason": "stop_loss",
        "net_pnl": "-1234.5",
        "invested": "20000",
        "fees": "1.25",
        "funding": "0.001",
        "spread": -0.5,
    }
    live = BotNames("b", "gala", "okx", AccountMode.LIVE, ("GALA-USDT", "CHZ-USDT"))  # type: ignore[arg-type]
    notification = a_notification(
        EventKind.STOP_LOSS, bot=live, details=details, text="cycle 3 closed: stop_loss"
    )
    subject, body = compose(notification, MessageLanguage.ENGLISH)
    assert subject == "[LIVE] gala: stop loss"
    assert body.splitlines() == [
        "Bot: gala",
        "Account: okx LIVE",
        "Pair: GALA-USDT / CHZ-USDT",
        "Time: 2026-09-21 14:13:20 UTC",
        "Spread: -0.5000",
        "Reason: stop loss",
        "Net PnL: -1,234.50 USDT",
        "Invested: 20,000.00 USDT",
        "Fees: 1.25 USDT",
        "Funding: +0.001000 USDT",
        "Details: cycle 3 closed: stop_loss",
    ]
    subject, body = compose(notification, MessageLanguage.CHINESE)
    assert subject == "[LIVE] gala: 已止损"
    assert "净盈亏: -1,234.50 USDT" in body


def test_play_money_is_called_so() -> None:
    assert compose(a_notification(), MessageLanguage.ENGLISH)[0].startswith("[PAPER]")


def test_a_bot_s_name_adds_no_lines() -> None:
    sly = BotNames("b", "x\r\nBcc: y\x00", "okx", AccountMode.LIVE, ("A-USDT", "B-USDT"))  # type: ignore[arg-type]
    subject, body = compose(a_notification(bot=sly, text="a\nb"), MessageLanguage.ENGLISH)
    assert "\n" not in subject
    assert "\r" not in subject
    assert "Bot: x Bcc: y\n" in body
    assert "Details: a b" in body


@pytest.mark.parametrize(
    ("text", "signed", "shown"),
    [
        ("0", True, "+0.00"),
        ("1234567.891", False, "1,234,567.89"),
        ("0.004", True, "+0.004000"),
        ("-0.5", True, "-0.50"),
        ("nonsense", False, "nonsense"),
    ],
)
def test_amounts_are_readable(text: str, signed: bool, shown: str) -> None:
    assert money(text, signed=signed) == shown


# Handler


class FakeQueue:
    """SQS as both ends see it."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.hidden: list[dict[str, Any]] = []

    def send_message(self, **request: Any) -> None:
        self.bodies.append(request["MessageBody"])

    def change_message_visibility(self, **request: Any) -> None:
        self.hidden.append(request)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> FakeQueue:
    queue = FakeQueue()
    monkeypatch.setenv("NOTIFICATION_QUEUE_URL", "http://queue")
    monkeypatch.setenv("SEALING_SECRET_ARN", "arn")
    deliver_handler.settings.cache_clear()
    monkeypatch.setattr(deliver_handler, "_queue_client", lambda: queue)
    return queue


class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"


def handle(queue: FakeQueue, desk: Desk, monkeypatch: pytest.MonkeyPatch, attempt: int) -> Any:
    monkeypatch.setattr(deliver_handler, "delivery", lambda: desk.delivery)
    records = [
        {
            "messageId": str(number),
            "receiptHandle": f"handle-{number}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": str(attempt)},
        }
        for number, body in enumerate(queue.bodies)
    ]
    return deliver_handler.handler({"Records": records}, Context())  # type: ignore[arg-type]


def test_a_message_survives_the_queue(queue: FakeQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(a_channel())
    NotificationQueue("http://queue", queue).send(a_notification())  # type: ignore[arg-type]
    assert handle(queue, desk, monkeypatch, 1) == {"batchItemFailures": []}
    [parcel] = desk.sender.sent
    assert parcel.notification == a_notification()


def test_a_message_put_off_is_hidden_and_reported(
    queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(a_channel())
    desk.sender.error = TryLater("the server answered 503")
    NotificationQueue("http://queue", queue).send(a_notification())  # type: ignore[arg-type]
    failed = {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert handle(queue, desk, monkeypatch, 2) == failed
    assert queue.hidden == [
        {"QueueUrl": "http://queue", "ReceiptHandle": "handle-0", "VisibilityTimeout": 120}
    ]
    assert handle(queue, desk, monkeypatch, 3) == failed
    assert [each["VisibilityTimeout"] for each in queue.hidden] == [120, 0]


def test_a_crash_comes_again_and_what_can_t_be_read_does_not(
    queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(a_channel())
    desk.sender.error = RuntimeError("a bug")
    NotificationQueue("http://queue", queue).send(a_notification())  # type: ignore[arg-type]
    queue.bodies += [json.dumps({"hello": "world"}), "no json"]
    assert handle(queue, desk, monkeypatch, 1) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
