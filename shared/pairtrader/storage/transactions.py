"""Writes of several items at once, and what DynamoDB says of one it did not carry out."""

from collections.abc import Sequence

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError

from pairtrader.storage.table import TableMeta


def open_connection() -> Connection:
    """Return a connection for transactions, with the time-outs of all tables."""
    return Connection(
        region=TableMeta.region,
        connect_timeout_seconds=TableMeta.connect_timeout_seconds,
        read_timeout_seconds=TableMeta.read_timeout_seconds,
        max_retry_attempts=TableMeta.max_retry_attempts,
    )


def failed_conditions(error: TransactWriteError, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the items whose condition did not hold, or that others were writing.

    `names` follow the order in which the items were sent: checks, deletes, saves, updates.

    Raises:
        TransactWriteError: `error` itself, when it failed for any other reason.
    """
    codes = ("ConditionalCheckFailed", "TransactionConflict")
    reasons = zip(names, error.cancellation_reasons, strict=False)
    failed = tuple(name for name, reason in reasons if reason and reason.code in codes)
    if not failed:
        raise error
    return failed
