"""The trading desk on a live account: CCXT's own client, the real wire format, no sockets."""

import asyncio
import logging
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.model.account import AccountMode, Credentials, ExchangeAccount, ExchangeName
from pairtrader.model.market import Market
from pairtrader.trading.engine import TickEngine
from pairtrader.trading.metronome import TickRequest, TickSource
from pairtrader.trading.report import TickReport
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.trading_desk import ACCOUNT, BOT, USER, TradingDesk
from tests.fakes.venues.account import FakeAccount
from tests.fakes.venues.binance import BinanceDialect
from tests.fakes.venues.bybit import BybitDialect
from tests.fakes.venues.markets import Book, FakeMarkets
from tests.fakes.venues.okx import OkxDialect
from tests.fakes.venues.transport import InProcessSession
from tests.fakes.venues.wire import FakeVenues

HOST = "http://127.0.0.1:9"
STEP = Decimal("0.01")
"""Base coins of AAA and BBB: the smallest change of an order, on every exchange."""
REQUEST_SECONDS = 0.05
HANG_SECONDS = 4

# Every process that dies leaves a client behind that nobody has closed.
logging.getLogger("ccxt").setLevel(logging.ERROR)


def new_books(exchange: str) -> dict[str, Book]:
    """Markets with the same steps in coins on every exchange; OKX alone counts in contracts."""
    books = {}
    for base, price, price_step, contract, lot in _LISTED:
        if exchange != "okx":
            lot = format(Decimal(lot) * Decimal(contract), "f")  # noqa: PLW2901
        books[base] = Book(base, price, price, price_step, contract, lot)
    return books


_LISTED = (
    ("AAA", "100", "0.001", "0.1", "0.1"),
    ("BBB", "100", "0.001", "0.1", "0.1"),
    ("LTC", "90", "0.01", "1", "0.001"),
    ("ETH", "1900", "0.01", "0.1", "0.01"),
    ("ADA", "0.3", "0.0001", "100", "0.01"),
    ("LINK", "15", "0.001", "1", "0.01"),
    ("XRP", "2.3", "0.0001", "100", "0.001"),
    ("XLM", "0.29", "0.00001", "100", "0.01"),
)
"""Base, price, price step, contract size (coins), lot (contracts)."""


def new_venues(clock: FakeClock, exchange: str) -> FakeVenues:
    """A fake exchange that lists the desk's markets."""
    return venues_of(FakeMarkets(clock.now, new_books(exchange)))


def venues_of(markets: FakeMarkets) -> FakeVenues:
    """All fake exchanges, listing `markets`."""
    return FakeVenues(markets, (OkxDialect(), BinanceDialect(), BybitDialect()))


def live_account(name: str, mode: AccountMode = AccountMode.LIVE) -> ExchangeAccount:
    """Our record of an account on a fake exchange."""
    return ExchangeAccount(
        account_id=ACCOUNT,
        user_id=USER,
        exchange_name=ExchangeName(name),
        mode=mode,
        label="live",
        is_active=True,
        created_at=0,
        updated_at=0,
        uid="uid",
        secret_arn="arn:secret",
    )


def adapter(
    account: FakeAccount,
    clock: Callable[[], int],
    *,
    host: str = HOST,
    session: InProcessSession | None = None,
    mode: AccountMode = AccountMode.LIVE,
) -> BaseExchange:
    """The adapter of a fake account."""
    key = account.key
    return create_exchange(
        live_account(account.exchange, mode),
        clock=clock,
        account_store=MemoryAccountStore(),
        candle_source=Recordings(MemoryFiles({})),
        keys=lambda: Credentials(key.api_key, key.secret, key.passphrase),
        hosts={account.exchange: host},
        session=session,
    )


@cache
def listed(name: str) -> dict[str, Market]:
    """The desk's markets as the adapter lists them, by symbol."""
    clock = FakeClock()
    venues = new_venues(clock, name)
    exchange = adapter(venues.open_account(name), clock.now, session=InProcessSession(venues))
    return {market.symbol: market for market in asyncio.run(exchange.load_markets())}


class WireDesk(TradingDesk):
    """Sets prices on a fake exchange and runs ticks against it over HTTP without sockets."""

    mode = AccountMode.LIVE

    def __init__(self, name: str, *, hedge: bool = False, **changes: Any) -> None:
        self.exchange_name = ExchangeName(name)
        self._hedge = hedge
        self.step: Callable[[str], None] = lambda _: None
        """Called before and after every request."""
        super().__init__(**changes)

    def open_market(self) -> tuple[Market, Market]:
        name = self.exchange_name.value
        self.venues = new_venues(self.clock, name)
        self.account = self.venues.open_account(name, hedge=self._hedge)
        known = listed(name)
        return known[self.settings.market1_symbol], known[self.settings.market2_symbol]

    def new_exchange(self) -> BaseExchange:
        session = InProcessSession(self.venues, self._stepped, self._elapse)
        return adapter(self.account, self.clock.now, session=session)

    def _stepped(self, name: str) -> None:
        self.step(name)

    def _elapse(self, hangs: bool) -> None:
        self.clock.advance(HANG_SECONDS if hangs else REQUEST_SECONDS)

    def see(self, price1: float | str, price2: float | str = 100) -> None:
        for each, price in zip(self.markets, (price1, price2), strict=True):
            exact = Decimal(str(price))
            self.venues.move(each.base, exact, exact)

    def positions(self) -> tuple[Decimal, Decimal]:
        """Signed base coins of both legs, as the exchange itself has them."""
        first, second = self.markets
        return self.account.position(first.base), self.account.position(second.base)

    def exchange_orders(self) -> list[str]:
        """Client ids of every order that was accepted, foreign ones left out."""
        return [order.client_id for order in self.account.orders if order.client_id]

    def tick_twice(self, *, after: float = 5) -> list[TickReport]:
        """Run two ticks in two processes at the same moment."""
        self.clock.advance(after)
        others = self.new_exchange()

        async def both() -> list[TickReport]:
            first, second = TickEngine(self.ports()), TickEngine(self.ports_with(others))
            request = TickRequest(BOT, TickSource.HAND)
            return list(await asyncio.gather(first.run(request), second.run(request)))

        return asyncio.run(both())
