"""`pairtrader data`: what is printed, which exit code, and what lies in the folder afterwards."""

import json
from pathlib import Path
from typing import Any

import pytest

from pairtrader.cli import downloads
from pairtrader.cli.main import main
from pairtrader.exchanges.past_prices import PastPrices, past_prices
from pairtrader.history.candles import read_candles
from pairtrader.history.parsed_files import ParsedFiles
from tests.fakes.candle_text import MINUTE, lines, row, sound, write
from tests.fakes.clock import FakeClock
from tests.fakes.venues.past_markets import PastMarkets
from tests.fakes.venues.transport import InProcessSession
from tests.fakes.venues.wire import Answer, FakeVenues, Fault
from tests.fakes.wire_desk import venues_of

FIRST_DAY = ("--from", "2025-05-01", "--to", "2025-05-01T06:00")
SIMULATED = ("data", "download", "--exchange", "simulated", "--symbols", "LTC-USDT", "--seed", "7")

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIRTRADER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EXCHANGE_HOSTS", raising=False)


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


# download


def test_a_download_names_its_files_after_what_is_in_them(tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "candles"
    words = ("data", "download", "--exchange", "simulated", "--symbols", "LTC-USDT", "LINK-USDT",
             *FIRST_DAY, "--funding", "--out", str(out), "--timeframe", "5m")  # fmt: skip
    assert main(words) == 0
    assert files_in(out) == {
        "simulated_LTC-USDT-PERP_5m.csv.gz",
        "simulated_LINK-USDT-PERP_5m.csv.gz",
        "simulated_LTC-USDT-PERP_funding.csv.gz",
        "simulated_LINK-USDT-PERP_funding.csv.gz",
    }
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 4
    assert "LTC-USDT-PERP_5m.csv.gz: 72 rows, 2025-05-01T00:00:00Z to 2025-05-01T06" in printed.out
    assert printed.err == ""
    found = read_candles(out / "simulated_LTC-USDT-PERP_5m.csv.gz")
    assert (len(found), found.timeframe_ms) == (72, 5 * MINUTE)


def test_a_second_download_asks_for_nothing(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*SIMULATED, *FIRST_DAY, "--out", str(tmp_path), "--json")
    assert main(words) == 0
    (first,) = json.loads(capsys.readouterr().out)["files"]
    assert first == {
        "file": str(tmp_path / "simulated_LTC-USDT-PERP_1m.csv.gz"),
        "rows": 360,
        "from": "2025-05-01T00:00:00Z",
        "to": "2025-05-01T06:00:00Z",
        "was_there": False,
    }

    async def no_more(*_: object) -> None:
        raise AssertionError("was asked again")

    monkeypatch.setattr("pairtrader.exchanges.past_prices.SyntheticPast.candles", no_more)
    assert main(words) == 0
    (second,) = json.loads(capsys.readouterr().out)["files"]
    assert second == {**first, "was_there": True}


def test_two_seeds_do_not_share_a_file(tmp_path: Path, capsys: Captured) -> None:
    words = (*SIMULATED, *FIRST_DAY, "--out", str(tmp_path))
    assert main(words) == 0
    assert main((*words, "--seed", "8")) == 3
    assert "was downloaded from simulated (seed 7), not from simulated (seed 8)" in (
        capsys.readouterr().err
    )


MISUSES: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown exchange": (
        ("--exchange", "kraken"), "unknown exchange 'kraken'; known are: binance, bybit, okx"),
    "an unknown symbol": (("--symbols", "NONE-USDT"), "has no perpetual swap NONE-USDT"),
    "no timeframe": (("--timeframe", "minute"), "'minute' is no timeframe: write it as 1m, 5m"),
    "an empty range": (("--to", "2025-04-01"), "no bar of 1m ends by 2025-04-01T00:00:00Z"),
    "the future": (("--from", "2100-01-01", "--to", "2100-01-02"), "no bar of 1m ends by"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "text"), MISUSES.values(), ids=MISUSES.keys())
def test_misuse_is_told_in_a_line(
    tmp_path: Path, capsys: Captured, words: tuple[str, ...], text: str
) -> None:
    assert main((*SIMULATED, *FIRST_DAY, "--out", str(tmp_path), *words)) == 2
    printed = capsys.readouterr()
    assert text in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_place_that_is_no_folder(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "x").write_text("")
    assert main((*SIMULATED, *FIRST_DAY, "--out", str(tmp_path / "x"))) == 2
    assert "is no folder" in capsys.readouterr().err


