"""Backtests and analyses on the deployed stack: followed by push, read, cancelled, deleted."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from pairtrader.analysis.pair_statistics import analyse
from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import run
from pairtrader.backtest.result import DataSource, MarketSource, result_of
from pairtrader.backtest.series import Bars, PairSeries
from pairtrader.exchanges.simulated.price_arrays import synthetic_bars
from tests.e2e.conftest import API, LADDER, Stack, Trader
from tests.e2e.test_push import Watcher, until

SINCE, HOURS = 1_767_225_600_000, 12
SYMBOLS = ("GALA-USDT", "CHZ-USDT")
SECONDS = 90
PAGES = "http://127.0.0.1:1"
"""Origin of some page."""


def moment(ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))


def settings(account: str) -> dict[str, Any]:
    return {
        "bot_name": "tried",
        "exchange_account_id": account,
        "market1_symbol": SYMBOLS[0],
        "market2_symbol": SYMBOLS[1],
        "start_time": moment(SINCE),
        "investment_per_order": "100",
        "max_position_value": "2000",
        "dca_config": LADDER,
    }


def period(hours: int = HOURS) -> dict[str, Any]:
    return {"from": moment(SINCE), "to": moment(SINCE + hours * 3_600_000), "timeframe": "1m"}


LONG = period(24 * 130)
"""Takes far longer than a test may."""


@pytest.fixture
def trader(stack: Stack) -> Iterator[Trader]:
    """A trader of this test alone, who leaves nothing running."""
    trader = Trader(stack)
    yield trader
    for path in ("/backtests", "/analyses"):
        for job in trader.all_of(path):
            if job["status"] in ("queued", "running"):
                trader.post(f"{path}/{job['id']}/cancel")


def ended(trader: Trader, path: str) -> Any:
    """Return the job once it has ended."""
    deadline = time.monotonic() + SECONDS
    while True:
        job = trader.get(path)
        if job["status"] not in ("queued", "running"):
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.3)


def result(trader: Trader, path: str) -> Any:
    job = ended(trader, path)
    assert job["status"] == "done", job
    answer = httpx.get(trader.get(f"{path}/result")["url"], headers={"Origin": PAGES})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.json()


def prices(seed: int, hours: int) -> PairSeries:
    """What the simulated exchange says of the time, without any stack."""
    times = np.arange(SINCE, SINCE + hours * 3_600_000, 60_000)
    bars = []
    for symbol in SYMBOLS:
        first, high, low, last = synthetic_bars(seed, symbol, times, 60_000)
        bars.append(Bars(first, last, high, low))
    return PairSeries(times, 60_000, *bars)


def test_a_backtest_is_followed_by_push_and_is_the_library_s(stack: Stack, trader: Trader) -> None:
    account = trader.account(seed=7)
    body = {"settings": settings(account), **period(), "terms": {"fill_at": "signal_close"}}

    async def followed() -> tuple[str, list[dict[str, Any]]]:
        watcher = await Watcher.of(stack, trader)
        answer = await watcher.ask(action="subscribe", topic="backtests")
        assert answer == {"type": "subscribed", "topic": "backtests", "seq": 0}
        job = await asyncio.to_thread(trader.post, "/backtests", json=body, expect=201)
        heard = watcher.heard
        await until(lambda: any(m.get("status") == "done" for _, m in heard), SECONDS)
        await watcher.socket.close()
        return job["id"], [message for _, message in watcher.news("backtest_update")]

    job_id, heard = asyncio.run(followed())
    assert {message["id"] for message in heard} == {job_id}
    assert [message["seq"] for message in heard] == list(range(1, len(heard) + 1))
    assert "running" in {message["status"] for message in heard}
    document = result(trader, f"/backtests/{job_id}")
    series = prices(7, HOURS)
    config = BacktestConfig.of({**body["settings"], **body["terms"], "slippage": 0.0001,
                                "taker_fee": 0.0005, "maker_fee": 0.0002})  # fmt: skip
    source = (MarketSource(len(series), symbol, source="simulated") for symbol in SYMBOLS)
    wanted = result_of(series, config, run(series, config), DataSource(*source)).document()
    assert document == wanted
    assert document["metrics"]["cycles"] > 10
    summary = trader.get(f"/backtests/{job_id}")["summary"]
    assert summary["net_pnl"] == document["metrics"]["net_pnl"]


def test_statistics_of_a_pair_are_the_library_s(trader: Trader) -> None:
    account = trader.account(seed=7)
    body = {
        "kind": "pair", "exchange_account_id": account, "symbols": SYMBOLS, **period(),
        "dca_config": LADDER,
    }  # fmt: skip
    job = trader.post("/analyses", json=body, expect=201)
    document = result(trader, f"/analyses/{job['id']}")
    assert document["kind"] == "analysis"
    assert [row["spread"] for row in document["ladder"]["rows"]] == [1.0, 0.8, 0.5]
    series = prices(7, HOURS)
    own = analyse(series.times, series.market1.close, series.market2.close, 60_000).document()
    assert document["cointegration"] == own["cointegration"]


def test_pairs_are_found_among_many_symbols(trader: Trader) -> None:
    account = trader.account(seed=7)
    symbols = [each["symbol"] for each in trader.get(f"/exchanges/{account}/symbols")["items"]][:5]
    filters = {"min_correlation": -1, "max_p_value": 1}
    body = {
        "kind": "finder", "exchange_account_id": account, "symbols": symbols,
        **period(48), "timeframe": "15m", "filters": filters,
    }  # fmt: skip
    job = trader.post("/analyses", json=body, expect=201)
    document = result(trader, f"/analyses/{job['id']}")
    assert (document["kind"], document["counts"]["pairs"]) == ("finder", 10)
    assert ended(trader, f"/analyses/{job['id']}")["summary"]["pairs"] == 10


def test_a_deleted_backtest_s_address_leads_nowhere(trader: Trader) -> None:
    body = {"settings": settings(trader.account()), **period(1)}
    path = f"/backtests/{trader.post('/backtests', json=body, expect=201)['id']}"
    result(trader, path)
    url = trader.get(f"{path}/result")["url"]
    trader.delete(path, expect=204)
    assert httpx.get(url).status_code == 404
    trader.get(path, expect=404)


def test_an_address_is_good_for_its_own_result_alone(trader: Trader) -> None:
    body = {"settings": settings(trader.account()), **period(1)}
    path = f"/backtests/{trader.post('/backtests', json=body, expect=201)['id']}"
    result(trader, path)
    url = trader.get(f"{path}/result")["url"]
    assert httpx.get(url.replace(".json.gz", ".json")).status_code == 403
    assert httpx.get(url.partition("?")[0]).status_code == 403


def test_two_run_at_a_time_and_each_can_be_called_off(trader: Trader) -> None:
    body = {"settings": settings(trader.account()), **LONG}
    paths = [
        f"/backtests/{trader.post('/backtests', json=body, expect=201)['id']}" for _ in range(2)
    ]
    refused = trader.http.post(f"{API}/backtests", json=body)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_unfinished")
    for path in paths:
        trader.post(f"{path}/cancel", expect=200)
        job = ended(trader, path)
        assert (job["status"], job["summary"]) == ("cancelled", None)
        trader.get(f"{path}/result", expect=409)
        trader.delete(path, expect=204)
    assert trader.all_of("/backtests") == []


def test_prices_that_are_not_there_are_told(trader: Trader) -> None:
    body = {"settings": settings(trader.account(source="replay", dataset="nowhere")), **period(1)}
    refused = trader.http.post(f"{API}/backtests", json=body)
    assert refused.status_code == 422, refused.text
