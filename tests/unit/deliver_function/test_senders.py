"""What senders make of what they are answered; nothing leaves the process."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.deliver import telegram, webhook
from functions.deliver.email import EmailSender
from functions.deliver.https_post import Answer
from functions.deliver.sending import CannotDeliver, Parcel, TryLater
from functions.deliver.telegram import TelegramSender
from functions.deliver.webhook import WebhookSender, sign
from pairtrader.model.notification import ChannelKind
from pairtrader.model.webhook_target import WebhookTarget
from tests.fakes.notifications import NOW, a_channel, a_notification

URL = "https://hooks.example.com/in?key=s3cret"
TOKEN = "123456789:AAE3-abcdefghijklmnopqrstuvwxyz12345"


class FakeWire:
    """Stands in for the network: answers, and remembers what was sent where."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.sent: list[tuple[WebhookTarget, list[str], Mapping[str, str], bytes]] = []

    def __call__(
        self,
        target: WebhookTarget,
        addresses: Sequence[str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        self.sent.append((target, list(addresses), headers, body))
        return self.answer


def answers(status: int, body: bytes = b"", retry_after: int = 0) -> FakeWire:
    return FakeWire(Answer(status, body, retry_after))


def parcel(**changes: Any) -> Parcel:
    given: dict[str, Any] = {
        "notification": a_notification(),
        "channel": a_channel(),
        "subject": "[PAPER] gala against chz: entry filled",
        "body": "Level: 1",
        "url": URL,
        "secret": "whsec_key",
        **changes,
    }
    return Parcel(**given)


class Rebinding:
    """A name that leads to the public internet once, and inside from then on."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return ["93.184.215.14"] if self.asked == 1 else ["127.0.0.1"]


def test_a_webhook_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    wire, resolver = answers(200), Rebinding()
    monkeypatch.setattr(webhook, "post", wire)
    WebhookSender(resolver, lambda: NOW).send(parcel())
    [(target, addresses, _, _)] = wire.sent
    assert (target.host, addresses, resolver.asked) == ("hooks.example.com", ["93.184.215.14"], 1)
    with pytest.raises(CannotDeliver):
        WebhookSender(resolver, lambda: NOW).send(parcel())
    assert len(wire.sent) == 1


def test_a_webhook_is_signed_over_time_and_body(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = answers(204)
    monkeypatch.setattr(webhook, "post", wire)
    WebhookSender(lambda _h, _p: ["93.184.215.14"], lambda: NOW).send(parcel())
    [(_, _, headers, body)] = wire.sent
    timestamp = headers["X-Pairtrader-Timestamp"]
    signed = f"{timestamp}.".encode() + body
    expected = hmac.new(b"whsec_key", signed, hashlib.sha256).hexdigest()
    assert timestamp == str(NOW // 1000)
    assert headers["X-Pairtrader-Signature"] == f"v1={expected}"
    assert headers["X-Pairtrader-Delivery"] == a_notification().id
    told = json.loads(body)
    assert (told["event"], told["bot"]["mode"]) == ("fill", "paper")
    assert told["bot"]["symbols"] == ["GALA-USDT", "CHZ-USDT"]
    assert told["details"]["invested"] == "1200.5"
    assert told["occurred_at"] == "2026-09-21T14:13:20.000Z"
    assert "whsec_key" not in body.decode()


def test_another_body_or_time_has_another_signature() -> None:
    made = sign("key", "1", b"{}")
    assert made not in {sign("key", "2", b"{}"), sign("key", "1", b"[]"), sign("k", "1", b"{}")}


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (301, CannotDeliver),
        (302, CannotDeliver),
        (307, CannotDeliver),
        (400, CannotDeliver),
        (401, CannotDeliver),
        (404, CannotDeliver),
        (410, CannotDeliver),
        (408, TryLater),
        (425, TryLater),
        (429, TryLater),
        (500, TryLater),
        (503, TryLater),
        (100, TryLater),
    ],
)
def test_a_webhook_s_refusal_is_for_good_or_for_now(
    monkeypatch: pytest.MonkeyPatch, status: int, raised: type[Exception]
) -> None:
    monkeypatch.setattr(webhook, "post", answers(status, b"<secret page>", 7))
    with pytest.raises(raised) as caught:
        WebhookSender(lambda _h, _p: ["93.184.215.14"], lambda: NOW).send(parcel())
    assert "s3cret" not in str(caught.value)
    assert "<secret page>" not in str(caught.value)
    if isinstance(caught.value, TryLater):
        assert caught.value.after_seconds == 7


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/in", "https://10.0.0.1/", "nonsense"])
def test_a_stored_url_is_judged_again_before_sending(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    wire = answers(200)
    monkeypatch.setattr(webhook, "post", wire)
    with pytest.raises(CannotDeliver):
        WebhookSender(lambda h, _p: [h], lambda: NOW).send(parcel(url=url))
    assert wire.sent == []


# Telegram


def telegram_parcel() -> Parcel:
    channel = a_channel(kind=ChannelKind.TELEGRAM, target="-100123")
    return parcel(channel=channel, url="", secret=TOKEN)


def send_telegram(monkeypatch: pytest.MonkeyPatch, wire: FakeWire) -> None:
    monkeypatch.setattr(telegram, "post", wire)
    sender = TelegramSender("https://api.telegram.org", lambda _h, _p: ["149.154.167.220"])
    sender.send(telegram_parcel())


def test_telegram_is_sent_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = answers(200, b'{"ok": true')
    send_telegram(monkeypatch, wire)
    [(target, _, _, body)] = wire.sent
    assert target.path == f"/bot{TOKEN}/sendMessage"
    told = json.loads(body)
    assert told["chat_id"] == "-100123"
    assert told["text"] == "[PAPER] gala against chz: entry filled\n\nLevel: 1"
    assert "parse_mode" not in told


@pytest.mark.parametrize(
    ("status", "said", "raised", "pause"),
    [
        (429, {"ok": False, "parameters": {"retry_after": 42}}, TryLater, 42),
        (429, {"ok": False}, TryLater, 0),
        (500, {"ok": False}, TryLater, 0),
        (502, "not json", TryLater, 0),
        (400, {"description": "Bad Request: chat not found"}, CannotDeliver, 0),
        (401, {"description": "Unauthorized"}, CannotDeliver, 0),
        (403, {"description": "Forbidden: bot was blocked by the user"}, CannotDeliver, 0),
        (404, [], CannotDeliver, 0),
    ],
)
def test_telegram_s_refusals(
    monkeypatch: pytest.MonkeyPatch, status: int, said: Any, raised: type[Exception], pause: int
) -> None:
    with pytest.raises(raised) as caught:
        send_telegram(monkeypatch, answers(status, json.dumps(said).encode()))
    assert TOKEN not in str(caught.value)
    if isinstance(caught.value, TryLater):
        assert caught.value.after_seconds == pause
    if isinstance(said, dict) and "description" in said:
        assert said["description"] in str(caught.value)


# E-mail


class FakeMail:
    """SES that answers one thing."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[dict[str, Any]] = []

    def send_email(self, **request: Any) -> dict[str, str]:
        if self.error is not None:
            raise self.error
        self.sent.append(request)
        return {"MessageId": "1"}


def mail_parcel() -> Parcel:
    channel = a_channel(kind=ChannelKind.EMAIL, target="ada@example.com")
    return parcel(channel=channel, url="", secret="")


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "ada@example.com …"}}, "SendEmail")


