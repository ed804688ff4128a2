"""The legs of every cycle of all bots."""

from typing import Self

from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

from pairtrader.model.records import PositionRecord
from pairtrader.storage.cursor import Page
from pairtrader.storage.paging import newest_first
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name


class PositionItem(Model):
    """One leg of one cycle."""

    class Meta(TableMeta):
        table_name = table_name("positions")

    bot_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    body = ValueAttribute[PositionRecord](PositionRecord)

    @classmethod
    def of(cls, position: PositionRecord) -> Self:
        """Return the item that stores `position`."""
        sort = f"{position.cycle_number:08d}#{position.leg}"
        return cls(position.bot_id, sort, body=position)


class PositionRepository:
    """Reads positions; ticks write them together with the bot's state."""

    def list(self, bot_id: str, limit: int, cursor: str | None) -> Page[PositionRecord]:
        """Return the bot's positions, those of the newest cycle first.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        return newest_first(PositionItem, "bot_id sort", bot_id, limit, cursor, PositionRecord)
