"""`pairtrader analyse`: one pair, the finder, and what is said where they can't be had."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pairtrader.analysis.pair_options import PairOptions
from pairtrader.analysis.pair_statistics import analyse
from pairtrader.cli.analyse import span
from tests.made_markets import cointegrated, reverting, walk
from tests.unit.cli.desk import FIRST_MS, MINUTE_MS, SETTINGS, Desk, write_candles

BARS = 60 * 150


@pytest.fixture
def markets(desk: Desk) -> Desk:
    """Four markets of minutes: the first two belong together, the last wanders by itself."""
    log1, log2 = cointegrated(1, BARS)
    folder = desk.folder / "candles"
    folder.mkdir()
    for name, logarithm in (
        ("LTC", log1 / 20),
        ("LINK", log2 / 20),
        ("XRP", (log2 + reverting(3, BARS)) / 20),
        ("BTC", walk(4, BARS, 0.0005)),
    ):
        write_candles(folder / f"binance_{name}-USDT-PERP_1m.csv", np.exp(logarithm))
    return desk


def candles(desk: Desk, name: str) -> str:
    return desk.path(f"candles/binance_{name}-USDT-PERP_1m.csv")


def test_a_pair_as_json_is_the_analysis_of_the_library(markets: Desk) -> None:
    said = markets.run(
        "analyse", "pair", "--market1", candles(markets, "LTC"),
        "--market2", candles(markets, "LINK"), "--json",
    )  # fmt: skip
    assert (said.code, said.err) == (0, "")
    closes = [
        np.loadtxt(candles(markets, name), delimiter=",", skiprows=1, usecols=4)
        for name in ("LTC", "LINK")
    ]
    times = FIRST_MS + np.arange(BARS, dtype=np.int64) * MINUTE_MS
    starts = (float(closes[0][0]), float(closes[1][0]))
    expected = analyse(
        times, *closes, MINUTE_MS, PairOptions(start_prices=starts), ("LTC-USDT", "LINK-USDT")
    )
    assert said.document == expected.document()


def test_two_files_alone_are_a_pair(markets: Desk) -> None:
    files = (candles(markets, "LTC"), candles(markets, "LINK"))
    short = markets.run("analyse", *files, "--json")
    long = markets.run("analyse", "pair", "--market1", files[0], "--market2", files[1], "--json")
    assert short.out == long.out != ""


def test_a_pair_is_told_in_words(markets: Desk) -> None:
    said = markets.run("analyse", candles(markets, "LTC"), candles(markets, "LINK"))
    assert (said.code, said.err) == (0, "")
    for text in (
        "LTC-USDT / LINK-USDT, 2025-05-04T16:00:00Z to ",
        "Tests on 150 bars of 1 h",
        "cointegrated by this test",
        "the bot's spread",
        "no advice",
        "the past does not bind the future",
    ):
        assert text in said.out


def test_the_ladder_and_the_mode_are_the_bots(markets: Desk) -> None:
    markets.write("bot.json", {**SETTINGS, "spread_mode": "log_ratio"})
    said = markets.run(
        "analyse", candles(markets, "LTC"), candles(markets, "LINK"),
        "--config", markets.path("bot.json"), "--json",
    )  # fmt: skip
    assert said.document["bot_spread"]["mode"] == "log_ratio"
    assert said.document["ladder"]["given"] is True
    assert [row["spread"] for row in said.document["ladder"]["rows"]] == [1.0, 0.8]


def test_half_a_configuration_will_do_but_not_a_wrong_one(markets: Desk) -> None:
    files = (candles(markets, "LTC"), candles(markets, "LINK"))
    half = markets.write("half.json", {"dca_config": SETTINGS["dca_config"]})
    assert markets.run("analyse", *files, "--config", half).code == 0
    wrong = markets.write(
        "wrong.json", {"dca_config": [{"times": 1, "spread": -1, "multiplier": 1}]}
    )
    said = markets.run("analyse", *files, "--config", wrong)
    assert said.code == 2
    assert "wrong.json: dca_config.0.spread: " in said.err


def test_options_reach_the_analysis(markets: Desk) -> None:
    said = markets.run(
        "analyse", candles(markets, "LTC"), candles(markets, "LINK"), "--timeframe", "15m",
        "--trend", "ct", "--lags", "fixed", "--max-lag", "2", "--zscore-window", "6h",
        "--stability-window", "1d", "--spread-mode", "log_ratio", "--significance", "0.01",
        "--from", "2025-05-05", "--to", "2025-05-09", "--json",
    )  # fmt: skip
    document = said.document
    assert document["data"]["test_timeframe_seconds"] == 900
    assert document["data"]["first"] == "2025-05-05T00:00:00Z"
    assert document["data"]["last"] == "2025-05-08T23:59:00Z"
    assert document["settings"] == {
        "trend": "ct",
        "lag_choice": "fixed",
        "max_lag": 2,
        "spread_mode": "log_ratio",
        "significance": 0.01,
        "zscore_window_seconds": 21_600,
        "stability_window_seconds": 86_400,
    }
    assert document["spreads"]["bot"]["adf"]["lags"] == 2


def test_the_finder_searches_a_folder_and_leaves_funding_out(markets: Desk) -> None:
    (markets.folder / "candles" / "binance_LTC-USDT-PERP_funding.csv").write_text(
        "timestamp,funding_rate\n1746374400000,0.0001\n"
    )
    said = markets.run("analyse", "find", "--data", markets.path("candles"), "--json")
    assert (said.code, said.err) == (0, "")
    document = said.document
    assert document["kind"] == "finder"
    assert document["counts"]["pairs"] == 6
    found = {frozenset((pair["market1"], pair["market2"])) for pair in document["pairs"]}
    assert frozenset(("LTC-USDT", "LINK-USDT")) in found
    assert not any("BTC-USDT" in pair for pair in found)


def test_the_finder_tells_in_words_and_writes_tables(markets: Desk) -> None:
    table, file = markets.path("pairs.csv"), markets.path("pairs.json")
    said = markets.run(
        "analyse", "find", "--data", markets.path("candles"), "--max-pvalue", "1",
        "--min-correlation", "-1", "--sort", "p_value", "--limit", "2",
        "--csv", table, "--out", file,
    )  # fmt: skip
    assert said.code == 0
    assert "6 pairs tried, 6 tested for cointegration, 6 passed" in said.out
    assert "and 4 more" in said.out
    assert "by luck alone" in said.out
    document = json.loads(Path(file).read_text())
    rows = list(csv.DictReader(io.StringIO(Path(table).read_text())))
    assert [row["market1"] for row in rows] == [pair["market1"] for pair in document["pairs"]]
    assert float(rows[0]["p_value"]) == document["pairs"][0]["p_value"]
    assert rows[0]["out_of_sample_passed"] == str(document["pairs"][0]["out_of_sample"]["passed"])


def test_nothing_found_is_an_answer(markets: Desk) -> None:
    said = markets.run(
        "analyse", "find", "--data", markets.path("candles"), "--min-correlation", "1"
    )
    assert said.code == 0
    assert "0 passed" in said.out
    assert "min_correlation 6" in said.out


def test_a_period_that_some_markets_lack_leaves_them_out(markets: Desk) -> None:
    said = markets.run(
        "analyse", "find", "--data", markets.path("candles"), "--from", "2030-01-01", "--json"
    )
    assert said.code == 0
    assert said.document["counts"]["found"] == 0
    assert (
        "without a bar"
        in markets.run(
            "analyse", "find", "--data", markets.path("candles"), "--from", "2030-01-01"
        ).out
    )


MISUSES: list[tuple[str, list[str], int, str]] = [
    ("nothing asked for", [], 2, "pair|find"),
    ("one file", ["{LTC}"], 2, "a pair is two files"),
    ("three files", ["{LTC}", "{LINK}", "{XRP}"], 2, "a pair is two files"),
    ("one option only", ["pair", "--market1", "{LTC}", "{LINK}"], 2, "a pair is two files"),
    ("no such file", ["{LTC}", "nowhere.csv"], 3, "nowhere.csv"),
    ("too short a period", ["{LTC}", "{LINK}", "--to", "2025-05-04T16:20"], 3, "at least 30 bars"),
    ("an empty period", ["{LTC}", "{LINK}", "--from", "2030-01-01"], 2, "--from/--to"),
    ("no timeframe", ["{LTC}", "{LINK}", "--timeframe", "1x"], 2, "no length of time"),
    ("no multiple", ["find", "--data", "{LTC}", "{LINK}", "--max-lag", "x"], 2, "whole number"),
    ("no probability", ["{LTC}", "{LINK}", "--significance", "2"], 2, "above 0 and at most 1"),
    ("certain of all", ["{LTC}", "{LINK}", "--significance", "1"], 2, "between 0 and 1"),
    ("no data", ["find"], 2, "--data"),
    ("an empty folder", ["find", "--data", "{empty}"], 2, "no files of candles in it"),
    ("one market", ["find", "--data", "{LTC}"], 2, "at least two markets"),
    ("a market twice", ["find", "--data", "{LTC}", "{LTC}"], 2, "both LTC-USDT"),
    ("two timeframes", ["find", "--data", "{LTC}", "{hours}"], 2, "files of one timeframe"),
    ("no correlation", ["find", "--data", "{c}", "--min-correlation", "3"], 2, "between -1 and 1"),
    ("no number", ["find", "--data", "{c}", "--max-pvalue", "nan"], 2, "no number"),
    ("below zero", ["find", "--data", "{c}", "--max-hedge-deviation", "-1"], 2, "0 or more"),
    ("too few bars", ["find", "--data", "{c}", "--min-bars", "5"], 2, "min_bars must be 30"),
    ("no such order", ["find", "--data", "{c}", "--sort", "luck"], 2, "invalid choice"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "text"), [row[1:] for row in MISUSES], ids=[row[0] for row in MISUSES]
)
def test_what_can_not_be_done_is_said_in_one_line(
    words: list[str], code: int, text: str, markets: Desk
) -> None:
    (markets.folder / "empty").mkdir()
    hours = [f"{FIRST_MS + bar * 3_600_000},1,1,1,1,1" for bar in range(100)]
    markets.write("XLM-USDT.csv", "timestamp,open,high,low,close,volume\n" + "\n".join(hours))
    places = {
        **{name: candles(markets, name) for name in ("LTC", "LINK", "XRP")},
        "empty": markets.path("empty"),
        "hours": markets.path("XLM-USDT.csv"),
        "c": markets.path("candles"),
    }
    said = markets.run("analyse", *(word.format(**places) for word in words))
    assert said.code == code
    assert text in said.err
    assert said.err.startswith("pairtrader: error: ")
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1m", 60_000), ("15m", 900_000), ("4h", 14_400_000), ("2d", 172_800_000)],
)
def test_lengths_of_time(text: str, expected: int) -> None:
    assert span(text) == expected


@pytest.mark.parametrize("words", [["--help"], ["pair", "--help"], ["find", "--help"]])
def test_help_shows_examples(words: list[str], desk: Desk) -> None:
    said: Any = desk.run("analyse", *words)
    assert said.code == 0
    assert "pairtrader analyse" in said.out
    assert "examples:" in said.out
