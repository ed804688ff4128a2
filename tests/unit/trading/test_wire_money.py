"""What a cycle is said to have earned is what the exchange's own balance has changed by."""

from decimal import Decimal

import pytest

from pairtrader.model.bot import CommandKind
from pairtrader.model.records import CycleRecord
from tests.fakes.trading_desk import BOT
from tests.fakes.venues.account import OrderScript
from tests.fakes.venues.markets import Book
from tests.fakes.venues.wire import Request
from tests.fakes.wire_desk import WireDesk
from tests.wire_history import ANSWERS
from tests.wire_scenes import (
    FIRST,
    FLAT,
    NAMES,
    PAIR,
    SECOND,
    asks,
    go_wrong,
    opened,
    quiet,
    ready,
    require_sound,
)

START = Decimal(10_000)
HOUR = 3_600
NEARLY = Decimal("1e-9")
FUNDING = {"okx": "account/bills", "binance": "v1/income", "bybit": "account/transaction-log"}

each_exchange = pytest.mark.parametrize("name", NAMES)
both_modes = pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])


def earned(desk: WireDesk) -> Decimal:
    return desk.account.balance - START


def row(desk: WireDesk) -> CycleRecord:
    return desk.store.cycles[BOT, 1]


def funding_requests(desk: WireDesk) -> list[Request]:
    part = FUNDING[desk.account.exchange]
    return [request for request in desk.venues.requests if part in request.path]


def until_the_hour(desk: WireDesk, seconds: float = 0) -> float:
    """Seconds until so long after the next full hour."""
    return HOUR - desk.clock.now() / 1000 % HOUR + seconds


def hold(desk: WireDesk, seconds: float) -> None:
    """Tick every 20 seconds at prices that decide nothing."""
    desk.see(101.4)
    for _ in range(round(seconds / 20)):
        desk.tick(after=20)


# Prices and fees


@each_exchange
@both_modes
@pytest.mark.parametrize("closing", ["market", "limit"])
@pytest.mark.parametrize("opening", ["market", "limit"])
def test_a_whole_cycle_is_booked_to_the_last_digit(
    name: str, hedge: bool, opening: str, closing: str
) -> None:
    desk = ready(name, hedge=hedge, order_type_open=opening, order_type_close=closing)
    for decided, filled in (
        ((101.5, 100), (101.6, 99.9)),
        ((102.7, 99.95), (102.8, 99.8)),
        ((100.2, 100), (100, 100.2)),
    ):
        desk.tick_at(*decided)
        desk.see(*filled)
        quiet(desk, 2)

    require_sound(desk)
    assert desk.positions() == FLAT
    kinds = {order.execution for order in desk.account.orders[:4]}
    assert kinds == ({"resting"} if opening == "limit" else {"bounded"})
    kinds = {order.execution for order in desk.account.orders[4:]}
    assert kinds == ({"resting"} if closing == "limit" else {"market"})
    assert row(desk).levels == 2
    assert row(desk).net_pnl == desk.state.total_profit == earned(desk)
    fees = sum(fill.fee for order in desk.account.orders for fill in order.fills)
    assert row(desk).fees == fees > 0
    assert row(desk).funding == 0


@each_exchange
@both_modes
@pytest.mark.parametrize("reason", ["take_profit", "stop_loss", "user"])
def test_whatever_ends_a_cycle_in_whatever_parts(name: str, hedge: bool, reason: str) -> None:
    desk = ready(name, hedge=hedge, stop_loss_ratio=0.8)
    third, half = OrderScript(share=Decimal("0.3")), OrderScript(share=Decimal("0.5"))
    desk.account.scripts = {(FIRST, 1): third, (SECOND, 3): half, (FIRST, 3): half}
    desk.account.scripts |= {(FIRST, 4): third, (SECOND, 4): third}
    desk.tick_at(101.5)
    desk.tick_at(102.4)

    if reason == "user":
        desk.command(CommandKind.CLOSE)
    desk.see({"take_profit": 99.7, "stop_loss": 103.9, "user": 101.9}[reason], 100.13)
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert row(desk).reason == reason
    assert abs(row(desk).net_pnl - earned(desk)) < NEARLY
    assert desk.state.total_profit == row(desk).net_pnl


@each_exchange
@both_modes
def test_an_entry_that_was_taken_back_costs_its_fees(name: str, hedge: bool) -> None:
    desk = ready(name, hedge=hedge)
    nothing = OrderScript(share=Decimal(0))
    desk.account.scripts = {(SECOND, 1): nothing, (SECOND, 2): nothing}
    desk.tick_at(101.5)
    require_sound(desk)
    assert row(desk).net_pnl == desk.state.total_profit == earned(desk) < 0


@pytest.mark.parametrize("priced", ["listed", "unlisted"])
def test_fees_in_the_exchanges_own_coin_are_valued_at_its_price(priced: str) -> None:
    desk = ready("binance")
    desk.account.fee_currency, desk.account.fee_price = "BNB", Decimal(640)
    if priced == "listed":
        desk.venues.markets.books["BNB"] = Book("BNB", "639.9", "640.1", "0.1", "1", "0.01")

    desk.tick_at(101.5)
    desk.tick_at(102.7)
    desk.tick_at(100)

    require_sound(desk)
    assert desk.positions() == FLAT
    asked = [r for r in desk.venues.requests if "BNB" in r.query]
    assert asked
    assert all("signature" not in request.query for request in asked)
    # Unlisted, they count at the account's usual rate: here the very same.
    assert abs(row(desk).net_pnl - earned(desk)) < NEARLY
    assert abs(row(desk).fees - sum(f.fee for o in desk.account.orders for f in o.fills) * 640) < (
        NEARLY
    )


