"""Channels of notifications on real tables."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pairtrader.model.notification import MAX_FAILURES, Channel, DeliveryRecord, Quota
from pairtrader.storage.cursor import encode_cursor
from pairtrader.storage.errors import BadCursor, Superseded
from pairtrader.storage.notification_channels import ChannelItem, NotificationChannelRepository
from tests.fakes.notifications import a_channel

ONE = Quota(channels=1, revision=1)


@pytest.fixture(scope="module")
def table(aws: str) -> Iterator[str]:
    ChannelItem.create_table(wait=True)
    yield aws
    ChannelItem.delete_table()


@pytest.fixture
def channels(table: str) -> NotificationChannelRepository:
    return NotificationChannelRepository()


def added(channels: NotificationChannelRepository, user_id: str, channel_id: str) -> Channel:
    channel = a_channel(user_id=user_id, id=channel_id, sealed_url="1.sealed", label="你好")
    quota = channels.quota(user_id)
    more = replace(quota, channels=quota.channels + 1, revision=quota.revision + 1)
    channels.add(channel, quota, more)
    return channel


def test_a_channel_comes_back_as_it_was_stored(channels: NotificationChannelRepository) -> None:
    channel = added(channels, "ada", "01A")
    assert channels.get("ada", "01A") == channel
    assert channels.get("bob", "01A") is None
    assert channels.get("ada", "#quota") is None
    assert channels.quota("ada") == ONE


def test_a_list_holds_channels_alone_page_by_page(channels: NotificationChannelRepository) -> None:
    for name in ("01C", "01A", "01B"):
        added(channels, "lister", name)
    first = channels.list("lister", 2, None)
    rest = channels.list("lister", 2, first.cursor)
    assert [each.id for each in first.items] == ["01A", "01B"]
    assert [each.id for each in rest.items] == ["01C"]
    assert rest.cursor is None
    with pytest.raises(BadCursor):
        channels.list("ada", 2, first.cursor)
    quota = encode_cursor({"user_id": {"S": "lister"}, "id": {"S": "#quota"}})
    with pytest.raises(BadCursor):
        channels.list("lister", 2, quota)


def test_of_two_that_are_added_at_once_one_is_told(channels: NotificationChannelRepository) -> None:
    added(channels, "racer", "01A")
    for old in (Quota(), replace(ONE, revision=7)):
        with pytest.raises(Superseded):
            channels.add(a_channel(user_id="racer", id="01B"), old, replace(ONE, revision=9))
    assert channels.get("racer", "01B") is None
    assert channels.quota("racer") == ONE


def test_a_change_needs_what_was_read(channels: NotificationChannelRepository) -> None:
    channel = added(channels, "changer", "01A")
    changed = replace(channel, label="new", revision=2)
    channels.replace(channel, changed)
    assert channels.get("changer", "01A") == changed
    with pytest.raises(Superseded):
        channels.replace(channel, replace(channel, label="late", revision=2))
    counted = replace(changed, tested_at=5, revision=3)
    with pytest.raises(Superseded):
        channels.replace_counted(changed, counted, Quota(), Quota(codes=1, revision=1))
    channels.replace_counted(changed, counted, ONE, replace(ONE, codes=1, revision=2))
    assert channels.get("changer", "01A") == counted
    assert channels.quota("changer").codes == 1


def test_a_channel_that_is_gone_stays_gone(channels: NotificationChannelRepository) -> None:
    channel = added(channels, "leaver", "01A")
    none = Quota(channels=0, revision=2)
    channels.delete(channel, ONE, none)
    assert channels.get("leaver", "01A") is None
    with pytest.raises(Superseded):
        channels.delete(channel, none, replace(none, revision=3))
    with pytest.raises(Superseded):
        channels.replace(channel, replace(channel, revision=2))
    channels.note_delivered("leaver", "01A", 5)
    assert not channels.note_failure("leaver", "01A", 5, "why")
    assert channels.get("leaver", "01A") is None


def test_how_sending_goes_survives_its_owner_s_changes(
    channels: NotificationChannelRepository,
) -> None:
    channel = added(channels, "sender", "01A")
    channels.note_failure("sender", "01A", 7, "x" * 500)
    read = channels.get("sender", "01A")
    assert read is not None
    assert read.record == DeliveryRecord(failed_at=7, last_error="x" * 200, failures=1)
    channels.replace(read, replace(read, label="new", revision=2))
    after = channels.get("sender", "01A")
    assert after is not None
    assert after.record == read.record
    channels.note_delivered("sender", "01A", 9)
    record = DeliveryRecord(delivered_at=9, failed_at=7)
    assert channels.get("sender", "01A") == replace(channel, label="new", revision=2, record=record)


def test_too_many_failures_switch_a_channel_off_once(
    channels: NotificationChannelRepository,
) -> None:
    added(channels, "failer", "01A")
    noted = [channels.note_failure("failer", "01A", 1, "why") for _ in range(MAX_FAILURES + 1)]
    assert noted == [False] * (MAX_FAILURES - 1) + [True, False]
    read = channels.get("failer", "01A")
    assert read is not None
    assert not read.is_active
    channels.replace(read, replace(read, record=DeliveryRecord(), revision=2))
    again = channels.get("failer", "01A")
    assert again is not None
    assert again.is_active
    assert again.record == DeliveryRecord()
