"""Lists of one partition, page by page."""

from typing import Any, TypeVar

from pynamodb.models import Model

from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor

_T = TypeVar("_T")


def newest_first(
    table: type[Model], keys: str, bot_id: str, limit: int, cursor: str | None, body: type[_T]
) -> Page[_T]:
    """Return what a bot has in `table`, last key first.

    Args:
        table: whose items hold a value object of type `body` in their attribute ``body``.
        keys: names of the table's keys, as `decode_cursor` takes them.
        bot_id: hash key of the partition.
        limit: items of a page at most.
        cursor: from the page before, None for the first.
        body: type of the value objects.

    Raises:
        BadCursor: the cursor is not of this list.
    """
    start = decode_cursor(cursor, keys, bot_id=bot_id)
    found: Any = table.query(
        bot_id, limit=limit, last_evaluated_key=start, scan_index_forward=False
    )
    items = [item.body for item in found]
    return Page(items, encode_cursor(found.last_evaluated_key))
