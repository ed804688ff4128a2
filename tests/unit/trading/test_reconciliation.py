"""What the bot does when the exchange holds something else than its books say."""

import asyncio
from decimal import Decimal

import pytest

from pairtrader.model.bot import CommandKind, Status
from pairtrader.model.order import OrderRequest, OrderType, Side
from pairtrader.model.records import LogType
from tests.fakes.faulty_exchange import Fault, FaultyExchange
from tests.fakes.trading_desk import BOT, TradingDesk

A, B = "AAA-USDT", "BBB-USDT"
ZERO = Decimal(0)
SHORT, LONG = Decimal("-0.98"), Decimal(1)


def open_desk(**changes: object) -> TradingDesk:
    """A cycle open for a while, the account compared once."""
    desk = TradingDesk(**changes)
    desk.exchange = FaultyExchange(desk.exchange)
    desk.tick_at(101.5)
    desk.see(101.4)
    for _ in range(3):
        desk.tick()
    assert desk.positions() == desk.books() == (SHORT, LONG)
    return desk


def by_hand(desk: TradingDesk, leg: int, side: Side, amount: str) -> None:
    """Somebody else trades on the account, or a leg is liquidated."""
    request = OrderRequest("byhand", desk.markets[leg], side, OrderType.MARKET, Decimal(amount))
    asyncio.run(desk.new_exchange().place(request))


