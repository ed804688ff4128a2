"""One job from its claim to its end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from functions.research import backtests
from functions.research.composition import simulated_candles
from functions.research.past_candles import PastCandles
from functions.research.progress import LEFT_MS, Progress, TimeIsUp
from functions.research.worker import Worker
from pairtrader.exchanges.errors import RegionBlocked
from pairtrader.model.account import AccountMode, ExchangeAccount, ExchangeName, Simulation
from pairtrader.model.research import QUEUED_MS, Job, JobKind, JobStatus, Period, Stage
from pairtrader.storage.research_jobs import Quota
from pairtrader.storage.research_results import ResultNotStored
from tests.fakes.clock import FakeClock
from tests.fakes.memory_research import MemoryJobs, MemoryRuns

USER, RUN = "ada", "request-1"
SINCE = 1_767_225_600_000
NOW = SINCE + 30 * 86_400_000
SYMBOLS = ("GALA-USDT", "CHZ-USDT")
ACCOUNT = ExchangeAccount(
    "acc", USER, ExchangeName.SIMULATED, AccountMode.PAPER, "", True, 1, 1, "acc",
    simulation=Simulation(seed=7),
)  # fmt: skip
BOT: dict[str, Any] = {
    "market1_symbol": SYMBOLS[0],
    "market2_symbol": SYMBOLS[1],
    "investment_per_order": "100",
    "max_position_value": "1000",
    "dca_config": [{"times": 1, "spread": 1.0, "multiplier": 1}],
}


class Results:
    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, Any]] = {}
        self.fail = False
        self.on_put: Callable[[], object] = lambda: None

    def put(self, user_id: str, job_id: str, document: Mapping[str, Any]) -> int:
        if self.fail:
            raise ResultNotStored("put")
        self.on_put()
        self.kept[job_id] = document
        return 17

    def delete(self, user_id: str, job_id: str) -> None:
        del self.kept[job_id]


class Desk:
    """The function over memory, and a user's job."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.jobs, self.results = MemoryJobs(), Results()
        self.runs = MemoryRuns(self.jobs)
        self.accounts: dict[tuple[str, str], ExchangeAccount] = {(USER, "acc"): ACCOUNT}
        self.left_ms = 900_000

    def job(self, kind: JobKind = JobKind.BACKTEST, **changes: Any) -> Job:
        made: dict[str, Any] = {
            "id": f"job{len(self.jobs.jobs)}",
            "user_id": USER,
            "kind": kind,
            "name": "a job",
            "exchange_account_id": "acc",
            "exchange_name": ExchangeName.SIMULATED,
            "symbols": SYMBOLS,
            "period": Period(SINCE, SINCE + 6 * 3_600_000, 60_000),
            "created_at": NOW,
            "parameters": BOT,
        }
        job = Job(**{**made, **changes})
        self.jobs.add(job, self.jobs.quota(USER), Quota())
        return job

    def work(self, job: Job, run: str = RUN) -> str:
        worker = Worker(
            self.runs, Accounts(self.accounts), self.results, self.candles_of, self.clock.now
        )
        return worker.work(USER, job.id, run, lambda: self.left_ms)

    def candles_of(self, account: ExchangeAccount) -> PastCandles:
        assert account.simulation is not None
        return simulated_candles(account.simulation, None, self.clock.now)  # type: ignore[arg-type]

    def stored(self, job: Job) -> Job:
        return self.jobs.jobs[USER, job.id]


class Accounts:
    def __init__(self, accounts: dict[tuple[str, str], ExchangeAccount]) -> None:
        self._accounts = accounts

    def get(self, user_id: str, account_id: str) -> ExchangeAccount | None:
        return self._accounts.get((user_id, account_id))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def study_of(brief: Any) -> Any:
        raise error

    monkeypatch.setattr("functions.research.worker.study_of", study_of)


# Done


