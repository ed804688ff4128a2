"""The three shapes a tick is asked for in, and what each of them means."""

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pairtrader.trading.metronome import TickRequest, TickSource


class BadEvent(ValueError):
    """Nobody asks for ticks like this."""


class TickEvent(BaseModel):
    """The schedule's input, a queued message, or a tick asked for by hand."""

    model_config = ConfigDict(extra="ignore")

    bot_id: str = Field(min_length=1, max_length=64)
    generation: int | None = None
    scheduled_time: str | None = None
    """ISO time; only the schedule sends it."""
    due: int | None = None
    """ms UTC; only queued messages bear it."""

    def request(self) -> TickRequest:
        """Return what is asked for."""
        if self.scheduled_time is not None:
            due = _scheduled(self.scheduled_time)
            return TickRequest(self.bot_id, TickSource.SCHEDULE, self.generation, due)
        if self.due is not None:
            return TickRequest(self.bot_id, TickSource.QUEUE, self.generation, self.due)
        return TickRequest(self.bot_id, TickSource.HAND, self.generation)


def parse(event: Any) -> TickRequest:
    """Return the request in `event`.

    Raises:
        BadEvent: it has none.
    """
    try:
        return TickEvent.model_validate(event).request()
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, e["loc"])) or "event" for e in error.errors())
        raise BadEvent(f"not a tick: {fields}") from error


def parse_record(record: dict[str, Any]) -> TickRequest:
    """Return the request in one SQS record.

    Raises:
        BadEvent: it has none.
    """
    try:
        return parse(json.loads(record["body"]))
    except (KeyError, json.JSONDecodeError) as error:
        raise BadEvent("the message is not JSON") from error


def _scheduled(text: str) -> int | None:
    """An emulator may leave the scheduler's placeholder as it is: then the time is now."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None
