"""Results as documents: plain dictionaries that JSON can carry."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import numpy as np

VERSION = 1
"""Of the documents of pairs and of the finder."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to know before believing the figures."""

    code: str
    text: str


def plain(value: Any) -> Any:
    """Return `value` made of dicts, lists, texts and numbers; what is not finite becomes None."""
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def _plain_array(values: np.ndarray[Any, Any]) -> list[Any]:
    if values.dtype.kind != "f" or bool(np.isfinite(values).all()):
        items: list[Any] = values.tolist()
        return items
    return [plain(each) for each in values.tolist()]


def iso(at: int) -> str:
    """Return a moment (ms UTC) as ISO-8601 to the second, such as ``2025-05-04T16:01:00Z``."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
