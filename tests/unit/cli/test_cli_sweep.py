"""`pairtrader sweep`: the search, the ranking, the journal, the files."""

import csv
import json
from typing import Any

import pytest

from pairtrader.backtest.changes import changed
from pairtrader.backtest.sweep.crews import Alone
from pairtrader.cli.failures import UsageError
from pairtrader.cli.space_options import parameter
from tests.unit.cli.desk import SETTINGS, Desk

GRID = ("--param", "profit_ratio=0.3:0.9:0.2", "dca_config.0.spread=1,1.5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1,2.5,x", ("a", [1, 2.5, "x"])),
        ("a=limit", ("a", ["limit"])),
        ("a=true,false", ("a", [True, False])),
        ("a=0.5:2:0.25", ("a", {"from": 0.5, "to": 2, "step": 0.25})),
        ("a=1:100:log", ("a", {"from": 1, "to": 100, "log": True})),
        ("a=1:9:whole", ("a", {"from": 1, "to": 9, "whole": True})),
        ("a=[1,[2]]", ("a", [1, [2]])),
        ('a={"from":1,"to":2}', ("a", {"from": 1, "to": 2})),
    ],
)
def test_values_are_written_in_a_word(text: str, expected: tuple[str, Any]) -> None:
    assert parameter(text) == expected


@pytest.mark.parametrize("text", ["a", "=1", "a=", "a=1:", "a=1:2:3:4", "a=log:2", "a=1:x"])
def test_words_that_name_no_values_are_misuse(text: str) -> None:
    with pytest.raises(UsageError):
        parameter(text)


def test_all_combinations_are_run_as_single_runs_would(desk: Desk) -> None:
    said = desk.pair("sweep", *GRID, "--objective", "net_pnl", "--jobs", "2", "--json")
    assert (said.code, said.err) == (0, "")
    document = said.document
    runs = document["runs"]
    assert document["kind"] == "sweep"
    assert document["counts"]["done"] == len(runs) == 8
    nets = [run["metrics"]["net_pnl"] for run in runs]
    assert nets == sorted(nets, reverse=True)
    for run in (runs[0], runs[-1]):
        desk.write("one.json", changed(SETTINGS, run["settings"]))
        single = desk.pair("backtest", "--json", config="one.json").document["metrics"]
        bars = ("max_drawdown", "max_drawdown_amount", "max_drawdown_seconds")
        assert run["metrics"] == {**single, **dict.fromkeys(bars)}


def test_the_result_does_not_depend_on_how_many_work(desk: Desk) -> None:
    words = ("--mode", "random", "--samples", "12", "--seed", "4", "--json")
    space = ("--param", "profit_ratio=0.2:2", "ladder.scale=0.8:1.2")
    one, three = (desk.pair("sweep", *space, *words, "--jobs", n).document for n in ("1", "3"))
    assert one == three
    assert one["counts"]["asked"] == 12


def test_figures_at_every_bar_are_there_when_they_are_ranked_by(desk: Desk) -> None:
    said = desk.pair("sweep", *GRID, "--objective", "max_drawdown", "--json")
    found = [run["metrics"]["max_drawdown"] for run in said.document["runs"]]
    assert found == sorted(found)
    assert None not in found


def test_a_space_is_read_from_a_file(desk: Desk) -> None:
    desk.write("space.json", {"profit_ratio": {"from": 0.3, "to": 0.9, "step": 0.3}})
    more = ("--param", "ladder.rows=1,2")
    said = desk.pair("sweep", "--space", desk.path("space.json"), *more, "--json")
    assert [p["name"] for p in said.document["parameters"]] == ["profit_ratio", "ladder.rows"]
    assert said.document["counts"]["done"] == 6


def test_leaderboard_heat_map_and_walk_forward_are_printed(desk: Desk) -> None:
    said = desk.pair("sweep", *GRID, "--objective", "net_pnl", "--walk-forward", "3", "--top", "3")
    assert said.code == 0
    assert "Best 3 of 8 by net_pnl" in said.out
    assert "profit_ratio down, dca_config.0.spread across" in said.out
    assert "Walk forward by net_pnl" in said.out
    assert "rank correlation" in said.out


