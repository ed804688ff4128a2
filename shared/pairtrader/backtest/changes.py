"""Changing one field of a configuration, wherever it stands."""

from collections.abc import Callable, Mapping
from typing import Any

from pairtrader.model.settings import MAX_LADDER_ROWS

Rows = list[dict[str, Any]]


class NoSuchField(ValueError):
    """A path leads nowhere: write another one."""


def changed(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flat configuration with some of its fields changed; the one given stays as it is.

    Paths are names of fields, places such as ``dca_config.0.spread`` (rows count from 0), or one
    of the ladder as a whole: ``ladder.scale`` (times every row's spread), ``ladder.step`` (the
    spread of all rows but the first), ``ladder.growth`` (each row's multiplier is this times the
    one before), ``ladder.rows`` (so many: the rest is cut off, or the last row said again).
    Changes are made in the order given, those of the whole ladder last.

    Raises:
        NoSuchField: naming the path and what there is.
    """
    result = dict(document)
    whole = [(path, value) for path, value in changes.items() if path in LADDER]
    for path, value in changes.items():
        if path not in LADDER:
            _put(result, path, value)
    for path, value in sorted(whole, key=lambda change: _LADDER_ORDER[change[0]]):
        result["dca_config"] = LADDER[path](_rows(document, result, path), _number(path, value))
    if not changes.keys().isdisjoint(_OF_THE_LADDER) and "max_dca_times" not in changes:
        # The ladder's length follows the ladder.
        result.pop("max_dca_times", None)
    return result


def _put(result: dict[str, Any], path: str, value: Any) -> None:
    head, *rest = path.split(".")
    if not rest:
        result[head] = value
        return
    if head == "ladder":
        raise NoSuchField(f"{path} leads nowhere: there are {', '.join(sorted(LADDER))}")
    if head not in result:
        raise NoSuchField(f"{path} leads nowhere: the configuration has no {head}")
    result[head] = _within(result[head], rest, value, path, head)


def _within(node: Any, rest: list[str], value: Any, path: str, reached: str) -> Any:
    """Return a copy of `node` in which `rest` leads to `value`."""
    if not rest:
        return value
    key, below = rest[0], rest[1:]
    if isinstance(node, list | tuple):
        index = int(key) if key.isdecimal() and key.isascii() else len(node)
        if index >= len(node):
            raise NoSuchField(f"{path} leads nowhere: {reached} has rows 0 to {len(node) - 1}")
        row = _within(node[index], below, value, path, f"{reached}.{key}")
        return [*node[:index], row, *node[index + 1 :]]
    if isinstance(node, Mapping):
        if below and key not in node:
            raise NoSuchField(f"{path} leads nowhere: {reached} has {', '.join(map(str, node))}")
        return {**node, key: _within(node.get(key), below, value, path, f"{reached}.{key}")}
    raise NoSuchField(f"{path} leads nowhere: {reached} is a single value")


def _rows(document: Mapping[str, Any], result: Mapping[str, Any], path: str) -> Rows:
    rows = result.get("dca_config", document.get("dca_config"))
    if not isinstance(rows, list | tuple) or not rows:
        raise NoSuchField(f"{path} leads nowhere: the configuration has no rows in dca_config")
    return [dict(row) for row in rows]


def _number(path: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NoSuchField(f"{path} has to be a number")
    return value


def _scaled(rows: Rows, factor: float) -> Rows:
    return [{**row, "spread": _tidy(row["spread"] * factor)} for row in rows]


def _stepped(rows: Rows, step: float) -> Rows:
    return [rows[0], *({**row, "spread": step} for row in rows[1:])]


def _grown(rows: Rows, factor: float) -> Rows:
    first = rows[0]["multiplier"]
    return [{**row, "multiplier": _tidy(first * factor**index)} for index, row in enumerate(rows)]


def _counted(rows: Rows, count: float) -> Rows:
    if count != int(count) or not 1 <= count <= MAX_LADDER_ROWS:
        raise NoSuchField(f"ladder.rows has to be a whole number from 1 to {MAX_LADDER_ROWS}")
    rows = rows[: int(count)]
    last = rows[-1]
    return rows + [{**last, "times": times} for times in range(len(rows) + 1, int(count) + 1)]


def _tidy(value: float) -> float:
    """Return a product without the last digits of binary arithmetic: 0.3, not 0.30…04."""
    return float(format(value, ".12g"))


LADDER: Mapping[str, Callable[[Rows, float], Rows]] = {
    "ladder.rows": _counted,
    "ladder.step": _stepped,
    "ladder.scale": _scaled,
    "ladder.growth": _grown,
}
"""The ladder as a whole, in the order in which these are applied."""
_LADDER_ORDER = {path: order for order, path in enumerate(LADDER)}
_OF_THE_LADDER = frozenset({*LADDER, "dca_config"})
