"""The bots table: what a bot is (CONFIG), where it stands (STATE), orders under way (INTENT)."""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import Enum
from typing import Any

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PynamoDBException, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from pairtrader.model.bot import (
    Bot,
    BotConfig,
    BotState,
    Command,
    Cycle,
    Intent,
    Operation,
    Records,
    Status,
)
from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.cycles import CycleItem
from pairtrader.storage.errors import AlreadyExists, Superseded
from pairtrader.storage.orders import OrderItem
from pairtrader.storage.positions import PositionItem
from pairtrader.storage.spread_history import PointsAttribute
from pairtrader.storage.table import (
    DecimalAttribute,
    FloatAttribute,
    TableMeta,
    ValueAttribute,
    table_name,
)
from pairtrader.storage.trade_logs import LogItem
from pairtrader.storage.transactions import open_connection

CONFLICT_RETRIES = 6
NO_RECORDS = Records()


class ByUser(GlobalSecondaryIndex["ConfigItem"]):  # type: ignore[no-untyped-call]
    """A user's bots; only CONFIG items carry a user."""

    class Meta(TableMeta):
        index_name = "by_user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)
    bot_id = UnicodeAttribute(range_key=True)


CYCLE_NAMES = {
    "direction": "d",
    "level": "l",
    "first_spread": "f",
    "last_spread": "s",
    "legs": "g",
    "amount": "a",
    "cost": "c",
    "entered": "e",
    "entry_cost": "ec",
    "exited": "x",
    "proceeds": "p",
    "liquidation_price": "lq",
    "invested": "i",
    "realised": "r",
    "fees": "fe",
    "funding": "fu",
    "funding_until": "u",
    "opened_at": "o",
}
"""Short names of what an open cycle writes at every tick."""


class CycleAttribute(ValueAttribute[Cycle]):
    """The open cycle under short names, zeros left out."""

    def serialize(self, value: Cycle) -> str:
        """Return compact JSON."""
        plain = self._adapter.dump_python(value, mode="json", exclude_defaults=True)
        return json.dumps(_renamed(plain, CYCLE_NAMES), separators=(",", ":"))

    def deserialize(self, value: str) -> Cycle:
        """Return the cycle."""
        full = {short: name for name, short in CYCLE_NAMES.items()}
        return self._adapter.validate_python(_renamed(json.loads(value), full))


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names[key]: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return value


class BotItem(Model):
    """Anything in the bots table."""

    class Meta(TableMeta):
        table_name = table_name("bots")

    bot_id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(range_key=True)
    item = DiscriminatorAttribute(attr_name="t")


class ConfigItem(BotItem, discriminator="C"):
    """Written by the API alone."""

    user_id = UnicodeAttribute()
    body = ValueAttribute[BotConfig](BotConfig)
    by_user = ByUser()


class StateItem(BotItem, discriminator="S"):
    """Written at every tick: attribute names are short so that the item stays under 1 kB."""

    status = UnicodeAttribute(attr_name="st")
    status_reason = UnicodeAttribute(attr_name="sr", null=True)
    generation = NumberAttribute(attr_name="g")
    revision = NumberAttribute(attr_name="r")
    last_slot = NumberAttribute(attr_name="ls")
    queued_until = NumberAttribute(attr_name="qu")
    command = ValueAttribute[Command](Command, attr_name="cmd", null=True)
    lease_owner = UnicodeAttribute(attr_name="lo", null=True)
    lease_until = NumberAttribute(attr_name="lu")
    fence = NumberAttribute(attr_name="f")
    start_price1 = DecimalAttribute(attr_name="s1", null=True)
    start_price2 = DecimalAttribute(attr_name="s2", null=True)
    current_cycle = NumberAttribute(attr_name="cn")
    order_rounds = NumberAttribute(attr_name="or")
    cycle = CycleAttribute(Cycle, attr_name="cy", null=True)
    operation = ValueAttribute[Operation](Operation, attr_name="op", null=True)
    disarmed = NumberAttribute(attr_name="da")
    close_spread = FloatAttribute(attr_name="cs")
    closed_at = NumberAttribute(attr_name="ca")
    last_price1 = DecimalAttribute(attr_name="p1", null=True)
    last_price2 = DecimalAttribute(attr_name="p2", null=True)
    last_spread = FloatAttribute(attr_name="sp", null=True)
    last_pnl = DecimalAttribute(attr_name="pl", null=True)
    last_tick_at = NumberAttribute(attr_name="lt")
    hold_reason = UnicodeAttribute(attr_name="hr", null=True)
    points = PointsAttribute(attr_name="pt", null=True)
    skipped = NumberAttribute(attr_name="sk")
    reconciled_at = NumberAttribute(attr_name="ra")
    mismatch = UnicodeAttribute(attr_name="mm", null=True)
    total_profit = DecimalAttribute(attr_name="tp")
    total_trades = NumberAttribute(attr_name="tt")


