"""Worker processes that may die without taking the sweep with them."""

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

from pairtrader.backtest.sweep.crews import Suspects, Work, next_part
from pairtrader.backtest.sweep.evaluation import Evaluation
from pairtrader.backtest.sweep.lent_series import LentSeries, lent
from pairtrader.backtest.sweep.runs import Answer, Failure, Task

PATIENCE_SECONDS = 2.0
"""For a worker to leave when told to."""


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    tasks: list[Task] = field(default_factory=list)
    """In hand."""


class Processes:
    """Processes of their own, each with a pipe.

    Where processes can be forked they find the prices where they lie; elsewhere these are put into
    shared memory once.
    """

    def __init__(self, work: Evaluation, jobs: int, method: str | None = None) -> None:
        self._context: BaseContext = multiprocessing.get_context(
            method or ("fork" if can_fork() else "spawn")
        )
        self._jobs = jobs
        self._stack = ExitStack()
        self._work: Work = work if self._forks else self._sent(work)
        self._suspects = Suspects()
        self._workers: list[_Worker] = []
        try:
            for _ in range(jobs):
                self._workers.append(self._hired())
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> list[int]:
        """Return the workers' process ids."""
        return [worker.process.pid or 0 for worker in self._workers]

    @property
    def _forks(self) -> bool:
        return self._context.get_start_method() == "fork"

    def _sent(self, work: Evaluation) -> Evaluation:
        if isinstance(work.series, LentSeries):
            return work
        return work.lent(self._stack.enter_context(lent(work.series)))

    def _hired(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        # A forked process inherits our ends of all pipes. Were they left open, no worker would
        # ever notice that we are gone.
        strangers = [ours, *(w.connection for w in self._workers)] if self._forks else []
        process = self._context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, self._work, strangers), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def answers(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield answers as they come; tasks of a worker that died are done by others."""
        waiting = deque(tasks)
        while waiting or any(worker.tasks for worker in self._workers):
            for worker in self._workers:
                if waiting and not worker.tasks:
                    self._hand_over(worker, waiting)
            busy = [worker for worker in self._workers if worker.tasks]
            ready = wait([w.connection for w in busy] + [w.process.sentinel for w in busy])
            for worker in busy:
                if worker.connection in ready or worker.process.sentinel in ready:
                    yield from self._taken(worker, waiting)

    def _hand_over(self, worker: _Worker, waiting: "deque[Task]") -> None:
        part = next_part(waiting, self._jobs)
        if any(task in self._suspects for task in part):
            waiting.extendleft(reversed(part[1:]))
            part = part[:1]
        worker.tasks = part
        with suppress(OSError):
            # Its death, if it is dead, is noticed where its answer is waited for.
            worker.connection.send(part)

    def _taken(self, worker: _Worker, waiting: "deque[Task]") -> Iterator[Answer]:
        try:
            answers: list[Answer] | Exception = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._replaced(worker, waiting)
            return
        worker.tasks = []
        if isinstance(answers, Exception):
            raise answers
        yield from answers

    def _replaced(self, worker: _Worker, waiting: "deque[Task]") -> Iterator[Answer]:
        _dismiss(worker)
        self._workers.remove(worker)
        again, given_up = self._suspects.died(worker.tasks)
        waiting.extendleft(reversed(again))
        self._workers.append(self._hired())
        how = _cause(worker.process.exitcode)
        for task in given_up:
            yield Answer(task, None, Failure.DIED, f"its process died twice: {how}")

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            if not worker.tasks:
                with suppress(OSError):
                    worker.connection.send([])
        for worker in self._workers:
            _dismiss(worker)
        self._workers.clear()
        self._stack.close()


def can_fork() -> bool:
    """Return whether processes can be forked without danger; macOS's own libraries forbid it."""
    return "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"


def _dismiss(worker: _Worker) -> None:
    if worker.tasks:
        worker.process.terminate()
    worker.process.join(PATIENCE_SECONDS)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    worker.connection.close()


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        return f"{name}, perhaps for want of memory" if name == "SIGKILL" else name
    return f"exit code {exit_code}"


def _serve(connection: Connection, work: Work, strangers: Sequence[Connection]) -> None:
    """Do what comes through the pipe until nobody is there any more."""
    # Ctrl-C reaches all processes of a terminal: who works leaves when told to.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in strangers:
        each.close()
    with suppress(EOFError, OSError):
        while tasks := connection.recv():
            connection.send(_done(work, tasks))


def _done(work: Work, tasks: Sequence[Task]) -> list[Answer] | Exception:
    """Return the answers, or what went wrong: who hired the worker has to hear of it."""
    try:
        return [work(task) for task in tasks]
    except Exception as error:
        return error
