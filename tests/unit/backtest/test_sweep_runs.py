"""Runs by one process, by threads and by processes; searches; walking forward."""

import os
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from pairtrader.backtest.sweep.crews import Alone, Crew, Suspects, Threads, next_part
from pairtrader.backtest.sweep.document import Sweep
from pairtrader.backtest.sweep.evaluation import Evaluation
from pairtrader.backtest.sweep.hiring import hired
from pairtrader.backtest.sweep.journal import Journal
from pairtrader.backtest.sweep.processes import Processes
from pairtrader.backtest.sweep.runs import Failure, Window
from pairtrader.backtest.sweep.searches import MissingExtra, Mode, drawn, search_of
from pairtrader.backtest.sweep.space import BadSpace, Space
from pairtrader.backtest.sweep.sweep import Goal, Runner, explored, walked
from pairtrader.backtest.sweep.windows import splits
from tests.unit.backtest.sweeps import BASE, WHOLE, evaluation, lasting, lucky, series, task

GOAL = Goal("net_pnl")
RATIOS = Space.of({"profit_ratio": {"from": 0.5, "to": 5, "step": 0.1}})
CREWS: dict[str, Callable[[Evaluation], Crew]] = {
    "alone": Alone,
    "threads": lambda work: Threads(work, 3),
    "one process": lambda work: Processes(work, 1),
    "three processes": lambda work: Processes(work, 3),
}


def found(begin: Any, crew: Crew, window: Window = WHOLE, goal: Goal = GOAL) -> list[Any]:
    try:
        return explored(begin(), window, goal, Runner(crew))
    finally:
        crew.close()


@pytest.mark.parametrize("kind", CREWS)
@pytest.mark.parametrize("mode", [Mode.GRID, Mode.TPE])
def test_everybody_finds_the_same(kind: str, mode: Mode) -> None:
    begin = search_of(mode, RATIOS, 24, seed=3)
    expected = found(begin, Alone(evaluation()))
    assert found(begin, CREWS[kind](evaluation())) == expected
    assert [answer.task.number for answer in expected] == list(range(len(expected)))


def broken(prices: Any, config: Any, prepared: Any) -> Any:
    raise ZeroDivisionError("a fault of ours")


@pytest.mark.parametrize("kind", CREWS)
def test_a_fault_of_the_program_is_not_taken_for_a_result(kind: str) -> None:
    with pytest.raises(ZeroDivisionError, match="a fault of ours"):
        found(search_of(Mode.GRID, RATIOS, 0, 0), CREWS[kind](evaluation(broken)))


def test_combinations_that_exclude_one_another_are_told_not_fatal() -> None:
    space = Space.of({"leverage": [5, 6], "profit_ratio": [1.0, -1.0], "ladder.rows": [1, 1.5]})
    answers = found(search_of(Mode.GRID, space, 0, 0), Alone(evaluation()))
    assert [answer.failure for answer in answers].count(None) == 1
    assert {answer.failure for answer in answers} == {None, Failure.INVALID}
    assert "leverage must be one of" in answers[4].error
    assert "whole number from 1 to 10" in answers[1].error


def test_a_part_of_the_history_is_a_bot_that_is_started_there() -> None:
    starts: list[Any] = []

    def figures(prices: Any, config: Any, prepared: Any) -> dict[str, float]:
        starts.append((int(prices.times[0]), len(prices), config.settings.start_time.year))
        return {"net_pnl": 1.0}

    base = {**BASE, "start_time": "2025-05-05T00:00:00Z"}
    work = Evaluation(series(), base, figures, lambda prices: None)
    work(task(0))
    work(task(0, Window(100, 300)))
    assert starts == [(0, 1000, 2025), (100 * 60_000, 200, 1970)]


def test_prices_are_prepared_once_for_all_runs_over_them() -> None:
    prepared: list[int] = []

    def prepare(prices: Any) -> int:
        prepared.append(len(prices))
        return len(prepared)

    work = Evaluation(series(), BASE, lambda *run: {"net_pnl": float(run[2])}, prepare)
    for number in range(5):
        assert work(task(number)).metrics == {"net_pnl": 1.0}
    work(task(0, Window(0, 500)))
    assert prepared == [1000, 500]


def test_parts_grow_small_towards_the_end() -> None:
    waiting = deque(task(number) for number in range(200))
    sizes = []
    while waiting:
        sizes.append(len(next_part(waiting, 2)))
    assert sizes[0] == 25
    assert all(a >= b for a, b in pairwise(sizes))
    assert sizes[-8:] == [1] * 8
    assert sum(sizes) == 200


