"""The bots table: what a bot is (CONFIG), where it stands (STATE), orders under way (INTENT)."""

from collections.abc import Sequence
from enum import Enum

from pynamodb.exceptions import DoesNotExist, PynamoDBException, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from pairtrader.model.bot import Bot, BotConfig, BotState, Status
from pairtrader.model.cycle import Intent
from pairtrader.model.records import Records
from pairtrader.storage.bot_items import (
    STATE_FIELDS,
    BotItem,
    ConfigItem,
    DeletedItem,
    IntentItem,
    StateItem,
    config_item,
    deleted_bot,
    deleted_item,
    deleted_owner,
    intent_item,
    state_item,
    state_of,
    stored_value,
)
from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.cycles import CycleItem
from pairtrader.storage.errors import AlreadyExists, Superseded
from pairtrader.storage.orders import OrderItem
from pairtrader.storage.positions import PositionItem
from pairtrader.storage.risk import add_result, forget_bot
from pairtrader.storage.trade_logs import LogItem
from pairtrader.storage.transactions import TransactionPart, open_connection, transact

NO_RECORDS = Records()
_OVERTAKEN = ("ConditionalCheckFailedException", "TransactionConflictException")


class Guard(Enum):
    """What must still hold for a write of the state."""

    REVISION = "revision"
    """Nothing was written since the state was read."""
    FENCE = "fence"
    """The writer still holds the lease; the API may have written beside it."""
    ENTRY = "entry"
    """As FENCE, and the bot still runs in the same generation: exposure may rise."""


def _changes(old: BotState, new: BotState) -> list[Action]:
    actions: list[Action] = [StateItem.revision.set(StateItem.revision + 1)]
    for name in STATE_FIELDS:
        value = getattr(new, name)
        if value != getattr(old, name):
            attribute, stored = getattr(StateItem, name), stored_value(name, value)
            actions.append(attribute.remove() if stored is None else attribute.set(stored))
    return actions


def _condition(old: BotState, new: BotState, guard: Guard) -> Condition:
    condition: Condition
    if guard is Guard.REVISION:
        condition = StateItem.revision == old.revision
        return condition
    condition = (StateItem.fence == old.fence) & (StateItem.lease_owner == old.lease_owner)
    if guard is Guard.ENTRY:
        condition &= StateItem.status == Status.RUNNING
        condition &= StateItem.generation == old.generation
    if new.status != old.status:
        condition &= StateItem.status == old.status
    if new.command != old.command:
        condition &= (
            StateItem.command.does_not_exist()
            if old.command is None
            else StateItem.command == old.command
        )
    return condition


def _renewal(old: BotConfig, new: BotConfig) -> tuple[ConfigItem, list[Action], Condition]:
    unchanged = ConfigItem.updated_at.does_not_exist() | (ConfigItem.updated_at == old.updated_at)
    return (
        ConfigItem(old.bot_id, "CONFIG"),
        [ConfigItem.body.set(new)],
        ConfigItem.body.exists() & unchanged,
    )


