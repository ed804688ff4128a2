"""The one column of a file of candles that no backtest looks at."""

from pathlib import Path

import numpy as np

from pairtrader.backtest.series import Floats, Integers
from pairtrader.history.candle_rules import VOLUMES
from pairtrader.history.candles import gathered
from pairtrader.history.csv_tables import csv_columns, read_csv
from pairtrader.history.parquet_tables import parquet_columns, read_parquet
from pairtrader.history.text_files import PARQUET_MAGIC, first_bytes


def column_names(path: Path) -> list[str]:
    """Return the names of a file's columns, in lower case.

    Raises:
        BadData: it is no table.
    """
    packed = first_bytes(path).startswith(PARQUET_MAGIC)
    return parquet_columns(path) if packed else csv_columns(path)


def read_volumes(path: Path, times: Integers) -> Floats | None:
    """Return the volumes of candles that were read, None if the file has none.

    Raises:
        BadData: naming the first line that can't be right.
    """
    if "volume" not in column_names(path):
        return None
    packed = first_bytes(path).startswith(PARQUET_MAGIC)
    rows = read_parquet(path, VOLUMES) if packed else read_csv(path, VOLUMES)
    found, (volumes,) = gathered(rows, path, columns=(0,))
    return volumes if np.array_equal(found, times) else None