def test_files_are_written(desk: Desk) -> None:
    files = ("--out", desk.path("s.json"), "--csv", desk.path("s.csv"))
    files += ("--best", desk.path("best.json"))
    said = desk.pair("sweep", *GRID, *files, "--json", "--html", desk.path("s.html"))
    assert said.code == 0
    assert json.loads((desk.folder / "s.json").read_text()) == said.document
    with (desk.folder / "s.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["rank"]) for row in rows] == list(range(1, 9))
    assert float(rows[0]["sharpe"]) == said.document["runs"][0]["metrics"]["sharpe"]
    single = desk.pair("backtest", "--json", config="best.json").document["metrics"]
    assert single["sharpe"] == said.document["runs"][0]["metrics"]["sharpe"]
    assert rows[0].keys() > {"profit_ratio", "dca_config.0.spread", "net_pnl"}
    assert (desk.folder / "s.html").exists()


def test_a_sweep_goes_on_where_it_was(desk: Desk) -> None:
    journal = ("--resume", desk.path("s.jsonl"))
    first = desk.pair("sweep", *GRID, *journal, "--json").document
    lines = (desk.folder / "s.jsonl").read_text().splitlines(keepends=True)
    desk.write("s.jsonl", "".join(lines[:5]) + lines[5][:20])
    again = desk.pair("sweep", *GRID, *journal, "--json").document
    assert again["counts"].pop("resumed") == 4
    assert first["counts"].pop("resumed") == 0
    assert again == first


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--set", "stop_loss_ratio=5"], "the configuration has changed"),
        (["--from", "2025-05-05"], "the candles or the period have changed"),
        (["--figures", "full"], "other figures"),
    ],
)
def test_a_journal_of_another_sweep_is_refused(words: list[str], text: str, desk: Desk) -> None:
    journal = ("--resume", desk.path("s.jsonl"))
    desk.pair("sweep", *GRID, *journal)
    said = desk.pair("sweep", *GRID, *journal, *words)
    assert (said.code, said.out) == (2, "")
    assert text in said.err


def test_more_of_the_same_is_added_to_a_journal(desk: Desk) -> None:
    journal = ("--resume", desk.path("s.jsonl"), "--json")
    desk.pair("sweep", *GRID, *journal)
    wider = desk.pair("sweep", "--param", "profit_ratio=0.3:1.1:0.2", GRID[2], *journal)
    assert wider.document["counts"]["resumed"] == 8
    assert wider.document["counts"]["done"] == 10


def test_limit_orders_and_funding_may_be_varied(desk: Desk) -> None:
    rates = desk.write("rates.csv", "timestamp,funding_rate\n1746403200000,0.001\n")
    space = ("--param", "order_type_open=market,limit", "funding=false,true")
    said = desk.pair("sweep", *space, "--funding1", rates, "--funding2", rates, "--json")
    assert said.document["counts"]["done"] == 4
    assert len({run["metrics"]["net_pnl"] for run in said.document["runs"]}) > 1


MISUSES = [
    ([], "nothing is varied"),
    (["--param", "profit_ratoi=1,2"], "did you mean profit_ratio?"),
    (["--param", "profit_ratio=1:2"], "a grid needs values or a step"),
    (["--param", "profit_ratio=2:1:1"], "has to be below"),
    (["--param", "dca_config.7.spread=1,2"], "dca_config has rows 0 to 1"),
    (["--param", "profit_ratio=1", "profit_ratio=2"], "is given twice"),
    ([*GRID, "--objective", "sharp"], "did you mean sharpe?"),
    ([*GRID, "--train", "1.5"], "between 0 and 1"),
    ([*GRID, "--samples", "3"], "a grid runs all combinations"),
    ([*GRID, "--walk-forward", "500"], "too few for 500 splits"),
    ([*GRID, "--heat-map", "profit_ratio", "leverage"], "--heat-map leverage: is not varied"),
    ([*GRID, "--space", "nowhere.json"], "nowhere.json: No such file"),
    ([*GRID, "--resume", "bot.json"], "is no journal of a sweep"),
]


@pytest.mark.parametrize(("words", "text"), MISUSES)
def test_what_cant_be_swept_is_said(
    words: list[str], text: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    said = desk.pair("sweep", *words)
    assert (said.code, said.out) == (2, "")
    assert text in said.err
    assert said.err.count("\n") == 1


def test_a_sweep_without_a_single_figure_has_failed(desk: Desk) -> None:
    said = desk.pair("sweep", "--param", "leverage=4,6")
    assert said.code == 1
    assert "none of 2 runs has figures; of the first: leverage: leverage must be one" in said.err
    said = desk.pair("sweep", *GRID, "--set", "start_time=2030-01-01T00:00:00Z")
    assert said.code == 1
    assert "start_time: the data has no bar" in said.err


def test_an_interrupted_sweep_keeps_what_is_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Alone.answers

    def interrupted(self: Alone, tasks: Any) -> Any:
        for number, answer in enumerate(whole(self, tasks)):
            if number == 3:
                raise KeyboardInterrupt
            yield answer

    monkeypatch.setattr(Alone, "answers", interrupted)
    words = (*GRID, "--jobs", "1", "--resume", desk.path("s.jsonl"))
    said = desk.pair("sweep", *words)
    assert (said.code, said.out) == (130, "")
    assert "interrupted: 3 runs are kept in" in said.err
    assert len((desk.folder / "s.jsonl").read_text().splitlines()) == 1 + 3
