"""Funding rates as a file holds them."""

from pathlib import Path

import numpy as np

from pairtrader.backtest.series import FundingRates
from pairtrader.history.candle_rules import FUNDING
from pairtrader.history.candles import gathered
from pairtrader.history.csv_tables import read_csv
from pairtrader.history.errors import BadData
from pairtrader.history.parquet_tables import read_parquet
from pairtrader.history.text_files import PARQUET_MAGIC, first_bytes

_AS_PERCENT = 0.005
"""Half a percent each time is more than any market pays for long."""
_ENOUGH = 10
"""Settlements from which on the middle one tells something."""
_LONGEST_INTERVAL_MS = 8 * 3_600_000


def read_funding(path: str | Path) -> FundingRates:
    """Return the rates of a CSV (plain or gzip) or Parquet file, all of them checked.

    Raises:
        BadData: naming the first line that can't be right.
    """
    path = Path(path)
    packed = first_bytes(path).startswith(PARQUET_MAGIC)
    rows = read_parquet(path, FUNDING) if packed else read_csv(path, FUNDING)
    times, (rates,) = gathered(rows, path, columns=(0,), plural=FUNDING.plural)
    usual = float(np.median(np.abs(rates)))
    if len(rates) >= _ENOUGH and usual >= _AS_PERCENT:
        text = f"funding rates of {usual:g} as a rule look like percent: divide them by 100"
        raise BadData(path, text)
    return FundingRates(times, rates)


def within(rates: FundingRates, first: int, last: int) -> FundingRates:
    """Return the settlements from `first` to `last` (ms UTC), both included."""
    chosen = slice(
        int(np.searchsorted(rates.times, first)),
        int(np.searchsorted(rates.times, last, side="right")),
    )
    return FundingRates(rates.times[chosen], rates.rates[chosen])


def covers(rates: FundingRates, first: int, last: int) -> bool:
    """Return whether no settlement from `first` to `last` (ms UTC) can be missing at either end."""
    if len(rates.times) == 0:
        return last - first < _LONGEST_INTERVAL_MS
    steps = np.diff(rates.times)
    # Times may be a few ms off the hour.
    interval = float(np.median(steps)) * 1.01 if len(steps) else _LONGEST_INTERVAL_MS
    return bool(rates.times[0] - first <= interval and last - rates.times[-1] <= interval)
