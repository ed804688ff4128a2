"""A process that measures on request: one JSON line in, one out, until its input ends.

What is compared takes turns, so each side lives in a process of its own that has compiled and
loaded before; importing is timed apart. Standard library only: every environment runs it.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "tests.benchmarks.backtest"

Work = Callable[..., dict[str, Any]]


def serve(works: dict[str, Work], compile_seconds: float, **versions: str) -> None:
    """Do what each line of the input asks for, after one line of facts.

    `compile_seconds`: spent since the imports on what a first run needs and later ones do not.
    """
    _answer({"compile_seconds": compile_seconds, "versions": versions})
    for line in sys.stdin:
        order = json.loads(line)
        work = works[order.pop("work")]
        _answer({**work(**order), "peak_mb": peak_megabytes()})


def timed(work: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Return what `work` took, by the clock and of processors, in seconds, and its result.

    On a machine that is busy with other things the second says more.
    """
    began, spent = time.perf_counter(), time.process_time()
    result = work()
    taken = {
        "seconds": time.perf_counter() - began,
        "processor_seconds": time.process_time() - spent,
    }
    return taken, result


def peak_megabytes() -> float:
    """Return the most memory that this process has held so far."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert found, status
    return int(found.group(1)) / 1024


def _answer(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def environment(**more: str) -> dict[str, str]:
    """Return the variables of a process in which the project's packages are found."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'shared'}:{ROOT}", **more}


class Worker:
    """The other end: a module of this package running in `python`."""

    def __init__(self, python: Path, module: str, *arguments: str) -> None:
        self._module = module
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [str(python), "-m", f"{PACKAGE}.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(TQDM_DISABLE="1"),
            cwd=ROOT,
        )
        self.facts = self._read()
        ready = time.perf_counter() - began
        self.facts["import_seconds"] = ready - self.facts["compile_seconds"]

    def ask(self, work: str, **order: Any) -> dict[str, Any]:
        """Return what the process answers; a process that has ended raises."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"work": work, **order}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._module} ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
