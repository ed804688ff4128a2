"""Cursors of lists: the last key read, opaque to clients."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pairtrader.storage.errors import BadCursor

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """One page of a list; `cursor` asks for the next, None at the end."""

    items: Sequence[_T]
    cursor: str | None


def encode_cursor(last_key: dict[str, Any] | None) -> str | None:
    """Return the text for DynamoDB's last evaluated key, None at the end of the list."""
    if last_key is None:
        return None
    raw = json.dumps(last_key, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str | None, **owner: str) -> dict[str, Any] | None:
    """Return the key to start after.

    `owner` are the key attributes that every key of this list must hold: a cursor made for
    somebody else's list is refused.

    Raises:
        BadCursor: it is not a cursor of this list.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        key = json.loads(raw)
    except ValueError as error:
        raise BadCursor(cursor) from error
    if not isinstance(key, dict) or any(key.get(k) != {"S": v} for k, v in owner.items()):
        raise BadCursor(cursor)
    return key
