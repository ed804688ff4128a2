"""What the bots of this stack ask of each exchange: one item per exchange, beside the claims."""

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.operand import Path
from pynamodb.models import Model

from pairtrader.model.account import ExchangeName
from pairtrader.model.bot import BotConfig
from pairtrader.model.capacity import capacity_of, load_of
from pairtrader.storage.errors import CapacityReached
from pairtrader.storage.table import TableMeta, table_name
from pairtrader.storage.transactions import TransactionPart, together


class CapacityItem(Model):
    """The load of every bot on one exchange."""

    class Meta(TableMeta):
        table_name = table_name("claims")

    claim_key = UnicodeAttribute(hash_key=True)
    loads: MapAttribute[str, int] = MapAttribute()  # type: ignore[no-untyped-call]
    """Weight a minute by bot id."""
    version = NumberAttribute()
    """Raised by every write: a start counts on what it has read."""


def capacity_key(exchange: ExchangeName) -> str:
    """Return the key of what is asked of `exchange`."""
    return f"capacity#{exchange}"


class CapacityRepository:
    """Bots' loads, written together with the claims on their symbols.

    A bot counts from its start until it is stopped. While it is paused and flat it does not tick,
    yet it keeps its room as it keeps its claims, so that going on never fails for want of room.
    """

    def take(self, config: BotConfig) -> TransactionPart:
        """Return the writes that count the bot's load, in place of the one it had.

        They fail where another bot's load was written since this call, so that together they never
        exceed the exchange's capacity: call it anew then.

        Raises:
            CapacityReached: there is no room for the bot.
        """
        exchange, bot_id = config.exchange_name, config.bot_id
        interval = config.settings.tick_interval_seconds
        load, capacity = load_of(exchange, interval), capacity_of(exchange)
        if capacity is None:
            return together()
        item = _find(exchange)
        loads = _loads(item)
        before = loads.get(bot_id, 0)
        if load == before:
            return together()
        if load > before and sum(loads.values()) - before + load > capacity:
            raise CapacityReached(exchange, interval)
        if item is None:
            first = CapacityItem(capacity_key(exchange), loads={bot_id: load}, version=1)
            return lambda write: write.save(first, CapacityItem.claim_key.does_not_exist())
        actions = [_place(bot_id).set(load), CapacityItem.version.set(item.version + 1)]
        unchanged = CapacityItem.version == item.version
        return lambda write: write.update(
            CapacityItem(capacity_key(exchange)), actions=actions, condition=unchanged
        )

    def give_up(self, config: BotConfig) -> TransactionPart:
        """Return the writes that take the bot's load out; one that is not counted needs none.

        They hold whatever others write meanwhile.
        """
        exchange, bot_id = config.exchange_name, config.bot_id
        if capacity_of(exchange) is None or bot_id not in _loads(_find(exchange)):
            return together()
        actions = [
            _place(bot_id).remove(),
            CapacityItem.version.set(CapacityItem.version + 1),
        ]
        return lambda write: write.update(CapacityItem(capacity_key(exchange)), actions=actions)

    def loads(self, exchange: ExchangeName) -> dict[str, int]:
        """Return the weight a minute of every bot that counts, by bot id."""
        return _loads(_find(exchange))


def _place(bot_id: str) -> Path:
    return Path(["loads", bot_id])


def _find(exchange: ExchangeName) -> CapacityItem | None:
    try:
        return CapacityItem.get(capacity_key(exchange), consistent_read=True)
    except DoesNotExist:
        return None


def _loads(item: CapacityItem | None) -> dict[str, int]:
    if item is None:
        return {}
    return {bot_id: int(load) for bot_id, load in item.loads.attribute_values.items()}
