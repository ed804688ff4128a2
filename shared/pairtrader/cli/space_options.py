"""What is to be varied, as the command line says it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pairtrader.backtest.changes import LADDER, NoSuchField, changed
from pairtrader.backtest.sweep.space import BadSpace, Listed, Space
from pairtrader.cli.config_file import FIELDS, read_json, suggestion, value_of
from pairtrader.cli.failures import UsageError

_BOUNDS, _WITH_STEP = 2, 3
_WORDS = ("log", "whole")


def read_space(path: str | None, texts: Sequence[str], document: Mapping[str, Any]) -> Space:
    """Return the space of a file and of ``--param``, checked against the configuration.

    Raises:
        UsageError: naming what can't be varied.
    """
    given: dict[str, Any] = {}
    if path is not None:
        found = read_json(path)
        if not isinstance(found, dict):
            raise UsageError(f"{path}: an object with values or ranges by name is expected")
        given.update(found)
    for text in texts:
        name, described = parameter(text)
        if name in given:
            raise UsageError(f"--param {name}: is given twice: leave one out")
        given[name] = described
    if not given:
        raise UsageError(
            "nothing is varied: name a parameter, such as --param profit_ratio=0.5:2:0.25, "
            "or a file with --space"
        )
    try:
        space = Space.of(given)
    except BadSpace as error:
        raise UsageError(str(error)) from None
    for each in space.parameters:
        _check(each.name, each.values[0] if isinstance(each, Listed) else each.low, document)
    return space


def parameter(text: str) -> tuple[str, Any]:
    """Return name and values or range of ``--param``.

    ``a=1,2,3`` lists values, ``a=0.5:2:0.25`` counts in steps, ``a=0.5:2`` is a range to sample,
    ``a=1:100:log`` one by ratios, ``a=1:9:whole`` one of whole numbers; JSON does as well.

    Raises:
        UsageError: it can't be read.
    """
    name, equals, described = text.partition("=")
    if not equals or not name or not described:
        raise UsageError(
            f"--param {text}: write NAME=FROM:TO:STEP or NAME=VALUE,VALUE, such as "
            "profit_ratio=0.5:2:0.25"
        )
    value = value_of(described)
    if isinstance(value, list | dict):
        return name, value
    if ":" in described:
        return name, _range(name, described.split(":"))
    return name, [value_of(part.strip()) for part in described.split(",")]


def _range(name: str, parts: Sequence[str]) -> dict[str, Any]:
    words = [part for part in parts if part in _WORDS]
    numbers = [_number(name, part) for part in parts if part not in _WORDS]
    if not _BOUNDS <= len(numbers) <= _WITH_STEP:
        raise UsageError(f"--param {name}: write FROM:TO, FROM:TO:STEP or FROM:TO:log")
    found: dict[str, Any] = dict(zip(("from", "to", "step"), numbers, strict=False))
    return {**found, **dict.fromkeys(words, True)}


def _number(name: str, text: str) -> float:
    value = value_of(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"--param {name}: {text!r} is no number")
    return value


def _check(path: str, value: Any, document: Mapping[str, Any]) -> None:
    head = path.partition(".")[0]
    if path not in LADDER and head != "ladder" and head not in FIELDS:
        raise UsageError(f"{path}: there is no such setting{suggestion(path)}")
    try:
        changed(document, {path: value})
    except NoSuchField as error:
        raise UsageError(str(error)) from None
