"""What an exchange shows too late, and what others do to the account beside the bot."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from pairtrader.model.bot import CommandKind, Status
from pairtrader.model.records import LogType
from pairtrader.trading.incidents import Incident
from tests.fakes.trading_desk import BOT
from tests.fakes.venues.account import OrderScript
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
    asks,
    go_wrong,
    incidents,
    lines,
    opened,
    orders_fail,
    quiet,
    ready,
    require_once_each,
    require_sound,
    sent,
)

FOR_EVER = 10**6
LATEST_NOTICE = 75
"""Seconds: a look a minute, the next one to agree."""

each_exchange = pytest.mark.parametrize("name", NAMES)
both_modes = pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
each_policy = pytest.mark.parametrize("policy", ["close", "hold"])


# Shown late


@each_exchange
@pytest.mark.parametrize("lost", [(), *LEGS], ids=lambda bases: "+".join(bases) or "none")
@pytest.mark.parametrize("look_ups", [2, 5, 12])
def test_an_order_that_is_shown_late_is_waited_for(
    name: str, lost: tuple[str, ...], look_ups: int
) -> None:
    desk = ready(name)
    orders_fail(desk, ANSWERS["reset"], lost, processed=True)
    desk.account.hidden_orders = look_ups

    reports = [desk.tick_at(101.5), *quiet(desk)]

    require_sound(desk)
    assert desk.positions() == PAIR
    assert sent(desk) == 2
    assert desk.state.status is Status.RUNNING
    assert lines(desk, LogType.WARNING) == lines(desk, LogType.ERROR) == []
    assert Incident.FAULT not in incidents(reports)


@each_exchange
@both_modes
def test_an_order_that_stays_hidden_is_an_error_until_it_is_shown(name: str, hedge: bool) -> None:
    desk = ready(name, hedge=hedge)
    orders_fail(desk, ANSWERS["reset"], (FIRST, SECOND), processed=True)
    desk.account.hidden_orders = FOR_EVER

    reports = [desk.tick_at(101.5), *(desk.tick(after=60) for _ in range(4))]

    assert desk.state.status is Status.ERROR
    assert desk.state.status_reason == "unproven_order"
    assert incidents(reports).count(Incident.FAULT) == 1
    assert {report.status for report in reports[2:]} == {Status.ERROR}, "the alarm goes on"
    assert "AAA-USDT: 0 before, -0.98 now" in lines(desk, LogType.ERROR)
    assert sent(desk) == 2
    assert desk.positions() == PAIR
    require_once_each(desk)

    desk.account.hidden_orders = 0
    desk.tick(after=60)
    require_sound(desk)
    assert desk.state.status is Status.PAUSED
    desk.tick_at(100)
    assert desk.positions() == FLAT, "its exits are watched"


@each_exchange
@both_modes
@pytest.mark.parametrize("base", [FIRST, SECOND])
@pytest.mark.parametrize(
    "script",
    [
        OrderScript(fills_late=2),
        OrderScript(fills_late=30),
        OrderScript(shown_as_open=3),
        OrderScript(shown_as_open=30),
        OrderScript(share=Decimal("0.5"), shown_as_open=3),
    ],
    ids=["fills 2", "fills 30", "open 3", "open 30", "half, open 3"],
)
def test_fills_that_are_shown_late_are_counted_once(
    name: str, hedge: bool, base: str, script: OrderScript
) -> None:
    desk = ready(name, hedge=hedge)
    desk.account.scripts = {(base, 1): script}

    desk.tick_at(101.5)
    quiet(desk, 14)

    require_sound(desk)
    assert desk.positions() == PAIR
    assert sent(desk) == (2 if script.share is None else 3)
    assert desk.state.status is Status.RUNNING
    filled = {order.client_id: order.filled for order in desk.account.orders}
    assert {key: order.filled_amount for key, order in desk.store.orders.items()} == filled


# Positions that are old or missing


@each_exchange
@pytest.mark.parametrize("lie", ["stale_positions", "empty_positions"])
def test_one_old_answer_about_positions_does_nothing(name: str, lie: str) -> None:
    desk = opened(name)
    setattr(desk.account, lie, 1)

    quiet(desk, 60)

    require_sound(desk)
    assert getattr(desk.account, lie) == 0, "it was looked"
    assert desk.positions() == PAIR
    assert sent(desk) == 2
    assert desk.state.status is Status.RUNNING


@each_exchange
def test_an_old_answer_in_an_earlier_cycle_confirms_nothing(name: str) -> None:
    desk = ready(name)
    requests = 2 if name == "bybit" else 1
    desk.tick_at(101.5)
    desk.account.stale_positions = requests
    desk.tick_at(101.4)
    go_wrong(desk, ANSWERS["500"], asks("position"))
    desk.tick_at(100)
    assert desk.positions() == desk.books() == FLAT

    desk.tick_at(100.2)
    desk.tick_at(101.5)
    desk.account.stale_positions = requests
    quiet(desk, 20)

    require_sound(desk)
    assert desk.account.stale_positions == 0, "it was looked"
    assert desk.positions() == PAIR
    assert desk.state.status is Status.RUNNING
    assert lines(desk, LogType.ERROR) == []


@each_exchange
@each_policy
def test_positions_that_stay_old_are_an_error_and_buy_nothing(name: str, policy: str) -> None:
    desk = opened(name, on_broken_pair=policy)
    desk.account.stale_positions = FOR_EVER

    reports = quiet(desk, 30)

    assert Incident.BROKEN_PAIR in incidents(reports)
    assert lines(desk, LogType.ERROR) == ["BBB-USDT: books 1, exchange 0"]
    require_once_each(desk)
    assert all(order.reduce_only for order in desk.account.orders[2:])
    if policy == "hold":
        assert desk.positions() == desk.books() == PAIR
        assert desk.state.status is Status.ERROR


@each_exchange
@each_policy
def test_an_account_that_shows_nothing_is_an_error_or_no_answer_and_sells_nothing(
    name: str, policy: str
) -> None:
    desk = opened(name, on_broken_pair=policy)
    desk.account.empty_positions = FOR_EVER

    reports = quiet(desk, 30)

    require_sound(desk)
    assert desk.positions() == PAIR
    assert sent(desk) == 2
    if name == "bybit":
        # It shows a market's positions even where there are none: without them it is no answer.
        assert desk.state.status is Status.RUNNING
        return
    assert desk.state.status is Status.ERROR
    assert incidents(reports).count(Incident.BROKEN_PAIR) == 1
    both = "AAA-USDT: books -0.98, exchange 0; BBB-USDT: books 1, exchange 0"
    assert lines(desk, LogType.ERROR) == [both]


@each_exchange
@pytest.mark.parametrize("lie", ["stale_positions", "empty_positions"])
def test_a_row_is_not_added_while_the_account_is_not_as_booked(name: str, lie: str) -> None:
    desk = opened(name)
    setattr(desk.account, lie, 2 if name == "bybit" else 1)

    report = desk.tick_at(102.6)

    assert sent(desk) == 2
    assert report.reason != ""
    desk.tick()
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 2
    require_sound(desk)


# What others do to a leg


def close_like_the_exchange(base: str, share: str = "1") -> Callable[[WireDesk], None]:
    return lambda desk: desk.account.take_away(base, Decimal(share))


def liquidate_both(desk: WireDesk) -> None:
    desk.account.take_away(FIRST)
    desk.account.take_away(SECOND)


def buy_more(desk: WireDesk) -> None:
    desk.account.trade_by_hand(SECOND, "buy", Decimal("0.3"))


def sell_some(desk: WireDesk) -> None:
    side = "long" if desk.account.hedge else "net"
    desk.account.trade_by_hand(SECOND, "sell", Decimal("0.3"), reduce_only=True, position_side=side)


def have_an_order_filled(desk: WireDesk) -> None:
    desk.account.rest_by_hand(SECOND, "buy", Decimal("0.3"), Decimal(99))
    desk.see(100.4, 99)
    desk.see(101.4, 100)


Change = Callable[[WireDesk], None]
H = Decimal("0.49")
OUTSIDE: dict[str, tuple[Change, str, dict[str, tuple[Decimal, Decimal]], tuple[Decimal, Decimal]]]
"""What happens, what the log says, what is held in the end by policy, what the books say when all
that was closable is closed."""
OUTSIDE = {
    "first liquidated": (
        close_like_the_exchange(FIRST),
        "AAA-USDT: books -0.98, exchange 0",
        {"close": FLAT, "hold": (ZERO, BOUGHT)},
        (SOLD, ZERO),
    ),
    "second liquidated": (
        close_like_the_exchange(SECOND),
        "BBB-USDT: books 1, exchange 0",
        {"close": FLAT, "hold": (SOLD, ZERO)},
        (ZERO, BOUGHT),
    ),
    "both liquidated": (
        liquidate_both,
        "AAA-USDT: books -0.98, exchange 0; BBB-USDT: books 1, exchange 0",
        {"close": FLAT, "hold": FLAT},
        PAIR,
    ),
    "half deleveraged": (
        close_like_the_exchange(FIRST, "0.5"),
        "AAA-USDT: books -0.98, exchange -0.49",
        {"close": FLAT, "hold": (-H, BOUGHT)},
        (-H, ZERO),
    ),
    "bought by hand": (
        buy_more,
        "BBB-USDT: books 1, exchange 1.3",
        {"close": (ZERO, Decimal("0.3")), "hold": (SOLD, Decimal("1.3"))},
        FLAT,
    ),
    "sold by hand": (
        sell_some,
        "BBB-USDT: books 1, exchange 0.7",
        {"close": FLAT, "hold": (SOLD, Decimal("0.7"))},
        (ZERO, Decimal("0.3")),
    ),
    "order of the user's filled": (
        have_an_order_filled,
        "BBB-USDT: books 1, exchange 1.3",
        {"close": (ZERO, Decimal("0.3")), "hold": (SOLD, Decimal("1.3"))},
        FLAT,
    ),
}


@each_exchange
@both_modes
@each_policy
@pytest.mark.parametrize("event", OUTSIDE)
def test_a_leg_that_others_change_is_an_error_with_both_numbers(
    name: str, hedge: bool, policy: str, event: str
) -> None:
    change, text, ends, closed_books = OUTSIDE[event]
    desk = opened(name, hedge=hedge, on_broken_pair=policy)
    before = sent(desk)
    change(desk)
    began = desk.clock.now()
    reports = [desk.tick()]
    while not desk.state.mismatch and desk.clock.now() - began <= LATEST_NOTICE * 1000:
        reports.append(desk.tick())
    assert desk.state.status is Status.RUNNING, "one look proves nothing"
    reports += quiet(desk, 20)

    assert lines(desk, LogType.ERROR) == [text]
    assert incidents(reports).count(Incident.BROKEN_PAIR) == 1
    error = next(line for line in desk.store.logs if line.log_type is LogType.ERROR)
    assert error.created_at - began <= LATEST_NOTICE * 1000
    assert desk.positions() == ends[policy]
    require_once_each(desk)
    own = [order for order in desk.account.orders[2:] if order.client_id]
    assert all(order.reduce_only for order in own)
    if policy == "hold":
        assert sent(desk) == before
        assert desk.books() == PAIR
        assert desk.state.status is Status.ERROR
        return
    assert desk.books() == closed_books
    flat = closed_books == FLAT
    assert desk.state.status is (Status.PAUSED if flat else Status.ERROR)
    assert reports[-1].status == desk.state.status or flat


@each_exchange
@both_modes
@each_policy
@pytest.mark.parametrize("kind", [CommandKind.ACCEPT_EXCHANGE, CommandKind.CLOSE_AND_ACCEPT])
@pytest.mark.parametrize("event", OUTSIDE)
def test_the_user_ends_the_error_and_keeps_what_is_the_users(
    name: str, hedge: bool, policy: str, kind: CommandKind, event: str
) -> None:
    change, _, ends, _ = OUTSIDE[event]
    desk = opened(name, hedge=hedge, on_broken_pair=policy)
    change(desk)
    quiet(desk, 20)
    if desk.state.status is Status.PAUSED:
        return  # nothing is left to decide

    desk.command(kind)
    quiet(desk, 3)

    assert desk.state.status is Status.PAUSED
    assert desk.state.mismatch == ""
    require_once_each(desk)
    if kind is CommandKind.CLOSE_AND_ACCEPT:
        assert desk.positions() == ends["close"]
        assert desk.store.cycles[BOT, 1].reason == "broken_pair"
    else:
        assert desk.positions() == ends[policy]
    held_by_the_user = ends["close"] if desk.state.is_flat else FLAT
    assert tuple(
        b + u for b, u in zip(desk.books(), held_by_the_user, strict=True)
    ) == desk.positions()  # fmt: skip


@each_exchange
@each_policy
def test_a_leg_that_the_user_turned_round_is_neither_closed_nor_bought_back(
    name: str, policy: str
) -> None:
    desk = opened(name, on_broken_pair=policy)
    desk.account.trade_by_hand(SECOND, "sell", Decimal(3))

    quiet(desk, 20)

    assert lines(desk, LogType.ERROR) == ["BBB-USDT: books 1, exchange -2"]
    assert desk.state.status is Status.ERROR
    assert desk.positions() == (ZERO if policy == "close" else SOLD, Decimal(-2))

    desk.command(CommandKind.ACCEPT_EXCHANGE)
    quiet(desk, 2)
    assert desk.state.status is Status.PAUSED
    desk.with_state(status=Status.RUNNING, disarmed=0)
    for price in (100.2, 102.7, 104):
        report = desk.tick_at(price)
    assert report.reason == "not_as_booked: BBB-USDT held by somebody else"
    assert desk.account.position(SECOND) == Decimal(-2)


@each_exchange
@pytest.mark.parametrize("base", [FIRST, SECOND])
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_nothing_is_entered_beside_coins_that_are_netted_with_the_bots(
    name: str, base: str, side: str
) -> None:
    desk = ready(name)
    desk.account.trade_by_hand(base, side, Decimal(3))
    held = desk.positions()

    report = desk.tick_at(101.5)
    quiet(desk)

    assert sent(desk) == 0
    assert report.reason.startswith("not_as_booked: ")
    assert desk.positions() == held
    assert desk.state.is_flat
    assert desk.state.status is Status.RUNNING


@each_exchange
@pytest.mark.parametrize("amount", ["0.3", "3"])
def test_what_the_user_holds_the_other_way_in_hedge_mode_is_no_concern_of_the_bots(
    name: str, amount: str
) -> None:
    desk = opened(name, hedge=True)
    desk.account.trade_by_hand(SECOND, "sell", Decimal(amount), position_side="short")
    desk.account.trade_by_hand(FIRST, "buy", Decimal(amount), position_side="long")

    quiet(desk, 30)
    assert desk.state.status is Status.RUNNING
    assert sent(desk) == 2

    desk.tick_at(100)

    holdings = {key: holding.amount for key, holding in desk.account.holdings.items()}
    assert holdings == {
        (FIRST, "short"): 0,
        (SECOND, "long"): 0,
        (FIRST, "long"): Decimal(amount),
        (SECOND, "short"): -Decimal(amount),
    }
    assert desk.books() == FLAT
    assert desk.store.cycles[BOT, 1].reason == "take_profit"


@each_exchange
@both_modes
def test_an_order_that_the_user_left_is_left_alone(name: str, hedge: bool) -> None:
    desk = opened(name, hedge=hedge)
    theirs = desk.account.rest_by_hand(SECOND, "buy", Decimal("0.3"), Decimal(50))

    quiet(desk, 30)
    assert desk.state.status is Status.RUNNING
    desk.tick_at(100)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert theirs.status == "open"
