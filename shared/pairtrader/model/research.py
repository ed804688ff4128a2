"""Work on history that a user has asked for: backtests, statistics of a pair, the pair finder."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pairtrader.model.account import ExchangeName

MINUTE_MS = 60_000
TIMEFRAMES_MS: Mapping[str, int] = {
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
}
"""Lengths of bars by the names of the API."""
MAX_BARS = 200_000
"""Of one market of a backtest or of a pair: 138 days of minutes, 22 years of hours."""
MAX_SYMBOLS = 50
MAX_FINDER_BARS = 500_000
"""Of all markets of a pair finder together."""

QUEUED_MS = 11 * MINUTE_MS
"""How long a job may wait: longer than its event is kept for the function."""
LEASE_MS = 16 * MINUTE_MS
"""How long a job may run: longer than its function may."""
KEPT_SECONDS = 90 * 86_400


class JobKind(StrEnum):
    """What is to be done."""

    BACKTEST = "backtest"
    PAIR = "pair"
    FINDER = "finder"


class JobStatus(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})


class Stage(StrEnum):
    """What a job is doing."""

    QUEUED = "queued"
    MARKETS = "markets"
    """Asks the exchange for the markets."""
    CANDLES = "candles"
    FUNDING = "funding"
    COMPUTING = "computing"
    SAVING = "saving"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of history in bars of one length."""

    since: int
    """Opening of the first bar, ms UTC."""
    until: int
    """End, not within, ms UTC."""
    timeframe_ms: int

    @property
    def bars(self) -> int:
        """How many bars lie in it, were none missing."""
        return max(0, (self.until - self.since) // self.timeframe_ms)

    @property
    def timeframe(self) -> str:
        """The length's name in the API."""
        return next(name for name, ms in TIMEFRAMES_MS.items() if ms == self.timeframe_ms)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job came to nothing; `code` is stable, `detail` names the way out."""

    code: str
    detail: str


NOT_STARTED = Failure("not_started", "The stack was too busy to start it: run it again.")
TIMED_OUT = Failure(
    "timed_out",
    "It took longer than 15 minutes, or broke off: choose a shorter period or a larger timeframe.",
)


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work, from the request to its result."""

    id: str
    user_id: str
    kind: JobKind
    name: str
    exchange_account_id: str
    exchange_name: ExchangeName
    symbols: tuple[str, ...]
    period: Period
    created_at: int
    """ms UTC."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of a backtest: the flat document of its configuration; else the options of the analysis."""
    status: JobStatus = JobStatus.QUEUED
    stage: Stage = Stage.QUEUED
    progress: int = 0
    """Percent."""
    cancel_requested: bool = False
    lease_until: int = 0
    """While it runs: when it counts as broken off, ms UTC."""
    started_at: int | None = None
    finished_at: int | None = None
    summary: Mapping[str, Any] | None = None
    """Of a job that is done: its most important figures."""
    failure: Failure | None = None
    result_bytes: int = 0
    """Size of the stored result; 0 where there is none."""

    @property
    def is_finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.status not in UNFINISHED

    @property
    def expires_at(self) -> int:
        """When it is removed, seconds UTC."""
        return self.created_at // 1000 + KEPT_SECONDS

    def at(self, now: int) -> "Job":
        """Return the job as it counts at `now` (ms UTC): nobody writes down that he has died."""
        if self.status is JobStatus.QUEUED and now >= self.created_at + QUEUED_MS:
            return self._failed(NOT_STARTED, self.created_at + QUEUED_MS)
        if self.status is JobStatus.RUNNING and now >= self.lease_until:
            return self._failed(TIMED_OUT, self.lease_until)
        return self

    def _failed(self, failure: Failure, at: int) -> "Job":
        return replace(
            self,
            status=JobStatus.FAILED,
            stage=Stage.FINISHED,
            failure=failure,
            finished_at=at,
        )
