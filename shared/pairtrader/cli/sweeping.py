"""Sweeps that the command line describes."""

import argparse
from contextlib import ExitStack
from typing import Any

from pairtrader.backtest.config import FROM_THE_FIRST_BAR, BacktestConfig
from pairtrader.backtest.series import PairSeries
from pairtrader.backtest.sweep.crews import Crew
from pairtrader.backtest.sweep.document import Sweep
from pairtrader.backtest.sweep.evaluation import Evaluation
from pairtrader.backtest.sweep.figures import EngineFigures, prepared
from pairtrader.backtest.sweep.hiring import cores, hired
from pairtrader.backtest.sweep.journal import (
    BadJournal,
    Journal,
    digest_of_config,
    digest_of_data,
)
from pairtrader.backtest.sweep.ranking import NEEDS_EVERY_BAR, OBJECTIVES
from pairtrader.backtest.sweep.runs import Answer, Window
from pairtrader.backtest.sweep.searches import MissingExtra, Mode, search_of
from pairtrader.backtest.sweep.space import BadSpace
from pairtrader.backtest.sweep.sweep import Fold, Goal, Runner, explored, walked
from pairtrader.backtest.sweep.windows import Split, splits
from pairtrader.cli.config_file import ConfigFile, read_config, suggestion
from pairtrader.cli.engines import check_fast, has_numba
from pairtrader.cli.failures import RunFailed, UsageError
from pairtrader.cli.output import instant
from pairtrader.cli.prices import Prices, read_prices, with_symbols
from pairtrader.cli.progress import bar
from pairtrader.cli.space_options import read_space

SAMPLES = 200
WORTH_COMPILING = 40_000_000
"""Bars of all runs together from which on loading the compiler, about a second, is won back."""


def swept(args: argparse.Namespace) -> Sweep:
    """Return what the sweep that the command line describes has found.

    Raises:
        CommandFailure: what has to be changed.
        BadData: a file can't be taken as it is.
    """
    check_fast(args.fast)
    _check_ranking(args)
    file, remark = with_symbols(read_config(args.config, args.changes), args)
    config = file.checked()
    plan = Plan(args, file)
    prices = read_prices(args, config, remark, plan.space.names)
    found = plan.done(prices, config)
    if not any(answer.metrics is not None for answer in found.answers):
        reason = found.answers[0].error if found.answers else "nothing was asked for"
        raise RunFailed(f"none of {len(found.answers):,} runs has figures; of the first: {reason}")
    return found


def _check_ranking(args: argparse.Namespace) -> None:
    if args.objective not in OBJECTIVES:
        near = suggestion(args.objective, OBJECTIVES) or f"; there are {', '.join(OBJECTIVES)}"
        raise UsageError(f"--objective {args.objective}: there is no such figure{near}")
    if args.objective in NEEDS_EVERY_BAR:
        args.figures = "full"
    if not 0 < args.train < 1:
        raise UsageError("--train: the share has to lie between 0 and 1, such as 0.7")


