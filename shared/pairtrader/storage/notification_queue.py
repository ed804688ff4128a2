"""The queue of messages to traders: who tells of something need not wait until it is delivered."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter, ValidationError

from pairtrader.model.notification import Notification
from pairtrader.storage.errors import StorageError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

MAX_BATCH = 10
"""Messages SQS takes at once."""
CLIENT_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 3}
)
_NOTIFICATION: TypeAdapter[Notification] = TypeAdapter(Notification)


class NotQueued(StorageError):
    """Some messages were not taken: send them all again, those that were taken come twice."""


class NotANotification(StorageError):
    """Nobody queues messages like this: drop it."""


class NotificationQueue:
    """Queues messages for the function that delivers them."""

    def __init__(self, queue_url: str, client: "SQSClient | None" = None) -> None:
        self._url = queue_url
        self._given = client

    @cached_property
    def _client(self) -> "SQSClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - most requests queue nothing

        return boto3.client("sqs", config=CLIENT_CONFIG)

    def send(self, notification: Notification) -> None:
        """Queue one message.

        Raises:
            NotQueued: the queue did not take it, or did not say so.
        """
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=_text(notification))
        except (ClientError, BotoCoreError) as error:
            raise NotQueued(notification.id) from error

    def send_all(self, notifications: Sequence[Notification]) -> None:
        """Queue all messages.

        Raises:
            NotQueued: the queue did not take all of them, or did not say so.
        """
        for first in range(0, len(notifications), MAX_BATCH):
            self._send_batch(notifications[first : first + MAX_BATCH])

    def _send_batch(self, notifications: Sequence[Notification]) -> None:
        try:
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "MessageBody": _text(each)}
                    for number, each in enumerate(notifications)
                ],
            )
        except (ClientError, BotoCoreError) as error:
            raise NotQueued(notifications[0].id) from error
        if failed := answer.get("Failed"):
            raise NotQueued(*[notifications[int(each["Id"])].id for each in failed])


def parse_notification(body: str) -> Notification:
    """Return the message that `body` was made of.

    Raises:
        NotANotification: of none.
    """
    try:
        return _NOTIFICATION.validate_json(body)
    except ValidationError:
        raise NotANotification from None


def _text(notification: Notification) -> str:
    return _NOTIFICATION.dump_json(notification).decode()
