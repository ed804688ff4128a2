"""Backtests and analyses as a user sees them: asked for, followed, cancelled, deleted."""

from decimal import Decimal
from typing import Any

import pytest

from functions.api.accounts.exchange_failure import ExchangeFailure
from functions.api.research.jobs import MAX_STORED
from functions.api.web.client_address import Client
from pairtrader.backtest.config import BacktestConfig
from pairtrader.model.research import LEASE_MS, QUEUED_MS, Failure, JobStatus, Stage
from pairtrader.storage.users import Role
from tests.fakes.api_gateways import market
from tests.fakes.api_world import NOW, ApiWorld, Caller, analysis_body, backtest_body, bot_body

DAY_MS = 86_400_000


class Desk:
    """A user with a simulated account."""

    def __init__(self) -> None:
        self.world = ApiWorld()
        self.ada = self.world.user()
        self.account = self.ada.account()

    def settings(self, **changes: Any) -> dict[str, Any]:
        return bot_body(self.account, start_time="2026-05-01T00:00:00Z", **changes)

    def ask(self, **changes: Any) -> Any:
        return self.ada("POST", "/backtests", backtest_body(self.account, **changes))

    def analyse(self, **changes: Any) -> Any:
        return self.ada("POST", "/analyses", analysis_body(self.account, **changes))

    def backtest(self, **changes: Any) -> str:
        answer = self.ask(**changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def wait(self, ms: int) -> None:
        """Let time pass, and log in again where the login is over by then."""
        self.world.clock.advance(ms / 1000)
        user = self.world.users.find("ada")
        assert user is not None
        session = self.world.app.state.services.sessions.begin(user, Client())
        self.ada = Caller(self.world.client, session.access_token)

    def run(self, job_id: str) -> None:
        self.world.jobs.edit(
            job_id, status=JobStatus.RUNNING, stage=Stage.CANDLES, lease_until=NOW + LEASE_MS
        )

    def finish(self, job_id: str, **changes: Any) -> None:
        done: dict[str, Any] = {
            "status": JobStatus.DONE,
            "stage": Stage.FINISHED,
            "progress": 100,
            "finished_at": self.world.clock.now(),
            "result_bytes": 1234,
        }
        self.world.jobs.edit(job_id, **{**done, **changes})


@pytest.fixture
def desk() -> Desk:
    return Desk()


def fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


# Asking


def test_a_backtest_is_queued_sent_for_and_shown(desk: Desk) -> None:
    made = desk.ask(name="wider ladder", terms={"lot_steps": True}).json()
    assert (made["status"], made["stage"], made["progress"]) == ("queued", "queued", 0)
    assert (made["name"], made["bars"], made["timeframe"]) == ("wider ladder", 2016, "5m")
    assert made["terms"]["taker_fee"] == 0.0005  # the account's own
    assert made["settings"]["investment_per_order"] == "100"
    assert made["summary"] is made["error"] is None
    assert desk.world.researchers.begun == [made["id"]]
    assert desk.ada("GET", f"/backtests/{made['id']}").json() == made


def test_the_job_carries_a_whole_configuration(desk: Desk) -> None:
    desk.world.exchanges.all_markets["GALA-USDT"] = market("GALA-USDT", taker_fee=Decimal("0.001"))
    job = desk.world.jobs.edit(desk.backtest(terms={"lot_steps": True, "slippage": 0.001}))
    config = BacktestConfig.of(job.parameters)
    assert config.terms.taker_fee == 0.001  # of the dearer market
    assert config.terms.markets["CHZ-USDT"].amount_step == 1
    assert config.settings.bot_name == job.name == "gala against chz"


BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "ends in the future": ({"to": "2026-06-02T00:00:00Z"}, ["to"]),
    "ends before it begins": ({"to": "2026-04-02T00:00:00Z"}, ["to"]),
    "one bar": ({"to": "2026-05-01T00:05:00Z"}, ["to"]),
    "too many bars": ({"from": "2024-01-01T00:00:00Z", "timeframe": "1m"}, ["to"]),
    "before all time": ({"from": "1960-01-01T00:00:00Z"}, ["from"]),
    "no zone": ({"from": "2026-05-01T00:00:00"}, ["from"]),
    "another timeframe": ({"timeframe": "2m"}, ["timeframe"]),
    "more than is known": ({"terms": {"fee": 1}}, ["terms.fee"]),
    "a fee of more than all": ({"terms": {"taker_fee": 1.5}}, ["terms.taker_fee"]),
    "slippage beyond the bot's": ({"terms": {"slippage": 0.3}}, ["terms.slippage"]),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_t_be_run_names_its_fields(desk: Desk, name: str) -> None:
    changes, wanted = BAD[name]
    assert fields(desk.ask(**changes)) == wanted
    assert desk.world.jobs.jobs == {}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"market1_symbol": "DOGE-USDT"}, ["settings.market1_symbol"]),
        ({"start_time": "2026-05-08T00:00:00Z"}, ["settings.start_time"]),
        ({"leverage": 3.5}, ["settings.leverage"]),
        ({"dca_config": []}, ["settings.dca_config"]),
    ],
)
def test_settings_are_judged_as_a_bot_s(
    desk: Desk, changes: dict[str, Any], wanted: list[str]
) -> None:
    assert fields(desk.ask(settings={**desk.settings(), **changes})) == wanted


