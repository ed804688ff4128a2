"""Bots of one interval are spread over it; slots, marks and duplicates are as without."""

from collections import Counter
from dataclasses import replace

import pytest

from pairtrader.model.bot import BotState, Status
from pairtrader.trading.metronome import (
    TickRequest,
    TickSource,
    drop_reason,
    phase_seconds,
    requested_slot,
    slot_of,
    slots_to_queue,
)

MINUTE_START = 1_767_225_600_000
IDS = [f"01JZ{n:022d}" for n in range(400)]


def running(bot_id: str) -> BotState:
    return BotState(bot_id, status=Status.RUNNING, generation=1)


def scheduled(bot_id: str, at: int) -> TickRequest:
    return TickRequest(bot_id, TickSource.SCHEDULE, 1, at)


def test_a_phase_is_stable() -> None:
    """A process must not see another phase than the one before it: pinned, not computed."""
    assert [phase_seconds(name, 5) for name in ("bot1", "01JZZZZZZZZZZZZZZZZZZZZZZZ")] == [0, 2]


@pytest.mark.parametrize("interval", [1, 2, 5, 7, 60])
def test_a_phase_is_below_the_interval_and_all_of_them_occur(interval: int) -> None:
    phases = Counter(phase_seconds(name, interval) for name in IDS)

    assert set(phases) == set(range(interval))
    assert max(phases.values()) < 2.5 * len(IDS) / interval


@pytest.mark.parametrize("interval", [1, 3, 5, 30])
@pytest.mark.parametrize("bot_id", IDS[:20])
def test_a_due_time_falls_into_its_own_slot(bot_id: str, interval: int) -> None:
    now = MINUTE_START + 1_700
    dues, mark = slots_to_queue(scheduled(bot_id, now), running(bot_id), now, interval)

    slots = [slot_of(due, interval) for due in dues]
    first = slot_of(now, interval) + 1
    assert slots == list(range(first, first + len(slots)))
    assert mark == dues[-1]
    assert {due // 1000 % interval for due in dues} == {phase_seconds(bot_id, interval)}
    requests = [TickRequest(bot_id, TickSource.QUEUE, 1, due) for due in dues]
    assert [requested_slot(each, each.due or 0, interval) for each in requests] == slots


@pytest.mark.parametrize("interval", [1, 5, 45, 60])
@pytest.mark.parametrize("bot_id", IDS[:20])
def test_events_in_a_row_reach_every_slot_whatever_the_phase(bot_id: str, interval: int) -> None:
    state, queued, ticked = running(bot_id), [], []
    for minute, late in enumerate((0, 7_000, 14_000, 200, 0)):
        at = MINUTE_START + minute * 60_000
        ticked.append(slot_of(at + late, interval))
        for _ in range(2):  # every event is delivered twice
            dues, mark = slots_to_queue(scheduled(bot_id, at), state, at + late, interval)
            state = replace(state, queued_until=mark)
            queued += [slot_of(due, interval) for due in dues]

    assert len(queued) == len(set(queued)), "none is queued twice"
    last = slot_of(MINUTE_START + 4 * 60_000, interval)
    assert {*queued, *ticked} >= set(range(ticked[0], last + 1)), "none is left out"


@pytest.mark.parametrize("bot_id", IDS[:20])
def test_a_slot_ticked_by_the_schedule_before_its_phase_is_not_ticked_again(bot_id: str) -> None:
    now = MINUTE_START + 100
    due = slot_of(now, 5) * 5_000 + phase_seconds(bot_id, 5) * 1000
    done = replace(running(bot_id), last_slot=slot_of(now, 5))

    assert drop_reason(TickRequest(bot_id, TickSource.QUEUE, 1, due), done, due, 5) == "slot_done"
    later = TickRequest(bot_id, TickSource.QUEUE, 1, due + 5_000)
    assert drop_reason(later, done, due + 5_000, 5) is None
