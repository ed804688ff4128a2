"""A lease on one bot: whoever holds it, and nobody else, settles and trades."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pairtrader.exchanges.base import BaseExchange
from pairtrader.model.bot import Bot, BotConfig, BotState
from pairtrader.model.cycle import Intent
from pairtrader.model.records import Records
from pairtrader.trading.clock import Clock
from pairtrader.trading.incidents import Incident
from pairtrader.trading.store import BotStore, Guard, Superseded

LEASE_MS = 20_000
"""Longer than the function may run, so that a lease outlives its holder."""
SENDING_RESERVE_MS = 10_000
"""Orders leave only with this much of the lease left."""
SENDING_WINDOW_MS = LEASE_MS - SENDING_RESERVE_MS
"""An order leaves at most so long after its intent was made."""


class LeaseLost(Exception):
    """Another tick has taken over: write nothing, send nothing."""


class EntryForbidden(Exception):
    """The bot was stopped, paused or restarted meanwhile: exposure must not rise."""


class OutOfTime(Exception):
    """Too little of the lease is left to send orders; the next tick goes on."""

    def __str__(self) -> str:
        return "out_of_time"


@dataclass(frozen=True, slots=True)
class Change:
    """A new state and what is written with it."""

    state: BotState
    put_intents: Sequence[Intent] = ()
    delete_intents: Sequence[Intent] = ()
    records: Records = Records()  # noqa: RUF009 - frozen


def take_lease(state: BotState, now: int) -> BotState:
    """Return `state` with the lease in a new owner's hands."""
    return replace(
        state, lease_owner=uuid.uuid4().hex[:12], lease_until=now + LEASE_MS, fence=state.fence + 1
    )


class Session:
    """The bot as its lease holder sees it; every write proves that the lease still holds."""

    def __init__(self, bot: Bot, store: BotStore, exchange: BaseExchange, clock: Clock) -> None:
        self.config: BotConfig = bot.config
        self.state: BotState = bot.state
        self.intents: tuple[Intent, ...] = bot.intents
        self.exchange = exchange
        self.clock = clock
        self.incidents: list[Incident] = []
        self._store = store

    def note(self, incident: Incident) -> None:
        """Have the operators' metrics count something."""
        self.incidents.append(incident)

    def write(self, build: Callable[[BotState], Change], guard: Guard = Guard.FENCE) -> None:
        """Store what `build` makes of the state; it is asked again if the API wrote meanwhile.

        Raises:
            LeaseLost: another tick holds the lease now.
            EntryForbidden: under `Guard.ENTRY`, the bot may not raise its exposure any more.
        """
        while True:
            change = build(self.state)
            try:
                self._store.commit(
                    self.state,
                    change.state,
                    guard,
                    put_intents=change.put_intents,
                    delete_intents=change.delete_intents,
                    records=change.records,
                )
            except Superseded:
                self._reload(guard)
                continue
            self.state = change.state
            gone = {intent.client_order_id for intent in change.delete_intents}
            kept = [i for i in self.intents if i.client_order_id not in gone]
            self.intents = (*kept, *change.put_intents)
            return

    def release(self, build: Callable[[BotState], BotState]) -> None:
        """Give the lease back together with the last changes of the tick."""

        def released(state: BotState) -> Change:
            return Change(replace(build(state), lease_owner="", lease_until=0))

        self.write(released)

    def require_time_to_send(self, after_seconds: float = 0) -> None:
        """Refuse to go on when too little of the lease is, or then would be, left.

        Raises:
            OutOfTime: orders would leave too close to the lease's end.
        """
        leaving_at = self.clock.now() + int(after_seconds * 1000)
        if self.state.lease_until - leaving_at <= SENDING_RESERVE_MS:
            raise OutOfTime

    def _reload(self, guard: Guard) -> None:
        fresh = self._store.load(self.config.bot_id)
        held = fresh is not None and (fresh.state.lease_owner, fresh.state.fence) == (
            self.state.lease_owner,
            self.state.fence,
        )
        if fresh is None or not held:
            raise LeaseLost
        if guard is Guard.ENTRY:
            raise EntryForbidden
        self.state = fresh.state
