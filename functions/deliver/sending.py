"""What every way of sending promises."""

from dataclasses import dataclass
from typing import Protocol

from pairtrader.model.notification import Channel, Notification


class CannotDeliver(Exception):
    """It will not work the next time either: drop the message. The text is shown to the user."""


class TryLater(Exception):
    """It may work later; the text is shown to the user if it never does."""

    def __init__(self, reason: str, after_seconds: int = 0) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds
        """The receiver asked for this pause."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message, where it goes and what it takes to get it there."""

    notification: Notification
    channel: Channel
    subject: str
    body: str
    """Plain text."""
    url: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        return f"Parcel({self.notification.id!r})"


class Sender(Protocol):
    """One way to reach people."""

    def send(self, parcel: Parcel) -> None:
        """Send one message.

        Neither exceptions nor logs hold the secret or the URL.

        Raises:
            CannotDeliver: the receiver or its settings refuse it for good.
            TryLater: it was not taken this time.
        """
