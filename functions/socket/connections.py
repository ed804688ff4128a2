"""The life of a connection: opened by a ticket, subscribed to bots, prolonged by pings."""

import hashlib
from collections.abc import Callable
from typing import Protocol

from functions.socket.frames import (
    ALL_BOTS,
    BACKTESTS,
    BadFrame,
    Ping,
    Subject,
    Subscribe,
    Unsubscribe,
    error_frame,
    frame,
    parse,
)
from pairtrader.model.bot import BotConfig
from pairtrader.storage.connections import (
    Holder,
    Subscription,
    bot_topic,
    jobs_topic,
    user_topic,
)

LIFETIME_SECONDS = 2 * 3600 + 300
"""A little longer than API Gateway keeps any connection open."""
LEASE_SECONDS = 15 * 60
"""How long a subscription lasts after the last ping: whoever was logged out hears no more then."""
RENEWED_BEFORE_SECONDS = 60
"""Subscriptions with less than this left may have been taken for dead by the push function."""
MAX_SUBSCRIPTIONS = 50
MAX_WATCHED_BOTS = 100
"""Bots that a subscription to all of them reaches at most."""


class Store(Protocol):
    """Tickets, connections and subscriptions; times are seconds UTC."""

    def take_ticket(self, digest: str, now: int) -> Holder | None:
        """Use a ticket up and return whose it is."""

    def open(self, connection_id: str, holder: Holder, expires_at: int) -> None:
        """Store a new connection."""

    def holder_of(self, connection_id: str, now: int) -> Holder | None:
        """Return whose connection it is."""

    def subscriptions_of(self, connection_id: str) -> list[Subscription]:
        """Return what the connection has subscribed to."""

    def subscribe(self, connection_id: str, topic: str, expires_at: int) -> None:
        """Subscribe, or prolong."""

    def unsubscribe(self, connection_id: str, topic: str) -> None:
        """End a subscription."""

    def close(self, connection_id: str) -> None:
        """Forget the connection."""

    def last_number(self, topic: str) -> int:
        """Return the number of the topic's last message."""


class Bots(Protocol):
    """Bots, as far as somebody who watches has to know them."""

    def config(self, bot_id: str) -> BotConfig | None:
        """Return the bot's configuration."""

    def ids_of(self, user_id: str, limit: int) -> list[str]:
        """Return the ids of the user's bots, of so many at most."""


class Marks(Protocol):
    """Marks on the bots that somebody watches."""

    def mark(self, bot_id: str) -> bool:
        """Mark the bot; return False where it does not exist."""


class Judge(Protocol):
    """Knows which logins are good."""

    def are_good(self, holder: Holder, now: int) -> bool:
        """Whether the holder may still listen."""


class SessionEnded(Exception):
    """Whoever opened the connection may not listen any more: close it."""


class Connections:
    """Carries out what clients ask for; times are seconds UTC."""

    def __init__(
        self, store: Store, bots: Bots, marks: Marks, judge: Judge, now: Callable[[], int]
    ) -> None:
        self._store = store
        self._bots = bots
        self._marks = marks
        self._judge = judge
        self._now = now

    def open(self, connection_id: str, ticket: str) -> bool:
        """Open the connection by a ticket, which is used up; return whether it was good."""
        digest = hashlib.sha256(ticket.encode()).hexdigest()
        now = self._now()
        holder = self._store.take_ticket(digest, now)
        if holder is None or not self._judge.are_good(holder, now):
            return False
        self._store.open(connection_id, holder, now + LIFETIME_SECONDS)
        return True

    def close(self, connection_id: str) -> None:
        """Forget a connection that has ended."""
        self._store.close(connection_id)

    def answer(self, connection_id: str, text: str) -> str:
        """Do what the client asks for and return the answer's text.

        Raises:
            SessionEnded: the connection is to be closed.
        """
        holder = self._holder(connection_id)
        try:
            request = parse(text)
        except BadFrame as error:
            return error_frame("bad_frame", str(error))
        match request:
            case Subscribe():
                return self._subscribe(connection_id, holder, request)
            case Unsubscribe():
                self._store.unsubscribe(connection_id, _topic(holder, request))
                return frame("unsubscribed", **request.named)
            case Ping():
                return self._prolong(connection_id, holder)

    def _holder(self, connection_id: str) -> Holder:
        now = self._now()
        holder = self._store.holder_of(connection_id, now)
        if holder is None or not self._judge.are_good(holder, now):
            self._store.close(connection_id)
            raise SessionEnded(connection_id)
        return holder

    def _subscribe(self, connection_id: str, holder: Holder, wanted: Subject) -> str:
        topic = _topic(holder, wanted)
        known = {each.topic for each in self._store.subscriptions_of(connection_id)}
        if len(known | {topic}) > MAX_SUBSCRIPTIONS:
            message = (
                f"A connection may have {MAX_SUBSCRIPTIONS} subscriptions: end one, or subscribe "
                f'to "{ALL_BOTS}".'
            )
            return error_frame("too_many_subscriptions", message, **wanted.named)
        bot_id = wanted.bot_id
        if bot_id is None:
            # Jobs are few: all their changes are in the stream, nothing has to be marked.
            self._store.subscribe(connection_id, topic, self._now() + LEASE_SECONDS)
            return frame("subscribed", **wanted.named, seq=self._store.last_number(topic))
        if bot_id != ALL_BOTS and not self._is_own(bot_id, holder):
            return _bot_not_found(bot_id)
        # Subscribed first, marked then: whoever takes a mark away has looked for subscriptions
        # after he saw the mark, so that he either finds this one or not this mark.
        self._store.subscribe(connection_id, topic, self._now() + LEASE_SECONDS)
        if not self._mark(holder, bot_id):
            self._store.unsubscribe(connection_id, topic)
            return _bot_not_found(bot_id)
        return frame("subscribed", bot_id=bot_id, seq=self._store.last_number(topic))

    def _is_own(self, bot_id: str, holder: Holder) -> bool:
        config = self._bots.config(bot_id)
        return config is not None and config.user_id == holder.user_id

    def _mark(self, holder: Holder, bot_id: str) -> bool:
        if bot_id != ALL_BOTS:
            return self._marks.mark(bot_id)
        for each in self._bots.ids_of(holder.user_id, MAX_WATCHED_BOTS):
            self._marks.mark(each)
        return True

    def _prolong(self, connection_id: str, holder: Holder) -> str:
        now = self._now()
        subscriptions = self._store.subscriptions_of(connection_id)
        for each in subscriptions:
            self._store.subscribe(connection_id, each.topic, now + LEASE_SECONDS)
            bot_id = _bot_id(each.topic)
            if bot_id is not None and each.expires_at <= now + RENEWED_BEFORE_SECONDS:
                self._mark(holder, bot_id)
        bot_ids = {_bot_id(each.topic) for each in subscriptions}
        topics = [BACKTESTS] if None in bot_ids else []
        return frame("pong", bot_ids=sorted(filter(None, bot_ids)), topics=topics)


def _topic(holder: Holder, wanted: Subject) -> str:
    if wanted.bot_id is None:
        return jobs_topic(holder.user_id)
    return user_topic(holder.user_id) if wanted.bot_id == ALL_BOTS else bot_topic(wanted.bot_id)


def _bot_id(topic: str) -> str | None:
    """Return the bot that a topic is about, "*" for all; None for backtests and analyses."""
    kind, _, named = topic.partition("#")
    return {"bot": named, "user": ALL_BOTS}.get(kind)


def _bot_not_found(bot_id: str) -> str:
    return error_frame("bot_not_found", "There is no such bot.", bot_id=bot_id)