def run(desk: TradingDesk, seconds: int = 70) -> None:
    for _ in range(seconds // 5):
        desk.tick()


def test_a_leg_that_is_gone_is_an_error_and_the_other_is_closed() -> None:
    desk = open_desk()
    by_hand(desk, 0, Side.BUY, "0.98")

    run(desk)

    assert desk.positions() == (ZERO, ZERO)
    assert desk.state.status is Status.ERROR
    assert desk.state.status_reason == "position_mismatch"
    errors = [line.message for line in desk.store.logs if line.log_type is LogType.ERROR]
    assert errors == ["AAA-USDT: books -0.98, exchange 0"]


def test_accepting_the_exchange_ends_the_cycle_and_pauses() -> None:
    desk = open_desk()
    by_hand(desk, 0, Side.BUY, "0.98")
    run(desk)

    desk.command(CommandKind.ACCEPT_EXCHANGE)
    desk.tick()

    assert desk.books() == desk.positions() == (ZERO, ZERO)
    assert desk.state.status is Status.PAUSED
    assert desk.store.cycles[BOT, 1].reason == "broken_pair"


def test_held_on_a_broken_pair_nothing_is_traded_until_the_user_closes() -> None:
    desk = open_desk(on_broken_pair="hold")
    by_hand(desk, 0, Side.BUY, "0.98")

    run(desk, 300)
    assert desk.state.status is Status.ERROR
    assert desk.positions() == (ZERO, LONG)

    desk.command(CommandKind.CLOSE_AND_ACCEPT)
    for _ in range(3):
        desk.tick()

    assert desk.books() == desk.positions() == (ZERO, ZERO)
    assert desk.state.status is Status.PAUSED


def test_coins_added_by_hand_are_not_ours_to_sell() -> None:
    desk = open_desk()
    by_hand(desk, 1, Side.BUY, "3")

    run(desk)

    assert desk.positions() == (ZERO, Decimal(3))
    assert desk.books() == (ZERO, ZERO)
    assert desk.store.cycles[BOT, 1].reason == "broken_pair"
    assert desk.state.status is Status.PAUSED


def test_a_smaller_leg_can_be_accepted_and_the_cycle_goes_on() -> None:
    desk = open_desk(on_broken_pair="hold")
    by_hand(desk, 1, Side.SELL, "0.4")
    run(desk)

    desk.command(CommandKind.ACCEPT_EXCHANGE)
    desk.tick()

    assert desk.books() == desk.positions() == (SHORT, Decimal("0.6"))
    assert desk.state.status is Status.PAUSED
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1


@pytest.mark.parametrize("looks", [1])
def test_one_stale_answer_is_no_mismatch(looks: int) -> None:
    desk = open_desk()
    desk.exchange.stale_positions = looks  # type: ignore[attr-defined]

    run(desk, 300)

    assert desk.state.status is Status.RUNNING
    assert desk.positions() == desk.books() == (SHORT, LONG)


def test_no_answer_is_no_position_of_zero() -> None:
    desk = open_desk()
    desk.exchange.failing["positions"] = 20  # type: ignore[attr-defined]

    run(desk, 300)

    assert desk.state.status is Status.RUNNING
    assert desk.positions() == desk.books() == (SHORT, LONG)


def test_two_looks_of_one_moment_confirm_nothing() -> None:
    desk = open_desk()
    by_hand(desk, 0, Side.BUY, "0.98")
    desk.tick(after=70)

    for _ in range(5):
        desk.tick(after=0.5)

    assert desk.state.status is Status.RUNNING
    desk.tick(after=3)
    assert desk.state.status is Status.ERROR


def test_an_order_nobody_finds_can_be_given_up_for_what_the_exchange_holds() -> None:
    desk = TradingDesk(profit_ratio=0.3)
    exchange = FaultyExchange(desk.exchange)
    exchange.faults = {(A, 1): Fault.LOST_AFTER, (B, 1): Fault.LOST_AFTER}
    exchange.hides_orders = 10_000
    desk.exchange = exchange
    desk.tick_at(101.5)
    for _ in range(3):
        desk.tick(after=60)
    assert desk.state.status is Status.ERROR

    desk.command(CommandKind.ACCEPT_EXCHANGE)
    desk.tick(after=60)

    assert desk.bot.intents == ()
    assert desk.books() == desk.positions() == (SHORT, LONG)
    assert desk.state.status is Status.PAUSED
    desk.tick_at(100)
    assert desk.positions() == (ZERO, ZERO), "its exits are watched"


def stuck_desk() -> TradingDesk:
    """In error with one leg left, which books and exchange agree on."""
    desk = open_desk(profit_ratio=0.3)
    sent = desk.exchange.sent[A]  # type: ignore[attr-defined]
    desk.exchange.faults = {(A, sent + n): Fault.REFUSED for n in range(1, 60)}  # type: ignore[attr-defined]
    desk.tick_at(100)
    run(desk)
    assert desk.state.status is Status.ERROR
    assert desk.books() == desk.positions() == (SHORT, ZERO)
    return desk


def test_resolving_by_close_closes_a_leg_that_both_agree_on() -> None:
    desk = stuck_desk()
    desk.exchange.faults.clear()  # type: ignore[attr-defined]

    desk.command(CommandKind.CLOSE_AND_ACCEPT)
    desk.tick()

    assert desk.books() == desk.positions() == (ZERO, ZERO)
    assert desk.state.status is Status.PAUSED
    assert desk.state.command is None


def test_resolving_by_close_goes_on_while_the_exchange_takes_nothing() -> None:
    desk = stuck_desk()
    desk.command(CommandKind.CLOSE_AND_ACCEPT)

    desk.tick()
    assert desk.state.status is Status.ERROR, "a position the user wanted closed is not accepted"
    desk.exchange.faults.clear()  # type: ignore[attr-defined]
    run(desk, 20)

    assert desk.books() == desk.positions() == (ZERO, ZERO)
    assert desk.state.status is Status.PAUSED


def test_a_resolve_that_comes_when_the_error_is_over_does_nothing() -> None:
    desk = open_desk()
    desk.store.edit(BOT, status=Status.PAUSED)
    desk.command(CommandKind.ACCEPT_EXCHANGE)

    desk.tick()

    assert desk.state.command is None
    assert desk.state.status is Status.PAUSED
    assert desk.books() == desk.positions() == (SHORT, LONG)
