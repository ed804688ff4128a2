"""What a script costs a process of its own.

Processor time, not the clock's: machines share their processors, and importing hardly waits.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
RUNS = 9
HEAD = f"import sys, time; sys.path[:0] = {[str(ROOT / 'shared'), str(ROOT)]!r}\n"
HEAD += "began = time.process_time()\n"
TAIL = """
took = time.process_time() - began
modules = len(sys.modules)
import re
peak = re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())
print(took, int(peak.group(1)) / 1024, modules)
"""
# The peak is Linux's of this program alone: that of `resource` begins with the parent's.


@dataclass(frozen=True)
class Cost:
    """Medians over some processes."""

    milliseconds: float
    megabytes: float
    modules: int


Measure = Callable[[str], tuple[float, float, int]]


def measuring(bytecode: Path) -> Measure:
    """Return what runs a script: its processor seconds, peak megabytes and modules.

    Compiled code is kept in `bytecode`.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)

    def run(script: str) -> tuple[float, float, int]:
        command = [sys.executable, "-c", HEAD + script + TAIL]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        seconds, megabytes, modules = done.stdout.splitlines()[-1].split()
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
