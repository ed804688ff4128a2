"""Looks at every pair: all of them for 7 days, one a minute for 90.

A minute of looks is one item, so that a bot's history costs two writes a minute whatever its
interval.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.constants import STRING
from pynamodb.models import Model

from pairtrader.model.records import SpreadPoint
from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.table import TableMeta, table_name

Resolution = Literal["raw", "minute"]
KEPT_SECONDS: dict[Resolution, int] = {"raw": 7 * 86_400, "minute": 90 * 86_400}


class PointsAttribute(Attribute[tuple[SpreadPoint, ...]]):
    """Looks as compact text: ms since the look before, both prices, spread to 4 places."""

    attr_type = STRING

    def serialize(self, value: tuple[SpreadPoint, ...]) -> str:
        """Return ``ms:price1:price2:spread`` joined by ``;``."""
        parts, before = [], 0
        for point in value:
            prices = f"{point.market1_price:f}:{point.market2_price:f}"
            parts.append(f"{point.recorded_at - before}:{prices}:{round(point.spread, 4)}")
            before = point.recorded_at
        return ";".join(parts)

    def deserialize(self, value: str) -> tuple[SpreadPoint, ...]:
        """Return the looks, oldest first."""
        points, at = [], 0
        for part in value.split(";"):
            since, price1, price2, spread = part.split(":")
            at += int(since)
            points.append(SpreadPoint(at, Decimal(price1), Decimal(price2), float(spread)))
        return tuple(points)


class HistoryItem(Model):
    """A minute of looks of one bot."""

    class Meta(TableMeta):
        table_name = table_name("spread-history")

    bot_id = UnicodeAttribute(hash_key=True)
    bucket = UnicodeAttribute(range_key=True)
    points = PointsAttribute()
    expires_at = NumberAttribute()
    """TTL, seconds UTC."""


def _item(bot_id: str, resolution: Resolution, points: tuple[SpreadPoint, ...]) -> HistoryItem:
    first = points[0].recorded_at
    return HistoryItem(
        bot_id,
        f"{resolution}#{first:013d}",
        points=points,
        expires_at=first // 1000 + KEPT_SECONDS[resolution],
    )


class SpreadHistoryRepository:
    """Adds and reads looks."""

    def add(self, bot_id: str, points: Sequence[SpreadPoint]) -> None:
        """Store the looks of one minute, by one batch write."""
        with HistoryItem.batch_write() as batch:
            batch.save(_item(bot_id, "raw", tuple(points)))
            batch.save(_item(bot_id, "minute", (points[-1],)))

    def list(
        self,
        bot_id: str,
        resolution: Resolution,
        since: int,
        until: int,
        limit: int,
        cursor: str | None,
    ) -> Page[SpreadPoint]:
        """Return the looks from `since` to before `until` (ms UTC), oldest first.

        `limit` counts looks; a page may hold a minute's looks more.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        start = decode_cursor(cursor, "bot_id bucket", bot_id=bot_id)
        # A bucket may begin up to a minute and some before its last look.
        low, high = f"{resolution}#{max(0, since - 120_000):013d}", f"{resolution}#{until:013d}"
        found = HistoryItem.query(
            bot_id, HistoryItem.bucket.between(low, high), last_evaluated_key=start, page_size=60
        )
        points: list[SpreadPoint] = []
        for item in found:
            points += [p for p in item.points if since <= p.recorded_at < until]
            if len(points) >= limit:
                return Page(points, encode_cursor(found.last_evaluated_key))
        return Page(points, None)
