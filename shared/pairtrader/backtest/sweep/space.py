"""What a sweep varies: fields of a configuration and the values that they may take."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

Settings = Mapping[str, Any]
"""Values by path, as `pairtrader.backtest.changes.changed` takes them."""

MAX_GRID = 1_000_000
"""Combinations; a grid beyond it would not fit into memory, nor into a day."""
_RANGE = frozenset({"from", "to", "step", "log", "whole"})


class BadSpace(ValueError):
    """What is to be varied makes no sense: the text says what to change."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A field that takes one of some values."""

    name: str
    values: tuple[Any, ...]

    @property
    def ordered(self) -> bool:
        """Whether the values are numbers that rise, so that neighbours are alike."""
        numbers = [v for v in self.values if _is_number(v)]
        return len(numbers) == len(self.values) and numbers == sorted(numbers)

    def at(self, share: float) -> Any:
        """Return the value at `share` (0 up to 1) of the way through."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]


@dataclass(frozen=True, slots=True)
class Ranged:
    """A field that takes any number between two."""

    name: str
    low: float
    high: float
    log: bool = False
    """Whether equal ratios are equally likely, rather than equal distances."""
    whole: bool = False
    """Whether only whole numbers count."""

    def at(self, share: float) -> float:
        """Return the number at `share` (0 up to 1) of the way from low to high."""
        low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
        if self.log:
            low = max(low, self.low / 2)
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        return self.near(value)

    def near(self, value: float) -> float:
        """Return the value of this range nearest to a number."""
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else tidy(value)


Parameter = Listed | Ranged


@dataclass(frozen=True, slots=True)
class Space:
    """All that is varied."""

    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Space":
        """Return the space that a document describes: by path, values or a range.

        Values are a list; a range is ``{"from", "to"}`` with ``step`` (which makes it a list),
        ``log: true`` or ``whole: true``.

        Raises:
            BadSpace: naming the path.
        """
        if not document:
            raise BadSpace("nothing is varied: name at least one parameter")
        return cls(tuple(_parameter(name, given) for name, given in document.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the paths."""
        return tuple(parameter.name for parameter in self.parameters)

    def grid(self) -> list[dict[str, Any]]:
        """Return all combinations, the last parameter changing fastest.

        Raises:
            BadSpace: a range has no step, or there are too many.
        """
        columns: list[Sequence[Any]] = []
        for parameter in self.parameters:
            if isinstance(parameter, Ranged):
                raise BadSpace(
                    f"{parameter.name}: a grid needs values or a step: from:to:step, or sample the "
                    "range with mode random or tpe"
                )
            columns.append(parameter.values)
        if math.prod(map(len, columns)) > MAX_GRID:
            raise BadSpace(
                f"{math.prod(map(len, columns)):,} combinations are too many (at most "
                f"{MAX_GRID:,}): widen the steps, or sample with mode random or tpe"
            )
        return [dict(zip(self.names, values, strict=True)) for values in product(*columns)]


def _parameter(name: str, given: Any) -> Parameter:
    if isinstance(given, Mapping):
        return _range(name, given)
    if not isinstance(given, list | tuple) or not given:
        raise BadSpace(f"{name}: a list of values, or a range with from and to, is expected")
    distinct: list[Any] = []
    for value in given:
        if not any(value == other and type(value) is type(other) for other in distinct):
            distinct.append(value)
    return Listed(name, tuple(distinct))


def _range(name: str, given: Mapping[str, Any]) -> Parameter:
    unknown = sorted(given.keys() - _RANGE)
    if unknown:
        raise BadSpace(f"{name}: {', '.join(unknown)}: a range has from, to, step, log and whole")
    low: Any = given.get("from")
    high: Any = given.get("to")
    step = given.get("step")
    if not _is_number(low) or not _is_number(high):
        raise BadSpace(f"{name}: a range needs the numbers from and to")
    if low >= high:
        raise BadSpace(f"{name}: from ({low}) has to be below to ({high})")
    log, whole = bool(given.get("log")), bool(given.get("whole"))
    if log and low <= 0:
        raise BadSpace(f"{name}: a range by ratios (log) has to begin above 0")
    if whole and (low != round(low) or high != round(high)):
        raise BadSpace(f"{name}: a range of whole numbers needs whole bounds")
    if step is None:
        return Ranged(name, low, high, log=log, whole=whole)
    if log:
        raise BadSpace(f"{name}: step and log exclude one another: leave one out")
    return Listed(name, _steps(name, low, high, step))


def _steps(name: str, low: float, high: float, step: Any) -> tuple[float, ...]:
    if not _is_number(step) or step <= 0:
        raise BadSpace(f"{name}: step has to be a number above 0")
    # A step of 0.1 is no exact binary fraction: the end counts if it is missed by rounding alone.
    count = math.floor((high - low) / step + 1e-9) + 1
    if count > MAX_GRID:
        raise BadSpace(f"{name}: {count:,} steps are too many: widen the step")
    if all(isinstance(number, int) for number in (low, step)):
        return tuple(low + index * step for index in range(count))
    return tuple(tidy(low + index * step) for index in range(count))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def tidy(value: float) -> float:
    """Return a number with the digits that matter, so that it can be read and written again."""
    return float(format(value, ".10g"))
