"""Tickets, open WebSocket connections and what each of them wants to hear of."""

from collections.abc import Iterable
from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DeleteError, DoesNotExist
from pynamodb.models import Model

from pairtrader.storage.table import TableMeta, table_name

TICKET, CONNECTION, NUMBERS = "TICKET", "CONNECTION", "NUMBERS"
"""What a topic's items are called that are no subscriptions."""
NUMBERS_KEPT_SECONDS = 30 * 86_400
"""Far longer than a connection lives: nobody sees a topic's numbers begin anew."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a ticket or a connection belongs to, and the credential that it came of."""

    user_id: str
    credential_id: str
    """Of the session or the API token."""
    scope: str
    """Which of the two: ``session``, or what the token may do."""


class ConnectionItem(Model):
    """Anything in the table; every kind of item has some of the attributes."""

    class Meta(TableMeta):
        table_name = table_name("websocket-connections")

    topic = UnicodeAttribute(hash_key=True)
    """``ticket#…``, ``connection#…``, ``bot#…``, ``user#…`` or ``jobs#…``."""
    member = UnicodeAttribute(range_key=True)
    """``TICKET``, ``CONNECTION``, ``NUMBERS``, or the topic or connection at the other end."""

    user_id = UnicodeAttribute(null=True)
    credential_id = UnicodeAttribute(null=True)
    scope = UnicodeAttribute(null=True)
    last_number = NumberAttribute(null=True)
    expires_at = NumberAttribute()
    """TTL, seconds UTC; what has expired may still be there and counts as gone."""


def bot_topic(bot_id: str) -> str:
    """Return the topic of all that happens to one bot."""
    return f"bot#{bot_id}"


def user_topic(user_id: str) -> str:
    """Return the topic of changes of any of the user's bots."""
    return f"user#{user_id}"


def jobs_topic(user_id: str) -> str:
    """Return the topic of all backtests and analyses of a user."""
    return f"jobs#{user_id}"


def _ticket(digest: str) -> str:
    return f"ticket#{digest}"


def _connection(connection_id: str) -> str:
    return f"connection#{connection_id}"


def _holder(item: ConnectionItem) -> Holder:
    return Holder(item.user_id or "", item.credential_id or "", item.scope or "")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic that a connection wants to hear of, until it expires."""

    topic: str
    expires_at: int
    """Seconds UTC."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The connections subscribed to a topic: those to be told, those whose time is over."""

    live: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()


class ConnectionRepository:
    """Reads and writes tickets, connections and subscriptions; times are seconds UTC."""

    def add_ticket(self, digest: str, holder: Holder, expires_at: int) -> None:
        """Store a ticket by the digest of its text."""
        self._save(_ticket(digest), TICKET, holder, expires_at)

    def take_ticket(self, digest: str, now: int) -> Holder | None:
        """Use a ticket up and return whose it is; None where it is unknown, used or expired."""
        item = self._find(_ticket(digest), TICKET)
        if item is None:
            return None
        try:
            item.delete(condition=ConnectionItem.expires_at > now)
        except DeleteError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                return None
            raise
        return _holder(item)

    def open(self, connection_id: str, holder: Holder, expires_at: int) -> None:
        """Store a new connection."""
        self._save(_connection(connection_id), CONNECTION, holder, expires_at)

    def holder_of(self, connection_id: str, now: int) -> Holder | None:
        """Return whose connection it is, None where it is unknown or expired."""
        item = self._find(_connection(connection_id), CONNECTION)
        return None if item is None or item.expires_at <= now else _holder(item)

    def subscriptions_of(self, connection_id: str) -> list[Subscription]:
        """Return what the connection has subscribed to, expired or not."""
        found = ConnectionItem.query(_connection(connection_id), consistent_read=True)
        return [
            Subscription(item.member, int(item.expires_at))
            for item in found
            if item.member != CONNECTION
        ]

    def subscribe(self, connection_id: str, topic: str, expires_at: int) -> None:
        """Subscribe a connection to a topic, or prolong what it has."""
        # The connection's own item first: whatever a topic holds, a close finds.
        owner = _connection(connection_id)
        ConnectionItem(owner, topic, expires_at=expires_at).save()
        ConnectionItem(topic, owner, expires_at=expires_at).save()

    def unsubscribe(self, connection_id: str, topic: str) -> None:
        """End a subscription; one that does not exist is success."""
        owner = _connection(connection_id)
        ConnectionItem(topic, owner).delete()
        ConnectionItem(owner, topic).delete()

    def close(self, connection_id: str) -> None:
        """Forget a connection and all its subscriptions; one not known is success."""
        for subscription in self.subscriptions_of(connection_id):
            self.unsubscribe(connection_id, subscription.topic)
        ConnectionItem(_connection(connection_id), CONNECTION).delete()

    def audience(self, topic: str, now: int) -> Audience:
        """Return who is subscribed to `topic`, strongly consistent."""
        prefix = _connection("")
        condition = ConnectionItem.member.startswith(prefix)
        found = list(ConnectionItem.query(topic, condition, consistent_read=True))
        return Audience(
            live=_ids(item.member for item in found if item.expires_at > now),
            expired=_ids(item.member for item in found if item.expires_at <= now),
        )

    def numbers(self, topic: str, count: int, now: int) -> range:
        """Return the next `count` numbers of the topic's messages, given to nobody else."""
        item = ConnectionItem(topic, NUMBERS)
        kept_until = now + NUMBERS_KEPT_SECONDS
        item.update(
            actions=[
                ConnectionItem.last_number.add(count),
                ConnectionItem.expires_at.set(kept_until),
            ]
        )
        last = int(item.last_number or 0)
        return range(last - count + 1, last + 1)

    def last_number(self, topic: str) -> int:
        """Return the number of the topic's last message, 0 where there was none."""
        item = self._find(topic, NUMBERS)
        return 0 if item is None else int(item.last_number or 0)

    def _save(self, topic: str, member: str, holder: Holder, expires_at: int) -> None:
        ConnectionItem(
            topic,
            member,
            user_id=holder.user_id,
            credential_id=holder.credential_id or None,
            scope=holder.scope or None,
            expires_at=expires_at,
        ).save()

    def _find(self, topic: str, member: str) -> ConnectionItem | None:
        try:
            return ConnectionItem.get(topic, member, consistent_read=True)
        except DoesNotExist:
            return None


def _ids(members: Iterable[str]) -> tuple[str, ...]:
    return tuple(member.removeprefix(_connection("")) for member in members)
