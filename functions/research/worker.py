"""One job from its claim to its end, whatever that is."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from functions.research.briefs import Brief, Study
from functions.research.failures import OUR_FAULT, AccountGone, failure_of
from functions.research.past_candles import PastCandles
from functions.research.progress import CancelledByUser, Progress, Runs
from functions.research.studies import study_of
from pairtrader.model.account import ExchangeAccount
from pairtrader.model.research import LEASE_MS, Job, JobStatus, Stage
from pairtrader.observability import logger
from pairtrader.storage.errors import Superseded


class JobRuns(Runs, Protocol):
    """Jobs as a run changes them."""

    def claim(self, user_id: str, job_id: str, run: str, at: int, lease_until: int) -> Job | None:
        """Begin the job; None where it is not to be begun."""

    def finish(self, job: Job, run: str) -> None:
        """Note how the run has ended, or raise `Superseded`."""


class Accounts(Protocol):
    """Where accounts are read."""

    def get(self, user_id: str, account_id: str) -> ExchangeAccount | None:
        """Return the user's account."""


class Results(Protocol):
    """Where results are kept; may raise `ResultNotStored`."""

    def put(self, user_id: str, job_id: str, document: Mapping[str, Any]) -> int:
        """Store a result; return its size."""

    def delete(self, user_id: str, job_id: str) -> None:
        """Remove it."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What a job needs; times are ms UTC."""

    runs: JobRuns
    accounts: Accounts
    results: Results
    candles_of: Callable[[ExchangeAccount], PastCandles]
    now: Callable[[], int]

    def work(self, user_id: str, job_id: str, run: str, left_ms: Callable[[], int]) -> str:
        """Do the job and return its last status in a word; ``dropped`` if it was not to be done.

        `run` names this run: an event that comes twice has another one, and does nothing.

        Raises:
            Exception: a fault of ours; the job was noted as failed by then.
        """
        at = self.now()
        job = self.runs.claim(user_id, job_id, run, at, at + LEASE_MS)
        if job is None:
            return "dropped"
        progress = Progress(self.runs, job, run, self.now, left_ms)
        try:
            study = self._study(job, progress)
            progress.at(Stage.SAVING)
            size = self.results.put(user_id, job_id, study.document)
        except Superseded:
            return "dropped"
        except Exception as error:
            ended = _ended(job, error, progress.percent, self.now())
            self._note(ended, run)
            if ended.failure is OUR_FAULT:
                raise
            logger.info("Job not done", status=ended.status.value, reason=repr(error)[:200])
            return ended.status.value
        done = replace(
            job,
            status=JobStatus.DONE,
            progress=100,
            finished_at=self.now(),
            summary=study.summary,
            result_bytes=size,
        )
        if not self._note(done, run):
            self.results.delete(user_id, job_id)
            return "dropped"
        return done.status.value

    def _study(self, job: Job, progress: Progress) -> Study:
        account = self.accounts.get(job.user_id, job.exchange_account_id)
        if account is None:
            raise AccountGone("The exchange account was deleted: choose another.")
        return asyncio.run(_studied(Brief(job, self.candles_of(account), progress)))

    def _note(self, job: Job, run: str) -> bool:
        """Note the end; return whether there still was something to note it of."""
        try:
            self.runs.finish(job, run)
        except Superseded:
            return False
        return True


async def _studied(brief: Brief) -> Study:
    try:
        return await study_of(brief)
    finally:
        await brief.candles.past.close()


def _ended(job: Job, error: Exception, percent: int, now: int) -> Job:
    if isinstance(error, CancelledByUser):
        return replace(job, status=JobStatus.CANCELLED, progress=percent, finished_at=now)
    return replace(
        job,
        status=JobStatus.FAILED,
        progress=percent,
        finished_at=now,
        failure=failure_of(error),
    )
