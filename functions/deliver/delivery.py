"""One queued message: to whom it goes, by which way, and what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from functions.deliver.sending import CannotDeliver, Parcel, Sender, TryLater
from functions.deliver.texts import compose
from pairtrader.model.notification import (
    Channel,
    ChannelKind,
    MessageKind,
    Notification,
    channel_owner,
    code_owner,
)
from pairtrader.observability import logger
from pairtrader.storage.sealing import Unsealable


class ChannelStore(Protocol):
    """Channels."""

    def get(self, user_id: str, channel_id: str) -> Channel | None:
        """Return the user's channel."""

    def note_delivered(self, user_id: str, channel_id: str, at: int) -> None:
        """Note a success."""

    def note_failure(self, user_id: str, channel_id: str, at: int, error: str) -> bool:
        """Note a failure; return whether the channel is switched off by it."""


class Opener(Protocol):
    """Opens sealed texts."""

    def open(self, sealed: str, owner: str) -> str:
        """Return the text, or raise `Unsealable`."""


class Fate(StrEnum):
    """What became of a message; the names are those of the metrics."""

    DELIVERED = "NotificationsDelivered"
    DROPPED = "NotificationsDropped"
    """The receiver refused it for good."""
    UNWANTED = "NotificationsUnwanted"
    """Its channel is gone, switched off, or does not want such events any more."""
    DELAYED = "NotificationsDelayed"
    """It comes again."""
    GIVEN_UP = "NotificationsGivenUp"
    """It went wrong as often as it may: the queue keeps it aside."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A message's fate, and how long it waits for the next try."""

    fate: Fate
    wait_seconds: int = 0


class Delivery:
    """Sends messages and notes on their channels how that went."""

    def __init__(
        self,
        channels: ChannelStore,
        opener: Opener,
        senders: Mapping[ChannelKind, Sender],
        retry_seconds: tuple[int, ...],
        now: Callable[[], int],
    ) -> None:
        self._channels = channels
        self._opener = opener
        self._senders = senders
        self._retry_seconds = retry_seconds
        self._now = now

    def deliver(self, notification: Notification, attempt: int) -> Outcome:
        """Send one message; note on its channel how that went.

        Args:
            notification: the message.
            attempt: 1 the first time; the last one is one more than there are waits.
        """
        channel = self._channels.get(notification.user_id, notification.channel_id)
        if channel is None or not _is_wanted(notification, channel):
            return Outcome(Fate.UNWANTED)
        try:
            self._senders[channel.kind].send(self._parcel(notification, channel))
        except CannotDeliver as error:
            self._note_failure(channel, str(error))
            return Outcome(Fate.DROPPED)
        except TryLater as error:
            return self._after_failure(channel, error, attempt)
        self._channels.note_delivered(channel.user_id, channel.id, self._now())
        return Outcome(Fate.DELIVERED)

    def _parcel(self, notification: Notification, channel: Channel) -> Parcel:
        owner = channel_owner(channel.id)
        try:
            code = self._opened(notification.sealed_code, code_owner(channel.id))
            url = self._opened(channel.sealed_url, owner)
            secret = self._opened(channel.sealed_secret, owner)
        except Unsealable:
            raise CannotDeliver("its secret can't be read any more: set the channel up anew") from (
                None
            )
        subject, body = compose(notification, channel.language, code)
        return Parcel(notification, channel, subject, body, url, secret)

    def _opened(self, sealed: str, owner: str) -> str:
        return self._opener.open(sealed, owner) if sealed else ""

    def _after_failure(self, channel: Channel, error: TryLater, attempt: int) -> Outcome:
        if attempt > len(self._retry_seconds):
            self._note_failure(channel, str(error))
            return Outcome(Fate.GIVEN_UP)
        wait = max(self._retry_seconds[attempt - 1], error.after_seconds)
        logger.info("delivery put off", channel_id=channel.id, reason=str(error), seconds=wait)
        return Outcome(Fate.DELAYED, wait)

    def _note_failure(self, channel: Channel, reason: str) -> None:
        off = self._channels.note_failure(channel.user_id, channel.id, self._now(), reason)
        logger.warning("not delivered", channel_id=channel.id, channel=channel.kind, reason=reason)
        if off:
            logger.warning("channel switched off", channel_id=channel.id, user_id=channel.user_id)


def _is_wanted(notification: Notification, channel: Channel) -> bool:
    match notification.kind:
        case MessageKind.CODE:
            return not channel.is_verified
        case MessageKind.TEST:
            return channel.is_verified
        case MessageKind.EVENT:
            return channel.is_active and notification.event in channel.events
