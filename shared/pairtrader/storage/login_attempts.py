"""Attempts that are counted before they are carried out, such as those to log in."""

from collections.abc import Iterator
from contextlib import contextmanager

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PynamoDBException, UpdateError
from pynamodb.models import Model

from pairtrader.storage.errors import StorageError
from pairtrader.storage.table import TableMeta, table_name


class AttemptsUnknown(StorageError):
    """Nobody knows how many attempts there were: carry none out, ask again later."""


class AttemptItem(Model):
    """The attempts of one subject in one window of time."""

    class Meta(TableMeta):
        table_name = table_name("login-attempts")

    subject = UnicodeAttribute(hash_key=True)
    attempts = NumberAttribute()
    expires_at = NumberAttribute()
    """TTL, seconds UTC."""


class AttemptRepository:
    """Counts attempts; every method raises `AttemptsUnknown`."""

    def count(self, subject: str, limit: int, expires_at: int) -> bool:
        """Count one more attempt of `subject`, unless there were `limit`; return whether it was.

        `expires_at` (seconds UTC) is when the count may be forgotten.
        """
        item = AttemptItem(subject)
        below = AttemptItem.attempts.does_not_exist() | (AttemptItem.attempts < limit)
        with _known():
            try:
                item.update(
                    actions=[
                        AttemptItem.attempts.add(1),
                        AttemptItem.expires_at.set(expires_at),
                    ],
                    condition=below,
                )
            except UpdateError as error:
                if error.cause_response_code == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def take_back(self, subject: str) -> None:
        """Count one attempt less."""
        item = AttemptItem(subject)
        with _known():
            try:
                item.update(
                    actions=[AttemptItem.attempts.add(-1)], condition=AttemptItem.attempts > 0
                )
            except UpdateError as error:
                if error.cause_response_code != "ConditionalCheckFailedException":
                    raise

    def forget(self, subject: str) -> None:
        """Begin at none again."""
        with _known():
            AttemptItem(subject).delete()


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except PynamoDBException as error:
        raise AttemptsUnknown(str(error)) from error
