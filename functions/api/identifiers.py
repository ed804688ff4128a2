"""Ids of objects and the time they are made at."""

import re
import time

from ulid import ULID


def new_id() -> str:
    """Return a ULID: opaque, unique, sorts by time."""
    return str(ULID())


def is_id(text: str) -> bool:
    """Whether `text` may be an id at all; what is not never reaches a table."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) is not None


def now_ms() -> int:
    """Return the time, ms UTC."""
    return time.time_ns() // 1_000_000