class IntentItem(BotItem, discriminator="I"):
    """An order written down before it is sent."""

    body = ValueAttribute[Intent](Intent)


class Guard(Enum):
    """What must still hold for a write of the state."""

    REVISION = "revision"
    """Nothing was written since the state was read."""
    FENCE = "fence"
    """The writer still holds the lease; the API may have written beside it."""
    ENTRY = "entry"
    """As FENCE, and the bot still runs in the same generation: exposure may rise."""


STATE_FIELDS = tuple(f.name for f in fields(BotState) if f.name not in ("bot_id", "revision"))
_BLANKS = frozenset({"status_reason", "lease_owner", "hold_reason", "mismatch", "points"})


def _stored(name: str, value: Any) -> Any:
    """Empty texts and tuples are not stored."""
    return None if name in _BLANKS and not value else value


def _state_item(state: BotState) -> StateItem:
    values = {name: _stored(name, getattr(state, name)) for name in STATE_FIELDS}
    return StateItem(state.bot_id, "STATE", revision=state.revision, **values)


def _state(item: StateItem) -> BotState:
    values = {name: getattr(item, name) for name in STATE_FIELDS}
    for name in _BLANKS:
        values[name] = values[name] or (() if name == "points" else "")
    values["status"] = Status(values["status"])
    return BotState(bot_id=item.bot_id, revision=int(item.revision), **values)


def _changes(old: BotState, new: BotState) -> list[Action]:
    actions: list[Action] = [StateItem.revision.set(StateItem.revision + 1)]
    for name in STATE_FIELDS:
        value = getattr(new, name)
        if value != getattr(old, name):
            attribute, stored = getattr(StateItem, name), _stored(name, value)
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
                    state = _state(item)
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
        states = {item.bot_id: _state(item) for item in StateItem.batch_get(keys)} if keys else {}
        bots = [Bot(config, states[key]) for key, config in configs.items() if key in states]
        return Page(bots, encode_cursor(found.last_evaluated_key))

    def create(self, config: BotConfig, state: BotState) -> None:
        """Store a new bot.

        Raises:
            AlreadyExists: the id is taken.
        """
        try:
            with TransactWrite(connection=self._connection) as write:
                write.save(_config_item(config), condition=ConfigItem.bot_id.does_not_exist())
                write.save(_state_item(state), condition=StateItem.bot_id.does_not_exist())
        except TransactWriteError as error:
            raise AlreadyExists(config.bot_id) from error

    def reconfigure(self, config: BotConfig, old: BotState, new: BotState) -> None:
        """Replace the configuration and change the state with it.

        Raises:
            Superseded: the state was written since it was read.
        """

        def write_all(write: TransactWrite) -> None:
            write.save(_config_item(config), condition=ConfigItem.bot_id.exists())
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
        return _state(item)

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
                write.save(_intent_item(intent), condition=IntentItem.bot_id.does_not_exist())
            for intent in delete_intents:
                write.delete(_intent_item(intent))
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


def _config_item(config: BotConfig) -> ConfigItem:
    return ConfigItem(config.bot_id, "CONFIG", user_id=config.user_id, body=config)


def _intent_item(intent: Intent) -> IntentItem:
    return IntentItem(intent.bot_id, f"INTENT#{intent.client_order_id}", body=intent)


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
