"""From two candle files to printed figures with vectorbt, as a script of a user would do it."""

import json
import sys

import pandas as pd

from tests.benchmarks.backtest import callback
from tests.benchmarks.backtest.peer_vectorbt import figures, simulate
from tests.benchmarks.backtest.worker import peak_megabytes


def main() -> None:
    """Read the two files that are named, run the reference settings, print."""
    columns = {
        path: pd.read_csv(path, usecols=["timestamp", "close"], index_col="timestamp")["close"]
        for path in sys.argv[1:3]
    }
    frame = pd.DataFrame(columns).dropna()
    frame.index = pd.to_datetime(frame.index, unit="ms")
    portfolio, _ = simulate(frame, callback.reference())
    sys.stdout.write(json.dumps({**figures(portfolio), "peak_mb": peak_megabytes()}) + "\n")


if __name__ == "__main__":
    main()
