"""What a script can rely on: exit codes, a line per problem on stderr, results on stdout."""

import gzip
import json
import os
from typing import Any

import pytest

from pairtrader.cli import main as command
from tests.unit.cli.desk import SETTINGS, Desk

MISUSES = [
    ("a word that is no command", ["backtets"], "invalid choice"),
    ("no command at all", [], "required: COMMAND"),
    ("an option that is none", ["backtest", "--markets", "x"], "--market1"),
    ("an abbreviated option", ["sweep", "--mark"], "required"),
    ("a report of nothing", ["report"], "name one result"),
    ("a comparison of one", ["report", "--compare", "a.json"], "at least two results"),
]


@pytest.mark.parametrize(("words", "text"), [m[1:] for m in MISUSES], ids=[m[0] for m in MISUSES])
def test_misuse_ends_with_2_and_one_line(words: list[str], text: str, desk: Desk) -> None:
    said = desk.run(*words)
    assert said.code == 2
    assert text in said.err
    assert said.err.startswith("pairtrader: error: ")
    assert said.err.count("\n") == 1
    assert said.out == ""


CONFIGS: list[tuple[str, object, list[str]]] = [
    ("no JSON", "{", [":1:2: Expecting property name"]),
    ("a comma too many", '{"leverage": 1,\n}', ["odd.json:", "comma"]),
    ("a comment", '{\n// mine\n"leverage": 1}', [":2:1:", "JSON has no comments"]),
    ("single quotes", "{'leverage': 1}", [":1:2:", "double quotes"]),
    ("not a number", '{"profit_ratio": NaN}', ["NaN is no number"]),
    ("a field said twice", '{"leverage": 1, "leverage": 2}', ["leverage stands there twice"]),
    ("a list", [1], ["a JSON object with the bot's settings"]),
    ("nothing", "", ["is empty"]),
    ("nested without end", "[" * 100_000, ["nested too deeply"]),
    (
        "fields missing",
        {},
        ["investment_per_order: is missing", "dca_config: is missing", "max_position_value: is m"],
    ),
    (
        "a field misspelt",
        {**SETTINGS, "profit_ration": 1},
        ["profit_ration: there is no such setting; did you mean profit_ratio?"],
    ),
    (
        "a row with a field misspelt",
        {**SETTINGS, "dca_config": [{"times": 1, "spred": 1.0, "spread": 1, "multiplier": 1}]},
        ["dca_config.0.spred: there is no such setting; did you mean spread?"],
    ),
    ("a value out of bounds", {**SETTINGS, "profit_ratio": -1}, ["profit_ratio:", "(it is -1)"]),
    (
        "two of them",
        {**SETTINGS, "leverage": 7, "taker_fee": 2},
        ["leverage must be one of", "taker_fee:"],
    ),
    ("a time without a zone", {**SETTINGS, "start_time": "2025-05-05T00:00"}, ["needs a zone"]),
    (
        "lot steps without markets",
        {**SETTINGS, "lot_steps": True},
        ["lot_steps needs the steps of MARKET1-USDT and MARKET2-USDT"],
    ),
    ("funding without rates", {**SETTINGS, "funding": True}, ["--funding1 and --funding2"]),
    ("a start behind the data", {**SETTINGS, "start_time": "2030-01-01T00:00Z"}, ["start_time: "]),
    (
        "an export with something beside",
        {"format": "pairtrader.bot/1", "settings": SETTINGS, "fill_at": "next_open"},
        ["fill_at: not a part of an exported bot"],
    ),
]


@pytest.mark.parametrize(
    ("config", "texts"), [case[1:] for case in CONFIGS], ids=[case[0] for case in CONFIGS]
)
def test_a_configuration_that_cant_be_used_ends_with_2(
    config: object, texts: list[str], desk: Desk
) -> None:
    desk.write("odd.json", config)
    said = desk.pair("backtest", config="odd.json")
    assert said.code == 2
    assert all(text in said.err for text in texts), said.err
    assert all(line.startswith("pairtrader: error: ") for line in said.err.splitlines())
    assert said.out == ""


CHANGES = [
    ("profit_ration=1", "--set profit_ration: there is no such setting; did you mean profit_ratio"),
    ("profit_ratio", "write NAME=VALUE"),
    ("profit_ratio=-1", "--set: profit_ratio:"),
    ("dca_config.5.spread=1", "dca_config has rows 0 to 1"),
    ("dca_config.x.spread=1", "dca_config has rows 0 to 1"),
    ("leverage.low=1", "leverage is a single value"),
    ("ladder.width=2", "ladder.width leads nowhere: there are ladder.growth"),
    ("ladder.scale=wide", "ladder.scale has to be a number"),
    ("ladder.rows=11", "whole number from 1 to 10"),
]


