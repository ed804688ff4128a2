"""Where a simulated account's records are kept, in plain types only."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

WriteOutcome = Literal["written", "superseded", "duplicate"]
"""What came of a write: done; the books had changed since they were read; the new order exists."""
FundingRow = tuple[int, str, str]
"""One settlement: ms UTC, symbol, amount as plain digits (quote currency, positive is received).
No two of one symbol bear the same time."""


class AccountStore(Protocol):
    """Records of simulated accounts; reads see every write that was finished before.

    Any method may raise `ConnectionError`: the records could not be reached; after a `write` it is
    not known whether it was done.
    """

    def read_books(self, account_id: str) -> tuple[int, str] | None:
        """Return version and JSON of the books, None for an account without history."""
        ...

    def read_order(self, account_id: str, client_order_id: str) -> str | None:
        """Return the order's JSON, None if there is no such order."""
        ...

    def read_funding(self, account_id: str, since: int) -> Sequence[FundingRow]:
        """Return settlements later than `since` (ms UTC, exclusive), ascending."""
        ...

    def write(
        self,
        account_id: str,
        expected_version: int,
        books: str,
        *,
        new_order: str | None,
        orders: Mapping[str, str],
        funding: Sequence[FundingRow],
    ) -> WriteOutcome:
        """Store books, orders (JSON by client order id) and settlements: all of it or nothing.

        Done only if the books still have `expected_version` (0: there are none), which the write
        raises by one, and if no order `new_order` exists yet. At most 95 rows at once.
        """
        ...
