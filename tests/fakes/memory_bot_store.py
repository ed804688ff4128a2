"""Bots in memory, under the same guards as the table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace

from pairtrader.model.bot import Bot, BotState, Status
from pairtrader.model.cycle import Intent
from pairtrader.model.records import (
    CycleRecord,
    LogRecord,
    OrderRecord,
    PositionRecord,
    Records,
    SpreadPoint,
)
from pairtrader.storage.bots import NO_RECORDS, Guard
from pairtrader.storage.errors import Superseded


class MemoryBotStore:
    """Keeps what `BotRepository` promises a tick, in dictionaries; counts its calls by name."""

    def __init__(self) -> None:
        self.bots: dict[str, Bot] = {}
        self.orders: dict[str, OrderRecord] = {}
        self.positions: dict[tuple[str, int, int], PositionRecord] = {}
        self.cycles: dict[tuple[str, int], CycleRecord] = {}
        self.logs: list[LogRecord] = []
        self.points: list[SpreadPoint] = []
        self.calls: Counter[str] = Counter()

    def put(self, bot: Bot) -> None:
        """Store a bot as it is; uncounted."""
        self.bots[bot.config.bot_id] = bot

    def peek(self, bot_id: str) -> Bot:
        """Return a bot; uncounted."""
        return self.bots[bot_id]

    def load(self, bot_id: str) -> Bot | None:
        self.calls["load"] += 1
        return self.bots.get(bot_id)

    def change(self, old: BotState, new: BotState, guard: Guard) -> BotState:
        self.calls["change"] += 1
        return self._apply(old, new, guard)

    def commit(
        self,
        old: BotState,
        new: BotState,
        guard: Guard,
        *,
        put_intents: Sequence[Intent] = (),
        delete_intents: Sequence[Intent] = (),
        records: Records = NO_RECORDS,
    ) -> None:
        self.calls["commit"] += 1
        kept = {intent.client_order_id: intent for intent in self.bots[old.bot_id].intents}
        if any(intent.client_order_id in kept for intent in put_intents):
            raise Superseded(old.bot_id)
        self._apply(old, new, guard)
        for intent in delete_intents:
            kept.pop(intent.client_order_id, None)
        kept.update({intent.client_order_id: intent for intent in put_intents})
        bot = self.bots[old.bot_id]
        self.bots[old.bot_id] = replace(bot, intents=tuple(kept.values()))
        self._keep(records)

    def add(self, what: str | LogRecord, points: Sequence[SpreadPoint] = ()) -> None:
        """Both the history's and the log's `add`."""
        self.calls["add"] += 1
        if isinstance(what, LogRecord):
            self.logs.append(what)
        self.points.extend(points)

    def edit(self, bot_id: str, **changes: object) -> None:
        """Write as the API would: beside a tick, raising the revision."""
        bot = self.bots[bot_id]
        state = replace(bot.state, **changes, revision=bot.state.revision + 1)  # type: ignore[arg-type]
        self.bots[bot_id] = replace(bot, state=state)

    def _apply(self, old: BotState, new: BotState, guard: Guard) -> BotState:
        bot = self.bots.get(old.bot_id)
        if bot is None or not _holds(bot.state, old, new, guard):
            raise Superseded(old.bot_id)
        changed = {
            f.name: getattr(new, f.name)
            for f in fields(BotState)
            if f.name != "revision" and getattr(new, f.name) != getattr(old, f.name)
        }
        stored = replace(bot.state, **changed, revision=bot.state.revision + 1)
        self.bots[old.bot_id] = replace(bot, state=stored)
        return stored

    def _keep(self, records: Records) -> None:
        for order in records.orders:
            assert order.id not in self.orders, f"order {order.id} booked twice"
            self.orders[order.id] = order
        for position in records.positions:
            key = (position.bot_id, position.cycle_number, position.leg)
            self.positions[key] = position
        for cycle in records.cycles:
            self.cycles[cycle.bot_id, cycle.cycle_number] = cycle
        self.logs.extend(records.logs)


def _holds(stored: BotState, old: BotState, new: BotState, guard: Guard) -> bool:
    if guard is Guard.REVISION:
        return stored.revision == old.revision
    held = (stored.fence, stored.lease_owner) == (old.fence, old.lease_owner)
    if guard is Guard.ENTRY:
        held = held and stored.status is Status.RUNNING and stored.generation == old.generation
    if new.status != old.status:
        held = held and stored.status == old.status
    if new.command != old.command:
        held = held and stored.command == old.command
    return held
