"""backtesting.py 0.6: one asset a run, so half of the work. Leg 1 is traded, leg 2 only read."""

import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest

from pairtrader.strategy import decision
from tests.benchmarks.backtest import callback, pair_data
from tests.benchmarks.backtest.callback import CLOSES, ENTRIES, FIELDS, ORDER1
from tests.benchmarks.backtest.worker import serve, timed

UNIT = 1e-9
"""Amounts are whole numbers of these, and prices are scaled likewise."""
look = callback.looking(decision.decide, decision.rearm)


def run(folder: Path, bars: int) -> dict[str, Any]:
    """Run the reference settings once; making the frame is not timed."""
    document = callback.reference()
    first, second = (np.asarray(pair_data.closes(folder, leg, bars)) for leg in (1, 2))
    opening = pair_data.opens(first)
    frame = pd.DataFrame(
        {
            "Open": opening,
            "High": np.maximum(opening, first),
            "Low": np.minimum(opening, first),
            "Close": first,
            "Volume": 1.0,
            "Second": second,
        },
        index=pd.to_datetime(pair_data.times(bars), unit="ms"),
    )
    books, rules = [0.0] * FIELDS, callback.rules(document, first[0], second[0])

    class Pair(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            """Keep no indicators."""

        def next(self) -> None:
            action = look(books, self.data.Close[-1] / UNIT, self.data.Second[-1], *rules)
            if action in (decision.OPEN, decision.ADD):
                enter = self.buy if books[ORDER1] > 0 else self.sell
                enter(size=round(abs(books[ORDER1]) / UNIT))
            elif action > decision.ADD:
                self.position.close()

    backtest = FractionalBacktest(
        frame,
        Pair,
        fractional_unit=UNIT,
        cash=float(document["initial_capital"]),
        commission=document["taker_fee"],
        margin=1 / document["leverage"],
        trade_on_close=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        taken, result = timed(backtest.run)
    held = sum(abs(trade.size) for trade in result["_strategy"].trades) * UNIT
    to_close = held * first[-1] * document["taker_fee"]
    return {
        **taken,
        "closes": int(books[CLOSES]),
        "entries": int(books[ENTRIES]),
        "trades": len(result["_trades"]),
        "equity": float(result["_equity_curve"]["Equity"].iloc[-1]) - to_close,
    }


def main() -> None:
    """Serve the bars of the folder that is named."""
    folder = Path(sys.argv[1])
    serve(
        {"run": lambda bars: run(folder, bars)},
        0.0,
        backtesting=version("backtesting"),
        pandas=pd.__version__,
    )


if __name__ == "__main__":
    main()
