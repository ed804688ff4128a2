"""Backtests and analyses in memory, as the table keeps them."""

from collections.abc import Callable, Collection
from dataclasses import replace

from functions.api.research.research_gateway import unavailable
from pairtrader.model.research import QUEUED_MS, Job, JobStatus, Stage
from pairtrader.storage.cursor import Page
from pairtrader.storage.errors import BadCursor, Superseded
from pairtrader.storage.research_jobs import Quota


class MemoryJobs:
    """A `JobStore`; tests move jobs on by `edit`."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, str], Job] = {}
        self.quotas: dict[str, Quota] = {}
        self.before_write: Callable[[], None] = lambda: None
        """Called before each write: somebody else's chance."""

    def edit(self, job_id: str, **changes: object) -> Job:
        key = next(key for key in self.jobs if key[1] == job_id)
        self.jobs[key] = replace(self.jobs[key], **changes)  # type: ignore[arg-type]
        return self.jobs[key]

    def get(self, user_id: str, job_id: str) -> Job | None:
        return self.jobs.get((user_id, job_id))

    def list(
        self, user_id: str, limit: int, cursor: str | None, keep: Callable[[Job], bool]
    ) -> Page[Job]:
        own = sorted((id_ for owner, id_ in self.jobs if owner == user_id), reverse=True)
        if cursor is not None:
            if cursor not in own:
                raise BadCursor(cursor)
            own = own[own.index(cursor) + 1 :]
        kept = [job for id_ in own if keep(job := self.jobs[user_id, id_])]
        more = len(kept) > limit
        return Page(kept[:limit], kept[limit - 1].id if more else None)

    def all_of(self, user_id: str) -> Collection[Job]:
        return [job for (owner, _), job in self.jobs.items() if owner == user_id]

    def quota(self, user_id: str) -> Quota:
        return self.quotas.get(user_id, Quota())

    def add(self, job: Job, old: Quota, new: Quota) -> None:
        self.before_write()
        if self.quota(job.user_id) != old:
            raise Superseded(job.id)
        self.jobs[job.user_id, job.id] = job
        self.quotas[job.user_id] = new

    def rename(self, job: Job, name: str) -> None:
        self._change(job, None, name=name)

    def cancel_waiting(self, job: Job, at: int) -> None:
        self._change(
            job,
            JobStatus.QUEUED,
            status=JobStatus.CANCELLED,
            stage=Stage.FINISHED,
            cancel_requested=True,
            finished_at=at,
        )

    def request_cancel(self, job: Job) -> None:
        self._change(job, JobStatus.RUNNING, cancel_requested=True)

    def delete(self, job: Job) -> None:
        self.before_write()
        stored = self.get(job.user_id, job.id)
        if stored is not None and stored.status is not job.status:
            raise Superseded(job.id)
        self.jobs.pop((job.user_id, job.id), None)

    def _change(self, job: Job, wanted: JobStatus | None, **changes: object) -> None:
        self.before_write()
        stored = self.get(job.user_id, job.id)
        if stored is None or wanted not in (None, stored.status):
            raise Superseded(job.id)
        self.edit(job.id, **changes)


class MemoryResults:
    """Addresses of results, and what was deleted."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    def address(self, user_id: str, job_id: str, seconds: int) -> str:
        return f"https://results.example.com/{user_id}/{job_id}?seconds={seconds}"

    def delete(self, user_id: str, job_id: str) -> None:
        self.deleted.append(job_id)


class FakeResearchers:
    """Notes who was sent for; `fail` makes it not work."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.fail = False

    def begin(self, job: Job) -> None:
        if self.fail:
            raise unavailable()
        self.begun.append(job.id)


class MemoryRuns:
    """Jobs as a run changes them, over the same memory; `told` is all that was written down."""

    def __init__(self, jobs: MemoryJobs) -> None:
        self._jobs = jobs
        self._runs: dict[str, str] = {}
        self.told: list[tuple[Stage, int]] = []

    def claim(self, user_id: str, job_id: str, run: str, at: int, lease_until: int) -> Job | None:
        job = self._jobs.get(user_id, job_id)
        if job is None or job.status is not JobStatus.QUEUED or job.created_at <= at - QUEUED_MS:
            return None
        self._runs[job_id] = run
        return self._jobs.edit(
            job_id,
            status=JobStatus.RUNNING,
            stage=Stage.MARKETS,
            started_at=at,
            lease_until=lease_until,
        )

    def advance(self, job: Job, run: str, stage: Stage, progress: int) -> bool:
        self._require(job, run)
        self.told.append((stage, progress))
        return self._jobs.edit(job.id, stage=stage, progress=progress).cancel_requested

    def finish(self, job: Job, run: str) -> None:
        self._require(job, run)
        self._jobs.edit(
            job.id,
            status=job.status,
            stage=Stage.FINISHED,
            progress=job.progress,
            finished_at=job.finished_at,
            summary=job.summary,
            failure=job.failure,
            result_bytes=job.result_bytes,
        )

    def _require(self, job: Job, run: str) -> None:
        stored = self._jobs.get(job.user_id, job.id)
        running = stored is not None and stored.status is JobStatus.RUNNING
        if not running or self._runs[job.id] != run:
            raise Superseded(job.id)
