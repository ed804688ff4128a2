"""Our side: the engine in the base install or compiled, its figures, its sweep, and the floor."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.engine import run
from pairtrader.backtest.result import result_of
from pairtrader.backtest.series import Bars, PairSeries
from pairtrader.backtest.sweep.evaluation import Evaluation
from pairtrader.backtest.sweep.figures import EngineFigures, prepared
from pairtrader.backtest.sweep.hiring import hired
from pairtrader.backtest.sweep.runs import Answer, Task, Window
from pairtrader.backtest.trades import Outcome, Trades
from pairtrader.strategy import decision
from tests.benchmarks.backtest import callback, pair_data
from tests.benchmarks.backtest.worker import serve, timed

FLOOR_RUNS = 9


class Ours:
    """Works on the generated bars."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._series: dict[int, PairSeries] = {}
        self._config = BacktestConfig.of(callback.reference())

    def run(self, bars: int, fast: bool) -> dict[str, Any]:
        """Run the reference settings once; nothing is prepared before."""
        series = self._bars(bars)
        taken, outcome = timed(lambda: run(series, self._config, fast=fast))
        return {**taken, **self._outcome(series, outcome)}

    def metrics(self, bars: int, fast: bool) -> dict[str, Any]:
        """Run once, value every bar, take all figures."""
        series = self._bars(bars)

        def work() -> dict[str, Any]:
            outcome = run(series, self._config, fast=fast)
            found: dict[str, Any] = result_of(series, self._config, outcome).metrics.document()
            return found

        taken, found = timed(work)
        return {**taken, "figures": found}

    def sweep(
        self, bars: int, sets: list[dict[str, float]], fast: bool, jobs: int
    ) -> dict[str, Any]:
        """Run each set as `pairtrader sweep` does it; workers are made and ended within."""
        series, window = self._bars(bars), Window(0, bars)
        tasks = [Task(place, window, each) for place, each in enumerate(sets)]

        def work() -> list[Answer]:
            figures = EngineFigures(fast=fast, full=False)
            evaluation = Evaluation(series, callback.reference(), figures, prepared)
            crew = hired(evaluation, jobs, compiled=fast)
            try:
                return list(crew.answers(tasks))
            finally:
                crew.close()

        taken, answers = timed(work)
        closed = {each.task.number: each.metrics["cycles"] for each in answers if each.metrics}
        return {**taken, "closes": [closed[place] for place in range(len(sets))]}

    def floor(self, bars: int) -> dict[str, Any]:
        """Measure one pass over both closes: the least that any engine has to do."""
        series = self._bars(bars)
        close1, close2 = series.market1.close, series.market2.close
        scratch, other = np.empty(bars), np.empty(bars)
        factor1, factor2 = 100.0 / close1[0], 100.0 / close2[0]

        def largest() -> None:
            np.multiply(close1, factor1, out=scratch)
            np.multiply(close2, factor2, out=other)
            np.subtract(scratch, other, out=scratch)
            scratch.max()

        def dot() -> None:
            np.dot(close1, close2)

        return {
            name: min(timed(work)[0]["seconds"] for _ in range(FLOOR_RUNS))
            for name, work in (("max", largest), ("dot", dot))
        }

    def _bars(self, bars: int) -> PairSeries:
        if bars not in self._series:
            closes = [np.array(pair_data.closes(self._folder, market, bars)) for market in (1, 2)]
            market1, market2 = (Bars(open=pair_data.opens(each), close=each) for each in closes)
            self._series[bars] = PairSeries(
                pair_data.times(bars), pair_data.MINUTE_MS, market1, market2
            )
        return self._series[bars]

    def _outcome(self, series: PairSeries, outcome: Outcome) -> dict[str, Any]:
        trades, capital = outcome.trades, self._config.initial_capital
        closes = trades.action > decision.ADD
        open_ = outcome.open_cycle.net if outcome.open_cycle else 0.0
        return {
            "closes": int(closes.sum()),
            "entries": int((~closes).sum()),
            "orders": 2 * len(trades),
            "equity": capital + float(trades.net.sum()) + open_,
            "equity1": capital + self._first_leg(series, trades, closes),
        }

    def _first_leg(self, series: PairSeries, trades: Trades, closes: np.ndarray) -> float:
        """Return what leg 1 alone has earned: all that a peer with one asset can do."""
        signed = np.where(closes, trades.direction, -trades.direction) * trades.amount1
        held = float(signed.sum()) * series.market1.close[-1]
        to_close = abs(held) * self._config.terms.taker_fee
        return float(held - to_close - (signed * trades.price1).sum() - trades.fee1.sum())


def main() -> None:
    """Serve the bars of the folder that is named; compiled if a second word says so."""
    ours = Ours(Path(sys.argv[1]))
    compiled = 0.0
    if sys.argv[2:] == ["fast"]:
        taken, _ = timed(lambda: ours.run(1_000, fast=True))
        compiled = taken["seconds"]
    serve(
        {"run": ours.run, "metrics": ours.metrics, "sweep": ours.sweep, "floor": ours.floor},
        compiled,
        numpy=np.__version__,
    )


if __name__ == "__main__":
    main()
