"""Whatever an exchange does to an order, it is sent once and no leg stays alone."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from pairtrader.exchanges.base import BaseExchange
from pairtrader.model.bot import CommandKind, Status
from pairtrader.model.order import OrderStatus
from pairtrader.model.records import LogType
from pairtrader.trading.execution import UNTOLD_PAUSE_SECONDS
from pairtrader.trading.incidents import Incident
from tests.fakes.trading_desk import BOT
from tests.fakes.venues.account import OrderScript, Reason
from tests.fakes.venues.wire import Answer, Request
from tests.fakes.wire_desk import WireDesk
from tests.wire_history import ANSWERS
from tests.wire_scenes import (
    BOUGHT,
    FIRST,
    FLAT,
    LEGS,
    NAMES,
    PAIR,
    SECOND,
    SOLD,
    ZERO,
    Alone,
    at_the_first_order,
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
        '{"code":"1","msg":"All operations failed","data":[{"ordId":"","clOrdId":"",'
        '"sCode":"51016","sMsg":"Client order ID already exists."}]}',
    ),
    "binance": Answer(400, '{"code":-4116,"msg":"ClientOrderId is duplicated."}'),
    "bybit": Answer(200, '{"retCode":110072,"retMsg":"OrderLinkedID is duplicate","result":{}}'),
}
ANOTHER_ORDER = {
    "okx": Answer(200, '{"code":"0","data":[{"ordId":"7","clOrdId":"other","sCode":"0"}]}'),
    "binance": Answer(200, '{"orderId":7,"clientOrderId":"other","status":"NEW"}'),
    "bybit": Answer(200, '{"retCode":0,"result":{"orderId":"7","orderLinkId":"other"},"time":1}'),
}
NO_ORDER = {
    "okx": Answer(200, '{"code":"0","msg":"","data":[]}'),
    "binance": Answer(200, "{}"),
    "bybit": Answer(200, '{"retCode":0,"retMsg":"OK","result":{},"time":1}'),
}
SAYING_NOTHING = {
    "maintenance": MAINTENANCE,
    "id taken": DUPLICATE,
    "another order": ANOTHER_ORDER,
    "no order": NO_ORDER,
}
STALE_MARKET = {"okx": Reason.STEP, "binance": Reason.STEP, "bybit": Reason.NOTIONAL}
"""Bybit has one code for all wrong parameters, wrong steps among them."""
NO_MARGIN = {
    "okx": "Order failed. Insufficient USDT margin in account (51008)",
    "binance": "Margin is insufficient. (-2019)",
    "bybit": "ab not enough for new order (110007)",
}
HALF, NOTHING = OrderScript(share=Decimal("0.5")), OrderScript(share=ZERO)
NO, BROKE = OrderScript(refuse=Reason.OUT_OF_ORDER), OrderScript(refuse=Reason.MARGIN)

LONGEST_ALONE = 25
"""Seconds: an order's expiry, the proof that it never came, one more try."""
AT_ONCE = 1
"""Seconds for what needs no waiting."""

each_exchange = pytest.mark.parametrize("name", NAMES)
each_leg = pytest.mark.parametrize("bases", LEGS, ids="+".join)
one_leg = pytest.mark.parametrize("base", [FIRST, SECOND])
both_modes = pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
processed_or_not = pytest.mark.parametrize(
    "processed", [True, False], ids=["processed", "unprocessed"]
)


# Entries whose answers say nothing


