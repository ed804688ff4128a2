"""Who does the runs of a sweep, by what there is."""

import os

from pairtrader.backtest.sweep.crews import Alone, Crew, Threads
from pairtrader.backtest.sweep.evaluation import Evaluation
from pairtrader.backtest.sweep.processes import Processes, can_fork
from pairtrader.backtest.sweep.runs import Task, Window

A_FEW_BARS = 10


def hired(work: Evaluation, jobs: int, *, compiled: bool) -> Crew:
    """Return a crew of `jobs` for runs over all of the history, everything they share prepared.

    Forked processes do best: they find prices and compiled code where they lie, and no run waits
    for another's Python. Where processes can't be forked, compiled runs are threads, since each
    new process would have to load the compiler.
    """
    bars = len(work.series)
    if compiled:
        # Compiles what is not kept on disk: before anybody is forked, and before the clock counts.
        work(Task(0, Window(0, min(A_FEW_BARS, bars)), {}))
    work.warm(Window(0, bars))
    if jobs == 1:
        return Alone(work)
    if compiled and not can_fork():
        return Threads(work, jobs)
    return Processes(work, jobs)


def cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
