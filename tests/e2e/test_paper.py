"""Paper accounts on the deployed stack: real wire formats, prices of a server on loopback."""

import time
from decimal import Decimal

import pytest

from tests.e2e.conftest import Stack, Trader
from tests.fakes.venues.wire import FakeVenues


@pytest.mark.parametrize("exchange", ["okx", "binance", "bybit"])
def test_a_paper_bot_trades_a_round_trip_at_an_exchanges_prices(
    stack: Stack, trader: Trader, venues: FakeVenues, exchange: str
) -> None:
    venues.move("GALA", Decimal("0.017999"), Decimal("0.018001"))
    account = trader.post(
        "/exchanges", json={"exchange_name": exchange, "mode": "paper", "label": "paper"}
    )["id"]
    hour_ago = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() - 3_600))
    # Market 2 starts at the same recorded open: what counts is how far both have come since.
    ladder = [{"times": 1, "spread": 200, "multiplier": 1}]
    bot_id = trader.bot(
        account, start_time=hour_ago, dca_config=ladder, tick_interval_seconds=60, profit_ratio=0.3
    )
    trader.post(f"/bots/{bot_id}/start")
    trader.wait(bot_id, lambda bot: bot["last_tick_at"] is not None, 30)
    stack.take_schedule_away(bot_id)
    trader.put(f"/bots/{bot_id}", json={"profit_ratio": 0.4})
    before = trader.get(f"/bots/{bot_id}")
    assert before["spread"] == pytest.approx((0.018 - 0.041) / 0.018 * 100, rel=1e-6)

    trader.post(f"/bots/{bot_id}/stop")
    trader.put(f"/bots/{bot_id}", json={"dca_config": [{**ladder[0], "spread": 120}]})
    trader.post(f"/bots/{bot_id}/start")
    trader.wait(bot_id, lambda bot: bot["level"] == 1, 30)
    stack.take_schedule_away(bot_id)
    held = trader.exchange_positions(account)
    assert held["GALA-USDT"] > 0 > held["CHZ-USDT"]

    venues.move("GALA", Decimal("0.018299"), Decimal("0.018301"))
    report = stack.tick(bot_id)

    orders = trader.all_of(f"/bots/{bot_id}/orders")
    assert report["result"] == "traded"
    assert trader.exchange_positions(account) == {}
    assert {order["purpose"] for order in orders} == {"entry", "close"}
    bought = next(o for o in orders if o["side"] == "buy" and o["symbol"] == "GALA-USDT")
    assert Decimal("0.018001") <= Decimal(bought["price"]) < Decimal("0.01801")
