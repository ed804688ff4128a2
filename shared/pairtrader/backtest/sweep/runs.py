"""Single runs of a sweep: what is to be run, and what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pairtrader.backtest.sweep.space import Settings

Metrics = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the history, by bars."""

    first: int
    end: int
    """The bar behind the last one."""

    def __len__(self) -> int:
        """Return the number of bars."""
        return self.end - self.first


@dataclass(frozen=True, slots=True)
class Task:
    """One run to be done."""

    number: int
    """Its place among the runs of its window."""
    window: Window
    settings: Settings

    @property
    def key(self) -> str:
        """Return what tells this run from all others over the same data and configuration."""
        return json.dumps(
            [self.window.first, self.window.end, self.settings],
            sort_keys=True,
            separators=(",", ":"),
        )


class Failure(StrEnum):
    """Why a run has no figures."""

    INVALID = "invalid"
    """Its settings exclude one another."""
    REFUSED = "refused"
    """The engine can't run them over this history."""
    DIED = "died"
    """The process that ran it was killed, and so was the next one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a run: figures, or why there are none."""

    task: Task
    metrics: Metrics | None
    failure: Failure | None = None
    error: str = ""