def test_a_backtest_is_done_with_its_figures(desk: Desk) -> None:
    job = desk.job()
    assert desk.work(job) == "done"
    stored, document = desk.stored(job), desk.results.kept[job.id]
    assert (stored.status, stored.progress, stored.result_bytes) == (JobStatus.DONE, 100, 17)
    assert stored.summary is not None
    assert stored.summary["net_pnl"] == document["metrics"]["net_pnl"]
    assert stored.summary["warnings"] == len(document["warnings"])
    assert document["data"]["market1"] == {
        "symbol": "GALA-USDT", "source": "simulated", "bars": 360,
    }  # fmt: skip
    assert document["config"]["bot_name"] == "backtest"


def test_what_is_told_on_the_way_never_goes_back(desk: Desk) -> None:
    desk.work(desk.job(parameters={**BOT, "funding": True}))
    stages = [stage for stage, _ in desk.runs.told]
    assert stages == sorted(stages, key=list(Stage).index)
    assert {Stage.MARKETS, Stage.CANDLES, Stage.FUNDING, Stage.COMPUTING} <= set(stages)
    assert all(before[1] <= after[1] for before, after in pairwise(desk.runs.told))


def test_a_start_before_the_period_is_its_beginning(desk: Desk) -> None:
    early = desk.job(parameters={**BOT, "start_time": "2020-01-01T00:00:00Z"})
    late = desk.job(parameters={**BOT, "start_time": "2026-01-01T03:00:00Z"})
    for job in (early, late):
        desk.work(job)
    assert desk.results.kept[early.id]["started_at"] == "2026-01-01T00:00:00Z"
    assert desk.results.kept[late.id]["started_at"] == "2026-01-01T03:00:00Z"


def test_very_many_orders_are_shown_by_the_latest_cycles(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = desk.job(), desk.job()
    desk.work(whole)
    all_of_it = desk.results.kept[whole.id]
    monkeypatch.setattr(backtests, "MOST_ORDERS", len(all_of_it["orders"]) - 3)
    desk.work(cut)
    shown = desk.results.kept[cut.id]
    assert shown["metrics"] == all_of_it["metrics"]
    assert shown["cycles"] == all_of_it["cycles"][-len(shown["cycles"]) :]
    assert shown["orders"] == all_of_it["orders"][-len(shown["orders"]) :]
    assert 0 < len(shown["cycles"]) < len(all_of_it["cycles"])
    assert {order["cycle"] for order in shown["orders"]} == {
        cycle["number"] for cycle in shown["cycles"]
    }
    assert shown["warnings"][-1]["code"] == "rows_left_out"


def test_statistics_of_a_pair_and_the_finder(desk: Desk) -> None:
    options = {"spread_mode": "difference", "dca_config": None, "filters": None}
    pair = desk.job(JobKind.PAIR, parameters=options)
    filters = {"min_correlation": -1, "max_p_value": 1, "max_half_life_seconds": 10**6}
    finder = desk.job(
        JobKind.FINDER,
        symbols=(*SYMBOLS, "BTC-USDT"),
        parameters={**options, "filters": filters},
        period=Period(SINCE, SINCE + 86_400_000, 300_000),
    )
    assert [desk.work(job) for job in (pair, finder)] == ["done", "done"]
    assert desk.results.kept[pair.id]["kind"] == "analysis"
    found = desk.stored(finder).summary
    assert found is not None
    assert found["pairs"] == 3
    assert desk.results.kept[finder.id]["settings"]["max_half_life_seconds"] == 10**6


# Once


def test_an_event_that_comes_twice_does_nothing(desk: Desk) -> None:
    job = desk.job()
    assert [desk.work(job), desk.work(job, "request-2")] == ["done", "dropped"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": JobStatus.CANCELLED},
        {"created_at": NOW - QUEUED_MS},
        {"status": JobStatus.RUNNING},
    ],
)
def test_what_is_not_to_be_begun_is_not_begun(desk: Desk, changes: dict[str, Any]) -> None:
    job = desk.job()
    before = desk.jobs.edit(job.id, **changes)
    assert desk.work(job) == "dropped"
    assert desk.stored(job) == before


def test_a_job_that_is_gone_leaves_no_result(desk: Desk) -> None:
    job = desk.job()
    desk.results.on_put = desk.jobs.jobs.clear
    assert desk.work(job) == "dropped"
    assert desk.results.kept == {}


