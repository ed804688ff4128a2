"""Live accounts on the deployed stack: keys from the vault, orders over each exchange's wire."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.conftest import Stack, Trader
from tests.fakes.venues.account import FakeAccount
from tests.fakes.venues.wire import FakeVenues

NAMES = ("okx", "binance", "bybit")
CALM, WIDE = Decimal("0.041"), Decimal("0.0418")
"""Of CHZ, which has come 128 and 132 points further than GALA since the recorded start."""
LADDER = [{"times": 1, "spread": 130, "multiplier": 1}]


def set_price(venues: FakeVenues, price: Decimal) -> None:
    venues.move("GALA", Decimal("0.017999"), Decimal("0.018001"))
    venues.move("CHZ", price - Decimal("0.000002"), price + Decimal("0.000002"))


def keys(account: FakeAccount) -> dict[str, str]:
    found = {"api_key": account.key.api_key, "api_secret": account.key.secret}
    return {**found, "passphrase": account.key.passphrase} if account.exchange == "okx" else found


def add(trader: Trader, account: FakeAccount, **kwargs: Any) -> Any:
    body = {"exchange_name": account.exchange, "mode": "live", **keys(account)}
    return trader.post("/exchanges", json=body, **kwargs)


@dataclass
class LiveBot:
    """One bot on one exchange."""

    trader: Trader
    account: FakeAccount
    id: str

    def wait(self, what: Any, seconds: float) -> Any:
        return self.trader.wait(self.id, what, seconds)

    def books(self) -> dict[str, Decimal]:
        position = self.trader.get(f"/bots/{self.id}")["position"]
        signs = {"long": 1, "short": -1, "flat": 0}
        legs = position["legs"] if position else []
        return {leg["symbol"]: signs[leg["side"]] * Decimal(leg["amount"]) for leg in legs}

    def held(self) -> dict[str, Decimal]:
        coins = {base: self.account.position(base) for base in ("GALA", "CHZ")}
        return {f"{base}-USDT": amount for base, amount in coins.items() if amount}


def live_bot(stack: Stack, venues: FakeVenues, name: str) -> LiveBot:
    account = venues.open_account(name)
    trader = Trader(stack)
    added = add(trader, account, expect=201)
    hour_ago = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time() - 3_600))
    bot_id = trader.bot(added["id"], start_time=hour_ago, dca_config=LADDER, profit_ratio=0.3)
    return LiveBot(trader, account, bot_id)


def test_a_full_cycle_on_each_exchange_by_schedule(
    stack: Stack, venues: FakeVenues, pool: ThreadPoolExecutor
) -> None:
    set_price(venues, CALM)
    bots = list(pool.map(lambda name: live_bot(stack, venues, name), NAMES))
    for bot in bots:
        bot.trader.post(f"/bots/{bot.id}/start")
    list(pool.map(lambda bot: bot.wait(lambda b: b["last_tick_at"] is not None, 60), bots))

    set_price(venues, WIDE)
    list(pool.map(lambda bot: bot.wait(lambda b: b["level"] == 1, 120), bots))
    for bot in bots:
        held = bot.held()
        assert held["GALA-USDT"] > 0 > held["CHZ-USDT"]
        assert bot.books() == held

    set_price(venues, CALM)
    list(pool.map(lambda bot: bot.wait(lambda b: b["current_cycle"] == 1, 120), bots))
    for bot in bots:
        assert bot.held() == {}
        ids = [order.client_id for order in bot.account.orders]
        assert len(ids) == len(set(ids)) == 4
        orders = bot.trader.all_of(f"/bots/{bot.id}/orders")
        assert {order["id"] for order in orders} == set(ids)
        assert all(Decimal(order["fee"]) > 0 for order in orders)
        (cycle,) = bot.trader.all_of(f"/bots/{bot.id}/cycles")
        assert cycle["reason"] == "take_profit"
        assert Decimal(cycle["net_pnl"]) > 0
        # The exchange's own balance says the same.
        gained = bot.account.balance - 10_000
        assert Decimal(cycle["net_pnl"]) == pytest.approx(gained, rel=Decimal("1e-9"))
        assert bot.trader.get(f"/bots/{bot.id}")["status"] == "running"
        bot.trader.post(f"/bots/{bot.id}/stop")


@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_tried_and_its_permissions_read(
    stack: Stack, trader: Trader, venues: FakeVenues, name: str
) -> None:
    account = venues.open_account(name)
    account.key.can_withdraw = True
    refused = add(trader, account, expect=422)
    assert refused["code"] == "key_can_withdraw"
    assert trader.get("/exchanges")["items"] == []

    account.key.can_withdraw, account.key.ip_bound = False, False
    added = add(trader, account, expect=201)
    assert added["uid"] == account.uid
    assert any("not bound to an address" in warning for warning in added["warnings"])
    tested = trader.post(f"/exchanges/{added['id']}/test")
    assert (tested["can_trade"], tested["can_withdraw"]) == (True, False)
    assert Decimal(trader.get(f"/exchanges/{added['id']}/balance")["total"]) == 10_000
    assert add(trader, account, expect=409)["code"] == "account_exists"
    wrong = {**keys(account), "api_secret": "wrong"}
    body = {"exchange_name": name, "mode": "live", **wrong}
    answer = trader.post("/exchanges", json=body, expect=422)
    assert answer["code"] == "keys_refused"
    assert [error["field"] for error in answer["errors"]] == ["api_key"]
    assert len(trader.get("/exchanges")["items"]) == 1
