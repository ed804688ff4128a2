"""`pairtrader report`: pages of results, and results side by side."""

import json
import sys

import pytest

from tests.unit.cli.desk import Desk


@pytest.fixture
def results(desk: Desk) -> list[str]:
    paths = []
    for name, ratio in (("tight", "0.4"), ("wide", "0.9")):
        path = desk.path(f"{name}.json")
        desk.pair("backtest", "--set", f"profit_ratio={ratio}", "--out", path)
        paths.append(path)
    return paths


def test_the_page_lies_beside_the_result(results: list[str], desk: Desk) -> None:
    said = desk.run("report", results[0])
    assert (said.code, said.out.strip()) == (0, desk.path("tight.html"))
    assert (desk.folder / "tight.html").read_text().lower().startswith("<!doctype html>")


def test_the_page_goes_where_it_is_wanted(results: list[str], desk: Desk) -> None:
    said = desk.run("report", results[0], "-o", desk.path("page.html"), "--quiet")
    assert (said.code, said.out) == (0, "")
    assert (desk.folder / "page.html").exists()


def test_results_stand_side_by_side(results: list[str], desk: Desk) -> None:
    said = desk.run("report", "--compare", *results)
    lines = {line.split("  ")[0]: line for line in said.out.splitlines()}
    assert said.out.splitlines()[0].split() == ["tight", "wide"]
    assert lines["profit_ratio"].split() == ["profit_ratio", "0.4", "0.9"]
    assert "leverage" not in lines
    assert "Net PnL" in lines


def test_a_comparison_is_a_document_as_well(results: list[str], desk: Desk) -> None:
    said = desk.run("report", "--json", "--compare", *results)
    document = said.document
    single = [json.loads((desk.folder / f"{name}.json").read_text()) for name in ("tight", "wide")]
    assert document["kind"] == "comparison"
    assert document["metrics"]["net_pnl"] == [each["metrics"]["net_pnl"] for each in single]
    assert document["settings"] == {"profit_ratio": [0.4, 0.9]}


def test_results_of_one_name_are_told_apart_by_their_folders(desk: Desk) -> None:
    paths = []
    for folder in ("a", "b"):
        (desk.folder / folder).mkdir()
        paths.append(desk.path(f"{folder}/result.json"))
        desk.pair("backtest", "--out", paths[-1])
    assert desk.run("report", "--json", "--compare", *paths).document["results"] == paths


def test_what_is_no_result_is_said(results: list[str], desk: Desk) -> None:
    said = desk.run("report", desk.path("bot.json"))
    assert said.code == 2
    assert "is no result" in said.err
    desk.write("sweep.json", {"version": 1, "kind": "sweep"})
    said = desk.run("report", "--compare", results[0], desk.path("sweep.json"))
    assert said.code == 2
    assert "sweep.json: is a sweep" in said.err


def test_a_page_needs_the_extra(
    results: list[str], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("plotly", "plotly.offline"):
        monkeypatch.setitem(sys.modules, name, None)
    said = desk.run("report", results[0])
    assert said.code == 2
    assert "pip install 'pairtrader[report]'" in said.err
