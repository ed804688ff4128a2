"""Cursors come back from strangers."""

import base64
import json
from typing import Any

import pytest

from pairtrader.storage.cursor import decode_cursor, encode_cursor
from pairtrader.storage.errors import BadCursor

KEYS = "bot_id cycle_number:N"
KEY = {"bot_id": {"S": "b"}, "cycle_number": {"N": "7"}}


def forged(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def test_a_cursor_leads_to_where_its_page_ended() -> None:
    assert decode_cursor(encode_cursor(KEY), KEYS, bot_id="b") == KEY
    assert encode_cursor(None) is None
    assert decode_cursor(None, KEYS, bot_id="b") is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense!",
        "ä",
        forged([]),
        forged("x"),
        forged({}),
        forged(KEY | {"bot_id": {"S": "another"}}),
        forged(KEY | {"more": {"S": "x"}}),
        forged({"bot_id": {"S": "b"}}),
        forged(KEY | {"cycle_number": {"S": "7"}}),
        forged(KEY | {"cycle_number": {"N": "seven"}}),
        forged(KEY | {"cycle_number": {"N": 7}}),
        forged(KEY | {"cycle_number": "7"}),
        forged(KEY | {"cycle_number": {"N": "7" * 2000}}),
        forged(KEY | {"cycle_number": {"N": "7" * 39}}),
        forged(KEY | {"cycle_number": {"N": "\u0667"}}),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_what_is_no_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(cursor, KEYS, bot_id="b")


def test_half_a_character_never_reaches_a_table() -> None:
    with pytest.raises(BadCursor):
        decode_cursor(forged({"bot_id": {"S": "b"}, "sort": {"S": "\ud800"}}), "bot_id sort")
