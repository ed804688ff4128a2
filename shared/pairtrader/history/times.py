"""Times and lengths of time as people write them."""

from datetime import UTC, datetime

SECOND_MS = 1_000
_UNITS = ((604_800_000, "w"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (SECOND_MS, "s"))
_LATEST = 253_402_300_799_999
"""The last ms of the year 9999, the last that has a name."""


def utc(time: int) -> str:
    """Return a time (ms UTC) such as ``2025-05-04T16:01:00Z``; fractions only where there are."""
    if not 0 <= time <= _LATEST:
        return f"{time} ms"
    whole = datetime.fromtimestamp(time // SECOND_MS, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    rest = time % SECOND_MS
    return f"{whole}.{rest:03d}Z" if rest else f"{whole}Z"


def timeframe_name(length: int) -> str:
    """Return a length of time (ms) such as ``1m`` or ``4h``, as exchanges name their candles."""
    for unit, name in _UNITS:
        if length >= unit and length % unit == 0:
            return f"{length // unit}{name}"
    return f"{length} ms"


def timeframe_ms(name: str) -> int:
    """Return the length (ms) of a timeframe such as ``5m``.

    Raises:
        ValueError: it is none.
    """
    units = {letter: unit for unit, letter in _UNITS}
    count, unit = name[:-1], units.get(name[-1:])
    if unit is None or not (count.isascii() and count.isdigit()) or int(count) == 0:
        raise ValueError(f"{name!r} is no timeframe: write it as 1m, 5m, 15m, 1h, 4h or 1d")
    return int(count) * unit
