"""How many requests a bot makes: exchanges count them, and every one of them takes time."""

import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.bot import CommandKind
from tests.fakes.venues.wire import Request
from tests.fakes.wire_desk import WireDesk
from tests.wire_scenes import FIRST, FLAT, NAMES, PAIR, SECOND, opened, ready, require_sound

PER_TICK = 2.5
"""Requests of a 5-second bot with an open cycle, on average."""
HOUR, MINUTE = 3_600, 60
_ROOT = re.compile(r"^/(api/v5|fapi/v\d|v5)/")
_SIGNED = ("ok-access-", "x-mbx-apikey", "x-bapi-")

QUOTES = {
    "okx": {"GET market/ticker": 2},
    "binance": {"GET ticker/bookTicker": 2},
    "bybit": {"GET market/tickers": 2},
}
POSITIONS = {
    "okx": {"GET account/positions": 1},
    "binance": {"GET positionRisk": 1},
    # One for each market: what is empty is not shown together.
    "bybit": {"GET position/list": 2},
}
BALANCE = {
    "okx": {"GET account/balance": 1},
    "binance": {"GET account": 1},
    "bybit": {"GET account/wallet-balance": 1},
}
SET_UP = {
    "okx": {
        "GET public/position-tiers": 2,
        "GET public/mark-price": 2,
        "GET account/config": 2,
        "POST account/set-leverage": 2,
    },
    "binance": {"GET leverageBracket": 2, "GET accountConfig": 2, "GET symbolConfig": 2},
    "bybit": {
        "GET market/risk-limit": 2,
        "GET position/list": 2,
        "GET account/info": 2,
        "POST position/set-leverage": 2,
    },
}
"""Before the first entry of a cycle: how much leverage allows, the position mode, the leverage."""
CLOCK = {"okx": {"GET public/time": 2}, "binance": {}, "bybit": {}}
"""Once per process, half-hourly; both requests that need it first leave together."""
SEND = {
    "okx": {"POST trade/order": 2},
    "binance": {"POST order": 2},
    "bybit": {"POST order/create": 2},
}
LOOK_UP = {
    "okx": {"GET trade/order": 2, "GET trade/fills": 2},
    "binance": {"GET order": 2, "GET userTrades": 2},
    "bybit": {"GET order/realtime": 2, "GET execution/list": 2},
}
FUNDING = {
    "okx": {"GET account/bills": 2},
    "binance": {"GET income": 2},
    "bybit": {"GET account/transaction-log": 2},
}

each_exchange = pytest.mark.parametrize("name", NAMES)


def word(request: Request) -> str:
    return f"{request.method} {_ROOT.sub('', request.path)}"


def taken(desk: WireDesk) -> dict[str, int]:
    """Requests since the last time, by method and path."""
    counted = Counter(map(word, desk.venues.requests))
    desk.venues.requests.clear()
    return dict(counted)


