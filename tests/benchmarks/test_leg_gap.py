"""How far apart both legs reach the exchange, sent together and one after the other."""

import asyncio
import time
from decimal import Decimal
from statistics import median

import pytest

from pairtrader.exchanges.base import BaseExchange
from pairtrader.model.order import OrderRequest, OrderType, Side
from tests.fakes.venues.markets import FakeMarkets
from tests.fakes.venues.transport import VenueServer
from tests.fakes.wire_desk import adapter, venues_of

ROUND_TRIP_SECONDS = 0.1
ROUNDS = 15
AT_MOST = 0.2


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize("name", ["okx", "binance", "bybit"])
def test_both_legs_arrive_within_a_fifth_of_the_time_that_one_after_the_other_takes(
    name: str,
) -> None:
    venues = venues_of(FakeMarkets(now))
    venues.monotonic = time.monotonic_ns
    server = VenueServer(venues, delay=lambda: time.sleep(ROUND_TRIP_SECONDS))
    exchange = adapter(venues.open_account(name), now, host=server.address)
    try:
        together, one_by_one = asyncio.run(_measure(exchange, server))
    finally:
        server.close()
    ratio = together / one_by_one
    print(f"\n{name}: {together:.1f} ms together, {one_by_one:.1f} ms one by one, {ratio:.3f}")  # noqa: T201
    assert ratio <= AT_MOST


async def _measure(exchange: BaseExchange, server: VenueServer) -> tuple[float, float]:
    """Return the median gap of orders sent together and of orders sent one by one, ms."""
    listed = {market.symbol: market for market in await exchange.load_markets()}
    markets = (listed["GALA-USDT"], listed["CHZ-USDT"])
    gaps: dict[bool, list[float]] = {True: [], False: []}
    for number in range(ROUNDS):
        for together in (True, False):
            requests = [
                OrderRequest(
                    f"{number}{'t' if together else 's'}{leg}", market, side, OrderType.MARKET,
                    market.round_amount(Decimal(20) / Decimal("0.018")),
                )
                for leg, (market, side) in enumerate(zip(markets, Side, strict=True))
            ]  # fmt: skip
            await exchange.positions(
                markets
            )  # as a pre-flight does: keys and connections are there
            server.venues.arrivals.clear()
            if together:
                await asyncio.gather(*(exchange.place(request) for request in requests))
            else:
                for request in requests:
                    await exchange.place(request)
            first, second = [
                at for at, sent in server.venues.arrivals if server.venues.sends_order(sent)
            ]
            gaps[together].append(abs(second - first) / 1e6)
    await exchange.close()
    return median(gaps[True]), median(gaps[False])
