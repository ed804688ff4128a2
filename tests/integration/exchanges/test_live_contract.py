"""Live accounts on all three exchanges keep the adapters' contract, over real HTTP."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pairtrader.model.account import AccountMode
from pairtrader.model.market import Market
from pairtrader.model.order import Side
from tests.exchange_contract import ExchangeContract, Rig
from tests.fakes.clock import FakeClock
from tests.fakes.venues.markets import FakeMarkets
from tests.fakes.venues.transport import VenueServer
from tests.fakes.wire_desk import adapter, venues_of

NOW = 1_790_000_040_000


@pytest.mark.parametrize(
    ("mode", "hedge"),
    [(AccountMode.LIVE, False), (AccountMode.LIVE, True), (AccountMode.SANDBOX, False)],
    ids=["live", "hedge", "sandbox"],
)
@pytest.mark.parametrize("name", ["okx", "binance", "bybit"])
class TestLiveExchange(ExchangeContract):
    @pytest.fixture
    def rig(self, name: str, hedge: bool, mode: AccountMode) -> Iterator[Rig]:
        clock = FakeClock(NOW)
        venues = venues_of(FakeMarkets(clock.now))
        account = venues.open_account(name, hedge=hedge)
        server = VenueServer(venues)
        exchange = adapter(account, clock.now, host=server.address, mode=mode)

        def trade_through(market: Market, side: Side, price: Decimal) -> None:
            clock.advance(1)
            beyond = price * (1 - side.sign * Decimal("0.001"))
            venues.move(market.base, beyond, beyond)

        rig = Rig(
            exchange,
            ("GALA-USDT", "CHZ-USDT"),
            clock.now,
            trade_through,
            account.uid,
            NOW - NOW % 60_000 - 600_000,
            remembers_ended_orders=account.remembers_ended_ids,
            refuses_oversized_closes=account.refuses_oversized_closes,
        )
        yield rig
        rig.close()
        server.close()

    def test_positions_are_the_sum_of_fills_through_zero(self, rig: Rig, hedge: bool) -> None:
        """In hedge mode a sale beyond the long is a short of its own."""
        if not hedge:
            super().test_positions_are_the_sum_of_fills_through_zero(rig)
            return
        market, _ = rig.markets()
        amount = rig.size(market)
        rig.place(market, Side.BUY, amount)
        rig.place(market, Side.SELL, 3 * amount)
        position = rig.run(rig.exchange.positions([market]))[market.symbol]
        assert (position.side(1).amount, position.side(-1).amount) == (amount, -3 * amount)
        rig.place(market, Side.BUY, 3 * amount, reduce_only=True)
        position = rig.run(rig.exchange.positions([market]))[market.symbol]
        assert (position.side(1).amount, position.side(-1).amount) == (amount, 0)