# Not done


def test_a_job_that_is_called_off_stops(desk: Desk) -> None:
    job = desk.jobs.edit(desk.job().id, cancel_requested=True)
    assert desk.work(job) == "cancelled"
    stored = desk.stored(job)
    assert (stored.status, stored.finished_at) == (JobStatus.CANCELLED, NOW)
    assert desk.results.kept == {}


def test_a_job_without_time_left_says_so(desk: Desk) -> None:
    desk.left_ms = LEFT_MS - 1
    job = desk.job()
    assert desk.work(job) == "failed"
    failure = desk.stored(job).failure
    assert failure is not None
    assert failure.code == "timed_out"
    assert "shorter period" in failure.detail


def test_an_account_that_was_deleted_is_told(desk: Desk) -> None:
    desk.accounts.clear()
    job = desk.job()
    desk.work(job)
    failure = desk.stored(job).failure
    assert failure is not None
    assert failure.code == "exchange_account_not_found"


FAULTS: dict[str, tuple[Callable[[Desk], Job], str]] = {
    "a symbol that is gone": (
        lambda desk: desk.job(symbols=("GALA-USDT", "NONE-USDT")), "unknown_symbol"
    ),
    "no candles yet": (
        lambda desk: desk.job(period=Period(NOW + 60_000, NOW + 600_000, 60_000)), "no_candles"
    ),
    "a start that lies in no bar": (
        lambda desk: desk.job(parameters={**BOT, "start_time": "2026-01-02T00:00:00Z"}),
        "not_possible",
    ),
    "too few bars for statistics": (
        lambda desk: desk.job(
            JobKind.PAIR,
            period=Period(SINCE, SINCE + 300_000, 60_000),
            parameters={"spread_mode": "difference", "dca_config": None},
        ),
        "bad_data",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_can_t_be_done_is_told_with_its_reason(desk: Desk, name: str) -> None:
    make, code = FAULTS[name]
    job = make(desk)
    assert desk.work(job) == "failed"
    failure = desk.stored(job).failure
    assert failure is not None
    assert failure.code == code
    assert len(failure.detail) > 20


def test_what_the_exchange_says_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, RegionBlocked("binance serves nobody from here"))
    job = desk.job()
    desk.work(job)
    failure = desk.stored(job).failure
    assert failure is not None
    assert (failure.code, failure.detail) == ("region_blocked", "binance serves nobody from here")


def test_a_fault_of_ours_is_noted_and_raised(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ZeroDivisionError("secret words"))
    job = desk.job()
    with pytest.raises(ZeroDivisionError):
        desk.work(job)
    failure = desk.stored(job).failure
    assert failure is not None
    assert failure.code == "internal_error"
    assert "secret" not in failure.detail


def test_a_result_that_can_t_be_stored_is_told(desk: Desk) -> None:
    desk.results.fail = True
    job = desk.job()
    desk.work(job)
    failure = desk.stored(job).failure
    assert failure is not None
    assert failure.code == "result_not_stored"


# On the way


class Progressing:
    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.left_ms = 900_000
        self.told: list[tuple[Stage, int]] = []
        job = replace(Desk().job(), status=JobStatus.RUNNING)
        self.progress = Progress(self, job, RUN, self.clock.now, lambda: self.left_ms)

    def advance(self, job: Job, run: str, stage: Stage, progress: int) -> bool:
        self.told.append((stage, progress))
        return False


def test_it_is_told_at_most_once_a_second_but_every_stage_at_once() -> None:
    desk = Progressing()
    for step in range(11):
        desk.progress.at(Stage.CANDLES, step / 10)
        desk.clock.advance(0.3)
    desk.progress.at(Stage.COMPUTING)
    assert desk.told == [
        (Stage.CANDLES, 2),
        (Stage.CANDLES, 33),
        (Stage.CANDLES, 64),
        (Stage.COMPUTING, 84),
    ]


def test_nothing_new_is_begun_when_time_is_short() -> None:
    desk = Progressing()
    desk.left_ms = LEFT_MS - 1
    with pytest.raises(TimeIsUp):
        desk.progress.at(Stage.CANDLES)
