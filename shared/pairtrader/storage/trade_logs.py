"""What every bot did and why, line by line; lines age out after 90 days."""

from typing import Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from pairtrader.model.records import LogRecord
from pairtrader.storage.cursor import Page
from pairtrader.storage.paging import newest_first
from pairtrader.storage.table import TableMeta, ValueAttribute, table_name

KEPT_SECONDS = 90 * 86_400


class LogItem(Model):
    """One line."""

    class Meta(TableMeta):
        table_name = table_name("trade-logs")

    bot_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    body = ValueAttribute[LogRecord](LogRecord)
    event = UnicodeAttribute(null=True)
    """What readers of the table's stream choose lines by; absent where the line tells of none."""
    expires_at = NumberAttribute()
    """TTL, seconds UTC."""

    @classmethod
    def of(cls, log: LogRecord) -> Self:
        """Return the item that stores `log`."""
        expires_at = log.created_at // 1000 + KEPT_SECONDS
        return cls(log.bot_id, log.id, body=log, event=log.event, expires_at=expires_at)


class LogRepository:
    """Reads and adds lines."""

    def add(self, log: LogRecord) -> None:
        """Store one line by itself."""
        LogItem.of(log).save()

    def list(self, bot_id: str, limit: int, cursor: str | None) -> Page[LogRecord]:
        """Return the bot's lines, newest first.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        return newest_first(LogItem, "bot_id id", bot_id, limit, cursor, LogRecord)
