"""Signed POSTs to a user's own server."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from functions.deliver.https_post import Answer, post
from functions.deliver.public_hosts import Resolver, public_addresses
from functions.deliver.sending import CannotDeliver, Parcel, TryLater
from pairtrader.model.notification import Notification
from pairtrader.model.webhook_target import BadTarget, WebhookTarget, parse_target

USER_AGENT = "pairtrader-webhook/1"
_WAIT = frozenset({408, 425, 429})
_REDIRECTS = range(300, 400)


class WebhookSender:
    """Posts events as JSON, signed with the channel's secret."""

    def __init__(
        self, resolver: Resolver, now: Callable[[], int], *, allow_loopback: bool = False
    ) -> None:
        self._resolver = resolver
        self._now = now
        self._allow_loopback = allow_loopback

    def send(self, parcel: Parcel) -> None:
        """Post one event, see `Sender`."""
        target = self._target(parcel.url)
        addresses = public_addresses(target, self._resolver, allow_loopback=self._allow_loopback)
        body = json.dumps(_body(parcel.notification, parcel.body), ensure_ascii=False).encode()
        timestamp = str(self._now() // 1000)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "X-Pairtrader-Delivery": parcel.notification.id,
            "X-Pairtrader-Timestamp": timestamp,
            "X-Pairtrader-Signature": sign(parcel.secret, timestamp, body),
        }
        _judge(post(target, addresses, headers, body))

    def _target(self, url: str) -> WebhookTarget:
        try:
            return parse_target(url, allow_loopback=self._allow_loopback)
        except BadTarget as error:
            raise CannotDeliver(str(error)) from None


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of `body` sent at `timestamp` (seconds UTC), its version first."""
    signed = timestamp.encode() + b"." + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _body(notification: Notification, text: str) -> dict[str, Any]:
    bot = notification.bot
    moment = datetime.fromtimestamp(notification.occurred_at / 1000, UTC)
    return {
        "id": notification.id,
        "event": notification.event or notification.kind,
        "occurred_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "bot": None
        if bot is None
        else {
            "id": bot.bot_id,
            "name": bot.bot_name,
            "exchange": bot.exchange_name,
            "mode": bot.mode,
            "symbols": list(bot.symbols),
        },
        "message": notification.text,
        "details": notification.details,
        "text": text,
    }


def _judge(answer: Answer) -> None:
    if 200 <= answer.status < 300:  # noqa: PLR2004
        return
    if answer.status in _REDIRECTS:
        raise CannotDeliver(
            f"the server redirects ({answer.status}): give the address it redirects to"
        )
    reason = f"the server answered {answer.status}"
    if answer.status in _WAIT or not 400 <= answer.status < 500:  # noqa: PLR2004
        raise TryLater(reason, answer.retry_after_seconds)
    raise CannotDeliver(reason)
