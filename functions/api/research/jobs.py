"""A user's backtests and analyses: asked for, looked at, cancelled and deleted.

The research function works on them; the API writes down what is wanted and sends for it.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from functions.api.bots.retries import until_written
from functions.api.identifiers import is_id
from functions.api.ports import JobResults, JobStore, Researchers
from functions.api.research.requests import JobRequests
from functions.api.schemas.analyses import AnalysisCreate
from functions.api.schemas.backtests import BacktestCreate
from functions.api.schemas.research import ResultAddress
from functions.api.web.problems import Problem, conflict, not_found
from pairtrader.model.research import Job, JobKind, JobStatus
from pairtrader.observability import logger
from pairtrader.storage.cursor import Page
from pairtrader.storage.errors import Superseded
from pairtrader.storage.research_jobs import Quota
from pairtrader.storage.research_results import ResultNotStored

MAX_UNFINISHED = 2
MAX_STORED = 200
DAY_MS = 86_400_000
SOON_SECONDS = 15
"""When to ask again after an unfinished job was in the way."""
ADDRESS_SECONDS = 600
"""How long the address of a result is good for."""


class ResearchJobs:
    """Jobs of all kinds; a list or an id is of the kinds that it is asked for."""

    def __init__(
        self,
        requests: JobRequests,
        jobs: JobStore,
        results: JobResults,
        researchers: Researchers,
        now: Callable[[], int],
        *,
        daily_limit: int,
    ) -> None:
        self._requests = requests
        self._jobs = jobs
        self._results = results
        self._researchers = researchers
        self._now = now
        self._daily_limit = daily_limit

    def backtest(self, user_id: str, request: BacktestCreate) -> Job:
        """Store a new backtest and have it worked on.

        Raises:
            Problem: 404 for the account; 422 naming the fields; 409 ``too_many_stored``; 429
                ``too_many_unfinished`` or ``daily_limit_reached``; 503 ``research_unavailable``.
            ExchangeFailure: the exchange can't be asked.
        """
        self._require_room(user_id)
        return self._begin(self._requests.backtest(user_id, request))

    def analysis(self, user_id: str, request: AnalysisCreate) -> Job:
        """Store a new analysis and have it worked on.

        Raises:
            Problem: as `backtest`.
            ExchangeFailure: the exchange can't be asked.
        """
        self._require_room(user_id)
        return self._begin(self._requests.analysis(user_id, request))

    def list(
        self,
        user_id: str,
        kinds: Collection[JobKind],
        status: JobStatus | None,
        limit: int,
        cursor: str | None,
    ) -> Page[Job]:
        """Return the user's jobs of `kinds`, and of a status if one is given, newest first."""
        now = self._now()

        def keep(job: Job) -> bool:
            if job.kind not in kinds or not _is_kept(job, now):
                return False
            return status is None or job.at(now).status is status

        page = self._jobs.list(user_id, limit, cursor, keep)
        return Page([job.at(now) for job in page.items], page.cursor)

    def get(self, user_id: str, job_id: str, kinds: Collection[JobKind]) -> Job:
        """Return the user's job.

        Raises:
            Problem: 404: there is none of this id that is of `kinds`.
        """
        return self._stored(user_id, job_id, kinds).at(self._now())

    def result(self, user_id: str, job_id: str, kinds: Collection[JobKind]) -> ResultAddress:
        """Return where the job's result can be read for the next minutes.

        Raises:
            Problem: 404; 409 ``not_done``.
        """
        job = self.get(user_id, job_id, kinds)
        if job.status is not JobStatus.DONE:
            raise conflict("not_done", f"There is no result: its status is {job.status.value}.")
        url = self._results.address(user_id, job_id, ADDRESS_SECONDS)
        return ResultAddress(url, self._now() + ADDRESS_SECONDS * 1000, job.result_bytes)

    def rename(self, user_id: str, job_id: str, kinds: Collection[JobKind], name: str) -> Job:
        """Give the job another name.

        Raises:
            Problem: 404.
            Superseded: it was deleted meanwhile.
        """
        job = self._stored(user_id, job_id, kinds)
        self._jobs.rename(job, name)
        return replace(job, name=name).at(self._now())

    def cancel(self, user_id: str, job_id: str, kinds: Collection[JobKind]) -> Job:
        """End a job that waits, ask one that runs to stop.

        Raises:
            Problem: 404; 409 ``already_finished``.
        """

        def stop() -> Job:
            stored, now = self._stored(user_id, job_id, kinds), self._now()
            job = stored.at(now)
            if job.status is JobStatus.CANCELLED:
                return job
            if job.is_finished:
                raise conflict("already_finished", f"Its status is {job.status.value} already.")
            if job.status is JobStatus.QUEUED:
                self._jobs.cancel_waiting(stored, now)
            else:
                self._jobs.request_cancel(stored)
            return self.get(user_id, job_id, kinds)

        return until_written(stop, what="job")

    def delete(self, user_id: str, job_id: str, kinds: Collection[JobKind]) -> None:
        """Remove a job that has ended, with its result.

        Raises:
            Problem: 404; 409 ``not_finished``.
        """

        def remove() -> Job:
            stored = self._stored(user_id, job_id, kinds)
            if not stored.at(self._now()).is_finished:
                raise conflict("not_finished", "It waits or runs: cancel it first.")
            self._jobs.delete(stored)
            return stored

        job = until_written(remove, what="job")
        try:
            self._results.delete(job.user_id, job.id)
        except ResultNotStored:
            # Nobody finds it any more; the bucket itself removes it in the end.
            logger.exception("A result is left over", job_id=job.id)

    def _stored(self, user_id: str, job_id: str, kinds: Collection[JobKind]) -> Job:
        job = self._jobs.get(user_id, job_id) if is_id(job_id) else None
        if job is None or job.kind not in kinds or not _is_kept(job, self._now()):
            raise not_found("backtest" if JobKind.BACKTEST in kinds else "analysis")
        return job

    def _begin(self, job: Job) -> Job:
        def store() -> None:
            quota = self._require_room(job.user_id)
            self._jobs.add(job, quota, _with_one_more(quota, job.created_at))

        until_written(store, what="list of jobs")
        try:
            self._researchers.begin(job)
        except Problem:
            self._forget(job)
            raise
        return job

    def _forget(self, job: Job) -> None:
        """Remove a job that could not be sent for; begun all the same, it goes on."""
        try:
            self._jobs.delete(job)
        except Superseded:
            logger.warning("A job runs although sending for it failed", job_id=job.id)

    def _require_room(self, user_id: str) -> Quota:
        """Return what the user has begun, if there may be one more job."""
        now = self._now()
        quota = self._jobs.quota(user_id)
        if quota.day == now // DAY_MS and quota.begun >= self._daily_limit:
            detail = f"{self._daily_limit} backtests and analyses were begun today (UTC)."
            raise _later("daily_limit_reached", detail, (DAY_MS - now % DAY_MS) // 1000 + 1)
        jobs = [job.at(now) for job in self._jobs.all_of(user_id) if _is_kept(job, now)]
        if sum(not job.is_finished for job in jobs) >= MAX_UNFINISHED:
            detail = f"{MAX_UNFINISHED} of your backtests and analyses run: wait, or cancel one."
            raise _later("too_many_unfinished", detail, SOON_SECONDS)
        if len(jobs) >= MAX_STORED:
            detail = f"There are {MAX_STORED} backtests and analyses: delete some, oldest first."
            raise conflict("too_many_stored", detail)
        return quota


def _with_one_more(quota: Quota, at: int) -> Quota:
    day = at // DAY_MS
    begun = quota.begun if quota.day == day else 0
    return Quota(day, begun + 1, quota.revision + 1)


def _is_kept(job: Job, now: int) -> bool:
    return job.expires_at * 1000 > now


def _later(code: str, detail: str, seconds: int) -> Problem:
    return Problem(429, code, detail, headers={"Retry-After": str(seconds)})