def test_mail_goes_to_the_channel_s_address() -> None:
    mail = FakeMail()
    EmailSender("bots@example.com", mail).send(mail_parcel())  # type: ignore[arg-type]
    [sent] = mail.sent
    assert sent["FromEmailAddress"] == "bots@example.com"
    assert sent["Destination"] == {"ToAddresses": ["ada@example.com"]}
    assert sent["Content"]["Simple"]["Body"]["Text"]["Data"] == "Level: 1"


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (refusal("MessageRejected"), CannotDeliver),
        (refusal("BadRequestException"), CannotDeliver),
        (refusal("TooManyRequestsException"), TryLater),
        (refusal("AccountSuspendedException"), TryLater),
        (refusal("AccessDeniedException"), TryLater),
        (EndpointConnectionError(endpoint_url="https://email"), TryLater),
    ],
)
def test_mail_s_refusals(error: Exception, raised: type[Exception]) -> None:
    with pytest.raises(raised) as caught:
        EmailSender("bots@example.com", FakeMail(error)).send(mail_parcel())  # type: ignore[arg-type]
    assert "ada@example.com" not in str(caught.value)


def test_without_a_sender_there_is_no_mail() -> None:
    mail = FakeMail()
    with pytest.raises(CannotDeliver):
        EmailSender("", mail).send(mail_parcel())  # type: ignore[arg-type]
    assert mail.sent == []
