"""Paper accounts on all three exchanges keep the adapters' contract, over real HTTP."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.model.account import AccountMode, ExchangeAccount, ExchangeName
from pairtrader.model.market import Market
from pairtrader.model.order import Side
from tests.exchange_contract import ExchangeContract, Rig
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.venues.markets import FakeMarkets
from tests.fakes.venues.transport import VenueServer
from tests.fakes.wire_desk import venues_of

NOW = 1_790_000_040_000


def paper_account(name: ExchangeName) -> ExchangeAccount:
    return ExchangeAccount(
        account_id="acc",
        user_id="user",
        exchange_name=name,
        mode=AccountMode.PAPER,
        label="paper",
        is_active=True,
        created_at=NOW,
        updated_at=NOW,
        uid="uid-1",
    )


@pytest.mark.parametrize("name", ["okx", "binance", "bybit"])
class TestPaperExchange(ExchangeContract):
    @pytest.fixture
    def rig(self, name: str) -> Iterator[Rig]:
        clock = FakeClock(NOW)
        venues = venues_of(FakeMarkets(clock.now))
        server = VenueServer(venues)
        exchange = create_exchange(
            paper_account(ExchangeName(name)),
            clock=clock.now,
            account_store=MemoryAccountStore(),
            candle_source=Recordings(MemoryFiles({})),
            hosts={name: server.address},
        )

        def trade_through(market: Market, side: Side, price: Decimal) -> None:
            clock.advance(1)
            beyond = price * (1 - side.sign * Decimal("0.001"))
            venues.move(market.base, beyond, beyond)

        symbols = ("GALA-USDT", "CHZ-USDT")
        rig = Rig(
            exchange, symbols, clock.now, trade_through, "uid-1", NOW - NOW % 60_000 - 600_000
        )
        yield rig
        rig.close()
        server.close()
