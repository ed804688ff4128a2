"""What candles and funding rates must be like, and how one that is not is put into words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairtrader.backtest.series import Floats, Integers
from pairtrader.history.times import utc

PRICES = ("open", "high", "low", "close")
Flags = NDArray[np.bool_]

NEVER = -(2**62)
"""Stands for the time before the first."""
_EARLIEST, _LATEST = 10**11, 10**13
"""Bounds of ms since 1970: in 1973 and in 2286."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first row that can't be right, and why."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class _Rule:
    broken: Callable[[Integers, Integers, Floats], Flags]
    """Given times, the times before them, and the values by column."""
    text: Callable[[int, int, list[float]], str]
    """Given one row's."""


def first_candle_fault(times: Integers, prices: Floats, before: int) -> Fault | None:
    """Return the first row that is no candle, or not behind the one before it; None without one.

    `prices` has a row each for open, high, low, close; `before` is the time of the row ahead of
    these.
    """
    return _first_fault(_CANDLE_RULES, times, prices, before)


def first_rate_fault(times: Integers, rates: Floats, before: int) -> Fault | None:
    """Return the first row that is no settlement of funding; `rates` has one row."""
    return _first_fault(_RATE_RULES, times, rates, before)


def first_volume_fault(times: Integers, volumes: Floats, before: int) -> Fault | None:
    """Return the first row that tells no volume; `volumes` has one row."""
    return _first_fault(_VOLUME_RULES, times, volumes, before)


def _first_fault(
    rules: tuple[_Rule, ...], times: Integers, values: Floats, before: int
) -> Fault | None:
    if len(times) == 0:
        return None
    previous = np.empty_like(times)
    previous[0], previous[1:] = before, times[:-1]
    first: tuple[int, _Rule] | None = None
    for rule in rules:
        broken = rule.broken(times, previous, values)
        if broken.any():
            index = int(broken.argmax())
            if first is None or index < first[0]:
                first = index, rule
    if first is None:
        return None
    index, rule = first
    return Fault(
        index, rule.text(int(times[index]), int(previous[index]), values[:, index].tolist())
    )


def wrong_unit(time: int) -> str:
    """Return what to say of a time that is none in ms since 1970."""
    for lowest, highest, unit, way_out in _UNITS:
        if lowest <= time < highest:
            return f"timestamp {time} looks like {unit}: {way_out}"
    return f"timestamp {time} is no time in ms since 1970-01-01 UTC"


_UNITS = (
    (10**8, _EARLIEST, "seconds", "multiply by 1000, times are ms"),
    (10**14, 10**17, "microseconds", "divide by 1000, times are ms"),
    (10**17, 10**19, "nanoseconds", "divide by 1000000, times are ms"),
)


def _backwards(time: int, before: int, _: list[float]) -> str:
    if time == before:
        return f"{utc(time)} appears twice: keep one of them"
    return f"{utc(time)} is earlier than the time before it: sort the file by timestamp"


def _not_finite(names: tuple[str, ...]) -> Callable[[int, int, list[float]], str]:
    def text(_: int, __: int, row: list[float]) -> str:
        name, value = next((n, v) for n, v in zip(names, row, strict=True) if not np.isfinite(v))
        if np.isnan(value):
            return f"{name} is not a number: leave out a bar that is not known, it counts as a gap"
        return f"{name} is infinite"

    return text


def _not_positive(_: int, __: int, row: list[float]) -> str:
    name, value = next((n, v) for n, v in zip(PRICES, row, strict=True) if v <= 0)
    return f"{name} is {value:g}, not above zero: leave out a bar that had no price"


def _crossed(_: int, __: int, row: list[float]) -> str:
    return f"low {row[2]:.15g} is above high {row[1]:.15g}: the columns may be swapped"


def _outside(_: int, __: int, row: list[float]) -> str:
    first, high, low, last = row
    name, value = ("open", first) if not low <= first <= high else ("close", last)
    return f"{name} {value:.15g} lies outside low {low:.15g} and high {high:.15g}"


def _too_much(_: int, __: int, row: list[float]) -> str:
    return f"funding_rate {row[0]:g} is beyond ±1: write fractions, 0.0001 for 0.01 %"


_OF_TIME = (
    _Rule(
        lambda t, before, v: (t < _EARLIEST) | (t >= _LATEST),
        lambda t, before, row: wrong_unit(t),
    ),
    _Rule(lambda t, before, v: t <= before, _backwards),
)

_CANDLE_RULES = (
    *_OF_TIME,
    _Rule(lambda t, before, v: ~np.logical_and.reduce(np.isfinite(v)), _not_finite(PRICES)),
    _Rule(lambda t, before, v: np.logical_or.reduce(v <= 0), _not_positive),
    _Rule(lambda t, before, v: v[2] > v[1], _crossed),
    _Rule(
        lambda t, before, v: (np.minimum(v[0], v[3]) < v[2]) | (np.maximum(v[0], v[3]) > v[1]),
        _outside,
    ),
)
_VOLUME_RULES = (
    *_OF_TIME,
    _Rule(lambda t, before, v: ~np.isfinite(v[0]), _not_finite(("volume",))),
    _Rule(
        lambda t, before, v: v[0] < 0,
        lambda t, before, row: f"volume is {row[0]:g}, below zero",
    ),
)
_RATE_RULES = (
    *_OF_TIME,
    _Rule(lambda t, before, v: ~np.isfinite(v[0]), _not_finite(("funding_rate",))),
    _Rule(lambda t, before, v: np.abs(v[0]) > 1, _too_much),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a kind of file holds."""

    columns: tuple[str, ...]
    """Beside `timestamp`."""
    first_fault: Callable[[Integers, Floats, int], Fault | None]
    plural: str
    """What its rows are, for messages."""
    names: Mapping[str, tuple[str, ...]]
    """Other names that people give to columns, for a hint."""


_TIME_NAMES = ("time", "date", "datetime", "open_time", "opentime", "ts", "t", "unix")
CANDLES = Layout(
    PRICES,
    first_candle_fault,
    "candles",
    {
        "timestamp": _TIME_NAMES,
        "open": ("o", "open_price"),
        "high": ("h", "high_price"),
        "low": ("l", "low_price"),
        "close": ("c", "close_price", "price", "last"),
    },
)
FUNDING = Layout(
    ("funding_rate",),
    first_rate_fault,
    "funding rates",
    {
        "timestamp": (*_TIME_NAMES, "funding_time", "fundingtime"),
        "funding_rate": ("fundingrate", "rate", "funding"),
    },
)
VOLUMES = Layout(("volume",), first_volume_fault, "candles", {"timestamp": _TIME_NAMES})
