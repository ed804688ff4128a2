"""A sweep's result, ready for JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pairtrader.backtest.series import PairSeries
from pairtrader.backtest.sweep.runs import Answer, Failure, Metrics, Window
from pairtrader.backtest.sweep.searches import Mode
from pairtrader.backtest.sweep.space import Listed, Parameter, Space
from pairtrader.backtest.sweep.sweep import Fold, Goal

VERSION = 1
MOST_FAILURES = 50
"""Failures told one by one; all are counted."""
FEW_CYCLES = 30
HALF = 0.5

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Everything that a sweep has found."""

    config: Mapping[str, Any]
    """The flat configuration that was varied."""
    data: Mapping[str, Any]
    """Facts about the candles."""
    space: Space
    mode: Mode
    seed: int | None
    goal: Goal
    answers: Sequence[Answer]
    """Over the whole history, in the order of asking."""
    folds: Sequence[Fold]
    series: PairSeries
    remarks: Sequence[Mapping[str, str]] = ()
    """What the reader of the candles had to say: code and text."""
    resumed: int = 0
    """Runs that were taken from the journal."""

    def document(self) -> Document:
        """Return all of it; runs from the best to the worst."""
        done = [answer for answer in self.answers if answer.metrics is not None]
        failed = [answer for answer in self.answers if answer.failure is not None]
        walk = [self._fold(fold) for fold in self.folds]
        summary = walk_forward_summary(walk, self.goal) if walk else None
        return {
            "version": VERSION,
            "kind": "sweep",
            "config": dict(self.config),
            "data": dict(self.data),
            "parameters": [_parameter(each) for each in self.space.parameters],
            "mode": str(self.mode),
            "seed": self.seed,
            "objective": self.goal.objective,
            "min_cycles": self.goal.min_cycles,
            "counts": {
                "asked": len(self.answers),
                "done": len(done),
                "resumed": self.resumed,
                **{str(each): self._count(each) for each in Failure},
            },
            "warnings": self._warnings(done, summary),
            "runs": [_run(rank, answer) for rank, answer in enumerate(self.goal.ranked(done), 1)],
            "failures": [_failure(answer) for answer in failed[:MOST_FAILURES]],
            "walk_forward": walk,
            "walk_forward_summary": summary,
        }

    def _count(self, failure: Failure) -> int:
        return sum(answer.failure is failure for answer in self.answers)

    def _warnings(self, done: Sequence[Answer], summary: Document | None) -> list[Document]:
        found = [dict(remark) for remark in self.remarks]
        failures = Counter(answer.failure for answer in self.answers if answer.failure)
        for failure, count in failures.items():
            found.append({"code": str(failure), "text": _FAILED[failure].format(count=count)})
        best = self.goal.ranked(done)[0] if done else None
        if best is not None and best.metrics and best.metrics["cycles"] < FEW_CYCLES:
            text = f"the best run closed {best.metrics['cycles']} cycles only: that may be luck"
            found.append({"code": "few_cycles", "text": text})
        if summary is None and done:
            text = (
                "the runs were chosen on the very bars that they are judged by: "
                "--walk-forward shows what is left of it on others"
            )
            found.append({"code": "in_sample", "text": text})
        if summary is not None and summary["overfit"]:
            found.append({"code": "overfit", "text": _OVERFIT})
        return found

    def _fold(self, fold: Fold) -> Document:
        best, tested = fold.best, fold.tested_best
        return {
            "train": self._period(fold.split.train),
            "test": self._period(fold.split.test),
            "best_settings": None if best is None else dict(best.task.settings),
            "train_metrics": None if best is None else best.metrics,
            "test_metrics": None if tested is None else tested.metrics,
            "runs": len(fold.trained),
            "test_rank": fold.place,
            "rank_correlation": fold.correlation,
        }

    def _period(self, window: Window) -> Document:
        times = self.series.times
        return {
            "from": _iso(times[window.first]),
            "to": _iso(times[window.end - 1] + self.series.timeframe_ms),
            "bars": len(window),
        }


_FAILED = {
    Failure.INVALID: "{count} combinations exclude one another and were not run",
    Failure.REFUSED: "{count} runs were not possible over this history",
    Failure.DIED: "{count} runs were given up, the process having died twice: try fewer --jobs",
}
_OVERFIT = (
    "what was best on one part was no better than the rest on the next: "
    "the leaderboard shows luck rather than settings that last"
)


def walk_forward_summary(walk: Sequence[Document], goal: Goal) -> Document:
    """Return what a walk forward says about choosing by the leaderboard.

    The objectives are means over the splits that have both, on the part chosen on and behind.
    `efficiency` is the mean objective on the parts behind in percent of that on the parts chosen
    on, None where that was no gain. `below_half` is the percentage of splits whose choice ended
    in the worse half behind.
    """
    figures = [(_figure(r["train_metrics"], goal), _figure(r["test_metrics"], goal)) for r in walk]
    both = [pair for pair in figures if None not in pair]
    train, test = (_mean([pair[side] for pair in both]) for side in (0, 1))
    places = [(row["test_rank"] - 1) / (row["runs"] - 1) for row in walk if _compared(row)]
    below = sum(place > HALF for place in places) / len(places) * 100 if places else None
    correlation = _mean([row["rank_correlation"] for row in walk])
    return {
        "splits": len(walk),
        "train_objective": train,
        "test_objective": test,
        "efficiency": test / train * 100 if train and train > 0 and test is not None else None,
        "rank_correlation": correlation,
        "below_half": below,
        "overfit": below is not None
        and (below > HALF * 100 or (correlation is not None and correlation <= 0)),
    }


def _compared(row: Document) -> bool:
    return row["test_rank"] is not None and row["runs"] > 1


def _figure(metrics: Metrics | None, goal: Goal) -> float | None:
    return None if metrics is None else metrics.get(goal.objective)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _parameter(parameter: Parameter) -> Document:
    if isinstance(parameter, Listed):
        return {"name": parameter.name, "values": list(parameter.values)}
    return {
        "name": parameter.name,
        "values": None,
        "from": parameter.low,
        "to": parameter.high,
        "log": parameter.log,
        "whole": parameter.whole,
    }


def _run(rank: int, answer: Answer) -> Document:
    return {
        "rank": rank,
        "number": answer.task.number,
        "settings": dict(answer.task.settings),
        "metrics": answer.metrics,
    }


def _failure(answer: Answer) -> Document:
    return {
        "number": answer.task.number,
        "settings": dict(answer.task.settings),
        "failure": str(answer.failure),
        "error": answer.error,
    }


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(int(ms) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
