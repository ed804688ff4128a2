"""Lists of one partition, page by page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pynamodb.models import Model

from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.errors import BadCursor

_T = TypeVar("_T")
MOST_READ = 2000
"""Rows that one page of a sifted list reads at most, about a megabyte and a half."""
READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time; its rows sort by texts that begin with a moment in 13 digits."""

    since: int = 0
    """ms UTC, within."""
    until: int = 9_999_999_999_999
    """ms UTC, not within; later than `since`."""

    @property
    def low(self) -> str:
        """The sort key that no row of the window comes before."""
        return f"{self.since:013d}"

    @property
    def high(self) -> str:
        """The sort key that every row of the window comes before."""
        return f"{self.until:013d}"


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


def sifted(
    table: type[Model],
    keys: str,
    owner: str,
    window: Window,
    limit: int,
    cursor: str | None,
    keep: Callable[[_T], bool] | None,
    index: str | None = None,
) -> Page[_T]:
    """Return the rows of a partition that lie in `window` and that `keep` takes, newest first.

    At most `MOST_READ` rows are looked at for a page that has to be sifted: it may be short or
    even empty, and its cursor still goes on behind the last row looked at.

    Args:
        table: whose items hold a value object in their attribute ``body``.
        keys: names of the keys of what is read and of the table, as `decode_cursor` takes them,
            hash and sort key of what is read first.
        owner: hash key of the partition.
        window: of the sort keys.
        limit: items of a page at most.
        cursor: from the page before, None for the first.
        keep: what of the rows is wanted, None for all.
        index: of the table, to be read in its place.

    Raises:
        BadCursor: the cursor is not of this list, or lies outside of `window`.
    """
    hash_name, sort_name = keys.split()[:2]
    start = decode_cursor(cursor, keys, **{hash_name: owner})
    # DynamoDB refuses to go on from outside of the range that it is asked for.
    if start is not None and not window.low <= start[sort_name]["S"] <= window.high:
        raise BadCursor(cursor)
    found: Any = table.query(
        owner,
        getattr(table, sort_name).between(window.low, window.high),
        index_name=index,
        limit=limit if keep is None else max(limit, MOST_READ),
        page_size=limit if keep is None else max(limit, READ_AT_ONCE),
        last_evaluated_key=start,
        scan_index_forward=False,
    )
    items: list[_T] = []
    for item in found:
        if keep is None or keep(item.body):
            items.append(item.body)
        if len(items) == limit:
            break
    return Page(items, encode_cursor(found.last_evaluated_key))