def test_who_died_with_many_in_hand_is_no_proof_against_each() -> None:
    suspects = Suspects()
    one, two = task(1), task(2)
    assert suspects.died([one, two]) == ([one, two], [])
    assert one in suspects
    assert suspects.died([one]) == ([one], [])
    assert suspects.died([one]) == ([], [one])
    assert suspects.died([two]) == ([two], [])


def test_runs_in_the_journal_are_not_run_again(tmp_path: Any) -> None:
    begin = search_of(Mode.GRID, RATIOS, 0, 0)
    head = {"data": "d", "config": "c", "figures": "daily"}
    with Journal(tmp_path / "j", **head) as journal:
        expected = explored(begin(), WHOLE, GOAL, Runner(Alone(evaluation()), journal))

    def never(*run: Any) -> Any:
        raise AssertionError("run again")

    done: list[int] = []
    with Journal(tmp_path / "j", **head) as journal:
        runner = Runner(Alone(evaluation(never)), journal, done.append)
        assert explored(begin(), WHOLE, GOAL, runner) == expected
    assert runner.resumed == sum(done) == len(expected)


def test_chance_draws_distinct_settings_and_the_same_again() -> None:
    space = Space.of({"a": {"from": 0, "to": 1}, "b": [1, 2, 3]})
    settings = drawn(space, 50, seed=1)
    assert len({str(each) for each in settings}) == 50
    assert settings == drawn(space, 50, seed=1)
    assert settings != drawn(space, 50, seed=2)
    assert len(drawn(Space.of({"b": [1, 2, 3]}), 50, seed=1)) == 3


def test_learning_finds_a_peak_sooner_than_chance() -> None:
    space = Space.of({"profit_ratio": {"from": 0.01, "to": 900, "log": True}})

    def missed(mode: Mode, seed: int) -> float:
        answers = found(search_of(mode, space, 60, seed), Alone(evaluation()))
        return 100 - max(answer.metrics["net_pnl"] for answer in answers if answer.metrics)

    seeds = range(6)
    by_chance = sum(missed(Mode.RANDOM, seed) for seed in seeds)
    assert sum(missed(Mode.TPE, seed) for seed in seeds) < by_chance / 2


def test_learning_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pairtrader\[tpe\]'"):
        search_of(Mode.TPE, RATIOS, 10, 0)


def test_learning_goes_on_over_runs_without_a_score() -> None:
    space = Space.of({"leverage": [1, 2, 4, 5], "profit_ratio": {"from": 0.1, "to": 5}})
    answers = found(search_of(Mode.TPE, space, 40, 1), Alone(evaluation()))
    assert {answer.failure for answer in answers} == {None, Failure.INVALID}


@pytest.mark.parametrize("anchored", [False, True])
def test_tests_follow_one_another_to_the_last_bar(anchored: bool) -> None:
    found_splits = splits(10_000, 4, 0.7, anchored=anchored)
    tests = [split.test for split in found_splits]
    assert tests[-1].end == 10_000
    assert all(a.end == b.first for a, b in pairwise(tests))
    for split in found_splits:
        assert split.train.end == split.test.first
        share = len(split.train) / (len(split.train) + len(split.test))
        assert share == pytest.approx(0.7, abs=0.001) or anchored
    assert found_splits[0].train.first == 0
    assert found_splits[1].train.first == (0 if anchored else len(tests[0]))


@pytest.mark.parametrize(("bars", "folds", "train"), [(500, 4, 0.7), (1000, 1, 0.99), (9, 1, 0.5)])
def test_a_history_too_short_to_split_is_refused(bars: int, folds: int, train: float) -> None:
    with pytest.raises(BadSpace, match="too few"):
        splits(bars, folds, train)


def walk(figures: Any) -> dict[str, Any]:
    begin = search_of(Mode.GRID, RATIOS, 0, 0)
    work = evaluation(figures, bars=6_000)
    runner = Runner(Alone(work))
    whole = Window(0, 6_000)
    answers = explored(begin(), whole, GOAL, runner)
    folds = walked(begin, splits(6_000, 6, 0.6), GOAL, runner)
    sweep = Sweep(BASE, {}, RATIOS, Mode.GRID, None, GOAL, answers, folds, series(6_000))
    return sweep.document()


def test_settings_that_last_show_as_such() -> None:
    document = walk(lasting)
    summary = document["walk_forward_summary"]
    assert [fold["best_settings"] for fold in document["walk_forward"]] == [
        {"profit_ratio": 3.0}
    ] * 6
    assert summary["rank_correlation"] == pytest.approx(1)
    assert summary["below_half"] == 0
    assert summary["efficiency"] == pytest.approx(100, abs=1)
    assert not summary["overfit"]
    assert "overfit" not in [warning["code"] for warning in document["warnings"]]


