"""What a bot's closed cycles come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.api.records.histories import RowStore
from pairtrader.analysis.performance import (
    Day,
    Drawdown,
    Holding,
    RoundTrip,
    Summary,
    by_day,
    holding,
    max_drawdown,
    reasons_of,
    round_trips,
    summarise,
)
from pairtrader.model.account import AccountMode
from pairtrader.model.records import CycleRecord
from pairtrader.model.risk import day_of

MOST_CYCLES = 10_000
"""Cycles that are read, the newest first."""


@dataclass(frozen=True, slots=True)
class BotStats:
    """Figures of the cycles that a bot has closed on accounts of one mode."""

    mode: AccountMode
    summary: Summary
    best: RoundTrip | None
    """With the highest net profit; None without a cycle."""
    worst: RoundTrip | None
    holding: Holding | None
    drawdown: Drawdown
    largest: RoundTrip | None
    """With the most invested: the capital that the drawdown is compared with."""
    reasons: Mapping[str, int]
    """How often each reason has closed a cycle."""
    days: Sequence[Day]
    """UTC days on which a cycle closed."""
    truncated: bool
    """Whether older cycles were too many to be counted."""


class Statistics:
    """Sums up the history of single bots."""

    def __init__(self, cycles: RowStore[CycleRecord]) -> None:
        self._cycles = cycles

    def of(self, bot_id: str, mode: AccountMode) -> BotStats:
        """Return the figures of what the bot has closed on accounts of `mode`."""
        page = self._cycles.list(bot_id, MOST_CYCLES, None)
        trips = round_trips(cycle for cycle in page.items if cycle.mode is mode)
        return BotStats(
            mode=mode,
            summary=summarise(trips),
            best=max(trips, key=lambda trip: trip.net, default=None),
            worst=min(trips, key=lambda trip: trip.net, default=None),
            holding=holding(trips),
            drawdown=max_drawdown(trips),
            largest=max(trips, key=lambda trip: trip.invested, default=None),
            reasons=reasons_of(trips),
            days=_days_of(trips),
            truncated=page.cursor is not None,
        )


def _days_of(trips: Sequence[RoundTrip]) -> list[Day]:
    if not trips:
        return []
    days = by_day(trips, day_of(trips[0].closed_at), day_of(trips[-1].closed_at))
    return [day for day in days if day.summary.cycles]
