"""What one exchange object costs a cold process: the slim import against CCXT's whole one.

Each figure is the median of processes of their own, both kinds taking turns; bytecode is compiled
before. Machines differ and share their processors: the ratios count, not the seconds.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
RUNS = 9
MAX_TIME_RATIO = 0.45
MAX_MEMORY_RATIO = 0.55

HEAD = f"import sys, time; sys.path.insert(0, {str(SHARED)!r}); began = time.perf_counter()\n"
WHOLE = "import ccxt.async_support as ccxt\nexchange = ccxt.{0}()\n"
SLIM = """
from pairtrader.exchanges.ccxt_slim import exchange_class
exchange = exchange_class({0!r})()
"""
ADAPTER = """
from pairtrader.exchanges.factory import create_exchange
from pairtrader.model.account import AccountMode, ExchangeAccount, ExchangeName
name = ExchangeName({0!r}.replace("usdm", ""))
account = ExchangeAccount("a", "u", name, AccountMode.PAPER, "", True, 0, 0, "a")
create_exchange(account, clock=lambda: 0, account_store=None, candle_source=None)
"""
TAIL = """
took = time.perf_counter() - began
import resource
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(sys.modules))
"""


@dataclass(frozen=True)
class Cost:
    """Medians over some processes."""

    milliseconds: float
    megabytes: float
    modules: int


Measure = Callable[[str], tuple[float, float, int]]


@pytest.fixture(scope="module")
def measure(tmp_path_factory: pytest.TempPathFactory) -> Measure:
    """Run a script in a process of its own; its seconds, peak megabytes and modules."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path_factory.mktemp("bytecode"))

    def run(script: str) -> tuple[float, float, int]:
        command = [sys.executable, "-c", HEAD + script + TAIL]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        seconds, megabytes, modules = done.stdout.split()
        return float(seconds), float(megabytes), int(modules)

    return run


def compare(measure: Measure, *scripts: str) -> list[Cost]:
    """Measure scripts by turns, after a run each that compiles what they import."""
    for script in scripts:
        measure(script)
    taken: list[list[tuple[float, float, int]]] = [[] for _ in scripts]
    for _ in range(RUNS):
        for runs, script in zip(taken, scripts, strict=True):
            runs.append(measure(script))
    return [
        Cost(
            milliseconds=1_000 * median(run[0] for run in runs),
            megabytes=median(run[1] for run in runs),
            modules=runs[0][2],
        )
        for runs in taken
    ]


@pytest.mark.parametrize("name", ["okx", "binanceusdm", "bybit"])
def test_one_exchange_costs_less_than_half_of_all(
    name: str, measure: Measure, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = ("all of ccxt", "slim import", "our adapter")
    costs = compare(measure, *(script.format(name) for script in (WHOLE, SLIM, ADAPTER)))
    whole = costs[0]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{name:<14}{'time':>10}{'ratio':>8}{'memory':>11}{'ratio':>8}  modules\n"
        )
        for label, cost in zip(labels, costs, strict=True):
            sys.stdout.write(
                f"  {label:<12}{cost.milliseconds:>7.0f} ms"
                f"{cost.milliseconds / whole.milliseconds:>8.2f}{cost.megabytes:>8.1f} MB"
                f"{cost.megabytes / whole.megabytes:>8.2f}{cost.modules:>9}\n"
            )
    assert costs[1].milliseconds <= MAX_TIME_RATIO * whole.milliseconds
    assert costs[1].megabytes <= MAX_MEMORY_RATIO * whole.megabytes
