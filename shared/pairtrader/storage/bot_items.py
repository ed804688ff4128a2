"""Items of the bots table: CONFIG, STATE and INTENT."""

import json
from dataclasses import fields
from typing import Any

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from pairtrader.model.bot import Bot, BotConfig, BotState, Command, Status
from pairtrader.model.cycle import Cycle, Intent, Operation
from pairtrader.storage.spread_history import PointsAttribute
from pairtrader.storage.table import (
    DecimalAttribute,
    FloatAttribute,
    TableMeta,
    ValueAttribute,
    table_name,
)


class ByUser(GlobalSecondaryIndex["ConfigItem"]):  # type: ignore[no-untyped-call]
    """A user's bots; only CONFIG items carry a user."""

    class Meta(TableMeta):
        index_name = "by_user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)
    bot_id = UnicodeAttribute(range_key=True)


class DeletedByUser(GlobalSecondaryIndex["DeletedItem"]):  # type: ignore[no-untyped-call]
    """The same index: a user's deleted bots are a partition of their own."""

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
    "funding_asked_at": "fa",
}
"""Short names of what an open cycle writes at every tick."""


class CycleAttribute(ValueAttribute[Cycle]):
    """A cycle under short names, zeros left out."""

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
    """Written by the API; the exchange function renews the markets in it."""

    user_id = UnicodeAttribute()
    body = ValueAttribute[BotConfig](BotConfig)
    updated_at = NumberAttribute(null=True)
    """When the user last changed it, ms UTC; old items have none."""
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
    quiet_until = NumberAttribute(attr_name="qt", null=True)
    markets_asked_at = NumberAttribute(attr_name="ma", null=True)
    handed_over = CycleAttribute(Cycle, attr_name="ho", null=True)
    watched = UnicodeAttribute(attr_name="w", null=True)
    """There while somebody watches, no part of the state: see `pairtrader.storage.watched_bots`."""


class DeletedItem(BotItem, discriminator="D"):
    """What is left of a bot that was deleted: its history still has a name and an owner."""

    user_id = UnicodeAttribute()
    """``deleted#`` and the user's id."""
    body = ValueAttribute[BotConfig](BotConfig)
    deleted_at = NumberAttribute()
    current_cycle = NumberAttribute()
    total_profit = DecimalAttribute()
    total_trades = NumberAttribute()
    by_user = DeletedByUser()


class IntentItem(BotItem, discriminator="I"):
    """An order written down before it is sent."""

    body = ValueAttribute[Intent](Intent)


STATE_FIELDS = tuple(f.name for f in fields(BotState) if f.name not in ("bot_id", "revision"))
_BLANKS: dict[str, Any] = {
    "status_reason": "",
    "lease_owner": "",
    "hold_reason": "",
    "mismatch": "",
    "points": (),
    "quiet_until": 0,
    "markets_asked_at": 0,
}
"""What is not stored, by field."""


def stored_value(name: str, value: Any) -> Any:
    """Return what is stored for a field of the state; blanks are not."""
    return None if name in _BLANKS and not value else value


def state_item(state: BotState) -> StateItem:
    """Return the item that stores `state`."""
    values = {name: stored_value(name, getattr(state, name)) for name in STATE_FIELDS}
    return StateItem(state.bot_id, "STATE", revision=state.revision, **values)


def state_of(item: StateItem) -> BotState:
    """Return the state that `item` stores."""
    values = {name: getattr(item, name) for name in STATE_FIELDS}
    for name, blank in _BLANKS.items():
        values[name] = values[name] or blank
    values["status"] = Status(values["status"])
    return BotState(bot_id=item.bot_id, revision=int(item.revision), **values)


def config_item(config: BotConfig) -> ConfigItem:
    """Return the item that stores `config`."""
    return ConfigItem(
        config.bot_id,
        "CONFIG",
        user_id=config.user_id,
        body=config,
        updated_at=config.updated_at,
    )


def deleted_owner(user_id: str) -> str:
    """Return the partition of the index that lists the user's deleted bots."""
    return f"deleted#{user_id}"


def deleted_item(bot: Bot, deleted_at: int) -> DeletedItem:
    """Return the item that stands for `bot` once it is deleted."""
    return DeletedItem(
        bot.config.bot_id,
        "DELETED",
        user_id=deleted_owner(bot.config.user_id),
        body=bot.config,
        deleted_at=deleted_at,
        current_cycle=bot.state.current_cycle,
        total_profit=bot.state.total_profit,
        total_trades=bot.state.total_trades,
    )


def deleted_bot(item: DeletedItem) -> Bot:
    """Return the deleted bot, stopped and with what it has earned."""
    state = BotState(
        item.bot_id,
        current_cycle=int(item.current_cycle),
        total_profit=item.total_profit,
        total_trades=int(item.total_trades),
    )
    return Bot(item.body, state, deleted_at=int(item.deleted_at))


def intent_item(intent: Intent) -> IntentItem:
    """Return the item that stores `intent`."""
    return IntentItem(intent.bot_id, f"INTENT#{intent.client_order_id}", body=intent)
