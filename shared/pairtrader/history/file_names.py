"""What files of candles and funding rates are called, and what a name tells."""

import re
from pathlib import Path
from typing import NamedTuple

FORMATS = ("csv.gz", "csv", "parquet")
FUNDING = "funding"

_NAME = re.compile(
    r"(?:(?P<exchange>[a-z0-9]+)_)?(?P<symbol>[A-Z0-9]{1,20}-[A-Z0-9]{2,10})(?P<swap>-PERP)?"
    r"(?:_(?P<what>funding(?:_\w+)?|\d+[smhdw]))?"
)


class FileName(NamedTuple):
    """What a name such as ``binance_LTC-USDT-PERP_1m.csv.gz`` tells; None for what it does not."""

    exchange: str | None
    symbol: str
    """API spelling."""
    what: str | None
    """A timeframe, or ``funding``."""


def named(path: str | Path) -> FileName | None:
    """Return what a file's name tells, None if that is nothing."""
    name = Path(path).name
    for ending in FORMATS:
        if name.lower().endswith(f".{ending}"):
            found = _NAME.fullmatch(name[: -len(ending) - 1])
            if found is None:
                return None
            what = found["what"]
            if what is not None and what.startswith(FUNDING):
                what = FUNDING
            return FileName(found["exchange"], found["symbol"], what)
    return None


def name_for(exchange: str, symbol: str, what: str, ending: str) -> str:
    """Return the name of a perpetual swap's file; `what` is a timeframe or ``funding``."""
    return f"{exchange}_{symbol}-PERP_{what}.{ending}"


def ending_of(path: str | Path) -> str | None:
    """Return which of `FORMATS` a name stands for, None for none of them."""
    name = Path(path).name.lower()
    return next((ending for ending in FORMATS if name.endswith(f".{ending}")), None)
