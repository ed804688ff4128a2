"""The bots table: what a bot is (CONFIG), where it stands (STATE), orders under way (INTENT)."""

import random
import time
from collections.abc import Callable, Sequence
from enum import Enum

from pynamodb.exceptions import PynamoDBException, TransactWriteError, UpdateError
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
    IntentItem,
    StateItem,
    config_item,
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
from pairtrader.storage.trade_logs import LogItem
from pairtrader.storage.transactions import open_connection

CONFLICT_RETRIES = 6
NO_RECORDS = Records()


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

    def reconfigure(self, config: BotConfig, old: BotState, new: BotState) -> None:
        """Replace the configuration and change the state with it.

        Raises:
            Superseded: the state was written since it was read.
        """

        def write_all(write: TransactWrite) -> None:
            write.save(config_item(config), condition=ConfigItem.bot_id.exists())
            _update(write, old, new, Guard.REVISION)

        self._transact(write_all)

    def delete(self, state: BotState) -> None:
        """Remove the bot; its history stays.

        Raises:
            Superseded: the state was written since it was read.
        """

        def write_all(write: TransactWrite) -> None:
            write.delete(ConfigItem(state.bot_id, "CONFIG"))
            unchanged = StateItem.revision == state.revision
            write.delete(StateItem(state.bot_id, "STATE"), condition=unchanged)

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
            if error.cause_response_code in (
                "ConditionalCheckFailedException",
                "TransactionConflictException",
            ):
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
        extra: Callable[[TransactWrite], object] | None = None,
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

    def _transact(self, fill: Callable[[TransactWrite], object]) -> None:
        for attempt in range(CONFLICT_RETRIES):
            try:
                with TransactWrite(connection=self._connection) as write:
                    fill(write)
                return
            except TransactWriteError as error:
                if not _is_conflict(error) or attempt == CONFLICT_RETRIES - 1:
                    raise _refusal(error) from error
            time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))  # noqa: S311


def _is_conflict(error: TransactWriteError) -> bool:
    codes = [reason.code for reason in error.cancellation_reasons if reason]
    return "TransactionConflict" in codes and "ConditionalCheckFailed" not in codes


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
    for log in records.logs:
        write.save(LogItem.of(log))
