"""Channels of notifications and their queue, in memory."""

from collections.abc import Sequence
from dataclasses import replace

from pairtrader.model.notification import (
    MAX_FAILURES,
    Channel,
    DeliveryRecord,
    Notification,
    Quota,
)
from pairtrader.storage.cursor import Page
from pairtrader.storage.errors import Superseded
from pairtrader.storage.notification_queue import NotQueued
from tests.fakes.memory_api_stores import page_of


class MemoryChannels:
    """`NotificationChannelRepository` in a dictionary."""

    def __init__(self) -> None:
        self.channels: dict[tuple[str, str], Channel] = {}
        self.quotas: dict[str, Quota] = {}

    def get(self, user_id: str, channel_id: str) -> Channel | None:
        return self.channels.get((user_id, channel_id))

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[Channel]:
        own = sorted(
            (channel.id, channel)
            for channel in self.channels.values()
            if channel.user_id == user_id
        )
        return page_of(own, {"user_id": user_id}, limit, cursor)

    def quota(self, user_id: str) -> Quota:
        return self.quotas.get(user_id, Quota())

    def add(self, channel: Channel, old: Quota, new: Quota) -> None:
        self._require_quota(channel.user_id, old)
        self.channels[channel.user_id, channel.id] = channel
        self.quotas[channel.user_id] = new

    def replace(self, old: Channel, new: Channel) -> None:
        self._require_unchanged(old)
        stored = self.channels[old.user_id, old.id]
        resets = new.record == DeliveryRecord()
        record = DeliveryRecord() if resets else stored.record
        self.channels[old.user_id, old.id] = replace(new, record=record)

    def replace_counted(
        self, old: Channel, new: Channel, old_quota: Quota, new_quota: Quota
    ) -> None:
        self._require_quota(old.user_id, old_quota)
        self.replace(old, new)
        self.quotas[old.user_id] = new_quota

    def delete(self, channel: Channel, old: Quota, new: Quota) -> None:
        self._require_quota(channel.user_id, old)
        if (channel.user_id, channel.id) not in self.channels:
            raise Superseded(channel.id)
        del self.channels[channel.user_id, channel.id]
        self.quotas[channel.user_id] = new

    def note_delivered(self, user_id: str, channel_id: str, at: int) -> None:
        self._note(user_id, channel_id, delivered_at=at, failures=0, last_error="")

    def note_failure(self, user_id: str, channel_id: str, at: int, error: str) -> bool:
        channel = self.get(user_id, channel_id)
        if channel is None:
            return False
        failures = channel.record.failures + 1
        self._note(user_id, channel_id, failed_at=at, failures=failures, last_error=error[:200])
        if failures < MAX_FAILURES or channel.record.disabled_reason:
            return False
        self._note(user_id, channel_id, disabled_reason="too many failures")
        return True

    def _note(self, user_id: str, channel_id: str, **changes: object) -> None:
        channel = self.get(user_id, channel_id)
        if channel is not None:
            record = replace(channel.record, **changes)  # type: ignore[arg-type]
            self.channels[user_id, channel_id] = replace(channel, record=record)

    def _require_unchanged(self, old: Channel) -> None:
        stored = self.channels.get((old.user_id, old.id))
        if stored is None or stored.revision != old.revision:
            raise Superseded(old.id)

    def _require_quota(self, user_id: str, old: Quota) -> None:
        if self.quotas.get(user_id, Quota()).revision != old.revision:
            raise Superseded(user_id)


class MemoryOutbox:
    """`NotificationQueue` as a list."""

    def __init__(self) -> None:
        self.sent: list[Notification] = []
        self.is_down = False

    def send(self, notification: Notification) -> None:
        self.send_all([notification])

    def send_all(self, notifications: Sequence[Notification]) -> None:
        if self.is_down:
            raise NotQueued("down")
        self.sent += notifications
