"""Downloads as a user runs them: a process of its own, real HTTP, and signals that end it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pairtrader.history.candles import read_candles
from pairtrader.history.funding import read_funding
from tests.fakes.venues.past_markets import PastMarkets, past_candle
from tests.fakes.venues.transport import VenueServer
from tests.fakes.venues.wire import Answer, Fault, Request
from tests.fakes.wire_desk import venues_of

MINUTE, HOUR = 60_000, 3_600_000
BARS = 2_100
PROGRAM = "from pairtrader.cli.main import main; raise SystemExit(main())"


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def server() -> Iterator[VenueServer]:
    server = VenueServer(venues_of(PastMarkets(now)))
    yield server
    server.close()


@pytest.fixture
def since() -> int:
    """A full hour some days ago."""
    return (now() - 3 * 24 * HOUR) // HOUR * HOUR


def command(server: VenueServer, exchange: str, out: Path, since: int, *more: str) -> list[str]:
    start, end = (
        time.strftime("%Y-%m-%dT%H:%M", time.gmtime(moment / 1000))
        for moment in (since, since + BARS * MINUTE)
    )
    words = f"data download --exchange {exchange} --symbols GALA-USDT CHZ-USDT"
    period = ("--from", start, "--to", end)
    return [sys.executable, "-c", PROGRAM, *words.split(), *period, "--out", str(out), *more]


def environment(server: VenueServer, exchange: str) -> dict[str, str]:
    hosts = json.dumps({exchange: server.address})
    return {**os.environ, "PYTHONPATH": "shared", "EXCHANGE_HOSTS": hosts}


def is_page(request: Request) -> bool:
    return "andle" in request.path or "kline" in request.path


def pages(server: VenueServer) -> list[str]:
    return [str(request) for request in list(server.venues.requests) if is_page(request)]


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def assert_complete(path: Path, since: int) -> None:
    found = read_candles(path)
    times = range(since, since + BARS * MINUTE, MINUTE)
    assert found.times.tolist() == list(times)
    assert found.prices[3].tolist() == [float(past_candle(t)[3]) for t in times]


@pytest.mark.parametrize("exchange", ["binance", "bybit", "okx"])
def test_candles_and_funding_of_two_markets(
    server: VenueServer, tmp_path: Path, since: int, exchange: str
) -> None:
    markets = server.venues.markets
    settled = [(since + n * HOUR, f"0.0000{n % 9}1") for n in range(-5, BARS // 60 + 5)]
    markets.funding = {"GALA": settled, "CHZ": settled[::8]}
    limited = Answer(429, "{}", headers=(("Retry-After", "1"),))
    server.venues.faults.append(Fault(limited, matches=is_page, skip=1))
    done = subprocess.run(
        command(server, exchange, tmp_path, since, "--funding", "--json", "--format", "csv"),
        env=environment(server, exchange), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{exchange} limits our requests; asking again in 1 s" in done.stderr
    files = json.loads(done.stdout)["files"]
    assert [entry["rows"] for entry in files] == [BARS, 36, BARS, 5]
    for base in ("GALA", "CHZ"):
        assert_complete(tmp_path / f"{exchange}_{base}-USDT-PERP_1m.csv", since)
    rates = read_funding(tmp_path / f"{exchange}_GALA-USDT-PERP_funding.csv")
    assert rates.times.tolist() == [since + n * HOUR for n in range(BARS // 60 + 1)]


@pytest.mark.parametrize(
    ("ending", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
def test_a_download_that_is_ended_goes_on(
    server: VenueServer, tmp_path: Path, since: int, ending: signal.Signals, code: int
) -> None:
    words = command(server, "okx", tmp_path, since)
    process = subprocess.Popen(
        words, env=environment(server, "okx"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    # The fourth page is asked for once the third is kept.
    wait_for(lambda: len(pages(server)) >= 4)
    process.send_signal(ending)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert b"Traceback" not in errors
    first = tmp_path / "okx_GALA-USDT-PERP_1m.csv.gz"
    assert not first.exists()
    assert first.with_name(f"{first.name}.part").exists()
    before = len(pages(server))
    again = subprocess.run(
        words, env=environment(server, "okx"), capture_output=True, timeout=120, check=False
    )
    assert again.returncode == 0, again.stderr
    for base in ("GALA", "CHZ"):
        assert_complete(tmp_path / f"okx_{base}-USDT-PERP_1m.csv.gz", since)
    # Seven pages each; three of the first market were kept.
    assert len(pages(server)) - before <= 7 + 7 - 3
    assert not list(tmp_path.glob("*.part"))
