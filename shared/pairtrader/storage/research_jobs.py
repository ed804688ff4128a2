"""The backtests table: work on history that users have asked for, and how much of it today."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DeleteError, DoesNotExist, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from pairtrader.model.research import QUEUED_MS, Failure, Job, JobStatus, Stage
from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.errors import BadCursor, Superseded
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name
from pairtrader.storage.transactions import failed_conditions, open_connection

_QUOTA = "#quota"
"""Sorts before every id, which begins with a digit or a letter."""
_FIRST_ID = "0"
_REFUSED = "ConditionalCheckFailedException"
READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Quota:
    """How many jobs a user has begun on a day; every change is conditional on the revision."""

    day: int = 0
    """Days since 1970, UTC."""
    begun: int = 0
    revision: int = 0


class JobItem(Model):
    """One job: `body` as it was asked for, beside it what has become of it."""

    class Meta(TableMeta):
        table_name = table_name("backtests")

    user_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    body = ValueAttribute[Job](Job)
    name = UnicodeAttribute(attr_name="job_name")
    status = UnicodeAttribute(attr_name="job_status")
    stage = UnicodeAttribute()
    progress = NumberAttribute(default=0)
    created_at = NumberAttribute()
    cancel_requested = BooleanAttribute(default=False)
    run = UnicodeAttribute(null=True)
    """Tells the one run of the job from whoever else was sent for it."""
    lease_until = NumberAttribute(null=True)
    started_at = NumberAttribute(null=True)
    finished_at = NumberAttribute(null=True)
    summary = ValueAttribute[dict[str, Any]](dict[str, Any], null=True)
    failure = ValueAttribute[Failure](Failure, null=True)
    result_bytes = NumberAttribute(null=True)
    expires_at = NumberAttribute()
    """TTL, seconds UTC; what has expired may still be there for days."""


class QuotaItem(Model):
    """What one user has begun."""

    class Meta(TableMeta):
        table_name = table_name("backtests")

    user_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True, default=_QUOTA)
    body = ValueAttribute[Quota](Quota)
    revision = NumberAttribute()


def job_of(item: JobItem) -> Job:
    """Return the job as it stands."""
    return replace(
        item.body,
        name=item.name,
        status=JobStatus(item.status),
        stage=Stage(item.stage),
        progress=int(item.progress or 0),
        cancel_requested=bool(item.cancel_requested),
        lease_until=int(item.lease_until or 0),
        started_at=_number(item.started_at),
        finished_at=_number(item.finished_at),
        summary=item.summary,
        failure=item.failure,
        result_bytes=int(item.result_bytes or 0),
    )


def item_of(job: Job) -> JobItem:
    """Return the item of a new job."""
    return JobItem(
        job.user_id,
        job.id,
        body=job,
        name=job.name,
        status=job.status.value,
        stage=job.stage.value,
        created_at=job.created_at,
        expires_at=job.expires_at,
    )


def _number(value: float | None) -> int | None:
    return None if value is None else int(value)


class JobRepository:
    """Jobs as their users see them; every change raises `Superseded` when somebody wrote before."""

    def __init__(self) -> None:
        self._connection = open_connection()

    def get(self, user_id: str, job_id: str) -> Job | None:
        """Return the user's job, strongly consistent; None if the user has none of this id."""
        if job_id < _FIRST_ID:
            return None
        try:
            return job_of(JobItem.get(user_id, job_id, consistent_read=True))
        except DoesNotExist:
            return None

    def list(
        self, user_id: str, limit: int, cursor: str | None, keep: Callable[[Job], bool]
    ) -> Page[Job]:
        """Return those of the user's jobs that `keep` takes, newest first.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        start = decode_cursor(cursor, "user_id id", user_id=user_id)
        # DynamoDB refuses to go on from outside of the range that it is asked for.
        if start is not None and start["id"]["S"] < _FIRST_ID:
            raise BadCursor(cursor)
        found: Any = JobItem.query(
            user_id,
            JobItem.id >= _FIRST_ID,
            page_size=READ_AT_ONCE,
            last_evaluated_key=start,
            scan_index_forward=False,
            consistent_read=True,
        )
        jobs: list[Job] = []
        for item in found:
            job = job_of(item)
            if keep(job):
                jobs.append(job)
            if len(jobs) == limit:
                break
        return Page(jobs, encode_cursor(found.last_evaluated_key))

    def all_of(self, user_id: str) -> Collection[Job]:
        """Return all of the user's jobs, strongly consistent; a user may keep only so many."""
        found = JobItem.query(user_id, JobItem.id >= _FIRST_ID, consistent_read=True)
        return [job_of(item) for item in found]

    def quota(self, user_id: str) -> Quota:
        """Return what the user has begun, strongly consistent."""
        try:
            return QuotaItem.get(user_id, _QUOTA, consistent_read=True).body
        except DoesNotExist:
            return Quota()

    def add(self, job: Job, old: Quota, new: Quota) -> None:
        """Store a new job and what its user has begun with it.

        Raises:
            Superseded: the user has begun another since `old` was read.
        """
        unchanged = QuotaItem.revision == old.revision
        condition = unchanged if old.revision else QuotaItem.id.does_not_exist()
        quota = QuotaItem(job.user_id, _QUOTA, body=new, revision=new.revision)
        try:
            with TransactWrite(connection=self._connection) as write:
                write.save(item_of(job), condition=JobItem.id.does_not_exist())
                write.save(quota, condition=condition)
        except TransactWriteError as error:
            failed_conditions(error, (job.id, _QUOTA))
            raise Superseded(job.id) from error

    def rename(self, job: Job, name: str) -> None:
        """Give the job another name; whatever it does goes on."""
        _change(job, [JobItem.name.set(name)], JobItem.id.exists())

    def cancel_waiting(self, job: Job, at: int) -> None:
        """End a job that waits, at `at` (ms UTC)."""
        actions: list[Action] = [
            JobItem.status.set(JobStatus.CANCELLED.value),
            JobItem.stage.set(Stage.FINISHED.value),
            JobItem.cancel_requested.set(True),
            JobItem.finished_at.set(at),
        ]
        _change(job, actions, JobItem.status == JobStatus.QUEUED.value)

    def request_cancel(self, job: Job) -> None:
        """Ask a running job to stop."""
        running = JobItem.status == JobStatus.RUNNING.value
        _change(job, [JobItem.cancel_requested.set(True)], running)

    def delete(self, job: Job) -> None:
        """Remove a job whose stored status is still that of `job`; one that is gone is success."""
        unchanged = JobItem.status == job.status.value
        try:
            JobItem(job.user_id, job.id).delete(condition=unchanged | JobItem.id.does_not_exist())
        except DeleteError as error:
            if error.cause_response_code == _REFUSED:
                raise Superseded(job.id) from error
            raise