def test_leverage_that_the_market_does_not_allow_is_refused(desk: Desk) -> None:
    desk.world.exchanges.all_markets["CHZ-USDT"] = market("CHZ-USDT", max_leverage=5)
    assert fields(desk.ask()) == ["settings.leverage"]


def test_another_user_s_account_is_not_there(desk: Desk) -> None:
    bob = desk.world.user("bob")
    answer = bob("POST", "/backtests", backtest_body(desk.account))
    assert (answer.status_code, answer.json()["code"]) == (404, "exchange_account_not_found")


def test_an_exchange_that_does_not_answer_leaves_nothing(desk: Desk) -> None:
    desk.world.exchanges.failure = ExchangeFailure("maintenance", "closed")
    assert desk.ask().status_code == 503
    assert desk.world.jobs.jobs == {}


def test_a_job_that_can_t_be_sent_for_is_not_kept(desk: Desk) -> None:
    desk.world.researchers.fail = True
    answer = desk.ask()
    assert (answer.status_code, answer.json()["code"]) == (503, "research_unavailable")
    assert desk.world.jobs.jobs == {}


def test_the_same_request_is_run_once(desk: Desk) -> None:
    body, key = backtest_body(desk.account), {"Idempotency-Key": "k1"}
    answers = [
        desk.world.client.post("/api/v1/backtests", json=body, headers={**desk.ada.headers, **key})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(desk.world.researchers.begun) == 1


def test_whoever_may_only_look_starts_nothing(desk: Desk) -> None:
    reader = desk.world.user("eve", Role.READ_ONLY)
    answer = reader("POST", "/backtests", backtest_body(desk.account))
    assert (answer.status_code, answer.json()["code"]) == (403, "read_only")
    assert reader("GET", "/backtests").json()["items"] == []


# Analyses


def test_an_analysis_of_a_pair_keeps_its_ladder(desk: Desk) -> None:
    ladder = bot_body(desk.account)["dca_config"]
    made = desk.analyse(dca_config=ladder, spread_mode="log_ratio").json()
    assert (made["kind"], made["name"], made["bars"]) == ("pair", "GALA-USDT / CHZ-USDT", 720)
    assert [row["spread"] for row in made["dca_config"]] == [1.0, 0.8, 0.5]
    assert made["spread_mode"] == "log_ratio"
    assert desk.ada("GET", f"/analyses/{made['id']}").json() == made


def test_a_finder_keeps_its_filters(desk: Desk) -> None:
    symbols = ["GALA-USDT", "CHZ-USDT", "SOL-USDT"]
    filters = {"min_correlation": 0.2, "max_half_life_seconds": 86400}
    made = desk.analyse(kind="finder", symbols=symbols, filters=filters).json()
    assert (made["kind"], made["symbols"], made["name"]) == ("finder", symbols, "3 symbols")
    assert made["filters"]["max_half_life_seconds"] == 86400
    assert made["filters"]["max_p_value"] == 0.05


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"symbols": ["GALA-USDT"]}, ["symbols"]),
        ({"symbols": ["GALA-USDT", "GALA-USDT"]}, ["symbols"]),
        ({"symbols": ["GALA-USDT", "CHZ-USDT", "SOL-USDT"]}, ["symbols"]),
        ({"symbols": ["GALA-USDT", "CHZ-USDC"]}, ["symbols"]),
        ({"symbols": ["GALA-USDT", "DOGE-USDT"]}, ["symbols.1"]),
        ({"filters": {}}, ["filters"]),
        ({"kind": "finder", "filters": {"min_correlation": 2}}, ["filters.min_correlation"]),
        (
            {
                "kind": "finder",
                "filters": {"min_half_life_seconds": 9, "max_half_life_seconds": 8},
            },
            ["filters.max_half_life_seconds"],
        ),
        (
            {"kind": "finder", "dca_config": [{"times": 1, "spread": 1, "multiplier": 1}]},
            ["dca_config"],
        ),
        ({"kind": "finder", "timeframe": "1m", "from": "2025-05-01T00:00:00Z"}, ["to"]),
    ],
)
def test_what_can_t_be_analysed_names_its_fields(
    desk: Desk, changes: dict[str, Any], wanted: list[str]
) -> None:
    assert fields(desk.analyse(**changes)) == wanted