def budget(name: str, *parts: dict[str, dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part[name])
    return dict(total)


def is_signed(request: Request) -> bool:
    marked = any(header.startswith(_SIGNED) for header in request.headers)
    return marked or "signature" in request.query


def fresh(name: str, **changes: Any) -> WireDesk:
    desk = ready(name, **changes)
    taken(desk)
    return desk


# Looking


@each_exchange
def test_an_idle_flat_bot_asks_for_both_quotes_without_keys_and_for_nothing_else(name: str) -> None:
    desk = fresh(name)
    for _ in range(3):
        desk.tick()
        requests = list(desk.venues.requests)
        assert taken(desk) == budget(name, QUOTES)
        assert not any(map(is_signed, requests))
        said = [request.query for request in requests]
        assert sum(FIRST in query for query in said) == sum(SECOND in query for query in said) == 1


@each_exchange
def test_ten_minutes_of_an_open_cycle_with_a_full_hour_in_them(name: str) -> None:
    desk = fresh(name, profit_ratio=2)
    desk.clock.advance(HOUR - 5 * MINUTE)
    desk.tick_at(101.5)
    assert desk.positions() == PAIR
    taken(desk)
    desk.see(101.4)
    ends, ticks = desk.clock.now() + 10 * MINUTE * 1000, 0
    while desk.clock.now() < ends:
        desk.tick()
        ticks += 1
    counted = taken(desk)

    average = sum(counted.values()) / ticks
    assert average <= PER_TICK, f"{average:.2f} a tick: {counted}"
    assert {key: counted.pop(key) for key in FUNDING[name]} == FUNDING[name], "once after the hour"
    assert {key: counted.pop(key) for key in QUOTES[name]} == dict.fromkeys(QUOTES[name], 2 * ticks)
    (key, once), *others = POSITIONS[name].items()
    assert others == []
    assert 9 * once <= counted.pop(key) <= 11 * once, "once a minute"
    assert counted == {}


@each_exchange
def test_a_bot_in_error_looks_once_a_minute(name: str) -> None:
    desk = ready(name, on_broken_pair="hold")
    desk.clock.advance(5 * MINUTE)
    desk.tick_at(101.5)
    desk.account.take_away(FIRST)
    for _ in range(20):
        desk.tick()
    assert desk.state.status == "error"
    taken(desk)
    for _ in range(60):
        desk.tick()
    (key, once), *_ = POSITIONS[name].items()
    counted = taken(desk)
    assert set(counted) == {key}
    assert counted[key] <= 5 * once


# Trading


@each_exchange
def test_what_an_entry_an_add_and_a_close_cost(name: str) -> None:
    desk = fresh(name)
    desk.tick_at(101.5)
    first_entry = taken(desk)
    desk.tick_at(101.4)
    watch = taken(desk)
    desk.tick_at(102.6)
    add = taken(desk)
    desk.tick_at(100)
    close = taken(desk)
    desk.tick_at(100.2)
    taken(desk)
    desk.tick_at(101.5)
    second_entry = taken(desk)

    enter = (QUOTES, BALANCE, POSITIONS, SEND, LOOK_UP)
    assert first_entry == budget(name, CLOCK, SET_UP, *enter)
    assert second_entry == budget(name, SET_UP, *enter)
    assert watch == budget(name, QUOTES, POSITIONS)
    assert add == budget(name, *enter)
    assert close == budget(name, QUOTES, POSITIONS, SEND, LOOK_UP)
    totals = {"okx": (20, 10, 9), "binance": (16, 10, 9), "bybit": (19, 11, 10)}
    assert (
        sum(first_entry.values()), sum(add.values()), sum(close.values())
    ) == totals[name]  # fmt: skip


@each_exchange
def test_what_limit_orders_cost(name: str) -> None:
    desk = fresh(name, order_type_open="limit", order_type_close="limit")
    desk.tick_at(101.5)
    assert taken(desk) == budget(name, CLOCK, SET_UP, QUOTES, BALANCE, POSITIONS, SEND)
    desk.tick()
    resting = taken(desk)
    desk.see(101.6, 99.9)
    desk.tick()
    filled = taken(desk)
    assert sum(resting.values()) < sum(filled.values())
    assert filled == budget(name, QUOTES, LOOK_UP)
    desk.tick_at(101.5, 99.95)
    taken(desk)
    desk.tick_at(100.2, 100)
    assert taken(desk) == budget(name, QUOTES, POSITIONS, SEND)


@each_exchange
def test_a_close_by_command_costs_no_more_than_one_that_was_decided(name: str) -> None:
    desk = opened(name)
    taken(desk)
    desk.command(CommandKind.CLOSE)
    desk.tick()
    assert desk.positions() == FLAT
    assert taken(desk) == budget(name, QUOTES, POSITIONS, SEND, LOOK_UP)


# Never

WHOLE_LISTS = ("public/instruments", "exchangeInfo", "instruments-info", "ticker/24hr")


@each_exchange
def test_nothing_ever_asks_for_all_markets(name: str) -> None:
    desk = WireDesk(name, profit_ratio=0.3)
    desk.with_state(start_price1=None, start_price2=None)
    desk.tick()
    assert desk.state.start_price1 is not None
    desk.with_state(start_price1=Decimal(100), start_price2=Decimal(100))
    for price in (100.2, 101.5, 101.4, 102.6, 102.5, 100, 100.2, 101.5):
        desk.tick_at(price)
    desk.account.take_away(FIRST)
    for _ in range(20):
        desk.tick()
    desk.command(CommandKind.ACCEPT_EXCHANGE)
    desk.tick()
    require_sound(desk)

    for request in desk.venues.requests:
        said = f"{request.query}{request.body}"
        assert not any(part in request.path for part in WHOLE_LISTS), request
        if "ticker" in request.path:
            assert FIRST in said or SECOND in said, request
