"""How a figure depends on two of the parameters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pairtrader.backtest.sweep.runs import Answer
from pairtrader.backtest.sweep.space import Listed, Parameter, Ranged, Space
from pairtrader.backtest.sweep.sweep import Goal

BINS = 6
"""Columns that a continuous range is shown in."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter as the side of a table."""

    name: str
    labels: tuple[Any, ...]
    """Values; of a range, the middles of equal parts of it."""
    edges: tuple[float, ...] = ()
    """Of a range: where its parts meet."""

    def place(self, value: Any) -> int:
        """Return the row or column that a value belongs to."""
        if self.edges:
            return int(np.searchsorted(self.edges, value, side="right"))
        return self.labels.index(value)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The best value of the objective for each pair of values, all else as it was best there."""

    rows: Axis
    columns: Axis
    cells: list[list[float | None]]
    """None where no run was, or none with a figure."""


def axes_of(space: Space, names: Sequence[str] = ()) -> tuple[Axis, Axis] | None:
    """Return the two parameters to show: those named, or the first two that vary; None if fewer."""
    by_name = {p.name: p for p in space.parameters}
    chosen = [by_name[name] for name in names] or [p for p in space.parameters if _varies(p)]
    if len(chosen) < 2:  # noqa: PLR2004
        return None
    return _axis(chosen[0]), _axis(chosen[1])


def heat_map(axes: tuple[Axis, Axis], answers: Iterable[Answer], goal: Goal) -> HeatMap:
    """Return the table of the best runs."""
    rows, columns = axes
    best: dict[tuple[int, int], tuple[float, float]] = {}
    for answer in answers:
        score = goal.score(answer)
        if score is None or answer.metrics is None:
            continue
        settings = answer.task.settings
        place = rows.place(settings[rows.name]), columns.place(settings[columns.name])
        if place not in best or score > best[place][0]:
            best[place] = score, float(answer.metrics[goal.objective])
    cells = [
        [best[row, column][1] if (row, column) in best else None for column in _range(columns)]
        for row in _range(rows)
    ]
    return HeatMap(rows, columns, cells)


def _range(axis: Axis) -> range:
    return range(len(axis.labels))


def _varies(parameter: Parameter) -> bool:
    return isinstance(parameter, Ranged) or len(parameter.values) > 1


def _axis(parameter: Parameter) -> Axis:
    if isinstance(parameter, Listed):
        return Axis(parameter.name, parameter.values)
    if parameter.whole and parameter.high - parameter.low < BINS:
        values = tuple(range(int(parameter.low), int(parameter.high) + 1))
        return Axis(parameter.name, values)
    edges = tuple(parameter.at(part / BINS) for part in range(1, BINS))
    middles = tuple(parameter.at((part + 0.5) / BINS) for part in range(BINS))
    return Axis(parameter.name, middles, edges)
