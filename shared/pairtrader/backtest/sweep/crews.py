"""Who does the runs: this process, its threads, or processes of its own."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol

from pairtrader.backtest.sweep.runs import Answer, Task

Work = Callable[[Task], Answer]

PARTS_PER_WORKER = 4
"""Each worker is given about this fraction of its share at a time: few hand-overs at first, small
parts at the end, so that all finish together."""
MOST_AT_A_TIME = 32


class Crew(Protocol):
    """Does runs."""

    def answers(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield the answer to each task as soon as it is there, in any order."""
        ...

    def close(self) -> None:
        """Let go of all workers; what they are at is lost."""
        ...


def next_part(waiting: "deque[Task]", workers: int) -> list[Task]:
    """Take the next tasks for one worker out of those waiting."""
    fair = len(waiting) // (PARTS_PER_WORKER * workers)
    count = min(len(waiting), MOST_AT_A_TIME, max(1, fair))
    return [waiting.popleft() for _ in range(count)]


class Alone:
    """This process, one run after the other."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def answers(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield the answers in order."""
        for task in tasks:
            yield self._work(task)

    def close(self) -> None:
        """Nothing is held."""


class Threads:
    """Threads of this process: for work that lets go of Python while it computes."""

    def __init__(self, work: Work, jobs: int) -> None:
        self._work = work
        self._jobs = jobs
        self._pool = ThreadPoolExecutor(jobs)

    def answers(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield answers as they come."""
        waiting = deque(tasks)
        running: set[Future[list[Answer]]] = set()
        while waiting or running:
            while waiting and len(running) < 2 * self._jobs:
                running.add(self._pool.submit(self._do, next_part(waiting, self._jobs)))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for part in done:
                yield from part.result()

    def _do(self, tasks: Sequence[Task]) -> list[Answer]:
        return [self._work(task) for task in tasks]

    def close(self) -> None:
        """Let the threads end with what they are at."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Suspects:
    """Tasks during which a worker has died: each is tried alone before it is given up."""

    CHANCES = 2

    def __init__(self) -> None:
        self._deaths: Counter[str] = Counter()
        self._seen: set[str] = set()

    def __contains__(self, task: Task) -> bool:
        """Tell whether a worker has died with this task in hand."""
        return task.key in self._seen

    def died(self, tasks: Sequence[Task]) -> tuple[list[Task], list[Task]]:
        """Return which of a dead worker's tasks are to be tried again, and which not."""
        self._seen.update(task.key for task in tasks)
        if len(tasks) == 1:
            self._deaths[tasks[0].key] += 1
        again = [task for task in tasks if self._deaths[task.key] < self.CHANCES]
        return again, [task for task in tasks if self._deaths[task.key] >= self.CHANCES]
