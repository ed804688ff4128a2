"""Where a trader is told of events, and what is sent there."""

from dataclasses import dataclass, field
from enum import StrEnum

from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.events import EventKind

MAX_CHANNELS = 10
"""Of one user."""
MAX_CODES_A_DAY = 5
"""Codes sent to prove addresses, per user and UTC day."""
MAX_FAILURES = 5
"""Messages refused in a row after which a channel is switched off."""


class ChannelKind(StrEnum):
    """Ways to reach somebody."""

    EMAIL = "email"
    TELEGRAM = "telegram"
    WEBHOOK = "webhook"


class MessageLanguage(StrEnum):
    """Languages that messages are written in."""

    ENGLISH = "en"
    CHINESE = "zh-CN"


@dataclass(frozen=True, slots=True)
class Proof:
    """A code that was sent to an address, to be repeated by whoever reads it."""

    digest: str
    """SHA-256 of channel and code."""
    expires_at: int
    """ms UTC."""
    sent_at: int
    """ms UTC."""
    tries: int = 0
    """Wrong codes given so far."""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """How sending to a channel has gone."""

    delivered_at: int | None = None
    """ms UTC of the last success."""
    failed_at: int | None = None
    """ms UTC of the last failure."""
    last_error: str = ""
    """Of the last failure, empty after a success."""
    failures: int = 0
    """Messages in a row that could not be delivered."""
    disabled_reason: str = ""
    """Why sending was given up; empty while it goes on."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One address of one user, and the events that are sent there."""

    user_id: str
    id: str
    kind: ChannelKind
    label: str
    events: tuple[EventKind, ...]
    language: MessageLanguage
    is_enabled: bool
    target: str
    """What its owner is shown: an e-mail address, a chat, a webhook's origin and the end of it."""
    sealed_url: str = ""
    """A webhook's URL: often as good as a password."""
    sealed_secret: str = ""
    """A bot's token or a webhook's signing key."""
    secret_hint: str = ""
    """The end of the secret, such as ``…a1b2``."""
    is_verified: bool = True
    """Whether its owner has proven to read it; only e-mail asks for proof."""
    proof: Proof | None = None
    tested_at: int = 0
    """When a test message was last asked for, ms UTC."""
    created_at: int = 0
    updated_at: int = 0
    revision: int = 0
    """Raised by every change of its owner's."""
    record: DeliveryRecord = field(default_factory=DeliveryRecord)

    @property
    def is_active(self) -> bool:
        """Whether events are sent to it."""
        return self.is_enabled and self.is_verified and not self.record.disabled_reason

    def __repr__(self) -> str:
        return f"Channel({self.id!r}, {self.kind!r})"


@dataclass(frozen=True, slots=True)
class Quota:
    """What one user's channels have used up."""

    channels: int = 0
    codes: int = 0
    """Codes sent on `codes_on`."""
    codes_on: str = ""
    """UTC day, such as ``2026-11-24``."""
    revision: int = 0


class MessageKind(StrEnum):
    """What a message is for."""

    EVENT = "event"
    TEST = "test"
    CODE = "code"
    """Has an address proven; the only message that goes to an unproven one."""


@dataclass(frozen=True, slots=True)
class BotNames:
    """How a message names the bot that it speaks of."""

    bot_id: str
    bot_name: str
    exchange_name: ExchangeName
    mode: AccountMode
    symbols: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one channel, as it is queued; no secret is in it."""

    id: str
    """The same however often the message is sent."""
    user_id: str
    channel_id: str
    kind: MessageKind
    occurred_at: int
    """ms UTC."""
    event: EventKind | None = None
    bot: BotNames | None = None
    text: str = ""
    """The line of the bot's log, English."""
    details: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    sealed_code: str = ""


def channel_owner(channel_id: str) -> str:
    """Return whom a channel's sealed texts belong to."""
    return f"channel#{channel_id}"


def code_owner(channel_id: str) -> str:
    """Return whom a sealed code belongs to."""
    return f"channel-code#{channel_id}"
