"""From changes of bots to messages for those who watch them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from functions.push.changes import Change, JobChange, RowChange, StateChange
from functions.push.delivery import Delivery, Outcome
from functions.push.messages import JobMessage, Message, row_message, state_messages
from pairtrader.model.bot import Bot, BotConfig
from pairtrader.model.records import PositionRecord
from pairtrader.storage.connections import Audience, bot_topic, jobs_topic, user_topic

ALL_BOTS = "*"
BACKTESTS = "backtests"
CONFIG_KEPT_SECONDS = 60
"""How long a configuration is used; one that was changed is read at once."""
MAX_CONFIGS = 1000


class Store(Protocol):
    """Subscriptions and connections; times are seconds UTC."""

    def audience(self, topic: str, now: int) -> Audience:
        """Return who is subscribed to the topic."""

    def numbers(self, topic: str, count: int, now: int) -> range:
        """Return the next numbers of the topic's messages."""

    def unsubscribe(self, connection_id: str, topic: str) -> None:
        """End a subscription."""

    def close(self, connection_id: str) -> None:
        """Forget a connection."""


class Bots(Protocol):
    """Bots."""

    def config(self, bot_id: str) -> BotConfig | None:
        """Return the bot's configuration."""

    def load(self, bot_id: str) -> Bot | None:
        """Return the bot."""


class Marks(Protocol):
    """Marks on the bots that somebody watches."""

    def clear(self, bot_id: str, mark: str) -> bool:
        """Take the mark away if it still is this one."""


class Numbered(Protocol):
    """A message that lacks its number."""

    def numbered(self, subscription: str, number: int) -> dict[str, Any]:
        """Return what is sent to those who subscribed to `subscription`."""


@dataclass(slots=True)
class Tally:
    """What one batch has come to."""

    delivered: int = 0
    failed: int = 0
    gone: int = 0
    unwatched: int = 0
    """Bots whose mark was taken away."""
    moments: list[int] = field(default_factory=list)
    """When the news that were sent were made, ms UTC."""


class Broadcast:
    """Tells the changes of one batch; `now` is seconds UTC."""

    def __init__(self, store: Store, bots: Bots, marks: Marks, now: Callable[[], int]) -> None:
        self._store = store
        self._bots = bots
        self._marks = marks
        self._now = now
        self._configs: dict[str, tuple[BotConfig, int]] = {}

    def tell(self, bot_id: str, changes: Sequence[Change], delivery: Delivery) -> Tally:
        """Begin to send what happened to one bot, in order, to all who watch it."""
        tally = Tally()
        topic = bot_topic(bot_id)
        audience = self._audience(topic)
        states = [each for each in changes if isinstance(each, StateChange)]
        config = self._config_after(states) if states else None
        user_audience = self._audience(user_topic(config.user_id)) if config else Audience()
        if not audience.live and not user_audience.live:
            # The mark was seen before nobody was found: a watcher who came in between has set
            # another one, which stays.
            if states and self._marks.clear(bot_id, states[-1].mark):
                tally.unwatched += 1
            return tally
        messages = self._messages(changes, config)
        self._send(topic, bot_id, audience, messages, delivery)
        if config is not None:
            updates = [each for each in messages if each.type == "bot_update"]
            topic = user_topic(config.user_id)
            self._send(topic, ALL_BOTS, user_audience, updates, delivery)
        tally.moments += [each.at for each in messages]
        return tally

    def tell_jobs(self, user_id: str, changes: Sequence[JobChange], delivery: Delivery) -> Tally:
        """Begin to send how a user's backtests and analyses go, to all who want to know."""
        topic = jobs_topic(user_id)
        messages = [JobMessage(each.job, each.at) for each in changes]
        audience = self._audience(topic)
        self._send(topic, BACKTESTS, audience, messages, delivery)
        return Tally(moments=[each.at for each in messages] if audience.live else [])

    def settle(self, outcomes: Sequence[Outcome], tally: Tally) -> None:
        """Add up how sending went, and forget the connections that are gone."""
        for outcome in outcomes:
            tally.delivered += outcome.sent
            tally.failed += outcome.failed
        gone = {outcome.connection_id for outcome in outcomes if outcome.gone}
        for connection_id in gone:
            self._store.close(connection_id)
        tally.gone += len(gone)

    def _audience(self, topic: str) -> Audience:
        audience = self._store.audience(topic, self._now())
        for connection_id in audience.expired:
            self._store.unsubscribe(connection_id, topic)
        return audience

    def _messages(self, changes: Sequence[Change], config: BotConfig | None) -> list[Message]:
        messages: list[Message] = []
        for change in changes:
            match change:
                case StateChange() if config is not None:
                    messages += state_messages(change, config)
                case RowChange():
                    messages.append(self._row_message(change))
        return messages

    def _row_message(self, change: RowChange) -> Message:
        bot = self._bots.load(change.bot_id) if isinstance(change.row, PositionRecord) else None
        return row_message(change.row, bot.state if bot else None)

    def _send(
        self,
        topic: str,
        subscription: str,
        audience: Audience,
        messages: Sequence[Numbered],
        delivery: Delivery,
    ) -> None:
        if not audience.live or not messages:
            return
        numbers = self._store.numbers(topic, len(messages), self._now())
        frames = [
            json.dumps(message.numbered(subscription, number), separators=(",", ":"))
            for message, number in zip(messages, numbers, strict=True)
        ]
        for connection_id in audience.live:
            delivery.start(connection_id, frames)

    def _config_after(self, changes: Sequence[StateChange]) -> BotConfig | None:
        """Return the bot's configuration, as new as the changes; None where the bot is gone."""
        bot_id = changes[-1].bot_id
        kept = self._configs.get(bot_id)
        written = any(
            each.old is None or each.new.last_tick_at == each.old.last_tick_at for each in changes
        )
        if kept is not None and not written and self._now() - kept[1] < CONFIG_KEPT_SECONDS:
            return kept[0]
        config = self._bots.config(bot_id)
        if len(self._configs) >= MAX_CONFIGS:
            self._configs.clear()
        if config is not None:
            self._configs[bot_id] = (config, self._now())
        return config
