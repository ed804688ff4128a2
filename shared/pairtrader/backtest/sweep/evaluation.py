"""One run of a sweep: settings and a part of the history to figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from pairtrader.backtest.changes import NoSuchField, changed
from pairtrader.backtest.config import FROM_THE_FIRST_BAR, BacktestConfig
from pairtrader.backtest.engine import FixConfig
from pairtrader.backtest.period import part
from pairtrader.backtest.series import PairSeries
from pairtrader.backtest.sweep.lent_series import LentSeries
from pairtrader.backtest.sweep.runs import Answer, Failure, Metrics, Task, Window

Figures = Callable[[PairSeries, BacktestConfig, Any], Metrics]
"""Runs a configuration over prices; what the same prices have been prepared to comes third."""
Prepare = Callable[[PairSeries], Any]
"""Works out once what all runs over the same prices share."""


@dataclass
class Evaluation:
    """Everything that runs have in common."""

    series: PairSeries | LentSeries
    base: Mapping[str, Any]
    """The flat configuration that settings are put into."""
    figures: Figures
    prepare: Prepare
    _parts: dict[Window, tuple[PairSeries, Any]] = field(default_factory=dict)

    def __call__(self, task: Task) -> Answer:
        """Return the figures of one run, or why it has none; never raises for its settings."""
        series, prepared = self._part(task.window)
        try:
            config = BacktestConfig.of(self._document(task))
        except (ValidationError, NoSuchField) as error:
            return Answer(task, None, Failure.INVALID, _first_problem(error))
        try:
            return Answer(task, self.figures(series, config, prepared))
        except FixConfig as error:
            return Answer(task, None, Failure.REFUSED, str(error))

    def lent(self, series: LentSeries) -> "Evaluation":
        """Return the same, to be sent to a process that finds the prices where they lie."""
        return replace(self, series=series, _parts={})

    def warm(self, window: Window) -> None:
        """Prepare a part of the history ahead, so that forked processes find it done."""
        self._part(window)

    def _part(self, window: Window) -> tuple[PairSeries, Any]:
        found = self._parts.get(window)
        if found is None:
            series = part(self._series(), window.first, window.end)
            found = (series, self.prepare(series))
            # Runs come window by window: what the one before was prepared to is not needed again.
            self._parts = {window: found}
        return found

    def _series(self) -> PairSeries:
        if isinstance(self.series, LentSeries):
            return self.series.attached()
        return self.series

    def _document(self, task: Task) -> dict[str, Any]:
        document = changed(self.base, task.settings)
        if len(task.window) < len(self.series):
            # A bot that is started with each part: otherwise the parts would not be alike.
            document["start_time"] = FROM_THE_FIRST_BAR
        return document


def _first_problem(error: ValidationError | NoSuchField) -> str:
    if isinstance(error, NoSuchField):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    path = [str(piece) for piece in first["loc"]]
    names = path[1:] if path[:1] in (["settings"], ["terms"]) else path
    return f"{'.'.join(names)}: {first['msg']}" if names else str(first["msg"])