def test_hosts_that_can_not_be_right(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXCHANGE_HOSTS", "{")
    assert main((*SIMULATED, *FIRST_DAY, "--out", str(tmp_path))) == 2
    assert "EXCHANGE_HOSTS is not JSON" in capsys.readouterr().err


# download from an exchange, over its own API


@pytest.fixture
def venues(monkeypatch: pytest.MonkeyPatch) -> FakeVenues:
    """Fake exchanges that every download asks."""
    clock = FakeClock(1_790_000_040_000)
    venues = venues_of(PastMarkets(clock.now))

    def source(exchange: str, **kwargs: Any) -> PastPrices:
        kwargs["hosts"] = {exchange: "http://venue.test"}
        session = InProcessSession(venues)
        return past_prices(exchange, session=session, sleep=clock.sleep, **kwargs)

    def run(args: Any) -> int:
        return downloads_run(args, now=clock.now, source=source)

    downloads_run = downloads.run
    monkeypatch.setattr(downloads, "run", run)
    return venues


def real(exchange: str, out: Path) -> tuple[str, ...]:
    # Eleven hours before the fake exchanges' time.
    return ("data", "download", "--exchange", exchange, "--symbols", "GALA-USDT", "--out",
            str(out), "--from", "2026-09-21T03:00")  # fmt: skip


@pytest.mark.parametrize("exchange", ["binance", "bybit", "okx"])
def test_without_an_end_all_closed_bars_are_downloaded(
    tmp_path: Path, venues: FakeVenues, exchange: str
) -> None:
    assert main(real(exchange, tmp_path)) == 0
    found = read_candles(tmp_path / f"{exchange}_GALA-USDT-PERP_1m.csv.gz")
    # The minute that 14:14:00 begins is not over.
    assert int(found.times[-1]) == venues.now() // MINUTE * MINUTE - 2 * MINUTE
    assert len(found) == (int(found.times[-1]) - int(found.times[0])) // MINUTE + 1


@pytest.mark.parametrize("exchange", ["binance", "bybit", "okx"])
def test_an_exchange_that_fails_leaves_what_was_fetched(
    tmp_path: Path, venues: FakeVenues, capsys: Captured, exchange: str
) -> None:
    down = Fault(Answer(500, "{}"), matches=lambda r: "andle" in r.path or "kline" in r.path)
    down.times, down.skip = 1_000, 1
    if exchange != "okx":
        down.skip = 0
    venues.faults.append(down)
    assert main(real(exchange, tmp_path)) == 1
    assert "run the same command again to go on from here" in capsys.readouterr().err
    venues.faults.clear()
    asked = len(venues.requests)
    assert main(real(exchange, tmp_path)) == 0
    again = [r for r in venues.requests[asked:] if "andle" in r.path or "kline" in r.path]
    assert len(again) == {"okx": 2, "binance": 1, "bybit": 1}[exchange]


def test_nothing_to_be_had_is_a_failure(
    tmp_path: Path, venues: FakeVenues, capsys: Captured
) -> None:
    words = (*real("binance", tmp_path), "--funding")
    assert main(words) == 1
    assert "binance_GALA-USDT-PERP_funding.csv.gz: binance has nothing in this time" in (
        capsys.readouterr().err
    )
    assert files_in(tmp_path) == {"binance_GALA-USDT-PERP_1m.csv.gz"}


# check, info, convert, cache


def test_check_tells_facts_and_faults_of_all_files(tmp_path: Path, capsys: Captured) -> None:
    good = write(tmp_path, lines(row(0), row(1), row(4)), "LTC-USDT_1m.csv.gz")
    bad = write(tmp_path, lines(row(0), row(0)), "bad.csv")
    rates = write(tmp_path, "timestamp,funding_rate\n1746374400000,-0.0001\n", "f.csv")
    assert main(("data", "check", str(bad), str(good), str(rates))) == 3
    assert capsys.readouterr().out.splitlines() == [
        f"error: {bad} line 3: 2025-05-04T16:00:00Z appears twice: keep one of them",
        f"{good}: 3 bars of 1m, 2025-05-04T16:00:00Z to 2025-05-04T16:04:00Z, "
        "2 bars missing in 1 gaps:",
        "  2 from 2025-05-04T16:02:00Z on",
        f"{rates}: 1 funding rates, 2025-05-04T16:00:00Z to 2025-05-04T16:00:00Z, "
        "-0.000100 to -0.000100",
    ]
    assert main(("data", "check", str(good))) == 0
    assert main(("data", "check", "--no-gaps", str(good))) == 3


@pytest.mark.parametrize("command", ["check", "info"])
def test_facts_as_json(tmp_path: Path, capsys: Captured, command: str) -> None:
    good = write(tmp_path, lines(row(0), row(1), row(4)), "okx_LTC-USDT-PERP_1m.csv.gz")
    bad = write(tmp_path, lines(row(0), row(0)), "bad.csv")
    assert main(("data", command, "--json", str(good), str(bad))) == 3
    one, two = json.loads(capsys.readouterr().out)["files"]
    assert one == {
        "file": str(good),
        "symbol": "LTC-USDT",
        "kind": "candles",
        "timeframe_seconds": 60,
        "bars": 3,
        "first": "2025-05-04T16:00:00Z",
        "last": "2025-05-04T16:04:00Z",
        "gaps": 1,
        "missing_bars": 2,
        "first_gaps": [{"first": "2025-05-04T16:02:00Z", "bars": 2}],
    }
    assert two["error"]["line"] == 3


ENDINGS = ("csv", "csv.gz", "parquet")


@pytest.mark.parametrize("source", ENDINGS)
@pytest.mark.parametrize("target", ENDINGS)
def test_conversion_keeps_every_number(tmp_path: Path, source: str, target: str) -> None:
    rows = [row(n, f"{0.1 + n},{3.3 + n},1e-9,{0.30000000000000004 + n}", f"{n}.25")
            for n in range(50)]  # fmt: skip
    first = write(tmp_path, lines(*rows), "first.csv")
    one, two = tmp_path / f"one.{source}", tmp_path / f"two.{target}"
    assert main(("data", "convert", str(first), str(one))) == 0
    assert main(("data", "convert", str(one), str(two))) == 0
    before, after = read_candles(first), read_candles(two)
    assert before.times.tolist() == after.times.tolist()
    for old, new in zip(before.prices, after.prices, strict=True):
        assert old.tolist() == new.tolist()
    again = tmp_path / "again.csv"
    assert main(("data", "convert", str(two), str(again))) == 0
    assert again.read_text().splitlines()[:2] == [
        "timestamp,open,high,low,close,volume",
        row(0, "0.1,3.3,0.000000001,0.30000000000000004", "0.25"),
    ]


def test_conversion_of_funding_rates_and_of_candles_without_volume(tmp_path: Path) -> None:
    rates = write(tmp_path, "funding_rate,timestamp\n-1e-5,1746374400000\n", "f.csv")
    assert main(("data", "convert", str(rates), str(tmp_path / "g.csv"))) == 0
    assert (tmp_path / "g.csv").read_text() == ("timestamp,funding_rate\n1746374400000,-0.00001\n")
    bare = lines(*(r.rpartition(",")[0] for r in sound()), header="timestamp,open,high,low,close")
    assert main(("data", "convert", str(write(tmp_path, bare)), str(tmp_path / "y.csv"))) == 0
    assert (tmp_path / "y.csv").read_text() == bare


REFUSED = {
    "an unknown format": ("y.xlsx", 2, "the name has to end in one of .csv.gz, .csv, .parquet"),
    "a file that is there": ("x.csv", 2, "is there already; --force replaces it"),
    "no such folder": ("no/y.csv", 2, "there is no folder"),
}


@pytest.mark.parametrize(("target", "code", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_conversions_that_are_refused(
    tmp_path: Path, capsys: Captured, target: str, code: int, text: str
) -> None:
    path = write(tmp_path, lines(*sound()))
    assert main(("data", "convert", str(path), str(tmp_path / target))) == code
    assert text in capsys.readouterr().err
    assert read_candles(path).times.shape == (5,)


def test_a_wrong_file_is_not_converted(tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path, lines(row(0), row(0)))
    assert main(("data", "convert", str(path), str(tmp_path / "y.csv"))) == 3
    assert "line 3: 2025-05-04T16:00:00Z appears twice" in capsys.readouterr().err
    assert files_in(tmp_path) == {"x.csv"}


def test_the_cache_is_shown_and_cleared(tmp_path: Path, capsys: Captured) -> None:
    path = write(tmp_path, lines(*sound(8_000)))
    ParsedFiles.of_user().read(path)
    assert main(("data", "cache", "--json")) == 0
    size = 4096 + 5 * 8 * 8_000
    folder = str(tmp_path / "cache")
    assert json.loads(capsys.readouterr().out) == {
        "folder": folder,
        "kept": {"files": 1, "bytes": size},
    }
    assert main(("data", "cache", "--clear")) == 0
    assert capsys.readouterr().out == f"{folder}: removed 1 parsed files, 0.3 MB\n"
    assert main(("data", "cache")) == 0
    assert capsys.readouterr().out == f"{folder}: 0 parsed files, 0.0 MB\n"


HELPS = [("download", "--funding"), ("check", "--no-gaps"), ("convert", "OUT"), ("cache", "--cle")]


@pytest.mark.parametrize(("command", "word"), HELPS)
def test_each_command_explains_itself(capsys: Captured, command: str, word: str) -> None:
    assert main(("data", command, "--help")) == 0
    printed = capsys.readouterr().out
    assert word in printed
    assert "examples:" in printed
