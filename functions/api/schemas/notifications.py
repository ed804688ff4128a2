"""Channels that notifications go to; tokens and signing keys go in or out once."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, SecretStr, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import Moment
from pairtrader.model.events import EventKind
from pairtrader.model.notification import Channel, ChannelKind, MessageLanguage

Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
Events = Annotated[list[EventKind], Field(min_length=1, max_length=len(EventKind))]
Url = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
BotToken = Annotated[SecretStr, Field(min_length=1, max_length=200)]
ChatId = Annotated[str, Field(pattern=r"^(-?[0-9]{1,20}|@[A-Za-z0-9_]{4,32})$")]
Code = Annotated[str, Field(pattern=r"^[0-9]{8}$")]

_EVENTS_TEXT = "Kinds of events that are sent there; each once."
_LABEL_TEXT = "The user's own name for the channel."
_URL_TEXT = (
    "Of a webhook: where events are posted to. https, port 443 or 8443, a host of the public "
    "internet; shown by its origin and end alone afterwards."
)
_TOKEN_TEXT = "Of Telegram: the token of the user's own bot, from @BotFather; never shown again."  # noqa: S105
_CHAT_TEXT = "Of Telegram: the chat's number, or @name of a public channel."


def _each_once(events: list[EventKind] | None) -> list[EventKind] | None:
    if events is not None and len(set(events)) < len(events):
        raise PydanticCustomError("events", "every kind of event may be named once")
    return events


class ChannelCreate(Schema):
    """A new channel. An e-mail channel goes to the user's own address, which has to be proven."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: ChannelKind = Field(description="How events are sent.", examples=["webhook"])
    label: Label = Field(default="", description=_LABEL_TEXT, examples=["my phone"])
    events: Events = Field(
        default_factory=lambda: list(EventKind),
        description=f"{_EVENTS_TEXT} Without it: all.",
        examples=[["fill", "close", "stop_loss"]],
    )
    language: MessageLanguage = Field(
        default=MessageLanguage.ENGLISH,
        description="Language of the messages.",
        examples=["en"],
    )
    url: Url | None = Field(
        default=None, description=_URL_TEXT, examples=["https://example.com/hooks/pairtrader"]
    )
    bot_token: BotToken | None = Field(
        default=None,
        description=_TOKEN_TEXT,
        examples=["123456789:AAE3-example-of-a-bot-token-that-is-none"],
    )
    chat_id: ChatId | None = Field(default=None, description=_CHAT_TEXT, examples=["123456789"])

    _events_once = field_validator("events")(_each_once)


class ChannelUpdate(Schema):
    """What may change of a channel; what is left out stays."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    label: Label | None = Field(default=None, description=_LABEL_TEXT, examples=["my phone"])
    events: Events | None = Field(
        default=None, description=_EVENTS_TEXT, examples=[["error", "leg_failure"]]
    )
    language: MessageLanguage | None = Field(
        default=None, description="Language of the messages.", examples=["zh-CN"]
    )
    is_enabled: bool | None = Field(
        default=None,
        description="Whether events are sent; true also takes up a channel again that was "
        "switched off because its messages were refused.",
        examples=[True],
    )
    url: Url | None = Field(
        default=None, description=_URL_TEXT, examples=["https://example.com/hooks/pairtrader"]
    )
    bot_token: BotToken | None = Field(
        default=None,
        description=_TOKEN_TEXT,
        examples=["123456789:AAE3-example-of-a-bot-token-that-is-none"],
    )
    chat_id: ChatId | None = Field(default=None, description=_CHAT_TEXT, examples=["123456789"])

    _events_once = field_validator("events")(_each_once)

    def changes(self) -> dict[str, Any]:
        """Return the settings that are given, without addresses and secrets."""
        plain = ("label", "language", "is_enabled")
        given: dict[str, Any] = {n: v for n in plain if (v := getattr(self, n)) is not None}
        return given if self.events is None else {**given, "events": tuple(self.events)}


class CodeProof(Schema):
    """Proof that the user reads an address."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(description="The eight digits that were sent there.", examples=["31415926"])


class ChannelResponse(Schema):
    """A channel without its secrets."""

    id: str = Field(examples=["01JZ3V7N2Q4W8R5T6Y9K0M1P2S"])
    """Of the channel."""
    kind: ChannelKind = Field(examples=["webhook"])
    """How events are sent."""
    label: str = Field(examples=["my phone"])
    """The user's own name for the channel."""
    events: list[EventKind] = Field(examples=[["fill", "close"]])
    """Kinds of events that are sent there."""
    language: MessageLanguage = Field(examples=["en"])
    """Language of the messages."""
    target: str = Field(examples=["https://example.com/…ader"])
    """An e-mail address, a chat, or the origin and the end of a webhook's URL."""
    secret_hint: str = Field(examples=["…x7Qa"])
    """The end of the bot's token or the signing key; empty for e-mail."""
    is_enabled: bool = Field(examples=[True])
    """Whether the user wants events sent there."""
    is_verified: bool = Field(examples=[True])
    """Whether the address is proven; nothing but codes goes to one that is not."""
    status: Literal["active", "unverified", "switched_off", "disabled"] = Field(examples=["active"])
    """active; unverified: the address is to be proven; disabled: by the user; switched_off:
    too many messages in a row could not be delivered, `is_enabled: true` takes it up again."""
    failures: int = Field(examples=[0])
    """Messages in a row that could not be delivered."""
    last_error: str = Field(examples=["the server answered 404"])
    """Why the last of them could not; empty after a success."""
    delivered_at: Moment | None
    """When a message was last delivered; null for never."""
    failed_at: Moment | None
    """When a message was last given up; null for never."""
    created_at: Moment
    """When the channel was made."""
    updated_at: Moment
    """When its user last changed it."""

    @classmethod
    def of(cls, channel: Channel) -> "ChannelResponse":
        """Return the answer that shows `channel`."""
        return cls(**_shown(channel))


class NewChannelResponse(ChannelResponse):
    """A channel, and what its owner is told once."""

    signing_secret: str | None = Field(examples=["whsec_9f8Kq2…"])
    """Of a webhook: the key that its messages are signed with. It is not shown again."""

    @classmethod
    def with_secret(cls, channel: Channel, secret: str | None) -> "NewChannelResponse":
        """Return the answer that shows `channel` and hands `secret` out."""
        return cls(**_shown(channel), signing_secret=secret)


def _shown(channel: Channel) -> dict[str, Any]:
    record = channel.record
    return {
        "id": channel.id,
        "kind": channel.kind,
        "label": channel.label,
        "events": list(channel.events),
        "language": channel.language,
        "target": channel.target,
        "secret_hint": channel.secret_hint,
        "is_enabled": channel.is_enabled,
        "is_verified": channel.is_verified,
        "status": _status(channel),
        "failures": record.failures,
        "last_error": record.last_error,
        "delivered_at": record.delivered_at,
        "failed_at": record.failed_at,
        "created_at": channel.created_at,
        "updated_at": channel.updated_at,
    }


def _status(channel: Channel) -> str:
    if not channel.is_verified:
        return "unverified"
    if not channel.is_enabled:
        return "disabled"
    return "switched_off" if channel.record.disabled_reason else "active"
