"""Messages of the user's own Telegram bot."""

import json
from typing import Any

from functions.deliver.https_post import Answer, post
from functions.deliver.public_hosts import Resolver
from functions.deliver.sending import CannotDeliver, Parcel, TryLater
from pairtrader.model.webhook_target import WebhookTarget, parse_target

MAX_TEXT = 4000
"""Characters; Telegram takes 4096."""
_WAIT = frozenset({408, 425, 429})


class TelegramSender:
    """Calls Telegram's Bot API."""

    def __init__(self, base_url: str, resolver: Resolver) -> None:
        self._base = parse_target(base_url, allow_loopback=True)
        self._resolver = resolver

    def send(self, parcel: Parcel) -> None:
        """Send one message, see `Sender`."""
        body = {
            "chat_id": parcel.channel.target,
            "text": f"{parcel.subject}\n\n{parcel.body}"[:MAX_TEXT],
            "link_preview_options": {"is_disabled": True},
        }
        try:
            addresses = list(self._resolver(self._base.host, self._base.port))
        except OSError:
            raise TryLater("Telegram's name can't be resolved") from None
        answer = post(
            self._method(parcel.secret),
            addresses,
            {"Content-Type": "application/json"},
            json.dumps(body).encode(),
        )
        _judge(answer)

    def _method(self, token: str) -> WebhookTarget:
        path = f"{self._base.path.rstrip('/')}/bot{token}/sendMessage"
        return WebhookTarget(self._base.scheme, self._base.host, self._base.port, path)


def _judge(answer: Answer) -> None:
    if answer.status == 200:  # noqa: PLR2004 - the one success there is
        return
    said = _read(answer.body)
    reason = f"Telegram answered {answer.status}: {said.get('description', '')}"[:160]
    if answer.status in _WAIT or answer.status >= 500:  # noqa: PLR2004
        raise TryLater(reason, _pause(said) or answer.retry_after_seconds)
    raise CannotDeliver(reason)


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _pause(said: dict[str, Any]) -> int:
    parameters = said.get("parameters")
    pause = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return pause if isinstance(pause, int) and pause > 0 else 0
