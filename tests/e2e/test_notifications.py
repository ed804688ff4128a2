"""Events of a bot on the deployed stack, told by webhook and by mail."""

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Stack, Trader, made_candles

CHANNELS = "/notifications/channels"
BEGIN = 1_746_835_200_000  # 2025-05-10T00:00:00Z
SENDER = "pairtrader@example.com"


class Receiver:
    """A trader's own server on loopback."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                self.send_response(503 if self.path == "/broken" else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def events(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(body) for where, _, body in self.got if where == path]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def within(seconds: float, what: Callable[[], Any]) -> Any:
    """Return what `what` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.2)
    return found


def mails_to(stack: Stack, address: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{stack['emulator_url']}/_ministack/ses/messages", timeout=10)
    messages = [each for box in answer.json()["messages"].values() for each in box]
    return [each for each in messages if address in each["To"]]


def undelivered(stack: Stack, channel_id: str) -> bool:
    """Whether the dead-letter queue holds a message to the channel; others' are put back."""
    answer = stack.aws("sqs").receive_message(
        QueueUrl=stack["notification_dlq_url"], MaxNumberOfMessages=10, VisibilityTimeout=1
    )
    bodies = [json.loads(each["Body"]) for each in answer.get("Messages", [])]
    return any(body.get("channel_id") == channel_id for body in bodies)


def replayed_bot(stack: Stack, trader: Trader) -> str:
    """A bot whose market 1 runs ahead and comes back: one tick opens, a later one closes."""
    dataset = f"told-{trader.name}"
    ahead = [1.0, 1.0, 1.02, 1.02, 1.0, 1.0]
    stack.upload_candles(dataset, "GALA-USDT", made_candles([0.02 * each for each in ahead], BEGIN))
    stack.upload_candles(dataset, "CHZ-USDT", made_candles([0.04] * len(ahead), BEGIN))
    account = trader.account(source="replay", dataset=dataset, pace="step", funding=False)
    bot_id = trader.bot(account, bot_name="told about", profit_ratio=0.5)
    trader.post(f"/bots/{bot_id}/start")
    trader.wait(bot_id, lambda bot: bot["last_tick_at"] is not None, 15)
    stack.take_schedule_away(bot_id)
    return bot_id


def test_fills_and_closes_are_told_signed_and_mailed_and_what_fails_is_kept(
    stack: Stack, trader: Trader, receiver: Receiver
) -> None:
    address = f"{trader.name}@example.com"
    for identity in (SENDER, address):  # both would be verified by hand on AWS
        if identity not in emails_known(stack):
            stack.aws("sesv2").create_email_identity(EmailIdentity=identity)
    hook = trader.post(
        CHANNELS,
        json={"kind": "webhook", "url": f"{receiver.url}/hook", "events": ["fill", "close"]},
    )
    broken = trader.post(CHANNELS, json={"kind": "webhook", "url": f"{receiver.url}/broken"})
    mail = trader.post(CHANNELS, json={"kind": "email", "language": "zh-CN"})
    [sent] = within(10, lambda: mails_to(stack, address))
    code = re.search(r"\d{8}", sent["BodyText"])
    assert code is not None
    proven = trader.post(f"{CHANNELS}/{mail['id']}/verify", json={"code": code.group()})
    assert proven["status"] == "active"
    bot_id = replayed_bot(stack, trader)
    for _ in range(5):
        stack.tick(bot_id)

    told = within(15, lambda: len(receiver.events("/hook")) >= 2 and receiver.events("/hook"))

    assert [each["event"] for each in told] == ["fill", "close"]
    assert {each["bot"]["id"] for each in told} == {bot_id}
    assert told[1]["bot"]["mode"] == "paper"
    for path, headers, body in receiver.got:
        if path == "/hook":
            signed = headers["X-Pairtrader-Timestamp"].encode() + b"." + body
            key = hook["signing_secret"].encode()
            expected = hmac.new(key, signed, hashlib.sha256).hexdigest()
            assert headers["X-Pairtrader-Signature"] == f"v1={expected}"
    closes = within(10, lambda: [m for m in mails_to(stack, address) if "已平仓" in m["Subject"]])
    assert closes[0]["Subject"] == "[PAPER] told about: 已平仓"
    assert "GALA-USDT / CHZ-USDT" in closes[0]["BodyText"]
    within(20, lambda: undelivered(stack, broken["id"]))
    shown = trader.get(f"{CHANNELS}/{broken['id']}")
    assert shown["last_error"] == "the server answered 503"
    assert shown["failures"] >= 1
    assert trader.get(f"{CHANNELS}/{hook['id']}")["delivered_at"] is not None


def emails_known(stack: Stack) -> set[str]:
    found = stack.aws("sesv2").list_email_identities()["EmailIdentities"]
    return {each["IdentityName"] for each in found}