class BotRepository:
    """Reads and writes bots; every write of a state is conditional."""

    def __init__(self) -> None:
        self._connection = open_connection()

    def load(self, bot_id: str) -> Bot | None:
        """Return the bot by one strongly consistent query, None if it does not exist."""
        config, state, intents = None, None, []
        for item in BotItem.query(bot_id, consistent_read=True):
            match item:
                case ConfigItem():
                    config = item.body
                case StateItem():
                    state = state_of(item)
                case IntentItem():
                    intents.append(item.body)
        if config is None or state is None:
            return None
        return Bot(config, state, tuple(intents))

    def list_by_user(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        """Return the user's bots by id, intents left out.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        start = decode_cursor(cursor, "user_id bot_id kind", user_id=user_id)
        found = ConfigItem.by_user.query(user_id, limit=limit, last_evaluated_key=start)
        configs = {item.bot_id: item.body for item in found}
        keys = [(bot_id, "STATE") for bot_id in configs]
        states = {item.bot_id: state_of(item) for item in StateItem.batch_get(keys)} if keys else {}
        bots = [Bot(config, states[key]) for key, config in configs.items() if key in states]
        return Page(bots, encode_cursor(found.last_evaluated_key))

    def ids_of(self, user_id: str, limit: int) -> list[str]:
        """Return the ids of the user's bots, of `limit` at most; a brand-new one may be missing."""
        found = ConfigItem.by_user.query(user_id, limit=limit, attributes_to_get=["bot_id", "t"])
        return [item.bot_id for item in found]

    def load_deleted(self, bot_id: str) -> Bot | None:
        """Return a bot that was deleted, as it was then; None if there was none."""
        try:
            return deleted_bot(DeletedItem.get(bot_id, "DELETED", consistent_read=True))
        except DoesNotExist:
            return None

    def list_deleted(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        """Return the bots that the user has deleted, by id.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        owner = deleted_owner(user_id)
        start = decode_cursor(cursor, "user_id bot_id kind", user_id=owner)
        found = DeletedItem.by_user.query(owner, limit=limit, last_evaluated_key=start)
        bots = [deleted_bot(item) for item in found]
        return Page(bots, encode_cursor(found.last_evaluated_key))

    def create(self, config: BotConfig, state: BotState) -> None:
        """Store a new bot.

        Raises:
            AlreadyExists: the id is taken.
        """
        try:
            with TransactWrite(connection=self._connection) as write:
                write.save(config_item(config), condition=ConfigItem.bot_id.does_not_exist())
                write.save(state_item(state), condition=StateItem.bot_id.does_not_exist())
        except TransactWriteError as error:
            raise AlreadyExists(config.bot_id) from error

    def config(self, bot_id: str) -> BotConfig | None:
        """Return the bot's configuration alone, strongly consistent; None if it does not exist."""
        try:
            return ConfigItem.get(bot_id, "CONFIG", consistent_read=True).body
        except DoesNotExist:
            return None

    def reconfigure(
        self,
        config: BotConfig,
        old: BotState,
        new: BotState,
        *,
        extra: TransactionPart | None = None,
    ) -> None:
        """Replace the configuration and change the state with it.

        `extra` may add writes of other tables.

        Raises:
            Superseded: the state was written since it was read, or a condition of `extra` fails.
        """

        def write_all(write: TransactWrite) -> None:
            write.save(config_item(config), condition=ConfigItem.bot_id.exists())
            _update(write, old, new, Guard.REVISION)
            if extra is not None:
                extra(write)

        self._transact(write_all)

    def with_markets(self, old: BotConfig, new: BotConfig) -> TransactionPart:
        """Return the write that puts `new`, which differs in its markets alone, in place of `old`.

        It fails where the user has changed the configuration since `old` was read.
        """
        item, actions, unchanged = _renewal(old, new)
        return lambda write: write.update(item, actions=actions, condition=unchanged)

    def without_rows(self, records: Records) -> TransactionPart:
        """Return the writes that remove rows of positions and cycles, whether they exist or not."""

        def delete_all(write: TransactWrite) -> None:
            for position in records.positions:
                write.delete(PositionItem.of(position))
            for cycle in records.cycles:
                write.delete(CycleItem.of(cycle))

        return delete_all

    def refresh_markets(self, old: BotConfig, new: BotConfig) -> None:
        """Put `new`, which differs in its markets alone, in place of `old`.

        Raises:
            Superseded: the user has changed or deleted the configuration since `old` was read.
        """
        item, actions, unchanged = _renewal(old, new)
        try:
            item.update(actions=actions, condition=unchanged)
        except UpdateError as error:
            if error.cause_response_code in _OVERTAKEN:
                raise Superseded(old.bot_id) from error
            raise

    def delete(self, bot: Bot, deleted_at: int) -> None:
        """Remove the bot and its limits at `deleted_at` (ms UTC); its history stays.

        Raises:
            Superseded: the state was written since it was read.
        """
        bot_id = bot.config.bot_id

        def write_all(write: TransactWrite) -> None:
            write.delete(ConfigItem(bot_id, "CONFIG"))
            unchanged = StateItem.revision == bot.state.revision
            write.delete(StateItem(bot_id, "STATE"), condition=unchanged)
            forget_bot(write, bot_id)
            write.save(deleted_item(bot, deleted_at))

        self._transact(write_all)

    def change(self, old: BotState, new: BotState, guard: Guard) -> BotState:
        """Write what differs between `old` and `new` by one conditional update.

        Returns:
            The state as stored afterwards, writes of others included.

        Raises:
            Superseded: the guard does not hold any more.
        """
        item = StateItem(old.bot_id, "STATE")
        try:
            item.update(actions=_changes(old, new), condition=_condition(old, new, guard))
        except UpdateError as error:
            if error.cause_response_code in _OVERTAKEN:
                raise Superseded(old.bot_id) from error
            raise
        return state_of(item)

    def commit(
        self,
        old: BotState,
        new: BotState,
        guard: Guard,
        *,
        put_intents: Sequence[Intent] = (),
        delete_intents: Sequence[Intent] = (),
        records: Records = NO_RECORDS,
        extra: TransactionPart | None = None,
    ) -> None:
        """Write a change of state together with intents and history rows, all or nothing.

        `extra` may add writes of other tables, such as claims.

        Raises:
            Superseded: the guard does not hold any more, or an intent exists already.
        """

        def write_all(write: TransactWrite) -> None:
            _update(write, old, new, guard)
            for intent in put_intents:
                write.save(intent_item(intent), condition=IntentItem.bot_id.does_not_exist())
            for intent in delete_intents:
                write.delete(intent_item(intent))
            _save_records(write, records)
            if extra is not None:
                extra(write)

        self._transact(write_all)

    def _transact(self, fill: TransactionPart) -> None:
        try:
            transact(self._connection, fill)
        except TransactWriteError as error:
            raise _refusal(error) from error


def _refusal(error: TransactWriteError) -> PynamoDBException | Superseded:
    reasons = error.cancellation_reasons
    if any(r and r.code in ("ConditionalCheckFailed", "TransactionConflict") for r in reasons):
        return Superseded(*[i for i, r in enumerate(reasons) if r])
    return error


def _update(write: TransactWrite, old: BotState, new: BotState, guard: Guard) -> None:
    write.update(
        StateItem(old.bot_id, "STATE"),
        actions=_changes(old, new),
        condition=_condition(old, new, guard),
    )


def _save_records(write: TransactWrite, records: Records) -> None:
    for order in records.orders:
        write.save(OrderItem.of(order))
    for position in records.positions:
        write.save(PositionItem.of(position))
    for cycle in records.cycles:
        write.save(CycleItem.of(cycle))
        if cycle.closed_at is not None:
            add_result(write, cycle.user_id, cycle.mode, cycle.net_pnl, cycle.closed_at)
    for log in records.logs:
        write.save(LogItem.of(log))