def test_an_order_is_not_booked_before_its_fee_can_be_valued() -> None:
    desk = ready("binance")
    desk.account.fee_currency, desk.account.fee_price = "BNB", Decimal(640)
    desk.venues.markets.books["BNB"] = Book("BNB", "639.9", "640.1", "0.1", "1", "0.01")
    go_wrong(desk, ANSWERS["502"], lambda request: "BNB" in request.query, times=5)

    desk.tick_at(101.5)
    quiet(desk)

    require_sound(desk)
    assert desk.positions() == PAIR
    assert desk.state.cycle is not None
    assert abs(desk.state.cycle.fees + earned(desk)) < NEARLY


# Funding


@each_exchange
@both_modes
@pytest.mark.parametrize("hours", [1, 2])
def test_every_settlement_of_both_legs_is_counted_once(name: str, hedge: bool, hours: int) -> None:
    desk = opened(name, hedge=hedge, profit_ratio=2, stop_loss_ratio=20)
    for hour in range(hours):
        hold(desk, until_the_hour(desk, -25))
        desk.clock.advance(until_the_hour(desk))
        desk.account.settle_funding(FIRST, Decimal("0.0003") * (hour + 1))
        desk.account.settle_funding(SECOND, Decimal("-0.0001"))
        hold(desk, 300)

    assert desk.state.cycle is not None
    settled = sum(amount for _, _, amount in desk.account.funding)
    assert len(desk.account.funding) == 2 * hours
    assert desk.state.cycle.funding == settled != 0

    desk.command(CommandKind.CLOSE)
    desk.tick()

    require_sound(desk)
    assert desk.positions() == FLAT
    assert row(desk).funding == settled
    assert abs(row(desk).net_pnl - earned(desk)) < NEARLY


@each_exchange
def test_settlements_of_one_moment_and_of_a_whole_day_are_all_counted(name: str) -> None:
    desk = opened(name, profit_ratio=2, stop_loss_ratio=20)
    desk.clock.advance(until_the_hour(desk))
    for hour in range(24):
        at = desk.clock.now() + hour * HOUR * 1000
        desk.account.settle_funding(FIRST, Decimal("0.0001"), at)
        desk.account.settle_funding(SECOND, Decimal("0.0002"), at)
    desk.clock.advance(24 * HOUR)
    desk.see(101.4)
    quiet(desk, 3)

    assert desk.state.cycle is not None
    assert desk.state.cycle.funding == sum(amount for _, _, amount in desk.account.funding)


@each_exchange
def test_what_was_settled_before_the_cycle_or_for_others_is_not_its(name: str) -> None:
    desk = ready(name)
    desk.clock.advance(until_the_hour(desk, -60))
    at = desk.clock.now()
    desk.account.funding += [(at, FIRST, Decimal(-3)), (at, SECOND, Decimal(5))]
    desk.tick_at(101.5)
    desk.clock.advance(until_the_hour(desk))
    desk.account.funding.append((desk.clock.now(), "LTC", Decimal(7)))
    desk.account.settle_funding(FIRST, Decimal("0.0003"))
    hold(desk, 200)

    assert desk.state.cycle is not None
    assert desk.state.cycle.funding == desk.account.funding[-1][2] != 0


@each_exchange
@pytest.mark.parametrize("opened_after", [10, 300])
def test_funding_is_asked_for_once_after_each_full_hour(name: str, opened_after: int) -> None:
    desk = ready(name, profit_ratio=2, stop_loss_ratio=20)
    desk.clock.advance(opened_after)
    desk.tick_at(101.5)
    hold(desk, until_the_hour(desk, -25))
    assert funding_requests(desk) == []
    hold(desk, 1.8 * HOUR)
    assert len(funding_requests(desk)) == 4, "both legs, once after each of two hours"


@each_exchange
@pytest.mark.parametrize("after", [5, 60])
def test_a_close_right_after_the_hour_still_counts_its_settlement(name: str, after: int) -> None:
    desk = opened(name)
    desk.clock.advance(until_the_hour(desk))
    desk.account.settle_funding(FIRST, Decimal("0.0003"))
    desk.account.settle_funding(SECOND, Decimal("0.0002"))
    desk.see(100)
    desk.tick(after=after)

    require_sound(desk)
    assert desk.positions() == FLAT
    assert row(desk).funding == sum(amount for _, _, amount in desk.account.funding)
    assert abs(row(desk).net_pnl - earned(desk)) < NEARLY


@each_exchange
@pytest.mark.parametrize("kind", ["500", "cut off", "empty"])
def test_a_history_of_funding_that_cannot_be_read_is_read_again(name: str, kind: str) -> None:
    desk = opened(name)
    desk.clock.advance(until_the_hour(desk))
    desk.account.settle_funding(FIRST, Decimal("0.0003"))
    desk.account.settle_funding(SECOND, Decimal("0.0002"))
    go_wrong(desk, ANSWERS[kind], asks(FUNDING[name]), times=3)
    hold(desk, 400)

    assert desk.state.cycle is not None
    assert desk.state.cycle.funding == sum(amount for _, _, amount in desk.account.funding)
