"""The risk table in memory, over the bots of a `MemoryBotStore`."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from pairtrader.model.account import AccountMode
from pairtrader.model.bot import BotState
from pairtrader.model.risk import DayResult, Limits, RecentEntries, RiskBook, day_of
from pairtrader.storage.risk import STACK, RiskUnknown, bot_owner, user_owner
from tests.fakes.memory_bot_store import MemoryBotStore


class MemoryRisk:
    """`RiskRepository` in dictionaries; the day's results are those of the cycles in `bots`."""

    def __init__(self, bots: MemoryBotStore) -> None:
        self.bots = bots
        self.limits: dict[str, Limits] = {}
        self.entries: dict[str, RecentEntries] = {}
        self.unreachable = False

    def read(self, user_id: str, bot_id: str | None, day: str) -> RiskBook:
        self._require_reachable()
        return RiskBook(
            stack=self.limits.get(STACK, Limits()),
            user=self.limits.get(user_owner(user_id), Limits()),
            bot=self.limits.get(bot_owner(bot_id), Limits()) if bot_id else Limits(),
            day=self.day(user_id, day),
            entries=self.entries.get(bot_id or "", RecentEntries()),
        )

    def limits_of(self, owner: str) -> Limits:
        self._require_reachable()
        return self.limits.get(owner, Limits())

    def day(self, user_id: str, day: str) -> DayResult:
        self._require_reachable()
        realised: dict[AccountMode, Decimal] = {}
        closed = [
            cycle
            for cycle in self.bots.cycles.values()
            if cycle.user_id == user_id and cycle.closed_at and day_of(cycle.closed_at) == day
        ]
        for cycle in closed:
            realised[cycle.mode] = realised.get(cycle.mode, Decimal(0)) + cycle.net_pnl
        return DayResult(day, realised, len(closed))

    def open_states(self, user_id: str) -> tuple[tuple[AccountMode, BotState], ...]:
        self._require_reachable()
        return tuple(
            (bot.config.mode, bot.state)
            for bot in self.bots.bots.values()
            if bot.config.user_id == user_id and bot.state.cycle is not None
        )

    def note_entry(self, bot_id: str, before: RecentEntries, after: RecentEntries) -> None:
        self._require_reachable()
        if self.entries.get(bot_id, RecentEntries()) != before:
            raise RiskUnknown(bot_id)
        self.entries[bot_id] = after

    def change_limits(self, owner: str, changes: Mapping[str, bool | str | Decimal | None]) -> None:
        self._require_reachable()
        self.limits[owner] = replace(self.limits.get(owner, Limits()), **changes)  # type: ignore[arg-type]

    def forget_bot(self, bot_id: str) -> None:
        self.limits.pop(bot_owner(bot_id), None)
        self.entries.pop(bot_id, None)

    def _require_reachable(self) -> None:
        if self.unreachable:
            raise RiskUnknown("unreachable")
