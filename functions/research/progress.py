"""How far a run is: told to its user, who may call it off, and to itself, whose time is short."""

from collections.abc import Callable
from typing import Protocol

from pairtrader.model.research import Job, Stage

TELL_MS = 1_000
"""Least time between two writes."""
LEFT_MS = 20_000
"""With less time than this nothing new is begun: what has failed must still be written down."""
SHARES: dict[Stage, tuple[int, int]] = {
    Stage.MARKETS: (0, 2),
    Stage.CANDLES: (2, 80),
    Stage.FUNDING: (80, 84),
    Stage.COMPUTING: (84, 96),
    Stage.SAVING: (96, 99),
}
"""Percent at which each stage begins and ends."""


class CancelledByUser(Exception):
    """The user wants it no more: leave it."""


class TimeIsUp(Exception):
    """The function has to end before the work does."""


class Runs(Protocol):
    """Where it is written down how far a run is."""

    def advance(self, job: Job, run: str, stage: Stage, progress: int) -> bool:
        """Note it and return whether the run is asked to stop, or raise `Superseded`."""


class Progress:
    """Tells at most every second, and asks then whether to go on."""

    def __init__(
        self,
        runs: Runs,
        job: Job,
        run: str,
        now: Callable[[], int],
        left_ms: Callable[[], int],
    ) -> None:
        self._runs = runs
        self._job = job
        self._run = run
        self._now = now
        self._left_ms = left_ms
        self._told_at = 0
        self._told: tuple[Stage, int] | None = None
        self.percent = 0
        """How far it is."""

    def at(self, stage: Stage, share: float = 0.0) -> None:
        """Note that so much of a stage (0 to 1) is done; a new stage is told at once.

        Raises:
            CancelledByUser: leave it.
            TimeIsUp: there is no time for the rest.
            Superseded: it is not this run's to do any more.
        """
        if self._left_ms() < LEFT_MS:
            raise TimeIsUp
        begin, end = SHARES[stage]
        reached = begin + round((end - begin) * min(max(share, 0.0), 1.0))
        self.percent = max(self.percent, reached)
        is_new = self._told is None or self._told[0] is not stage
        if is_new or self._now() - self._told_at >= TELL_MS:
            self._told_at, self._told = self._now(), (stage, self.percent)
            if self._runs.advance(self._job, self._run, stage, self.percent):
                raise CancelledByUser

    def within(self, stage: Stage) -> Callable[[int, int], None]:
        """Return what takes steps done and steps to do of a stage."""
        return lambda done, total: self.at(stage, done / total if total else 1.0)
