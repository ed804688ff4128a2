"""The records of one simulated account: brought up to date, changed, and stored as one write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import TypeAdapter

from pairtrader.exchanges.base import Clock
from pairtrader.exchanges.errors import DuplicateOrder, OutcomeUnknown, RetryLater
from pairtrader.exchanges.simulated.account_store import (
    AccountStore,
    WriteOutcome,
)
from pairtrader.exchanges.simulated.books import Books
from pairtrader.exchanges.simulated.feed import FundingRate, Look, MarketFeed, PricePoint
from pairtrader.exchanges.simulated.margin import Marks
from pairtrader.exchanges.simulated.matching import Draft, advance
from pairtrader.model.account import FundingPayment, Simulation
from pairtrader.model.market import Market
from pairtrader.model.order import OrderReport

ATTEMPTS = 20
"""Races lost to others on the same account before giving up."""
ROWS_PER_WRITE = 20
"""Fills and settlements after which a write is due; DynamoDB takes 100 items at once."""

_BOOKS = TypeAdapter(Books)
_REPORT = TypeAdapter(OrderReport)


@dataclass(frozen=True, slots=True)
class Stored:
    """Books as they were read."""

    version: int
    """0 for an account without history."""
    books: Books


@dataclass(frozen=True, slots=True)
class Moment:
    """What a change of the books may look at."""

    looks: Mapping[str, Look]
    now: int
    """Real time, ms UTC."""

    @property
    def marks(self) -> Marks:
        """Mid prices by symbol."""
        return {symbol: look.quote.mid for symbol, look in self.looks.items()}


@dataclass(frozen=True, slots=True)
class Account:
    """An account brought up to date."""

    draft: Draft
    """Books as they are stored now, and the rows that were stored with them."""
    moment: Moment


Prepare = Callable[[Books], Books]
"""Moves the books to the moment they are to be looked at: the clock of a replay in steps."""
Act = Callable[[Draft, Moment], Draft]


def as_they_are(draft: Draft, moment: Moment) -> Draft:
    """Change nothing: for calls that only look."""
    return draft


class Ledger:
    """Reads and changes one account; whoever loses a race reads again and judges anew."""

    def __init__(
        self,
        account_id: str,
        simulation: Simulation,
        feed: MarketFeed,
        store: AccountStore,
        clock: Clock,
    ) -> None:
        self._account_id = account_id
        self._simulation = simulation
        self._feed = feed
        self._store = store
        self._clock = clock

    def books(self) -> Books:
        """Return the books as they were last stored."""
        return self._read().books

    def order(self, client_order_id: str) -> OrderReport | None:
        """Return the order as it was last stored, None if there is no such order."""
        try:
            text = self._store.read_order(self._account_id, client_order_id)
        except ConnectionError as error:
            raise _unreachable() from error
        return None if text is None else _REPORT.validate_json(text)

    def payments(self, symbol: str, since: int) -> Sequence[FundingPayment]:
        """Return the stored settlements of `symbol` later than `since` (ms UTC), ascending."""
        try:
            rows = self._store.read_funding(self._account_id, since)
        except ConnectionError as error:
            raise _unreachable() from error
        return [
            FundingPayment(symbol, Decimal(amount), time)
            for time, paid_on, amount in rows
            if paid_on == symbol
        ]

    async def change(
        self,
        markets: Sequence[Market],
        act: Act = as_they_are,
        *,
        prepare: Prepare | None = None,
        new_order: str | None = None,
    ) -> Account:
        """Bring `markets` and all known positions up to date, act, store what has changed.

        Raises:
            DuplicateOrder: an order named `new_order` exists; nothing was done.
            OutcomeUnknown: `new_order` was to be stored and the records did not answer.
            RetryLater: nothing was done.
        """
        races_lost = 0
        while races_lost < ATTEMPTS:
            stored = self._read()
            books = prepare(stored.books) if prepare else stored.books
            draft, moment, complete = await self._catch_up(books, markets)
            if complete:
                draft = act(draft, moment)
            outcome = self._write(stored, draft, moment, new_order if complete else None)
            if outcome == "duplicate":
                raise DuplicateOrder(f"order {new_order} exists")
            if outcome == "superseded":
                races_lost += 1
            elif complete:
                return Account(draft, moment)
        raise RetryLater("too many others are changing this account")

    async def _catch_up(
        self, books: Books, markets: Sequence[Market]
    ) -> tuple[Draft, Moment, bool]:
        """Apply what has happened meanwhile; False if it was more than one write should hold."""
        draft, looks, complete = Draft(books), dict[str, Look](), True
        asked = {market.symbol for market in markets}
        others = (self._feed.known(symbol) for symbol in books.exposed() if symbol not in asked)
        for market in (*markets, *(other for other in others if other is not None)):
            look = await self._feed.look(market, books.cursors)
            looks[market.symbol] = look
            draft, complete = await self._advance(draft, market, look)
            if not complete:
                break
        return draft, Moment(looks, self._clock()), complete

    async def _advance(self, draft: Draft, market: Market, look: Look) -> tuple[Draft, bool]:
        """Apply what has happened to `market` until `look`, in slices of bounded size."""
        held = draft.books.holding(market.symbol)
        looked_at = [o.looked_at for o in draft.books.resting if o.symbol == market.symbol]
        path: Sequence[PricePoint] = ()
        if looked_at:
            path = await self._feed.path(market, min(looked_at), look)
        since = held.funded_until if held.amount else min(looked_at, default=look.time)
        rates: Sequence[FundingRate] = ()
        if self._simulation.funding and since < look.time:
            rates = await self._feed.funding_rates(market, since, look)
        if len(rates) > ROWS_PER_WRITE:
            rates = rates[:ROWS_PER_WRITE]
            path = [point for point in path if point.time <= rates[-1].time]
        draft = advance(draft, market.symbol, path, rates, self._simulation, self._clock())
        return draft, draft.rows < ROWS_PER_WRITE

    def _read(self) -> Stored:
        try:
            found = self._store.read_books(self._account_id)
        except ConnectionError as error:
            raise _unreachable() from error
        if found is None:
            return Stored(0, Books(balance=self._simulation.starting_balance))
        version, text = found
        return Stored(version, _BOOKS.validate_json(text))

    def _write(
        self, stored: Stored, draft: Draft, moment: Moment, new_order: str | None
    ) -> WriteOutcome:
        if draft.books == stored.books:
            return "written"
        try:
            return self._store.write(
                self._account_id,
                stored.version,
                _BOOKS.dump_json(draft.books.marked(moment.marks)).decode(),
                new_order=new_order,
                orders={r.client_order_id: _REPORT.dump_json(r).decode() for r in draft.reports},
                funding=[(p.timestamp, p.symbol, format(p.amount, "f")) for p in draft.payments],
            )
        except ConnectionError as error:
            if new_order is not None:
                raise OutcomeUnknown("the account's records did not answer") from error
            raise _unreachable() from error


def _unreachable() -> RetryLater:
    return RetryLater("the account's records did not answer")
