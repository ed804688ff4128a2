"""What the tick function makes of the events it gets."""

import json
from typing import Any

import pytest

from functions.tick.events import BadEvent, parse, parse_record
from pairtrader.trading.metronome import TickRequest, TickSource

AT = 1_767_225_600_000


@pytest.mark.parametrize(
    ("story", "event", "request_"),
    [
        (
            "the schedule",
            {"bot_id": "b", "generation": 3, "scheduled_time": "2026-01-01T00:00:00Z"},
            TickRequest("b", TickSource.SCHEDULE, 3, AT),
        ),
        (
            "a scheduler that leaves its placeholder",
            {"bot_id": "b", "generation": 3, "scheduled_time": "<aws.scheduler.scheduled-time>"},
            TickRequest("b", TickSource.SCHEDULE, 3, None),
        ),
        (
            "a queued slot",
            {"bot_id": "b", "generation": 3, "due": AT},
            TickRequest("b", TickSource.QUEUE, 3, AT),
        ),
        ("a hand", {"bot_id": "b"}, TickRequest("b", TickSource.HAND)),
        (
            "a hand that names a generation",
            {"bot_id": "b", "generation": 2},
            TickRequest("b", TickSource.HAND, 2),
        ),
    ],
)
def test_who_asks_is_told_by_the_shape(
    story: str, event: dict[str, Any], request_: TickRequest
) -> None:
    assert parse(event) == request_
    assert parse_record({"body": json.dumps(event)}) == request_


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "bot_id"),
        ({"bot_id": ""}, "bot_id"),
        ({"bot_id": "b", "generation": "x"}, "generation"),
    ],
)
def test_what_is_no_tick_is_refused_by_field(event: dict[str, Any], field: str) -> None:
    with pytest.raises(BadEvent, match=field):
        parse(event)


@pytest.mark.parametrize("record", [{}, {"body": "not json"}, {"body": "[]"}])
def test_a_message_that_is_no_tick_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(BadEvent):
        parse_record(record)
