"""The table of backtests and the fakes that stand in for it keep the same promises."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from functions.api.identifiers import new_id
from pairtrader.model.account import ExchangeName
from pairtrader.model.research import (
    LEASE_MS,
    QUEUED_MS,
    Failure,
    Job,
    JobKind,
    JobStatus,
    Period,
    Stage,
)
from pairtrader.storage.errors import BadCursor, Superseded
from pairtrader.storage.research_jobs import JobRepository, JobRuns, Quota
from tests.fakes.memory_research import MemoryJobs, MemoryRuns

AT = 1_800_000_000_000
RUN = "request-1"


class Stores(NamedTuple):
    jobs: Any
    runs: Any


@pytest.fixture(params=["memory", "table"])
def stores(request: pytest.FixtureRequest, tables: str) -> Stores:
    if request.param == "table":
        return Stores(JobRepository(), JobRuns())
    jobs = MemoryJobs()
    return Stores(jobs, MemoryRuns(jobs))


def a_job(user_id: str, **changes: Any) -> Job:
    made: dict[str, Any] = {
        "id": new_id(),
        "user_id": user_id,
        "kind": JobKind.BACKTEST,
        "name": "wider ladder",
        "exchange_account_id": "acc",
        "exchange_name": ExchangeName.BINANCE,
        "symbols": ("GALA-USDT", "CHZ-USDT"),
        "period": Period(AT, AT + 600_000, 60_000),
        "created_at": AT,
        "parameters": {"profit_ratio": 1.25, "dca_config": [{"times": 1}], "none": None},
    }
    return Job(**{**made, **changes})


def stored(stores: Stores, **changes: Any) -> Job:
    job = a_job(new_id(), **changes)
    stores.jobs.add(job, Quota(), Quota(1, 1, 1))
    return job


def claimed(stores: Stores, job: Job, run: str = RUN) -> Job | None:
    found: Job | None = stores.runs.claim(job.user_id, job.id, run, AT + 5, AT + 5 + LEASE_MS)
    return found


def test_a_job_comes_back_as_it_was_stored(stores: Stores) -> None:
    job = stored(stores)
    assert stores.jobs.get(job.user_id, job.id) == job
    assert stores.jobs.get("somebody else", job.id) is None
    assert stores.jobs.get(job.user_id, "#quota") is None
    assert stores.jobs.quota(job.user_id) == Quota(1, 1, 1)
    assert list(stores.jobs.all_of(job.user_id)) == [job]


def test_of_two_jobs_stored_upon_the_same_quota_one_is(stores: Stores) -> None:
    first = stored(stores)
    second = a_job(first.user_id)
    with pytest.raises(Superseded):
        stores.jobs.add(second, Quota(), Quota(1, 1, 1))
    assert stores.jobs.get(second.user_id, second.id) is None
    stores.jobs.add(second, Quota(1, 1, 1), Quota(1, 2, 2))
    assert len(stores.jobs.all_of(first.user_id)) == 2


def test_a_list_goes_backwards_page_by_page(stores: Stores) -> None:
    owner, quota, ids = new_id(), Quota(), []
    for number in range(7):
        job = a_job(owner, id=f"01K{number}", kind=list(JobKind)[number % 2])
        stores.jobs.add(job, quota, after := Quota(1, number + 1, number + 1))
        quota = after
        ids.append(job.id)
    kept = ids[::-2]
    first = stores.jobs.list(owner, 3, None, lambda job: job.kind is JobKind.BACKTEST)
    rest = stores.jobs.list(owner, 3, first.cursor, lambda job: job.kind is JobKind.BACKTEST)
    assert [job.id for job in [*first.items, *rest.items]] == kept
    with pytest.raises(BadCursor):
        stores.jobs.list(owner, 3, "x", lambda _: True)


def test_a_job_is_claimed_once(stores: Stores) -> None:
    job = stored(stores)
    begun = claimed(stores, job)
    assert begun is not None
    assert (begun.status, begun.started_at) == (JobStatus.RUNNING, AT + 5)
    assert begun.parameters == job.parameters
    assert claimed(stores, job, "request-2") is None


@pytest.mark.parametrize("created_at", [AT + 5 - QUEUED_MS, AT - QUEUED_MS])
def test_a_job_that_waited_too_long_is_not_claimed(stores: Stores, created_at: int) -> None:
    assert claimed(stores, stored(stores, created_at=created_at)) is None


def test_a_run_tells_how_far_it_is_and_hears_whether_to_stop(stores: Stores) -> None:
    job = stored(stores)
    begun = claimed(stores, job)
    assert stores.runs.advance(begun, RUN, Stage.CANDLES, 41) is False
    assert stores.jobs.get(job.user_id, job.id).progress == 41
    stores.jobs.request_cancel(job)
    assert stores.runs.advance(begun, RUN, Stage.CANDLES, 42) is True


def test_another_run_changes_nothing(stores: Stores) -> None:
    begun = claimed(stores, stored(stores))
    assert begun is not None
    for write in (
        lambda: stores.runs.advance(begun, "request-2", Stage.CANDLES, 1),
        lambda: stores.runs.finish(replace(begun, status=JobStatus.DONE), "request-2"),
    ):
        with pytest.raises(Superseded):
            write()
    assert stores.jobs.get(begun.user_id, begun.id) == begun


def test_a_run_ends_once(stores: Stores) -> None:
    begun = claimed(stores, stored(stores))
    assert begun is not None
    done = replace(
        begun,
        status=JobStatus.DONE,
        stage=Stage.FINISHED,
        progress=100,
        finished_at=AT + 9,
        summary={"net_pnl": 1.5, "sharpe": None, "cycles": 3},
        result_bytes=17,
    )
    stores.runs.finish(done, RUN)
    assert stores.jobs.get(begun.user_id, begun.id) == done
    with pytest.raises(Superseded):
        stores.runs.finish(replace(done, status=JobStatus.FAILED), RUN)


def test_a_failure_is_kept(stores: Stores) -> None:
    begun = claimed(stores, stored(stores))
    assert begun is not None
    failure = Failure("no_candles", "None.")
    failed = replace(begun, status=JobStatus.FAILED, failure=failure, finished_at=AT + 9)
    stores.runs.finish(failed, RUN)
    assert stores.jobs.get(begun.user_id, begun.id).failure == failure


def test_a_waiting_job_is_cancelled_and_never_begun(stores: Stores) -> None:
    job = stored(stores)
    stores.jobs.cancel_waiting(job, AT + 1)
    assert stores.jobs.get(job.user_id, job.id).status is JobStatus.CANCELLED
    assert claimed(stores, job) is None
    with pytest.raises(Superseded):
        stores.jobs.cancel_waiting(job, AT + 2)
    with pytest.raises(Superseded):
        stores.jobs.request_cancel(job)


def test_a_name_changes_while_it_runs(stores: Stores) -> None:
    job = stored(stores)
    claimed(stores, job)
    stores.jobs.rename(job, "tighter")
    found = stores.jobs.get(job.user_id, job.id)
    assert (found.name, found.status) == ("tighter", JobStatus.RUNNING)


def test_a_job_is_deleted_as_it_was_seen(stores: Stores) -> None:
    job = stored(stores)
    claimed(stores, job)
    with pytest.raises(Superseded):
        stores.jobs.delete(job)
    stores.jobs.delete(replace(job, status=JobStatus.RUNNING))
    assert stores.jobs.get(job.user_id, job.id) is None
    stores.jobs.delete(job)
    with pytest.raises(Superseded):
        stores.jobs.rename(job, "gone")