class Plan:
    """What the command line asks for, checked as far as can be without the candles."""

    def __init__(self, args: argparse.Namespace, file: ConfigFile) -> None:
        self.args = args
        self.file = file
        self.space = read_space(args.space, args.params, file.document)
        self._check_heat_map()
        self.mode = Mode(args.mode)
        if args.samples and self.mode is Mode.GRID:
            raise UsageError("--samples is for --mode random and tpe: a grid runs all combinations")
        self.samples = args.samples or SAMPLES
        self.goal: Goal = Goal(args.objective, args.min_cycles)
        try:
            self.begin = search_of(self.mode, self.space, self.samples, args.seed)
        except BadSpace as error:
            raise UsageError(str(error)) from None
        except MissingExtra as error:
            raise UsageError(f"--{error}") from None

    def _check_heat_map(self) -> None:
        for name in self.args.heat_map or ():
            if name not in self.space.names:
                raise UsageError(f"--heat-map {name}: is not varied")

    @property
    def runs(self) -> int:
        """How many runs over one part of the history there will be, about."""
        return len(self.space.grid()) if self.mode is Mode.GRID else self.samples

    def done(self, prices: Prices, config: BacktestConfig) -> Sweep:
        """Do all runs, and return what was found."""
        splits = self._splits(prices)
        document = _config_document(config, prices.series)
        answers, folds, resumed = self._answers(prices, splits, document)
        return Sweep(
            config=document,
            data=_data_document(prices, config),
            space=self.space,
            mode=self.mode,
            seed=None if self.mode is Mode.GRID else self.args.seed,
            goal=self.goal,
            answers=answers,
            folds=folds,
            series=prices.series,
            remarks=[remark.document() for remark in prices.source.remarks],
            resumed=resumed,
        )

    def _splits(self, prices: Prices) -> list[Split]:
        if not self.args.walk_forward:
            return []
        count, train = self.args.walk_forward, self.args.train
        try:
            return splits(len(prices.series), count, train, anchored=self.args.anchored)
        except BadSpace as error:
            raise UsageError(f"--walk-forward: {error}") from None

    def _answers(
        self, prices: Prices, splits: list[Split], document: dict[str, Any]
    ) -> tuple[list[Answer], list[Fold], int]:
        total = self.runs * (1 + 2 * len(splits))
        with ExitStack() as stack:
            journal = self._journal(prices, document, stack)
            # Workers are forked before anything else is begun that a fork would copy half-way.
            crew = self._crew(prices, stack, total)
            progress = stack.enter_context(bar(total, "runs", quiet=self.args.quiet))
            runner = Runner(crew, journal, progress.update)
            whole = Window(0, len(prices.series))
            try:
                answers = explored(self.begin(), whole, self.goal, runner)
                folds = walked(self.begin, splits, self.goal, runner)
            except KeyboardInterrupt:
                if journal is None:
                    raise
                kept = f"{len(journal):,} runs are kept in {journal.path}, the same command goes on"
                raise KeyboardInterrupt(kept) from None
            return answers, folds, runner.resumed

    def _journal(
        self, prices: Prices, document: dict[str, Any], stack: ExitStack
    ) -> Journal | None:
        if self.args.resume is None:
            return None
        try:
            journal = Journal(
                self.args.resume,
                data=digest_of_data(prices.series),
                config=digest_of_config(document),
                figures=self.args.figures,
            )
        except BadJournal as error:
            raise UsageError(f"--resume {error}") from None
        return stack.enter_context(journal)

    def _crew(self, prices: Prices, stack: ExitStack, total: int) -> Crew:
        fast = self._fast(len(prices.series) * total)
        figures = EngineFigures(fast=fast, full=self.args.figures == "full")
        work = Evaluation(prices.series, self.file.document, figures, prepared)
        crew = hired(work, min(self.args.jobs or cores(), total), compiled=fast)
        stack.callback(crew.close)
        return crew

    def _fast(self, bars: int) -> bool:
        """Return whether to compile: where it may, and where it saves more than it takes."""
        if self.args.fast is not None:
            return bool(self.args.fast)
        return bars > WORTH_COMPILING and has_numba()


def _config_document(config: BacktestConfig, series: PairSeries) -> dict[str, Any]:
    settings, terms = config.settings, config.terms
    document = {**settings.model_dump(mode="json"), **terms.model_dump(mode="json")}
    if settings.start_time == FROM_THE_FIRST_BAR:
        document["start_time"] = instant(int(series.times[0]))
    return document


def _data_document(prices: Prices, config: BacktestConfig) -> dict[str, Any]:
    series, source, settings = prices.series, prices.source, config.settings
    return {
        "market1": source.market1.document(settings.market1_symbol),
        "market2": source.market2.document(settings.market2_symbol),
        "timeframe_seconds": series.timeframe_ms / 1000,
        "first": instant(int(series.times[0])),
        "last": instant(int(series.times[-1])),
        "bars": len(series),
        "unpaired_bars": source.unpaired_bars,
    }
