"""Whatever an exchange does to an order, it is sent once and no leg stays alone."""

from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.bot import Status
from pairtrader.model.order import OrderStatus
from pairtrader.model.records import LogType
from pairtrader.trading.incidents import Incident
from tests.fakes.trading_desk import BOT
from tests.fakes.venues.account import OrderScript, Reason
from tests.fakes.venues.wire import Answer
from tests.fakes.wire_desk import WireDesk
from tests.wire_history import ANSWERS
from tests.wire_scenes import (
    FIRST,
    FLAT,
    LEGS,
    NAMES,
    PAIR,
    SECOND,
    ZERO,
    Alone,
    go_wrong,
    incidents,
    lines,
    opened,
    orders_fail,
    orders_of,
    quiet,
    ready,
    require_once_each,
    require_sound,
    sent,
)

UNKNOWN = ("reset", "time-out", "500", "502", "503", "not JSON", "empty")
"""Answers after which the order may exist or not."""
RATE_LIMITS = {
    "okx": Answer(429, '{"code":"50011","msg":"Too Many Requests"}', (("Retry-After", "2"),)),
    "binance": Answer(429, '{"code":-1003,"msg":"Too many requests."}', (("Retry-After", "2"),)),
    "bybit": Answer(200, '{"retCode":10006,"retMsg":"Too many visits!","result":{},"time":1}'),
}
MAINTENANCE = {
    "okx": Answer(503, '{"code":"50001","msg":"Service temporarily unavailable.","data":[]}'),
    "binance": Answer(503, '{"code":-1016,"msg":"This service is no longer available."}'),
    "bybit": Answer(200, '{"retCode":10016,"retMsg":"System maintenance","result":{},"time":1}'),
}
DUPLICATE = {
    "okx": Answer(
        200,
        '{"code":"1","msg":"All operations failed","data":[{"ordId":"","clOrdId":"","sCode":"51016",'
        '"sMsg":"Client order ID already exists."}]}',
    ),
    "binance": Answer(400, '{"code":-4116,"msg":"ClientOrderId is duplicated."}'),
    "bybit": Answer(200, '{"retCode":110072,"retMsg":"OrderLinkedID is duplicate","result":{}}'),
}
LONGEST_ALONE = 25
"""Seconds: an order's expiry, the proof that it never came, one more try."""
AT_ONCE = 1
"""Seconds for what needs no waiting."""

each_exchange = pytest.mark.parametrize("name", NAMES)
each_leg = pytest.mark.parametrize("bases", LEGS, ids="+".join)
one_leg = pytest.mark.parametrize("base", [FIRST, SECOND])


# An entry whose orders' answers say nothing


@each_exchange
@each_leg
@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_entry_order_that_never_arrived_is_sent_again_under_another_id_once_that_is_proven(
    name: str, bases: tuple[str, ...], kind: str
) -> None:
    desk = ready(name)
    orders_fail(desk, ANSWERS[kind], bases)
    alone = Alone(desk)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == PAIR
    assert desk.state.status is Status.RUNNING
    assert sent(desk) == 2 + len(bases)
    lost = [order for order in desk.store.orders.values() if order.status is OrderStatus.REJECTED]
    assert len(lost) == len(bases)
    assert not any(desk.account.accepted(order.id) for order in lost)
    assert incidents(reports).count(Incident.ORDER_UNKNOWN) == len(bases)
    assert Incident.LEG_FAILED not in incidents(reports)
    assert sum("never reached" in line for line in lines(desk, LogType.WARNING)) == len(bases)
    assert alone.seconds <= (LONGEST_ALONE if len(bases) == 1 else AT_ONCE)


@each_exchange
@each_leg
@pytest.mark.parametrize("kind", [*UNKNOWN, "cut off"])
def test_an_entry_order_whose_answer_got_lost_is_found_and_not_sent_again(
    name: str, bases: tuple[str, ...], kind: str
) -> None:
    desk = ready(name)
    orders_fail(desk, ANSWERS[kind], bases, processed=True)
    alone = Alone(desk)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == PAIR
    assert desk.state.status is Status.RUNNING
    assert sent(desk) == 2
    assert incidents(reports).count(Incident.ORDER_UNKNOWN) == len(bases)
    assert lines(desk, LogType.WARNING) == []
    assert alone.seconds <= 5


@each_exchange
@each_leg
@pytest.mark.parametrize("processed", [True, False])
def test_maintenance_says_nothing_of_an_order(
    name: str, bases: tuple[str, ...], processed: bool
) -> None:
    desk = ready(name)
    orders_fail(desk, MAINTENANCE[name], bases, processed=processed)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == PAIR
    assert sent(desk) == (2 if processed else 2 + len(bases))
    assert incidents(reports).count(Incident.ORDER_UNKNOWN) == len(bases)


@each_exchange
@each_leg
@pytest.mark.parametrize("processed", [True, False])
def test_an_id_that_the_exchange_calls_taken_is_looked_up_not_sent_again(
    name: str, bases: tuple[str, ...], processed: bool
) -> None:
    desk = ready(name)
    orders_fail(desk, DUPLICATE[name], bases, processed=processed)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == PAIR
    assert incidents(reports).count(Incident.ORDER_UNKNOWN) == len(bases)
    assert sent(desk) == (2 if processed else 2 + len(bases))


# An entry whose orders are turned away


@each_exchange
@each_leg
def test_an_order_turned_away_for_asking_too_often_is_tried_once_more(
    name: str, bases: tuple[str, ...]
) -> None:
    desk = ready(name)
    orders_fail(desk, RATE_LIMITS[name], bases)
    alone = Alone(desk)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == PAIR
    assert desk.state.status is Status.RUNNING
    assert sent(desk) == 2 + len(bases)
    assert incidents(reports).count(Incident.ORDER_REFUSED) == len(bases)
    assert Incident.ORDER_UNKNOWN not in incidents(reports)
    assert alone.seconds <= LONGEST_ALONE


@each_exchange
@one_leg
def test_a_leg_that_a_region_may_not_buy_takes_the_other_back_and_pauses(
    name: str, base: str
) -> None:
    desk = ready(name)
    go_wrong(desk, Answer(451, "{}"), orders_of(desk, base), times=2)
    alone = Alone(desk)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == FLAT
    assert desk.state.status is Status.PAUSED
    assert desk.state.status_reason == "entry_unwound"
    assert Incident.LEG_FAILED in incidents(reports)
    assert desk.store.cycles[BOT, 1].reason == "unwound"
    assert desk.account.balance == 10_000 + desk.state.total_profit < 10_000
    assert any("region" in line for line in lines(desk, LogType.WARNING))
    assert alone.seconds <= 3


@each_exchange
def test_both_legs_turned_away_by_region_open_nothing_and_pause(name: str) -> None:
    desk = ready(name)
    orders_fail(desk, Answer(451, "{}"), (FIRST, SECOND))

    desk.tick_at(101.5)
    quiet(desk)

    require_sound(desk)
    assert desk.account.orders == []
    assert sent(desk) == 2
    assert desk.state.status is Status.PAUSED
    assert "region" in desk.state.status_reason
