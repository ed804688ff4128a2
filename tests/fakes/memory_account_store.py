"""A simulated account's records in memory."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from pairtrader.exchanges.simulated.account_store import WriteOutcome


class MemoryAccountStore:
    """Keeps what `AccountStore` promises, in dictionaries; counts its calls by name."""

    def __init__(self) -> None:
        self.books: dict[str, tuple[int, str]] = {}
        self.orders: dict[tuple[str, str], str] = {}
        self.funding: dict[tuple[str, int, str], str] = {}
        self.calls: Counter[str] = Counter()
        self.before_write: Callable[[], None] | None = None
        """Called once, right before the next write: room for somebody else to be faster."""
        self.unreachable: set[str] = set()
        """Names of methods that fail."""
        self.lose_next_answer = False
        """The next write is done, but its answer gets lost."""

    def _called(self, name: str) -> None:
        self.calls[name] += 1
        if name in self.unreachable:
            raise ConnectionError(name)

    def read_books(self, account_id: str) -> tuple[int, str] | None:
        self._called("read_books")
        return self.books.get(account_id)

    def read_order(self, account_id: str, client_order_id: str) -> str | None:
        self._called("read_order")
        return self.orders.get((account_id, client_order_id))

    def read_funding(self, account_id: str, since: int) -> Sequence[tuple[int, str, str]]:
        self._called("read_funding")
        rows = sorted((t, s, a) for (owner, t, s), a in self.funding.items() if owner == account_id)
        return [row for row in rows if row[0] > since]

    def write(
        self,
        account_id: str,
        expected_version: int,
        books: str,
        *,
        new_order: str | None,
        orders: Mapping[str, str],
        funding: Sequence[tuple[int, str, str]],
    ) -> WriteOutcome:
        self._called("write")
        assert 1 + len(orders) + len(funding) <= 100, "more than DynamoDB takes at once"
        if self.before_write is not None:
            hook, self.before_write = self.before_write, None
            hook()
        if new_order is not None and (account_id, new_order) in self.orders:
            return "duplicate"
        if self.books.get(account_id, (0, ""))[0] != expected_version:
            return "superseded"
        self.books[account_id] = (expected_version + 1, books)
        self.orders.update({(account_id, key): body for key, body in orders.items()})
        for time, symbol, amount in funding:
            assert (account_id, time, symbol) not in self.funding, "a settlement was overwritten"
            self.funding[account_id, time, symbol] = amount
        if self.lose_next_answer:
            self.lose_next_answer = False
            raise ConnectionError("answer lost")
        return "written"
