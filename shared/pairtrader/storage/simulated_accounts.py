"""The simulated-accounts table: BOOKS, ORDER#<client order id> and FUNDING#<time>#<symbol> rows.

What a row holds is its writer's JSON: this module knows keys, versions and transactions.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from pairtrader.storage.table import TableMeta, table_name
from pairtrader.storage.transactions import open_connection

_BOOKS = "BOOKS"
_ORDER = "ORDER#"
_FUNDING = "FUNDING#"
_BEHIND = "~"
"""Sorts behind every symbol and every digit."""
_REFUSED = "ConditionalCheckFailed"
_RACED = {_REFUSED, "TransactionConflict"}
_RACED_ALONE = {"ConditionalCheckFailedException", "TransactionConflictException"}

Outcome = Literal["written", "superseded", "duplicate"]


class SimulatedAccountItem(Model):
    """Any row of a simulated account."""

    class Meta(TableMeta):
        table_name = table_name("simulated-accounts")

    account_id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(range_key=True)
    version = NumberAttribute(null=True)
    """Of BOOKS alone; raised by every write."""
    body = UnicodeAttribute()


class SimulatedAccountRepository:
    """Records of simulated accounts.

    Every method may raise `ConnectionError`: DynamoDB could not be reached or would not serve;
    after a write it is not known whether it was done.
    """

    def __init__(self) -> None:
        self._connection = open_connection()

    def read_books(self, account_id: str) -> tuple[int, str] | None:
        """Return version and JSON of the books, None for an account without history."""
        item = self._get(account_id, _BOOKS)
        return None if item is None else (int(item.version or 0), item.body)

    def read_order(self, account_id: str, client_order_id: str) -> str | None:
        """Return the order's JSON, None if there is no such order."""
        item = self._get(account_id, _ORDER + client_order_id)
        return None if item is None else item.body

    def read_funding(self, account_id: str, since: int) -> Sequence[tuple[int, str, str]]:
        """Return (time in ms UTC, symbol, amount) of settlements after `since`, ascending."""
        after = f"{_FUNDING}{since:013d}#{_BEHIND}"
        with _reachable():
            items = list(
                SimulatedAccountItem.query(
                    account_id,
                    SimulatedAccountItem.kind.between(after, _FUNDING + _BEHIND),
                    consistent_read=True,
                )
            )
        return [_settlement(item) for item in items]

    def write(
        self,
        account_id: str,
        expected_version: int,
        books: str,
        *,
        new_order: str | None,
        orders: Mapping[str, str],
        funding: Sequence[tuple[int, str, str]],
    ) -> Outcome:
        """Store everything in one transaction, if the books still have `expected_version`.

        "superseded": they have not. "duplicate": an order `new_order` exists. Nothing was done
        then.
        """
        item = SimulatedAccountItem(account_id, _BOOKS, version=expected_version + 1, body=books)
        untouched = _untouched(expected_version)
        if not orders and not funding:
            return _save_alone(item, untouched)
        # The new order first: its place in the list tells a duplicate from a lost race.
        ids = sorted(orders, key=lambda client_order_id: client_order_id != new_order)
        try:
            with _reachable(), TransactWrite(connection=self._connection) as transaction:
                for client_order_id in ids:
                    new = client_order_id == new_order
                    absent = SimulatedAccountItem.kind.does_not_exist() if new else None
                    row = SimulatedAccountItem(
                        account_id, _ORDER + client_order_id, body=orders[client_order_id]
                    )
                    transaction.save(row, condition=absent)
                transaction.save(item, condition=untouched)
                for time, symbol, amount in funding:
                    kind = f"{_FUNDING}{time:013d}#{symbol}"
                    transaction.save(SimulatedAccountItem(account_id, kind, body=amount))
        except _Canceled as canceled:
            duplicate = new_order is not None and canceled.reasons[0] == _REFUSED
            return "duplicate" if duplicate else "superseded"
        return "written"

    @staticmethod
    def _get(account_id: str, kind: str) -> SimulatedAccountItem | None:
        with _reachable():
            try:
                return SimulatedAccountItem.get(account_id, kind, consistent_read=True)
            except SimulatedAccountItem.DoesNotExist:
                return None


class _Canceled(Exception):
    """A transaction was refused for its conditions or a conflict; nothing was done."""

    def __init__(self, reasons: Sequence[str | None]) -> None:
        super().__init__()
        self.reasons = reasons


@contextmanager
def _reachable() -> Iterator[None]:
    """Turn the driver's errors into `ConnectionError`, refusals aside."""
    try:
        yield
    except SimulatedAccountItem.DoesNotExist:
        raise
    except TransactWriteError as error:
        reasons = [reason.code if reason else None for reason in error.cancellation_reasons]
        if {reason for reason in reasons if reason} and _RACED.issuperset(filter(None, reasons)):
            raise _Canceled(reasons) from error
        raise ConnectionError(f"simulated accounts: {error.cause_response_code}") from error
    except PynamoDBException as error:
        raise ConnectionError(f"simulated accounts: {error.cause_response_code}") from error


def _save_alone(item: SimulatedAccountItem, untouched: Condition) -> Outcome:
    try:
        item.save(condition=untouched)
    except PutError as error:
        if error.cause_response_code in _RACED_ALONE:
            return "superseded"
        raise ConnectionError(f"simulated accounts: {error.cause_response_code}") from error
    return "written"


def _untouched(expected_version: int) -> Condition:
    if not expected_version:
        return SimulatedAccountItem.kind.does_not_exist()
    return SimulatedAccountItem.version == expected_version


def _settlement(item: SimulatedAccountItem) -> tuple[int, str, str]:
    _, time, symbol = item.kind.split("#", 2)
    return int(time), symbol, item.body
