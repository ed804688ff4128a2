"""Whom a line of a bot's log is told to: the channels of its owner that want such events."""

from collections.abc import Sequence
from typing import Protocol

from pairtrader.model.bot import BotConfig
from pairtrader.model.notification import (
    MAX_CHANNELS,
    BotNames,
    Channel,
    MessageKind,
    Notification,
)
from pairtrader.model.records import LogRecord
from pairtrader.storage.cursor import Page


class ConfigStore(Protocol):
    """Bots' configurations."""

    def config(self, bot_id: str) -> BotConfig | None:
        """Return the bot's configuration."""


class ChannelStore(Protocol):
    """Users' channels."""

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[Channel]:
        """Return the user's channels."""


class Outbox(Protocol):
    """The queue of messages."""

    def send_all(self, notifications: Sequence[Notification]) -> None:
        """Queue all messages, or raise `NotQueued`."""


class Announcement:
    """Turns lines of logs into messages, one for each channel."""

    def __init__(self, bots: ConfigStore, channels: ChannelStore, outbox: Outbox) -> None:
        self._bots = bots
        self._channels = channels
        self._outbox = outbox

    def announce(self, line: LogRecord) -> int:
        """Queue a message for every channel that wants `line`; return how many there are.

        A line announced again makes the same messages, ids included.

        Raises:
            NotQueued: announce it again.
        """
        config = self._bots.config(line.bot_id)
        if line.event is None or config is None:
            return 0  # of a bot deleted meanwhile nobody wants to know
        wanted = [
            _notification(channel, config, line)
            for channel in self._channels.list(config.user_id, MAX_CHANNELS, None).items
            if channel.is_active and line.event in channel.events
        ]
        if wanted:
            self._outbox.send_all(wanted)
        return len(wanted)


def _notification(channel: Channel, config: BotConfig, line: LogRecord) -> Notification:
    settings = config.settings
    return Notification(
        id=f"{line.id}-{channel.id}",
        user_id=config.user_id,
        channel_id=channel.id,
        kind=MessageKind.EVENT,
        occurred_at=line.created_at,
        event=line.event,
        bot=BotNames(
            bot_id=config.bot_id,
            bot_name=settings.bot_name,
            exchange_name=config.exchange_name,
            mode=config.mode,
            symbols=(settings.market1_symbol, settings.market2_symbol),
        ),
        text=line.message,
        details=line.details,
    )
