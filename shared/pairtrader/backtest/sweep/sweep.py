"""A sweep from its plan to its result."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pairtrader.backtest.sweep.crews import Crew
from pairtrader.backtest.sweep.journal import Journal
from pairtrader.backtest.sweep.ranking import rank_correlation, ranked, score
from pairtrader.backtest.sweep.runs import Answer, Task, Window
from pairtrader.backtest.sweep.searches import Search
from pairtrader.backtest.sweep.windows import Split


@dataclass(frozen=True, slots=True)
class Goal:
    """What is looked for."""

    objective: str
    """One of `ranking.OBJECTIVES`."""
    min_cycles: int = 0
    """Runs with fewer closed cycles are not ranked."""

    def score(self, answer: Answer) -> float | None:
        """Return how good a run is, more is better; None where that can't be told."""
        return score(answer.metrics, self.objective, self.min_cycles)

    def ranked(self, answers: Iterable[Answer]) -> list[Answer]:
        """Return runs from the best to the worst."""
        return ranked(list(answers), self.objective, self.min_cycles)


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of a walk forward: all runs on both of its parts."""

    split: Split
    trained: list[Answer]
    tested: list[Answer]
    """In the order of `trained`: the same settings on the part behind."""
    goal: Goal

    @property
    def best(self) -> Answer | None:
        """Return the run that would have been chosen, None if none had a score."""
        ordered = self.goal.ranked(self.trained)
        return ordered[0] if ordered and self.goal.score(ordered[0]) is not None else None

    @property
    def tested_best(self) -> Answer | None:
        """Return what became of the chosen settings."""
        best = self.best
        return None if best is None else self.tested[self.trained.index(best)]

    @property
    def place(self) -> int | None:
        """Return the rank of the chosen settings among all on the part behind, 1 is the best.

        Without a score there they are the last; None where no settings have one.
        """
        chosen = self.tested_best
        if chosen is None or all(self.goal.score(answer) is None for answer in self.tested):
            return None
        if self.goal.score(chosen) is None:
            return len(self.tested)
        return 1 + self.goal.ranked(self.tested).index(chosen)

    @property
    def correlation(self) -> float | None:
        """Return how alike the order of all runs is on both parts, -1 to 1."""
        pairs = [
            (before, after)
            for before, after in zip(
                map(self.goal.score, self.trained), map(self.goal.score, self.tested), strict=True
            )
            if before is not None and after is not None
        ]
        return rank_correlation([pair[0] for pair in pairs], [pair[1] for pair in pairs])


class Runner:
    """Has runs done, each once."""

    def __init__(
        self,
        crew: Crew,
        journal: Journal | None = None,
        on_done: Callable[[int], object] = lambda count: None,
    ) -> None:
        """Have `crew` do what `journal` does not know; `on_done` is told how many more are done."""
        self._crew = crew
        self._journal = journal
        self._on_done = on_done
        self.resumed = 0
        """Runs that the journal knew."""

    def run(self, tasks: list[Task]) -> list[Answer]:
        """Return the answers in the order of the tasks; their numbers must differ."""
        answers: dict[int, Answer] = {}
        waiting = []
        for task in tasks:
            known = None if self._journal is None else self._journal.known(task)
            if known is None:
                waiting.append(task)
            else:
                answers[task.number] = known
        self.resumed += len(answers)
        if answers:
            self._on_done(len(answers))
        for answer in self._crew.answers(waiting):
            if self._journal is not None:
                self._journal.add([answer])
            answers[answer.task.number] = answer
            self._on_done(1)
        return [answers[task.number] for task in tasks]


def explored(search: Search, window: Window, goal: Goal, runner: Runner) -> list[Answer]:
    """Return all runs that a search asks for, each settings once, in the order of asking."""
    found: dict[str, Answer] = {}
    while asked := search.ask():
        tasks = [Task(len(found) + place, window, each) for place, each in enumerate(asked)]
        keys = [task.key for task in tasks]
        fresh = {key: task for key, task in zip(keys, tasks, strict=True) if key not in found}
        numbered = [
            Task(len(found) + place, window, task.settings)
            for place, task in enumerate(fresh.values())
        ]
        for key, answer in zip(fresh, runner.run(numbered), strict=True):
            found[key] = answer
        search.tell([goal.score(found[key]) for key in keys])
    return list(found.values())


def walked(
    begin: Callable[[], Search], splits: Iterable[Split], goal: Goal, runner: Runner
) -> list[Fold]:
    """Return what a search would have chosen on each part and what became of it behind.

    All runs are done on the parts behind as well, so that their orders can be compared; the
    choice is made on the first part alone.
    """
    folds = []
    for split in splits:
        trained = explored(begin(), split.train, goal, runner)
        tasks = [Task(a.task.number, split.test, a.task.settings) for a in trained]
        folds.append(Fold(split, trained, runner.run(tasks), goal))
    return folds
