"""Channels and messages as tests need them."""

from typing import Any

from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.events import EventKind
from pairtrader.model.notification import (
    BotNames,
    Channel,
    ChannelKind,
    MessageKind,
    MessageLanguage,
    Notification,
)

NOW = 1_790_000_000_000


def a_channel(**changes: Any) -> Channel:
    """An active webhook that wants everything."""
    given: dict[str, Any] = {
        "user_id": "ada",
        "id": "01JCHANNEL",
        "kind": ChannelKind.WEBHOOK,
        "label": "",
        "events": tuple(EventKind),
        "language": MessageLanguage.ENGLISH,
        "is_enabled": True,
        "target": "https://example.com/…",
        "revision": 1,
        **changes,
    }
    return Channel(**given)


def a_notification(event: EventKind = EventKind.FILL, **changes: Any) -> Notification:
    """An event of a bot on paper."""
    given: dict[str, Any] = {
        "id": f"{NOW}-abcd-01JCHANNEL",
        "user_id": "ada",
        "channel_id": "01JCHANNEL",
        "kind": MessageKind.EVENT,
        "occurred_at": NOW,
        "event": event,
        "bot": BotNames(
            bot_id="01JBOT",
            bot_name="gala against chz",
            exchange_name=ExchangeName.SIMULATED,
            mode=AccountMode.PAPER,
            symbols=("GALA-USDT", "CHZ-USDT"),
        ),
        "text": "level 1 opened",
        "details": {"level": 1, "spread": 1.25, "invested": "1200.5"},
        **changes,
    }
    return Notification(**given)
