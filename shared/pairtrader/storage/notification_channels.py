"""Where users are told of events, and how much of that they have used up."""

from dataclasses import replace
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError, UpdateError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from pairtrader.model.notification import MAX_FAILURES, Channel, DeliveryRecord, Quota
from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.errors import BadCursor, Superseded
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name
from pairtrader.storage.transactions import open_connection

_QUOTA = "#quota"
"""Sorts before every id, which begins with a digit or a letter."""
_FIRST_ID = "0"
_REFUSED = "ConditionalCheckFailedException"


class ChannelItem(Model):
    """One channel; how sending goes is written beside what its owner has set."""

    class Meta(TableMeta):
        table_name = table_name("notification-channels")

    user_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    body = ValueAttribute[Channel](Channel)
    revision = NumberAttribute()
    delivered_at = NumberAttribute(null=True)
    failed_at = NumberAttribute(null=True)
    last_error = UnicodeAttribute(null=True)
    failures = NumberAttribute(null=True)
    disabled_reason = UnicodeAttribute(null=True)


class QuotaItem(Model):
    """What one user has used up."""

    class Meta(TableMeta):
        table_name = table_name("notification-channels")

    user_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True, default=_QUOTA)
    body = ValueAttribute[Quota](Quota)
    revision = NumberAttribute()


def _channel(item: ChannelItem) -> Channel:
    record = DeliveryRecord(
        delivered_at=None if item.delivered_at is None else int(item.delivered_at),
        failed_at=None if item.failed_at is None else int(item.failed_at),
        last_error=item.last_error or "",
        failures=int(item.failures or 0),
        disabled_reason=item.disabled_reason or "",
    )
    return replace(item.body, record=record)


def _body(channel: Channel) -> Channel:
    return replace(channel, record=DeliveryRecord())


def _quota_item(user_id: str, quota: Quota) -> QuotaItem:
    return QuotaItem(user_id, _QUOTA, body=quota, revision=quota.revision)


class NotificationChannelRepository:
    """Reads and writes channels; every change of a user's is conditional on what was read."""

    def __init__(self) -> None:
        self._connection = open_connection()

    def get(self, user_id: str, channel_id: str) -> Channel | None:
        """Return the user's channel, strongly consistent; None if the user has none of this id."""
        if channel_id < _FIRST_ID:
            return None
        try:
            return _channel(ChannelItem.get(user_id, channel_id, consistent_read=True))
        except DoesNotExist:
            return None

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[Channel]:
        """Return the user's channels, oldest first.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        start = decode_cursor(cursor, "user_id id", user_id=user_id)
        # DynamoDB refuses to go on from outside of the range that it is asked for.
        if start is not None and start["id"]["S"] < _FIRST_ID:
            raise BadCursor(cursor)
        found: Any = ChannelItem.query(
            user_id,
            ChannelItem.id >= _FIRST_ID,
            limit=limit,
            last_evaluated_key=start,
            consistent_read=True,
        )
        channels = [_channel(item) for item in found]
        return Page(channels, encode_cursor(found.last_evaluated_key))

    def quota(self, user_id: str) -> Quota:
        """Return what the user has used up, strongly consistent."""
        try:
            return QuotaItem.get(user_id, _QUOTA, consistent_read=True).body
        except DoesNotExist:
            return Quota()

    def add(self, channel: Channel, old: Quota, new: Quota) -> None:
        """Store a new channel and what its user has used up by it.

        Raises:
            Superseded: the quota was changed since `old` was read.
        """
        item = ChannelItem(
            channel.user_id, channel.id, body=_body(channel), revision=channel.revision
        )

        def fill(write: TransactWrite) -> None:
            write.save(item, condition=ChannelItem.id.does_not_exist())
            _save_quota(write, channel.user_id, old, new)

        self._together(channel.id, fill)

    def replace(self, old: Channel, new: Channel) -> None:
        """Write what the channel has become; one whose record is empty is sent to again.

        Raises:
            Superseded: the channel was changed or deleted since `old` was read.
        """
        try:
            ChannelItem(old.user_id, old.id).update(
                actions=_changes(new), condition=ChannelItem.revision == old.revision
            )
        except UpdateError as error:
            if error.cause_response_code == _REFUSED:
                raise Superseded(old.id) from error
            raise

    def replace_counted(
        self, old: Channel, new: Channel, old_quota: Quota, new_quota: Quota
    ) -> None:
        """Write what the channel has become and what its user has used up by it.

        Raises:
            Superseded: one of both was changed since it was read.
        """

        def fill(write: TransactWrite) -> None:
            write.update(
                ChannelItem(old.user_id, old.id),
                actions=_changes(new),
                condition=ChannelItem.revision == old.revision,
            )
            _save_quota(write, old.user_id, old_quota, new_quota)

        self._together(old.id, fill)

    def delete(self, channel: Channel, old: Quota, new: Quota) -> None:
        """Remove the channel and give its room back.

        Raises:
            Superseded: it is gone already, or the quota was changed since `old` was read.
        """

        def fill(write: TransactWrite) -> None:
            write.delete(
                ChannelItem(channel.user_id, channel.id), condition=ChannelItem.id.exists()
            )
            _save_quota(write, channel.user_id, old, new)

        self._together(channel.id, fill)

    def note_delivered(self, user_id: str, channel_id: str, at: int) -> None:
        """Note a success at `at` (ms UTC); of a channel that is gone nothing is noted."""
        _note(
            user_id,
            channel_id,
            [
                ChannelItem.delivered_at.set(at),
                ChannelItem.failures.remove(),
                ChannelItem.last_error.remove(),
            ],
        )

    def note_failure(self, user_id: str, channel_id: str, at: int, error: str) -> bool:
        """Note a message given up at `at` (ms UTC) for the reason `error`.

        Returns:
            Whether this one was too many: the channel is switched off now.
        """
        item = _note(
            user_id,
            channel_id,
            [
                ChannelItem.failed_at.set(at),
                ChannelItem.last_error.set(error[:200]),
                ChannelItem.failures.add(1),
            ],
        )
        if item is None or int(item.failures or 0) < MAX_FAILURES or item.disabled_reason:
            return False
        reason = f"{MAX_FAILURES} messages in a row could not be delivered"
        _note(user_id, channel_id, [ChannelItem.disabled_reason.set(reason)])
        return True

    def _together(self, name: str, fill: Any) -> None:
        try:
            with TransactWrite(connection=self._connection) as write:
                fill(write)
        except TransactWriteError as error:
            if any(reason for reason in error.cancellation_reasons):
                raise Superseded(name) from error
            raise


def _changes(new: Channel) -> Any:
    actions = [ChannelItem.body.set(_body(new)), ChannelItem.revision.set(new.revision)]
    if new.record == DeliveryRecord():
        told = (
            ChannelItem.delivered_at,
            ChannelItem.failed_at,
            ChannelItem.last_error,
            ChannelItem.failures,
            ChannelItem.disabled_reason,
        )
        actions += [attribute.remove() for attribute in told]
    return actions


def _save_quota(write: TransactWrite, user_id: str, old: Quota, new: Quota) -> None:
    unchanged = QuotaItem.revision == old.revision
    condition = unchanged if old.revision else QuotaItem.id.does_not_exist()
    write.save(_quota_item(user_id, new), condition=condition)


def _note(user_id: str, channel_id: str, actions: Any) -> ChannelItem | None:
    item = ChannelItem(user_id, channel_id)
    try:
        item.update(actions=actions, condition=ChannelItem.id.exists())
    except UpdateError as error:
        if error.cause_response_code == _REFUSED:
            return None
        raise
    return item
