"""Round trips of all bots."""

from collections.abc import Callable
from typing import Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from pairtrader.model.account import AccountMode
from pairtrader.model.records import CycleRecord
from pairtrader.storage.cursor import Page
from pairtrader.storage.paging import Window, newest_first, sifted
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name


class ClosedByUser(GlobalSecondaryIndex["CycleItem"]):  # type: ignore[no-untyped-call]
    """The cycles that a user's bots have closed on accounts of one mode, by time."""

    class Meta(TableMeta):
        index_name = "by_user"
        projection = AllProjection()

    owner = UnicodeAttribute(hash_key=True)
    closed_sort = UnicodeAttribute(range_key=True)


class CycleItem(Model):
    """One round trip."""

    class Meta(TableMeta):
        table_name = table_name("cycles")

    bot_id = UnicodeAttribute(hash_key=True)
    cycle_number = NumberAttribute(range_key=True)
    owner = UnicodeAttribute(null=True)
    """User and account mode; as `closed_sort` only once closed: the index holds nothing open."""
    closed_sort = UnicodeAttribute(null=True)
    body = ValueAttribute[CycleRecord](CycleRecord)
    by_user = ClosedByUser()

    @classmethod
    def of(cls, cycle: CycleRecord) -> Self:
        """Return the item that stores `cycle`."""
        item = cls(cycle.bot_id, cycle.cycle_number, body=cycle)
        if cycle.closed_at is not None:
            item.owner = owner_of(cycle.user_id, cycle.mode)
            item.closed_sort = f"{cycle.closed_at:013d}#{cycle.bot_id}#{cycle.cycle_number:08d}"
        return item


def owner_of(user_id: str, mode: AccountMode) -> str:
    """Return whose closed cycles these are: modes are kept apart, as paper is not money."""
    return f"{user_id}#{mode}"


class CycleRepository:
    """Reads cycles; ticks write them together with the bot's state."""

    def list(self, bot_id: str, limit: int, cursor: str | None) -> Page[CycleRecord]:
        """Return the bot's cycles, newest first.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        return newest_first(CycleItem, "bot_id cycle_number:N", bot_id, limit, cursor, CycleRecord)

    def closed(
        self,
        user_id: str,
        mode: AccountMode,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[CycleRecord], bool] | None = None,
    ) -> Page[CycleRecord]:
        """Return what the user's bots closed within `window`, newest first, as `sifted` does.

        An item shows up in the index within about a second of its write.

        Raises:
            BadCursor: the cursor is not of this list, or lies outside of `window`.
        """
        owner = owner_of(user_id, mode)
        keys = "owner closed_sort bot_id cycle_number:N"
        return sifted(CycleItem, keys, owner, window, limit, cursor, keep, index="by_user")
