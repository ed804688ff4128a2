"""Round trips of all bots."""

from typing import Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from pairtrader.model.records import CycleRecord
from pairtrader.storage.cursor import Page
from pairtrader.storage.paging import newest_first
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name


class CycleItem(Model):
    """One round trip."""

    class Meta(TableMeta):
        table_name = table_name("cycles")

    bot_id = UnicodeAttribute(hash_key=True)
    cycle_number = NumberAttribute(range_key=True)
    body = ValueAttribute[CycleRecord](CycleRecord)

    @classmethod
    def of(cls, cycle: CycleRecord) -> Self:
        """Return the item that stores `cycle`."""
        return cls(cycle.bot_id, cycle.cycle_number, body=cycle)


class CycleRepository:
    """Reads cycles; ticks write them together with the bot's state."""

    def list(self, bot_id: str, limit: int, cursor: str | None) -> Page[CycleRecord]:
        """Return the bot's cycles, newest first.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        return newest_first(CycleItem, "bot_id cycle_number:N", bot_id, limit, cursor, CycleRecord)