@pytest.mark.parametrize(("change", "text"), CHANGES)
def test_a_change_that_makes_no_sense_names_itself(change: str, text: str, desk: Desk) -> None:
    said = desk.pair("backtest", "--set", change)
    assert (said.code, said.out) == (2, "")
    assert text in said.err


def test_options_that_say_no_time_or_number_are_misuse(desk: Desk) -> None:
    for words in (("--from", "soon"), ("--to", "2025-13-01")):
        said = desk.pair("backtest", *words)
        assert said.code == 2
        assert "is no time" in said.err
    for words in (("--jobs", "0"), ("--samples", "many"), ("--seed", "-1"), ("--top", "1e3")):
        said = desk.pair("sweep", *words)
        assert said.code == 2
        assert "is no whole number" in said.err


def test_data_that_cant_be_used_ends_with_3_and_names_file_and_line(desk: Desk) -> None:
    rows = (desk.folder / "market2.csv").read_text().splitlines()
    rows[7] = rows[7].replace(rows[7].split(",")[4], "nan")
    desk.write("market2.csv", "\n".join(rows))
    said = desk.pair("backtest")
    assert (said.code, said.out) == (3, "")
    assert f"{desk.path('market2.csv')} line 8" in said.err
    assert said.err.count("\n") == 1


def test_a_file_that_is_not_there_is_bad_data(desk: Desk) -> None:
    (desk.folder / "market1.csv").unlink()
    said = desk.pair("backtest")
    assert said.code == 3
    assert desk.path("market1.csv") in said.err


def test_a_period_without_bars_is_misuse(desk: Desk) -> None:
    said = desk.pair("backtest", "--from", "2030-01-01")
    assert said.code == 2
    assert "the data go from 2025-05-04T16:00:00Z" in said.err


def test_a_result_that_cant_be_written_ends_with_1(desk: Desk) -> None:
    said = desk.pair("backtest", "--out", desk.path("nowhere/result.json"))
    assert said.code == 1
    assert desk.path("nowhere") in said.err


def _raising(error: BaseException) -> Any:
    def run(_: object) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 1, "not enough memory"),
        (PermissionError(13, "Permission denied", "/data/x"), 1, "/data/x: Permission denied"),
        (ZeroDivisionError("division by zero"), 1, "unexpected ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_on_the_way_has_a_code_and_a_line(
    error: BaseException, code: int, text: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pairtrader.cli.report.run", _raising(error))
    said = desk.run("report", "x.json")
    assert said.code == code
    assert text in said.err
    assert "Traceback" not in said.err
    assert said.err.count("\n") == 1


def test_a_traceback_is_there_for_who_asks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIRTRADER_TRACEBACK", "1")
    monkeypatch.setattr("pairtrader.cli.report.run", _raising(ZeroDivisionError()))
    assert "Traceback" in desk.run("report", "x.json").err


def test_help_and_version_go_to_stdout(desk: Desk) -> None:
    said = desk.run("--help")
    assert said.code == 0
    assert all(name in said.out for name in command.COMMANDS)
    assert "exit codes" in said.out
    version = desk.run("--version")
    assert version.code == 0
    assert version.out.startswith("pairtrader ")


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_command_explains_itself(name: str, desk: Desk) -> None:
    said = desk.run(name, "--help")
    assert (said.code, said.err) == (0, "")
    assert "examples:" in said.out


def test_words_for_all_commands_stand_before_or_behind(desk: Desk) -> None:
    before = desk.run("--quiet", "report", "x")
    behind = desk.run("report", "--quiet", "x")
    assert before.err == behind.err
    assert before.code == behind.code == 2


def test_a_zipped_configuration_is_read(desk: Desk) -> None:
    content = gzip.compress(json.dumps(SETTINGS).encode())
    (desk.folder / "bot.json.gz").write_bytes(content)
    assert desk.pair("backtest", config="bot.json.gz").code == 0
    (desk.folder / "bot.json.gz").write_bytes(content[:40])
    said = desk.pair("backtest", config="bot.json.gz")
    assert said.code == 2
    assert "not a whole gzip file" in said.err


def test_a_configuration_that_is_not_text_is_misuse(desk: Desk) -> None:
    (desk.folder / "odd.json").write_bytes(b'{"bot_name": "\xff"}')
    said = desk.pair("backtest", config="odd.json")
    assert said.code == 2
    assert "byte 15 is not UTF-8" in said.err
    said = desk.pair("backtest", config=os.curdir)
    assert said.code == 2
