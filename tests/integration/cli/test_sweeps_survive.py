"""Sweeps whose processes are killed, interrupted, or started afresh."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pairtrader.backtest.sweep.crews import Alone
from pairtrader.backtest.sweep.evaluation import Evaluation
from pairtrader.backtest.sweep.figures import EngineFigures, prepared
from pairtrader.backtest.sweep.processes import Processes
from pairtrader.backtest.sweep.runs import Failure, Task, Window
from tests.unit.backtest.sweeps import BASE, evaluation, lasting, series, task
from tests.unit.cli.desk import SETTINGS, swinging, write_candles

PATIENCE_SECONDS = 60
COMMAND = [sys.executable, "-m", "pairtrader.cli.main"]
SPACE = ("--param", "profit_ratio=0.2:1.8:0.002", "dca_config.0.spread=0.8,1,1.2")
RUNS = 801 * 3


def until(met: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not met():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class LongSweep:
    """A sweep of some seconds in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "sweep.jsonl"
        for name, closes in zip(("market1.csv", "market2.csv"), swinging(), strict=True):
            write_candles(folder / name, closes)
        (folder / "bot.json").write_text(json.dumps(SETTINGS))

    def begun(self, *words: str) -> "subprocess.Popen[str]":
        files = ("--market1", "market1.csv", "--market2", "market2.csv", "--config", "bot.json")
        journal = ("--resume", self.journal.name, "--jobs", "2", "--no-fast", "--json")
        return subprocess.Popen(
            [*COMMAND, "sweep", *files, *SPACE, *journal, *words],
            cwd=self.folder,
            env={**os.environ, "PAIRTRADER_CACHE": str(self.folder / "cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def done(self) -> int:
        return self.journal.read_bytes().count(b"\n") - 1 if self.journal.exists() else 0


@pytest.fixture
def sweep(tmp_path: Path) -> LongSweep:
    return LongSweep(tmp_path)


def test_a_killed_sweep_goes_on_where_it_was(sweep: LongSweep) -> None:
    killed = sweep.begun()
    until(lambda: sweep.done() > 100, "no run was done")
    workers = children(killed.pid)
    killed.kill()
    killed.communicate()
    until(lambda: not any(map(alive, workers)), "workers outlive who hired them")
    kept = sweep.done()
    assert 100 < kept < RUNS

    said, _ = sweep.begun().communicate(timeout=PATIENCE_SECONDS)
    document = json.loads(said)
    assert document["counts"]["resumed"] >= kept
    assert document["counts"]["done"] == RUNS
    sweep.journal.unlink()
    afresh = json.loads(sweep.begun().communicate(timeout=PATIENCE_SECONDS)[0])
    assert document["runs"] == afresh["runs"]


def test_ctrl_c_ends_everybody_and_keeps_what_is_done(sweep: LongSweep) -> None:
    process = sweep.begun()
    until(lambda: sweep.done() > 100, "no run was done")
    workers = children(process.pid)
    assert len(workers) == 2
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (130, "")
    assert re.fullmatch(r"pairtrader: error: interrupted: \d+ runs are kept in [^\n]+\n", err)
    assert not any(map(alive, workers))
    lines = sweep.journal.read_text().splitlines()
    assert all(json.loads(line) for line in lines)
    assert len(lines) > 100


def test_a_worker_that_is_killed_is_replaced(sweep: LongSweep) -> None:
    process = sweep.begun()
    until(lambda: sweep.done() > 100, "no run was done")
    os.kill(children(process.pid)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert json.loads(out)["counts"]["done"] == RUNS


def test_who_stops_reading_stops_the_command(sweep: LongSweep) -> None:
    process = sweep.begun("--set", "profit_ratio=0.4", "--mode", "random", "--samples", "3")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(PATIENCE_SECONDS) == 141
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()


def deadly(prices: Any, config: Any, shared: Any) -> Any:
    if config.settings.profit_ratio == 5.0:
        os.kill(os.getpid(), signal.SIGKILL)
    return lasting(prices, config, shared)


def test_a_run_that_kills_whoever_runs_it_is_named() -> None:
    crew = Processes(evaluation(deadly), 2)
    try:
        answers = {a.task.number: a for a in crew.answers([task(n) for n in range(60)])}
    finally:
        crew.close()
    assert len(answers) == 60
    failed = [answer for answer in answers.values() if answer.failure]
    assert [answer.task.settings["profit_ratio"] for answer in failed] == [5.0]
    assert failed[0].failure is Failure.DIED
    assert "SIGKILL" in failed[0].error


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_find_the_same_inherited_or_not(method: str) -> None:
    """The real engine, on prices that lie in shared memory where nothing is inherited."""
    figures = EngineFigures(fast=False, full=True)
    work = Evaluation(series(5_000), BASE, figures, prepared)
    windows = (Window(0, 5_000), Window(1_000, 3_000))
    tasks = [
        Task(number, window, {"profit_ratio": 0.2 + number / 10})
        for window in windows
        for number in range(10)
    ]
    expected = {(a.task.key): a for a in Alone(work).answers(tasks)}
    crew = Processes(work, 2, method)
    try:
        assert {a.task.key: a for a in crew.answers(tasks)} == expected
    finally:
        crew.close()
    assert not any(map(alive, crew.pids))


def test_nothing_is_said_by_processes_that_share_memory() -> None:
    code = (
        "from tests.integration.cli.test_sweeps_survive import *\n"
        "if __name__ == '__main__':\n"
        "    test_processes_find_the_same_inherited_or_not('spawn')\n"
    )
    root = Path(__file__).parents[3]
    script = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{root / 'shared'}:{root}"},
    )  # fmt: skip
    assert (script.returncode, script.stdout, script.stderr) == (0, "", "")


def test_help_is_there_at_once() -> None:
    """Nothing heavy is imported before it is needed."""
    heavy = {"numpy", "pydantic", "tqdm", "numba", "optuna", "plotly", "ccxt", "multiprocessing"}
    code = (
        "import sys; from pairtrader.cli.main import main; "
        f"main(sys.argv[1:]); sys.stderr.write(' '.join({heavy!r} & sys.modules.keys()))"
    )
    for words in (["--help"], ["--version"], ["backtest", "--help"], ["sweep", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
        )
        assert done.stdout
        assert done.stderr == ""


def test_a_backtest_imports_nothing_that_it_does_not_use(sweep: LongSweep) -> None:
    heavy = {"tqdm", "numba", "optuna", "plotly", "ccxt", "pyarrow", "multiprocessing", "pandas"}
    code = (
        "import sys; from pairtrader.cli.main import main; "
        f"main(sys.argv[1:]); sys.stderr.write(' '.join({heavy!r} & sys.modules.keys()))"
    )
    files = ("--market1", "market1.csv", "--market2", "market2.csv", "--config", "bot.json")
    done = subprocess.run(
        [sys.executable, "-c", code, "backtest", *files, "--json"],
        cwd=sweep.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["metrics"]["cycles"]
    assert done.stderr == ""
