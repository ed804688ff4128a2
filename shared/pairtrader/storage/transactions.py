"""Writes of several items at once, and what DynamoDB says of one it did not carry out."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from pairtrader.storage.table import TableMeta

CONFLICT_RETRIES = 6
TransactionPart = Callable[[Any], object]
"""Adds writes to somebody's transaction."""


def open_connection() -> Connection:
    """Return a connection for transactions, with the time-outs of all tables."""
    return Connection(
        region=TableMeta.region,
        connect_timeout_seconds=TableMeta.connect_timeout_seconds,
        read_timeout_seconds=TableMeta.read_timeout_seconds,
        max_retry_attempts=TableMeta.max_retry_attempts,
    )


def together(*parts: TransactionPart) -> TransactionPart:
    """Return all of `parts` as one."""

    def add(write: TransactWrite) -> None:
        for part in parts:
            part(write)

    return add


def transact(connection: Connection, fill: TransactionPart) -> None:
    """Write what `fill` adds, all or nothing; tries again while others write the same items.

    Raises:
        TransactWriteError: a condition did not hold, or others never stopped writing.
    """
    for attempt in range(CONFLICT_RETRIES):
        try:
            with TransactWrite(connection=connection) as write:
                fill(write)
            return
        except TransactWriteError as error:
            if not is_conflict(error) or attempt == CONFLICT_RETRIES - 1:
                raise
        time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))  # noqa: S311


def is_conflict(error: TransactWriteError) -> bool:
    """Whether others were writing the same items and no condition had failed: try again."""
    codes = [reason.code for reason in error.cancellation_reasons if reason]
    return "TransactionConflict" in codes and "ConditionalCheckFailed" not in codes


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
