"""Cursors of lists: the last key read, opaque to clients."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pairtrader.storage.errors import BadCursor

_T = TypeVar("_T")
MAX_KEY_LENGTH = 1024
MAX_DIGITS = 38


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


def decode_cursor(cursor: str | None, keys: str, **owner: str) -> dict[str, Any] | None:
    """Return the key to start after.

    Args:
        cursor: from a page of the same list, None for its beginning.
        keys: names of the key's attributes, a number's marked so: ``bot_id cycle_number:N``.
        owner: attributes that every key of this list holds; a cursor made for somebody else's
            list is refused.

    Raises:
        BadCursor: it is not a cursor of this list.
    """
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        key = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadCursor(cursor) from error
    types = {name: type_ or "S" for name, _, type_ in (k.partition(":") for k in keys.split())}
    if not isinstance(key, dict) or key.keys() != types.keys():
        raise BadCursor(cursor)
    if any(not _is_value(key[name], type_) for name, type_ in types.items()):
        raise BadCursor(cursor)
    if any(key[name] != {"S": value} for name, value in owner.items()):
        raise BadCursor(cursor)
    return key


def _is_value(value: object, type_: str) -> bool:
    """Whether DynamoDB would take `value` for a key attribute of this type."""
    if not isinstance(value, dict) or list(value) != [type_]:
        return False
    text = value[type_]
    if not isinstance(text, str) or not 0 < len(text) <= MAX_KEY_LENGTH:
        return False
    if type_ == "N":
        return len(text) <= MAX_DIGITS and text.isascii() and text.isdecimal()
    return not any("\ud800" <= character <= "\udfff" for character in text)
