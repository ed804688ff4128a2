"""Ticks more often than once a minute: the schedule's event queues the minute's other slots.

A slot is a stretch of `tick_interval_seconds`; every slot is ticked at most once. Bots of one
interval are spread over it: each has a phase of its own, at which its queued slots are due.
"""

import zlib
from dataclasses import dataclass
from enum import StrEnum

from pairtrader.model.bot import BotState, Status
from pairtrader.trading.lifecycle import is_ticking

MINUTE_MS = 60_000
OVERLAP_MS = 15_000
"""How far an event queues beyond its minute: the next event may be late, slots queued twice are
stopped by the mark."""


class TickSource(StrEnum):
    """Who asked for a tick."""

    SCHEDULE = "schedule"
    QUEUE = "queue"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class TickRequest:
    """One tick asked for."""

    bot_id: str
    source: TickSource
    generation: int | None = None
    due: int | None = None
    """When it should have run, ms UTC; None for a hand-made tick."""


def slot_of(at: int, interval_seconds: int) -> int:
    """Return the number of the slot that `at` (ms UTC) falls into."""
    return at // (interval_seconds * 1000)


def phase_seconds(bot_id: str, interval_seconds: int) -> int:
    """Return how far into a slot the bot's queued ticks are due: whole seconds below the interval.

    It never changes for a bot and an interval. Without it all bots would ask their exchange at the
    same instant, and exchanges count within seconds.
    """
    return zlib.crc32(bot_id.encode()) % interval_seconds


def requested_slot(request: TickRequest, now: int, interval_seconds: int) -> int | None:
    """Return the slot to tick: the current one for the schedule, its own for a queued message."""
    if request.source is TickSource.HAND:
        return None
    at = now if request.source is TickSource.SCHEDULE or request.due is None else request.due
    return slot_of(at, interval_seconds)


def drop_reason(
    request: TickRequest, state: BotState, now: int, interval_seconds: int
) -> str | None:
    """Return why the tick must not run, None if it may."""
    if request.generation is not None and request.generation != state.generation:
        return "other_generation"
    if not is_ticking(state):
        return "not_ticking"
    if request.source is TickSource.QUEUE and request.due is not None:
        if now - request.due > interval_seconds * 1000:
            return "late"
        if state.status is Status.ERROR:
            return "error_ticks_by_schedule"
    slot = requested_slot(request, now, interval_seconds)
    if slot is not None and slot <= state.last_slot:
        return "slot_done"
    return None


def slots_to_queue(
    request: TickRequest, state: BotState, now: int, interval_seconds: int
) -> tuple[tuple[int, ...], int]:
    """Return when (ms UTC) the slots are due that this event should queue, and the new mark.

    A slot is due at its beginning plus the bot's phase, so that it still is the slot its due time
    falls into.

    Only the schedule's events queue anything; a mark that already reaches far enough queues
    nothing, so that an event delivered twice does no harm.
    """
    stale = request.generation not in (None, state.generation)
    if request.source is not TickSource.SCHEDULE or stale or not is_ticking(state):
        return (), state.queued_until
    if state.status is Status.ERROR:
        return (), state.queued_until
    scheduled = request.due if request.due is not None else now
    until = scheduled + MINUTE_MS + OVERLAP_MS
    step = interval_seconds * 1000
    phase = phase_seconds(state.bot_id, interval_seconds) * 1000
    first = slot_of(max(now, state.queued_until), interval_seconds) + 1
    dues = tuple(range(first * step + phase, until, step))
    return dues, max(state.queued_until, dues[-1] if dues else 0)