def test_backtests_and_analyses_do_not_answer_for_one_another(desk: Desk) -> None:
    backtest, analysis = desk.backtest(), desk.analyse().json()["id"]
    for path, code in (
        (f"/backtests/{analysis}", "backtest_not_found"),
        (f"/analyses/{backtest}", "analysis_not_found"),
    ):
        answer = desk.ada("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert [each["id"] for each in desk.ada("GET", "/backtests").json()["items"]] == [backtest]
    assert [each["id"] for each in desk.ada("GET", "/analyses").json()["items"]] == [analysis]
    assert desk.ada("GET", "/analyses?kind=finder").json()["items"] == []


# Quotas


def test_two_run_at_a_time_whatever_their_kind(desk: Desk) -> None:
    first, _ = desk.backtest(), desk.analyse()
    refused = desk.ask()
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_unfinished")
    assert int(refused.headers["Retry-After"]) > 0
    assert desk.world.user("bob").account()  # others are not concerned
    desk.finish(first)
    assert desk.ask().status_code == 201


def test_one_that_broke_off_does_not_count(desk: Desk) -> None:
    for job_id in (desk.backtest(), desk.backtest()):
        desk.run(job_id)
    desk.wait(LEASE_MS)
    assert desk.ask().status_code == 201


def test_as_many_are_kept_as_there_may_be(desk: Desk) -> None:
    for _ in range(MAX_STORED):
        desk.finish(desk.backtest())
        desk.world.jobs.quotas.clear()
    refused = desk.ask()
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_stored")
    oldest = desk.ada("GET", "/backtests?limit=200").json()["items"][-1]["id"]
    assert desk.ada("DELETE", f"/backtests/{oldest}").status_code == 204
    assert desk.ask().status_code == 201


def test_a_day_has_an_end(desk: Desk) -> None:
    desk.finish(desk.backtest())
    ((user_id, quota),) = desk.world.jobs.quotas.items()
    desk.world.jobs.quotas[user_id] = type(quota)(quota.day, 100, quota.revision)
    refused = desk.ask()
    assert (refused.status_code, refused.json()["code"]) == (429, "daily_limit_reached")
    assert int(refused.headers["Retry-After"]) == 12 * 3600 + 1
    desk.wait(DAY_MS // 2)
    assert desk.ask().status_code == 201


def test_of_two_requests_at_once_one_finds_no_room(desk: Desk) -> None:
    desk.backtest()
    others: list[str] = []

    def meanwhile() -> None:
        desk.world.jobs.before_write = lambda: None
        others.append(desk.backtest())

    desk.world.jobs.before_write = meanwhile
    refused = desk.ask()
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_unfinished")
    assert len(desk.world.jobs.jobs) == 2
    assert len(others) == 1


# Following


def test_a_result_is_handed_out_when_it_is_there(desk: Desk) -> None:
    job_id = desk.backtest()
    early = desk.ada("GET", f"/backtests/{job_id}/result")
    assert (early.status_code, early.json()["code"]) == (409, "not_done")
    desk.finish(job_id, summary={"net_pnl": 1.5, "cycles": 2, "entries": 3, "orders": 8,
                                 "warnings": 1, **dict.fromkeys(NUMBERS)})  # fmt: skip
    shown = desk.ada("GET", f"/backtests/{job_id}").json()
    assert (shown["status"], shown["result_bytes"]) == ("done", 1234)
    assert (shown["summary"]["net_pnl"], shown["summary"]["sharpe"]) == (1.5, None)
    result = desk.ada("GET", f"/backtests/{job_id}/result").json()
    assert result["url"].endswith(f"{job_id}?seconds=600")
    assert (result["bytes"], result["expires_at"]) == (1234, "2026-06-01T12:10:00.000Z")


NUMBERS = (
    "initial_capital", "final_equity", "return_on_margin", "return_on_notional", "cagr",
    "max_drawdown", "volatility", "sharpe", "sortino", "calmar", "win_rate", "profit_factor",
    "exposure", "fees", "funding",
)  # fmt: skip


def test_a_job_that_nobody_began_or_ended_fails_by_itself(desk: Desk) -> None:
    waiting, running = desk.backtest(), desk.backtest()
    desk.run(running)
    desk.wait(QUEUED_MS)
    assert desk.ada("GET", f"/backtests/{waiting}").json()["error"]["code"] == "not_started"
    assert desk.ada("GET", f"/backtests/{running}").json()["status"] == "running"
    desk.wait(LEASE_MS - QUEUED_MS)
    assert desk.ada("GET", f"/backtests/{running}").json()["error"]["code"] == "timed_out"
    failed = desk.ada("GET", "/backtests?status=failed").json()["items"]
    assert {each["id"] for each in failed} == {waiting, running}
    assert desk.ada("DELETE", f"/backtests/{running}").status_code == 204


def test_a_list_goes_from_page_to_page_newest_first(desk: Desk) -> None:
    ids = []
    for _ in range(5):
        ids.append(desk.backtest())
        desk.finish(ids[-1])
        desk.world.clock.advance(1)
    first = desk.ada("GET", "/backtests?limit=3").json()
    second = desk.ada("GET", f"/backtests?limit=3&cursor={first['cursor']}").json()
    assert sorted(ids) == sorted(each["id"] for each in [*first["items"], *second["items"]])
    assert second["cursor"] is None
    assert desk.ada("GET", "/backtests?cursor=x").json()["code"] == "bad_cursor"


def test_after_ninety_days_it_is_gone(desk: Desk) -> None:
    job_id = desk.backtest()
    desk.world.jobs.edit(job_id, created_at=NOW - 91 * DAY_MS)
    assert desk.ada("GET", f"/backtests/{job_id}").status_code == 404
    assert desk.ada("GET", "/backtests").json()["items"] == []


def test_a_failure_is_told(desk: Desk) -> None:
    job_id = desk.backtest()
    desk.finish(job_id, status=JobStatus.FAILED, failure=Failure("no_candles", "None."))
    shown = desk.ada("GET", f"/backtests/{job_id}").json()
    assert shown["error"] == {"code": "no_candles", "detail": "None."}


# Changing


def test_one_that_waits_is_cancelled_at_once(desk: Desk) -> None:
    job_id = desk.backtest()
    for _ in range(2):  # a second time changes nothing
        answer = desk.ada("POST", f"/backtests/{job_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_one_that_runs_is_asked_to_stop(desk: Desk) -> None:
    job_id = desk.backtest()
    desk.run(job_id)
    answer = desk.ada("POST", f"/backtests/{job_id}/cancel").json()
    assert (answer["status"], answer["cancel_requested"]) == ("running", True)


def test_one_that_begins_meanwhile_is_asked_to_stop(desk: Desk) -> None:
    job_id = desk.backtest()

    def begin() -> None:
        desk.world.jobs.before_write = lambda: None
        desk.run(job_id)

    desk.world.jobs.before_write = begin
    answer = desk.ada("POST", f"/backtests/{job_id}/cancel").json()
    assert (answer["status"], answer["cancel_requested"]) == ("running", True)


def test_what_has_ended_can_t_be_cancelled(desk: Desk) -> None:
    job_id = desk.backtest()
    desk.finish(job_id)
    answer = desk.ada("POST", f"/backtests/{job_id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_finished")


def test_a_deleted_one_is_gone_with_its_result(desk: Desk) -> None:
    job_id = desk.backtest()
    answer = desk.ada("DELETE", f"/backtests/{job_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_finished")
    desk.finish(job_id)
    assert desk.ada("DELETE", f"/backtests/{job_id}").status_code == 204
    assert desk.world.results.deleted == [job_id]
    assert desk.ada("DELETE", f"/backtests/{job_id}").status_code == 404


def test_it_takes_another_name(desk: Desk) -> None:
    job_id = desk.backtest()
    answer = desk.ada("PATCH", f"/backtests/{job_id}", {"name": " tighter "})
    assert (answer.status_code, answer.json()["name"]) == (200, "tighter")
    assert fields(desk.ada("PATCH", f"/backtests/{job_id}", {"name": " "})) == ["name"]


def test_what_is_done_is_in_the_audit_log(desk: Desk) -> None:
    job_id = desk.backtest()
    desk.ada("POST", f"/backtests/{job_id}/cancel")
    desk.ada("DELETE", f"/backtests/{job_id}")
    told = {(each["action"], each["object_id"] or each["made_id"]) for each in audit(desk.ada)}
    assert {(f"backtest.{what}", job_id) for what in ("create", "cancel", "delete")} <= told


def audit(caller: Caller) -> list[dict[str, Any]]:
    """What the user has done."""
    return list(caller("GET", "/audit").json()["items"])
