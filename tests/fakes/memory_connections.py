"""Tickets, connections and subscriptions in memory, under the same promises as the table."""

from collections.abc import Callable

from pairtrader.storage.connections import Audience, Holder, Subscription


class MemoryConnections:
    """`ConnectionRepository` in dictionaries."""

    def __init__(self) -> None:
        self.tickets: dict[str, tuple[Holder, int]] = {}
        self.connections: dict[str, tuple[Holder, int]] = {}
        self.members: dict[str, dict[str, int]] = {}
        """Connections of each topic and when they expire."""
        self.last: dict[str, int] = {}
        self.after_audience: Callable[[], None] | None = None
        """Called once, right after somebody has looked for a topic's audience."""

    def add_ticket(self, digest: str, holder: Holder, expires_at: int) -> None:
        self.tickets[digest] = holder, expires_at

    def take_ticket(self, digest: str, now: int) -> Holder | None:
        holder, expires_at = self.tickets.get(digest, (None, 0))
        if holder is None or expires_at <= now:
            return None
        del self.tickets[digest]
        return holder

    def open(self, connection_id: str, holder: Holder, expires_at: int) -> None:
        self.connections[connection_id] = holder, expires_at

    def holder_of(self, connection_id: str, now: int) -> Holder | None:
        holder, expires_at = self.connections.get(connection_id, (None, 0))
        return holder if expires_at > now else None

    def subscriptions_of(self, connection_id: str) -> list[Subscription]:
        return [
            Subscription(topic, members[connection_id])
            for topic, members in self.members.items()
            if connection_id in members
        ]

    def subscribe(self, connection_id: str, topic: str, expires_at: int) -> None:
        self.members.setdefault(topic, {})[connection_id] = expires_at

    def unsubscribe(self, connection_id: str, topic: str) -> None:
        self.members.get(topic, {}).pop(connection_id, None)

    def close(self, connection_id: str) -> None:
        for subscription in self.subscriptions_of(connection_id):
            self.unsubscribe(connection_id, subscription.topic)
        self.connections.pop(connection_id, None)

    def audience(self, topic: str, now: int) -> Audience:
        members = dict(self.members.get(topic, {}))
        then, self.after_audience = self.after_audience, None
        if then is not None:
            then()
        return Audience(
            live=tuple(sorted(name for name, until in members.items() if until > now)),
            expired=tuple(sorted(name for name, until in members.items() if until <= now)),
        )

    def numbers(self, topic: str, count: int, now: int) -> range:
        last = self.last.get(topic, 0) + count
        self.last[topic] = last
        return range(last - count + 1, last + 1)

    def last_number(self, topic: str) -> int:
        return self.last.get(topic, 0)
