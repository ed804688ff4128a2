"""vectorbt 1.2: `Portfolio.from_order_func`, both legs in one group that shares its cash."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from numba import njit
from vectorbt.portfolio import nb

from pairtrader.strategy import decision
from tests.benchmarks.backtest import callback, pair_data
from tests.benchmarks.backtest.callback import CLOSES, ENTRIES, FIELDS, ORDER1, ORDER2
from tests.benchmarks.backtest.worker import serve, timed

DAYS_A_YEAR = 365

look = njit(callback.looking(njit(decision.decide), njit(decision.rearm)))


@njit
def order(c, state, fee, rules):  # type: ignore[no-untyped-def]
    """Ask at the first call of a bar; the second leg follows in the next call."""
    if c.call_idx == 0:
        if look(state, c.close[c.i, 0], c.close[c.i, 1], *rules) <= decision.HOLD:
            return -1, nb.order_nothing_nb()
        return 0, nb.order_nb(size=state[ORDER1], price=c.close[c.i, 0], fees=fee)
    if c.call_idx == 1:
        return 1, nb.order_nb(size=state[ORDER2], price=c.close[c.i, 1], fees=fee)
    return -1, nb.order_nothing_nb()


def simulate(frame: pd.DataFrame, document: dict[str, Any]) -> tuple[vbt.Portfolio, np.ndarray]:
    """Return the portfolio after the last bar, and the callback's state."""
    first = frame.iloc[0]
    state = np.zeros(FIELDS)
    portfolio = vbt.Portfolio.from_order_func(
        frame,
        order,
        state,
        document["taker_fee"],
        callback.rules(document, first.iloc[0], first.iloc[1]),
        flexible=True,
        cash_sharing=True,
        group_by=True,
        init_cash=float(document["initial_capital"]),
        fill_pos_record=False,
        freq="1min",
    )
    return portfolio, state


def figures(portfolio: vbt.Portfolio) -> dict[str, float]:
    """Return the figures that our metrics have as well.

    Value and trades are vectorbt's; what follows from days is left to pandas, since vectorbt's own
    accessors compile for seconds to give the same numbers.
    """
    value = portfolio.value()
    daily = value.resample("D").last()
    returns = daily.pct_change().dropna()
    below = np.sqrt((np.minimum(returns, 0.0) ** 2).mean())
    fall = float((value / value.cummax() - 1).min())
    trades = portfolio.trades
    return {
        "final_equity": float(value.iloc[-1]),
        "max_drawdown": fall,
        "cagr": float((daily.iloc[-1] / daily.iloc[0]) ** (DAYS_A_YEAR / len(returns)) - 1),
        "volatility": float(returns.std() * np.sqrt(DAYS_A_YEAR)),
        "sharpe": float(returns.mean() / returns.std() * np.sqrt(DAYS_A_YEAR)),
        "sortino": float(returns.mean() / below * np.sqrt(DAYS_A_YEAR)),
        "win_rate": float(trades.win_rate()),
        "profit_factor": float(trades.profit_factor()),
        "expectancy": float(trades.expectancy()),
    }


class Peer:
    """Works on the generated bars."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frames: dict[int, pd.DataFrame] = {}
        taken, _ = timed(lambda: simulate(self._frame(1_000), callback.reference()))
        self.compiled = taken["seconds"]

    def run(self, bars: int) -> dict[str, Any]:
        """Simulate the reference settings once."""
        frame = self._frame(bars)
        taken, (portfolio, state) = timed(lambda: simulate(frame, callback.reference()))
        return {**taken, **self._outcome(frame, portfolio, state)}

    def metrics(self, bars: int) -> dict[str, Any]:
        """Simulate once, then value every bar and take the usual figures of it."""
        frame = self._frame(bars)

        def work() -> dict[str, float]:
            return figures(simulate(frame, callback.reference())[0])

        taken, found = timed(work)
        return {**taken, "figures": found}

    def stats(self, bars: int) -> dict[str, Any]:
        """Simulate once, then what vectorbt itself shows of a portfolio."""
        frame = self._frame(bars)

        def work() -> pd.Series:
            return simulate(frame, callback.reference())[0].stats()

        taken, _ = timed(work)
        return taken

    def sweep(self, bars: int, sets: list[dict[str, float]]) -> dict[str, Any]:
        """Simulate each set in a call of its own."""
        frame = self._frame(bars)

        def work() -> list[int]:
            return [
                int(simulate(frame, callback.reference(changes))[1][CLOSES]) for changes in sets
            ]

        taken, closed = timed(work)
        return {**taken, "closes": closed}

    def _frame(self, bars: int) -> pd.DataFrame:
        if bars not in self._frames:
            columns = [np.asarray(pair_data.closes(self._folder, leg, bars)) for leg in (1, 2)]
            self._frames[bars] = pd.DataFrame(
                np.column_stack(columns),
                index=pd.to_datetime(pair_data.times(bars), unit="ms"),
                columns=["first", "second"],
            )
        return self._frames[bars]

    @staticmethod
    def _outcome(
        frame: pd.DataFrame, portfolio: vbt.Portfolio, state: np.ndarray
    ) -> dict[str, Any]:
        held = portfolio.assets().iloc[-1].abs() * frame.iloc[-1]
        to_close = float(held.sum()) * callback.reference()["taker_fee"]
        return {
            "closes": int(state[CLOSES]),
            "entries": int(state[ENTRIES]),
            "orders": int(portfolio.orders.count()),
            "equity": float(portfolio.value().iloc[-1]) - to_close,
        }


def main() -> None:
    """Serve the bars of the folder that is named."""
    peer = Peer(Path(sys.argv[1]))
    serve(
        {"run": peer.run, "metrics": peer.metrics, "stats": peer.stats, "sweep": peer.sweep},
        peer.compiled,
        vectorbt=vbt.__version__,
        numpy=np.__version__,
        pandas=pd.__version__,
    )


if __name__ == "__main__":
    main()