class JobRuns:
    """Jobs as the function that works on them changes them."""

    def claim(self, user_id: str, job_id: str, run: str, at: int, lease_until: int) -> Job | None:
        """Begin the job as the run `run` at `at` (ms UTC); None where it is not to be begun.

        So where it was begun before, by an event that came twice, was cancelled, is gone, or has
        waited so long that its user was told that it failed.
        """
        waits = (JobItem.status == JobStatus.QUEUED.value) & (JobItem.created_at > at - QUEUED_MS)
        item = JobItem(user_id, job_id)
        actions: list[Action] = [
            JobItem.status.set(JobStatus.RUNNING.value),
            JobItem.stage.set(Stage.MARKETS.value),
            JobItem.run.set(run),
            JobItem.started_at.set(at),
            JobItem.lease_until.set(lease_until),
        ]
        try:
            item.update(actions=actions, condition=waits)
        except UpdateError as error:
            if error.cause_response_code == _REFUSED:
                return None
            raise
        return job_of(item)

    def advance(self, job: Job, run: str, stage: Stage, progress: int) -> bool:
        """Note how far the run is (percent); return whether it is asked to stop.

        Raises:
            Superseded: the job is gone, or not this run's any more.
        """
        item = self._of(job, run, [JobItem.stage.set(stage.value), JobItem.progress.set(progress)])
        return bool(item.cancel_requested)

    def finish(self, job: Job, run: str) -> None:
        """Note how the run has ended: as `job` says, whose status is one of an end.

        Raises:
            Superseded: the job is gone, or not this run's any more.
        """
        actions: list[Action] = [
            JobItem.status.set(job.status.value),
            JobItem.stage.set(Stage.FINISHED.value),
            JobItem.progress.set(job.progress),
            JobItem.finished_at.set(job.finished_at or 0),
            JobItem.result_bytes.set(job.result_bytes),
        ]
        if job.summary is not None:
            actions.append(JobItem.summary.set(dict(job.summary)))
        if job.failure is not None:
            actions.append(JobItem.failure.set(job.failure))
        self._of(job, run, actions)

    @staticmethod
    def _of(job: Job, run: str, actions: list[Action]) -> JobItem:
        own = (JobItem.run == run) & (JobItem.status == JobStatus.RUNNING.value)
        return _change(job, actions, own)


def _change(job: Job, actions: list[Action], condition: Condition) -> JobItem:
    item = JobItem(job.user_id, job.id)
    try:
        item.update(actions=actions, condition=condition)
    except UpdateError as error:
        if error.cause_response_code == _REFUSED:
            raise Superseded(job.id) from error
        raise
    return item
