"""Settled orders of all bots."""

from collections.abc import Callable
from typing import Self

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from pairtrader.model.records import OrderRecord
from pairtrader.storage.cursor import Page
from pairtrader.storage.paging import Window, newest_first, sifted
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name


class OrdersByUser(GlobalSecondaryIndex["OrderItem"]):  # type: ignore[no-untyped-call]
    """A user's orders over all bots, by time."""

    class Meta(TableMeta):
        index_name = "by_user"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)


class OrderItem(Model):
    """One order; sorts by the time it was written down."""

    class Meta(TableMeta):
        table_name = table_name("orders")

    bot_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    user_id = UnicodeAttribute()
    body = ValueAttribute[OrderRecord](OrderRecord)
    by_user = OrdersByUser()

    @classmethod
    def of(cls, order: OrderRecord) -> Self:
        """Return the item that stores `order`."""
        sort = f"{order.created_at:013d}#{order.id}"
        return cls(order.bot_id, sort, user_id=order.user_id, body=order)


class OrderRepository:
    """Reads orders; ticks write them together with the bot's state."""

    def list(self, bot_id: str, limit: int, cursor: str | None) -> Page[OrderRecord]:
        """Return the bot's orders, newest first.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        return newest_first(OrderItem, "bot_id sort", bot_id, limit, cursor, OrderRecord)

    def of_user(
        self,
        user_id: str,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[OrderRecord], bool] | None = None,
    ) -> Page[OrderRecord]:
        """Return the user's orders written down within `window`, newest first, as `sifted` does.

        An item shows up in the index within about a second of its write.

        Raises:
            BadCursor: the cursor is not of this list, or lies outside of `window`.
        """
        keys = "user_id sort bot_id"
        return sifted(OrderItem, keys, user_id, window, limit, cursor, keep, index="by_user")

    def of_bot(
        self,
        bot_id: str,
        window: Window,
        limit: int,
        cursor: str | None,
        keep: Callable[[OrderRecord], bool] | None = None,
    ) -> Page[OrderRecord]:
        """Return the bot's orders written down within `window`, newest first, as `sifted` does.

        Raises:
            BadCursor: the cursor is not of this list, or lies outside of `window`.
        """
        return sifted(OrderItem, "bot_id sort", bot_id, window, limit, cursor, keep)