@each_exchange
@each_leg
@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_entry_order_that_never_arrived_is_sent_under_another_id_once_that_is_proven(
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
    assert alone.seconds <= 5, "as long as the exchange hangs"


@each_exchange
@each_leg
@processed_or_not
@pytest.mark.parametrize("answers", SAYING_NOTHING.values(), ids=SAYING_NOTHING)
def test_an_answer_that_is_none_does_not_say_what_became_of_an_order(
    name: str, bases: tuple[str, ...], answers: dict[str, Answer], processed: bool
) -> None:
    desk = ready(name)
    orders_fail(desk, answers[name], bases, processed=processed)
    alone = Alone(desk)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == PAIR
    assert sent(desk) == (2 if processed else 2 + len(bases))
    assert incidents(reports).count(Incident.ORDER_UNKNOWN) == len(bases)
    assert alone.seconds <= LONGEST_ALONE


@each_exchange
@pytest.mark.parametrize("late_ms", [300, 2_000, 3_900, 4_900, 5_100, 6_500, 9_000])
@pytest.mark.parametrize(
    ("kind", "bases"),
    # Where both hung, the fake clock would let one hang after the other.
    [*(("reset", bases) for bases in LEGS), ("time-out", (FIRST,)), ("time-out", (SECOND,))],
)
def test_an_order_that_is_held_up_on_its_way_is_not_there_twice(
    name: str, kind: str, bases: tuple[str, ...], late_ms: int
) -> None:
    desk = ready(name)
    under_way: list[tuple[int, Request]] = []

    def held_up(request: Request) -> bool:
        caught = orders_of(desk, *bases)(request)
        if caught:
            under_way.append((desk.clock.now() + late_ms, request))
        return caught

    def arrive(_: str) -> None:
        for due, request in list(under_way):
            if desk.clock.now() >= due:
                under_way.remove((due, request))
                now, desk.clock.at = desk.clock.at, due
                desk.venues.dialect_of(request).answer(desk.venues, request)
                desk.clock.at = now

    go_wrong(desk, ANSWERS[kind], held_up, times=len(bases))
    desk.step = arrive
    desk.tick_at(101.5)
    quiet(desk)

    require_sound(desk)
    assert under_way == []
    assert desk.positions() == PAIR
    assert len(desk.account.orders) == 2
    in_time = late_ms <= BaseExchange.request_expiry_ms
    assert sent(desk) == (2 if in_time else 2 + len(bases)), "it is found, or it has expired"


# Entries that are turned away


@each_exchange
@one_leg
def test_an_order_that_came_too_often_is_sent_once_more_when_its_time_has_come(
    name: str, base: str
) -> None:
    desk = ready(name)
    orders_fail(desk, RATE_LIMITS[name], (base,))
    alone = Alone(desk)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == PAIR
    assert desk.state.status is Status.RUNNING
    assert sent(desk) == 3
    assert incidents(reports).count(Incident.ORDER_REFUSED) == 1
    assert Incident.ORDER_UNKNOWN not in incidents(reports)
    pause = UNTOLD_PAUSE_SECONDS if name == "bybit" else 2
    assert pause <= alone.seconds <= pause + AT_ONCE


@each_exchange
def test_both_orders_having_come_too_often_the_exchange_is_left_alone_for_as_long_as_it_asks(
    name: str,
) -> None:
    desk = ready(name)
    orders_fail(desk, Answer(429, "{}", (("Retry-After", "12"),)), (FIRST, SECOND))

    desk.tick_at(101.5)
    asked = len(desk.venues.requests)
    early = quiet(desk, 2)
    assert [report.reason for report in early] == ["asked_to_wait"] * 2
    assert len(desk.venues.requests) == asked
    quiet(desk, 1)

    require_sound(desk)
    assert desk.positions() == PAIR
    assert sent(desk) == 4


@each_exchange
@pytest.mark.parametrize("lasts_seconds", [3, 8, 14])
def test_a_limit_that_lasts_while_a_leg_is_alone_is_waited_for_and_costs_no_error(
    name: str, lasts_seconds: int
) -> None:
    desk = ready(name)
    alone, ends_at = Alone(desk), desk.clock.now() + lasts_seconds * 1000 + 5_000
    left = (("Retry-After", "4"),)
    go_wrong(desk, Answer(429, "{}", left), desk.venues.sends_order, skip=1, times=1_000)

    def until(step: str) -> None:
        alone.look(step)
        if desk.clock.now() >= ends_at:
            desk.venues.faults.clear()

    desk.step = until
    desk.tick_at(101.5)
    quiet(desk)

    require_sound(desk)
    assert desk.state.status in (Status.RUNNING, Status.PAUSED)
    assert sent(desk) <= 3 + lasts_seconds / 4, "it is not asked more often than it wants"
    assert alone.seconds <= lasts_seconds + 6


@each_exchange
@one_leg
def test_a_leg_that_a_region_may_not_have_takes_the_other_back_and_pauses(
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


# Wrong time stamps


@each_exchange
@pytest.mark.parametrize("ahead_ms", [-9_000, -3_000, 900, 4_000])
def test_a_clock_that_differs_is_put_right_before_it_costs_a_leg(name: str, ahead_ms: int) -> None:
    desk = ready(name)
    desk.venues.clock_ahead = ahead_ms
    alone = Alone(desk)

    desk.tick_at(101.5)
    quiet(desk, 2)

    require_sound(desk)
    assert desk.positions() == PAIR
    assert alone.seconds <= AT_ONCE


@each_exchange
@pytest.mark.parametrize("ahead_ms", [-30_000, 9_000, 30_000])
def test_with_a_clock_that_is_far_off_nothing_is_decided(name: str, ahead_ms: int) -> None:
    desk = ready(name)
    desk.venues.clock_ahead = ahead_ms

    reports = [desk.tick_at(101.5), *quiet(desk, 2)]

    assert desk.account.orders == []
    assert [report.skipped for report in reports] == [1, 2, 3]
    assert {report.reason for report in reports} <= {"clock_skew", "stale_quote"}


@each_exchange
@pytest.mark.parametrize("leg", [1, 2])
@pytest.mark.parametrize("ahead_ms", [-9_000, -3_000, 4_000, 9_000])
def test_a_clock_that_jumps_while_orders_leave_leaves_no_leg_alone(
    name: str, leg: int, ahead_ms: int
) -> None:
    desk = ready(name)
    alone = Alone(desk)
    orders = iter(range(1, 100))

    def jump(step: str) -> None:
        alone.look(step)
        if step.startswith("before POST") and "leverage" not in step and next(orders) == leg:
            desk.venues.clock_ahead = ahead_ms

    desk.step = jump
    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() in (PAIR, FLAT)
    assert desk.positions() == PAIR or leg == 1, "once a leg is there, the other one comes"
    assert desk.state.status is Status.RUNNING
    assert Incident.LEG_FAILED not in incidents(reports)
    # Set back, an exchange does not show fills that lie in its future.
    assert alone.seconds <= 3 + max(-ahead_ms, 0) / 1000


# Entries that are filled in part or refused


@each_exchange
@both_modes
@pytest.mark.parametrize(
    ("scripts", "held", "orders"),
    [
        ({(FIRST, 1): HALF}, PAIR, 3),
        ({(SECOND, 1): HALF}, PAIR, 3),
        ({(FIRST, 1): NOTHING}, PAIR, 3),
        ({(FIRST, 1): BROKE}, PAIR, 3),
        ({(SECOND, 1): BROKE}, PAIR, 3),
        # As much as the fuller leg: what both lack is not bought again.
        ({(FIRST, 1): HALF, (SECOND, 1): HALF}, (SOLD / 2, BOUGHT / 2), 2),
        (
            {(FIRST, 1): HALF, (SECOND, 1): OrderScript(share=Decimal("0.3"))},
            (SOLD / 2, BOUGHT / 2),
            3,
        ),
    ],
    ids=[
        "first half", "second half", "first not at all", "first refused", "second refused",
        "both half", "both in part",
    ],
)  # fmt: skip
def test_a_leg_that_comes_short_is_completed(
    name: str,
    hedge: bool,
    scripts: dict[tuple[str, int], OrderScript],
    held: tuple[Decimal, Decimal],
    orders: int,
) -> None:
    desk = ready(name, hedge=hedge)
    desk.account.scripts = dict(scripts)
    alone = Alone(desk)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == held
    assert sent(desk) == orders
    assert desk.state.status is Status.RUNNING
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1
    assert Incident.LEG_FAILED not in incidents(reports)
    assert alone.seconds <= AT_ONCE


@each_exchange
@both_modes
@one_leg
@pytest.mark.parametrize("first_try", [NO, BROKE, NOTHING], ids=["refused", "margin", "unfilled"])
@pytest.mark.parametrize("second_try", [NO, NOTHING], ids=["then refused", "then unfilled"])
def test_a_leg_that_is_not_to_be_had_takes_the_other_back_and_pauses_with_the_reason(
    name: str, hedge: bool, base: str, first_try: OrderScript, second_try: OrderScript
) -> None:
    desk = ready(name, hedge=hedge)
    desk.account.scripts = {(base, 1): first_try, (base, 2): second_try}
    alone = Alone(desk)

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == FLAT
    assert sent(desk) == 4
    assert desk.state.status is Status.PAUSED
    assert desk.state.status_reason == "entry_unwound"
    assert incidents(reports).count(Incident.LEG_FAILED) == 1
    assert desk.store.cycles[BOT, 1].reason == "unwound"
    assert desk.account.balance == 10_000 + desk.state.total_profit
    assert alone.seconds <= 3


@each_exchange
@both_modes
def test_a_leg_that_stays_half_brings_the_other_down_to_its_size(name: str, hedge: bool) -> None:
    desk = ready(name, hedge=hedge)
    desk.account.scripts = {(FIRST, 1): HALF, (FIRST, 2): NO}

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == (SOLD / 2, BOUGHT / 2)
    assert desk.state.status is Status.PAUSED
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1
    assert Incident.LEG_FAILED in incidents(reports)


@each_exchange
def test_a_leg_can_be_taken_back_in_parts(name: str) -> None:
    desk = ready(name)
    desk.account.scripts = {(SECOND, 1): NO, (SECOND, 2): NO, (FIRST, 2): HALF, (FIRST, 3): NO}

    desk.tick_at(101.5)
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert [order.filled for order in desk.account.orders] == [-SOLD, -SOLD / 2, -SOLD / 2]
    assert desk.account.balance == 10_000 + desk.state.total_profit


@each_exchange
def test_a_leg_that_cannot_be_taken_back_is_an_error_and_closed_as_soon_as_that_works(
    name: str,
) -> None:
    desk = ready(name)
    desk.account.scripts = {(SECOND, 1): NO, (SECOND, 2): NO}
    desk.account.scripts |= {(FIRST, number): NO for number in (2, 3, 4)}

    first = desk.tick_at(101.5)
    assert desk.state.status is Status.ERROR
    assert desk.positions() == desk.books() == (SOLD, ZERO)
    assert lines(desk, LogType.ERROR) == ["entry could not be brought to an end, the legs differ"]
    assert Incident.FAULT in first.incidents

    for _ in range(3):
        desk.tick(after=60)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert desk.state.status is Status.PAUSED


@each_exchange
def test_both_legs_refused_for_margin_open_nothing_and_pause(name: str) -> None:
    desk = ready(name)
    desk.account.scripts = {(FIRST, 1): BROKE, (SECOND, 1): BROKE}

    desk.tick_at(101.5)
    quiet(desk)

    require_sound(desk)
    assert desk.account.orders == []
    assert sent(desk) == 2
    assert desk.state.status is Status.PAUSED
    assert desk.state.status_reason == f"entry_refused: {name}: {NO_MARGIN[name]}"
    assert any(NO_MARGIN[name] in line for line in lines(desk, LogType.WARNING))


@each_exchange
@one_leg
def test_a_refused_step_or_minimum_has_the_markets_checked(name: str, base: str) -> None:
    desk = ready(name)
    now = desk.clock.now()
    desk.with_state(markets_asked_at=now)
    desk.store.put(replace(desk.bot, config=replace(desk.bot.config, markets_checked_at=now)))
    asked = len(desk.refreshed)
    refusal = OrderScript(refuse=STALE_MARKET[name])
    desk.account.scripts = {(base, 1): refusal, (base, 2): refusal}

    report = desk.tick_at(101.5)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert Incident.STALE_MARKET in report.incidents
    assert len(desk.refreshed) == asked
    desk.with_state(status=Status.RUNNING)
    desk.tick_at(100.2)
    assert len(desk.refreshed) == asked + 1


# Closes


def take_profit(desk: WireDesk) -> None:
    desk.see(100)


def command_close(desk: WireDesk) -> None:
    desk.command(CommandKind.CLOSE)


ways_out = pytest.mark.parametrize("way_out", [take_profit, command_close])


@each_exchange
@each_leg
@processed_or_not
@pytest.mark.parametrize("kind", UNKNOWN)
def test_a_close_whose_answer_is_lost_closes_both_legs_once(
    name: str, bases: tuple[str, ...], kind: str, processed: bool
) -> None:
    desk = opened(name)
    orders_fail(desk, ANSWERS[kind], bases, processed=processed)
    alone, before = Alone(desk), sent(desk)

    desk.see(100)
    reports = quiet(desk)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert sent(desk) - before == (2 if processed else 2 + len(bases))
    assert all(order.reduce_only for order in desk.account.orders[2:])
    assert incidents(reports).count(Incident.ORDER_UNKNOWN) == len(bases)
    assert desk.store.cycles[BOT, 1].reason == "take_profit"
    assert desk.account.balance == 10_000 + desk.state.total_profit
    assert alone.seconds <= LONGEST_ALONE


@each_exchange
@both_modes
@each_leg
@ways_out
@pytest.mark.parametrize(
    "script", [NO, NOTHING, HALF, OrderScript(shown_as_open=3), OrderScript(fills_late=2)],
    ids=["refused", "unfilled", "half", "shown late", "fills late"],
)  # fmt: skip
def test_a_close_closes_the_other_leg_whatever_happens_to_one(
    name: str,
    hedge: bool,
    bases: tuple[str, ...],
    way_out: Callable[[WireDesk], None],
    script: OrderScript,
) -> None:
    desk = opened(name, hedge=hedge)
    desk.account.scripts = {(base, 2): script for base in bases}
    alone = Alone(desk)

    way_out(desk)
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert desk.account.balance == 10_000 + desk.state.total_profit
    assert alone.seconds <= 6, "one tick later at most"


@each_exchange
@each_leg
def test_a_close_turned_away_for_asking_too_often_or_by_region_is_tried_again(
    name: str, bases: tuple[str, ...]
) -> None:
    for answer in (RATE_LIMITS[name], Answer(451, "{}")):
        desk = opened(name)
        orders_fail(desk, answer, bases)

        desk.see(100)
        quiet(desk)

        require_sound(desk)
        assert desk.positions() == FLAT


@each_exchange
@pytest.mark.parametrize("ahead_ms", [-9_000, -3_000, 4_000, 9_000])
def test_a_clock_that_jumps_while_a_close_leaves_does_not_keep_a_leg(
    name: str, ahead_ms: int
) -> None:
    desk = opened(name)

    def jump() -> None:
        desk.venues.clock_ahead = ahead_ms

    at_the_first_order(desk, jump)
    desk.see(100)
    quiet(desk, 1)
    # Quotes from far ahead decide nothing, and what is under way goes on all the same.
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == FLAT or ahead_ms == 9_000


@each_exchange
@both_modes
def test_a_close_that_is_refused_for_ever_is_an_error_and_never_flips(
    name: str, hedge: bool
) -> None:
    desk = opened(name, hedge=hedge)
    desk.account.scripts = {(FIRST, number): NO for number in range(2, 100)}

    desk.see(100)
    reports = quiet(desk, 12)

    assert desk.state.status is Status.ERROR
    assert desk.positions() == desk.books() == (SOLD, ZERO)
    assert reports[-1].status == Status.ERROR
    assert Incident.FAULT in incidents(reports)
    require_once_each(desk)

    desk.account.scripts.clear()
    for _ in range(3):
        desk.tick(after=60)
    require_sound(desk)
    assert desk.positions() == FLAT


# What is to be closed is there no more


@each_exchange
@both_modes
@pytest.mark.parametrize("share", [Decimal(1), Decimal("0.5")], ids=["all", "half"])
@pytest.mark.parametrize("when", ["before the tick", "as the orders leave"])
def test_a_leg_that_the_exchange_took_is_not_closed_again_nor_flipped(
    name: str, hedge: bool, share: Decimal, when: str
) -> None:
    desk = opened(name, hedge=hedge)
    if when == "before the tick":
        desk.account.take_away(FIRST, share)
    else:
        at_the_first_order(desk, lambda: desk.account.take_away(FIRST, share))

    desk.see(100)
    reports = quiet(desk, 30)

    assert desk.positions() == FLAT
    assert desk.state.status is Status.ERROR, "what it holds must be told by the user"
    assert desk.books() == (SOLD * share, ZERO)
    assert lines(desk, LogType.ERROR) == [
        f"AAA-USDT: books {(SOLD * share).normalize():f}, exchange 0"
    ]
    assert incidents(reports).count(Incident.BROKEN_PAIR) == 1
    require_once_each(desk)
    assert all(order.reduce_only for order in desk.account.orders[2:])

    desk.command(CommandKind.ACCEPT_EXCHANGE)
    quiet(desk, 2)
    require_sound(desk)
    assert desk.state.status is Status.PAUSED