def test_a_choice_without_a_figure_behind_is_the_last() -> None:
    def figures(prices: Any, config: Any, prepared: Any) -> Any:
        metrics = lasting(prices, config, prepared)
        best_behind = prices.times[0] and config.settings.profit_ratio == 3.0
        return {**metrics, "net_pnl": None} if best_behind else metrics

    document = walk(figures)
    rolled = document["walk_forward"][1:]
    assert [fold["best_settings"] for fold in document["walk_forward"][:1]] == [
        {"profit_ratio": 3.0}
    ]
    assert document["walk_forward"][0]["test_rank"] == 46
    assert all(fold["best_settings"] != {"profit_ratio": 3.0} for fold in rolled)


def test_luck_shows_as_luck() -> None:
    document = walk(lucky)
    summary = document["walk_forward_summary"]
    assert document["runs"][0]["metrics"]["net_pnl"] > 0.4
    assert summary["train_objective"] > 0.4
    assert summary["test_objective"] < 0.2
    assert abs(summary["rank_correlation"]) < 0.2
    assert summary["efficiency"] < 50


def test_settings_are_chosen_without_a_look_at_what_they_are_judged_by() -> None:
    """Whatever happens behind the split, the choice stays."""
    begin = search_of(Mode.TPE, RATIOS, 24, 5)
    split = splits(1_000, 1, 0.7)

    def figures(prices: Any, config: Any, prepared: Any) -> Any:
        metrics = lasting(prices, config, prepared)
        return metrics if not prices.times[0] else {**metrics, "net_pnl": -metrics["net_pnl"]}

    (honest,) = walked(begin, split, GOAL, Runner(Alone(evaluation())))
    (turned,) = walked(begin, split, GOAL, Runner(Alone(evaluation(figures))))
    assert honest.trained == turned.trained
    assert honest.place == 1
    assert turned.place == len(turned.trained)
    assert turned.correlation == pytest.approx(-1)


def test_the_document_holds_what_a_report_needs() -> None:
    space = Space.of({"leverage": [5, 6], "profit_ratio": [1.0, 3.0]})
    begin = search_of(Mode.GRID, space, 0, 0)
    answers = explored(begin(), WHOLE, GOAL, Runner(Alone(evaluation())))
    sweep = Sweep(BASE, {"bars": 1}, space, Mode.GRID, None, GOAL, answers, [], series())
    document = sweep.document()
    assert document["kind"] == "sweep"
    assert document["version"] == 1
    assert document["parameters"] == [
        {"name": "leverage", "values": [5, 6]},
        {"name": "profit_ratio", "values": [1.0, 3.0]},
    ]
    assert document["counts"] == {
        "asked": 4, "done": 2, "resumed": 0, "invalid": 2, "refused": 0, "died": 0,
    }  # fmt: skip
    assert [(run["rank"], run["number"]) for run in document["runs"]] == [(1, 1), (2, 0)]
    assert document["failures"][0]["settings"] == {"leverage": 6, "profit_ratio": 1.0}
    assert {warning["code"] for warning in document["warnings"]} == {"invalid", "in_sample"}
    assert document["walk_forward"] == []


@pytest.mark.parametrize(
    ("jobs", "compiled", "forks", "kind"),
    [
        (1, False, True, Alone),
        (1, True, True, Alone),
        (2, False, True, Processes),
        (2, True, True, Processes),
        (2, True, False, Threads),
    ],
)
def test_who_is_hired_depends_on_what_there_is(
    jobs: int, compiled: bool, forks: bool, kind: type[Crew], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pairtrader.backtest.sweep.hiring.can_fork", lambda: forks)
    crew = hired(evaluation(), jobs, compiled=compiled)
    try:
        assert type(crew) is kind
        assert len(list(crew.answers([task(n) for n in range(5)]))) == 5
    finally:
        crew.close()


def test_code_is_compiled_before_anybody_is_forked() -> None:
    ran: list[tuple[int, int]] = []

    def figures(prices: Any, config: Any, prepared: Any) -> Any:
        ran.append((os.getpid(), len(prices)))
        return lasting(prices, config, prepared)

    hired(evaluation(figures), 2, compiled=True).close()
    assert ran == [(os.getpid(), 10)]
    hired(evaluation(figures), 2, compiled=False).close()
    assert len(ran) == 1
