"""Requests that carry a key of their own: done once, however often they are sent."""

import zlib
from dataclasses import dataclass

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import (
    DeleteError,
    DoesNotExist,
    PutError,
    PynamoDBException,
    UpdateError,
)
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from pairtrader.storage.errors import StorageError
from pairtrader.storage.table import TableMeta, table_name

KEPT_SECONDS = 86_400
LOCK_MS = 60_000
"""How long a request counts as running: longer than any function may run."""
TRIES = 3
_REFUSED = "ConditionalCheckFailedException"


class IdempotencyUnknown(StorageError):
    """What became of earlier requests can't be known now: do nothing, ask again later."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a request was answered."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to carry a request out."""

    id: str
    """Digest of who sends what with which key."""
    digest: str
    """Of what is asked for."""
    owner: str
    """Tells this try from all others."""
    at: int
    """ms UTC."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A request that came before under the same key."""

    digest: str
    locked_until: int
    """ms UTC; while it has no answer."""
    answer: KeptAnswer | None
    """None while it runs."""


class KeyedRequestItem(Model):
    """One key of one caller."""

    class Meta(TableMeta):
        table_name = table_name("idempotency")

    id = UnicodeAttribute(hash_key=True)
    digest = UnicodeAttribute()
    owner = UnicodeAttribute(attr_name="attempt")
    locked_until = NumberAttribute()
    status = NumberAttribute(attr_name="answer_status", null=True)
    media_type = UnicodeAttribute(null=True)
    body = BinaryAttribute(legacy_encoding=False, null=True)
    """Compressed: an item holds 400 kB."""
    expires_at = NumberAttribute()
    """TTL, seconds UTC; what has expired may still be there for days and does not count."""


class IdempotencyRepository:
    """Keeps who tries what, and the answers; every method raises `IdempotencyUnknown`."""

    def begin(self, attempt: Attempt) -> Earlier | None:
        """Let `attempt` go ahead and return None, or return what forbids it.

        It goes ahead where the key is new, has expired, or belongs to the same request whose
        function died.
        """
        for _ in range(TRIES):
            try:
                self._put(attempt)
            except PutError as error:
                if error.cause_response_code != _REFUSED:
                    raise IdempotencyUnknown(attempt.id) from error
            else:
                return None
            earlier = self._get(attempt.id)
            if earlier is not None:
                return earlier
        raise IdempotencyUnknown(attempt.id)

    def finish(self, attempt: Attempt, answer: KeptAnswer) -> None:
        """Keep the answer, unless somebody else has taken the key over."""
        actions: list[Action] = [
            KeyedRequestItem.status.set(answer.status),
            KeyedRequestItem.media_type.set(answer.media_type),
            KeyedRequestItem.body.set(zlib.compress(answer.body)),
            KeyedRequestItem.expires_at.set(attempt.at // 1000 + KEPT_SECONDS),
        ]
        try:
            KeyedRequestItem(attempt.id).update(
                actions=actions, condition=KeyedRequestItem.owner == attempt.owner
            )
        except UpdateError as error:
            if error.cause_response_code != _REFUSED:
                raise IdempotencyUnknown(attempt.id) from error

    def release(self, attempt: Attempt) -> None:
        """Make the key free again: what was asked for was not done."""
        try:
            KeyedRequestItem(attempt.id).delete(condition=KeyedRequestItem.owner == attempt.owner)
        except DeleteError as error:
            if error.cause_response_code != _REFUSED:
                raise IdempotencyUnknown(attempt.id) from error

    def _put(self, attempt: Attempt) -> None:
        seconds = attempt.at // 1000
        died = KeyedRequestItem.status.does_not_exist() & (
            KeyedRequestItem.locked_until < attempt.at
        )
        free = KeyedRequestItem.id.does_not_exist() | (KeyedRequestItem.expires_at < seconds)
        KeyedRequestItem(
            attempt.id,
            digest=attempt.digest,
            owner=attempt.owner,
            locked_until=attempt.at + LOCK_MS,
            expires_at=seconds + KEPT_SECONDS,
        ).save(condition=free | (died & (KeyedRequestItem.digest == attempt.digest)))

    def _get(self, id_: str) -> Earlier | None:
        try:
            item = KeyedRequestItem.get(id_, consistent_read=True)
        except DoesNotExist:
            return None
        except PynamoDBException as error:
            raise IdempotencyUnknown(id_) from error
        answer = None
        if item.status is not None:
            body = zlib.decompress(item.body or zlib.compress(b""))
            answer = KeptAnswer(int(item.status), item.media_type or "", body)
        return Earlier(item.digest, int(item.locked_until), answer)
