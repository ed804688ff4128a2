"""Whatever happens to one leg, the other does not stay alone and no order is doubled."""

from decimal import Decimal

import pytest

from pairtrader.exchanges.errors import UserMustAct
from pairtrader.model.account import MarginMode
from pairtrader.model.bot import Status
from pairtrader.model.market import Market
from pairtrader.model.order import OrderReport
from pairtrader.model.records import LogType
from tests.fakes.faulty_exchange import Fault, FaultyExchange
from tests.fakes.trading_desk import TradingDesk

A, B = "AAA-USDT", "BBB-USDT"
ZERO = Decimal(0)


def desk_with(faults: dict[tuple[str, int], Fault], **changes: object) -> TradingDesk:
    desk = TradingDesk(profit_ratio=0.3, **changes)
    faulty = FaultyExchange(desk.exchange)
    faulty.faults = faults
    desk.exchange = faulty
    return desk


def residual(desk: TradingDesk) -> Decimal:
    first, second = desk.positions()
    return abs(abs(first) * desk.feed.prices[A] - abs(second) * desk.feed.prices[B])


@pytest.mark.parametrize(
    "faults",
    [
        {(A, 1): Fault.LOST_AFTER},
        {(B, 1): Fault.LOST_AFTER},
        {(A, 1): Fault.LOST_AFTER, (B, 1): Fault.LOST_AFTER},
    ],
    ids=["first answer lost", "second answer lost", "both answers lost"],
)
def test_an_order_whose_answer_got_lost_is_looked_up_not_sent_again(
    faults: dict[tuple[str, int], Fault],
) -> None:
    desk = desk_with(faults)

    desk.tick_at(101.5)

    assert desk.exchange.sent == {A: 1, B: 1}  # type: ignore[attr-defined]
    assert desk.books() == desk.positions() == (Decimal("-0.98"), Decimal(1))
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1


def test_an_order_that_is_found_late_is_not_taken_for_absent() -> None:
    desk = desk_with({(A, 1): Fault.LOST_AFTER})
    desk.exchange.hides_orders = 2  # type: ignore[attr-defined]

    desk.tick_at(101.5)
    desk.tick()

    assert desk.exchange.sent[A] == 1  # type: ignore[attr-defined]
    assert desk.books() == desk.positions() == (Decimal("-0.98"), Decimal(1))


def test_a_leg_that_never_arrived_is_completed_once_that_is_proven() -> None:
    desk = desk_with({(B, 1): Fault.LOST_BEFORE})

    desk.tick_at(101.5)
    for _ in range(4):
        desk.tick()

    assert desk.exchange.sent == {A: 1, B: 2}  # type: ignore[attr-defined]
    assert desk.books() == desk.positions() == (Decimal("-0.98"), Decimal(1))
    assert desk.state.status is Status.RUNNING


@pytest.mark.parametrize("symbol", [A, B])
def test_a_refused_leg_is_tried_once_more_then_the_other_is_unwound_and_the_bot_pauses(
    symbol: str,
) -> None:
    desk = desk_with({(symbol, 1): Fault.REFUSED, (symbol, 2): Fault.REFUSED})

    desk.tick_at(101.5)

    assert desk.positions() == desk.books() == (ZERO, ZERO)
    assert desk.state.status is Status.PAUSED
    assert "entry_unwound" in desk.state.status_reason
    assert desk.store.cycles["bot1", 1].reason == "unwound"
    assert desk.state.total_profit < 0, "the fees of the unwound leg are booked"
    assert any(line.log_type is LogType.WARNING for line in desk.store.logs)


def test_both_legs_refused_opens_nothing_and_pauses_with_the_exchanges_words() -> None:
    desk = desk_with({(A, 1): Fault.REFUSED, (B, 1): Fault.REFUSED})

    desk.tick_at(101.5)

    assert desk.positions() == (ZERO, ZERO)
    assert desk.state.is_flat
    assert desk.state.status is Status.PAUSED
    assert "no, thank you" in desk.state.status_reason


def test_a_half_filled_leg_is_completed() -> None:
    desk = desk_with({(A, 1): Fault.HALF})

    desk.tick_at(101.5)

    assert desk.positions() == desk.books() == (Decimal("-0.98"), Decimal(1))


def test_a_leg_that_stays_half_filled_brings_the_other_down_to_its_size() -> None:
    desk = desk_with({(A, 1): Fault.HALF, (A, 2): Fault.REFUSED})

    desk.tick_at(101.5)

    assert desk.books() == desk.positions() == (Decimal("-0.49"), Decimal("0.5"))
    assert residual(desk) < 1
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1, "a balanced part above the minimum is a row done"
    assert desk.state.status is Status.PAUSED


def test_both_legs_half_filled_are_a_row_done_and_nothing_is_bought_again() -> None:
    desk = desk_with({(A, 1): Fault.HALF, (B, 1): Fault.HALF})

    desk.tick_at(101.5)
    desk.tick()

    assert desk.exchange.sent == {A: 1, B: 1}  # type: ignore[attr-defined]
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1
    assert desk.state.status is Status.RUNNING


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.HALF])
@pytest.mark.parametrize("symbol", [A, B])
def test_a_close_tries_both_legs_whatever_one_of_them_says(fault: Fault, symbol: str) -> None:
    desk = desk_with({(symbol, 2): fault})
    desk.tick_at(101.5)
    assert desk.positions() != (ZERO, ZERO)

    desk.tick_at(100)
    for _ in range(3):
        desk.tick()

    assert desk.positions() == desk.books() == (ZERO, ZERO)
    assert desk.state.current_cycle == 1


def test_a_close_that_the_exchange_refuses_for_ever_ends_in_error_not_in_a_flip() -> None:
    desk = desk_with({(A, n): Fault.REFUSED for n in range(2, 60)})
    desk.tick_at(101.5)

    desk.tick_at(100)
    for _ in range(10):
        desk.tick()

    assert desk.state.status is Status.ERROR
    assert desk.positions() == desk.books() == (Decimal("-0.98"), ZERO)


def test_an_entry_the_account_can_not_pay_for_sends_nothing() -> None:
    desk = TradingDesk(investment_per_order="80000", max_position_value="800000")

    desk.tick_at(101.5)

    assert desk.exchange_orders() == []
    assert desk.state.status is Status.PAUSED
    assert "margin" in desk.state.status_reason


class NoSuchLeverage(FaultyExchange):
    """Refuses every leverage."""

    async def set_leverage(self, market: Market, leverage: int, margin_mode: MarginMode) -> None:
        raise UserMustAct("leverage 10 is not allowed here")


def test_an_entry_the_exchange_will_not_prepare_pauses_with_its_words() -> None:
    desk = TradingDesk()
    desk.exchange = NoSuchLeverage(desk.exchange)

    desk.tick_at(101.5)

    assert desk.exchange_orders() == []
    assert desk.state.status is Status.PAUSED
    assert "leverage 10 is not allowed here" in desk.state.status_reason


def test_client_order_ids_fit_every_exchange() -> None:
    desk = desk_with({})
    desk.tick_at(101.5)

    for order_id in desk.exchange_orders():
        assert order_id.isalnum()
        assert order_id == order_id.lower()
        assert len(order_id) <= 32


class Hidden(FaultyExchange):
    """Takes orders and changes positions, but does not show the orders for a while."""

    hidden = True

    async def find_order(self, market: Market, client_order_id: str) -> OrderReport | None:
        return None if self.hidden else await super().find_order(market, client_order_id)


def test_an_order_not_found_while_its_position_is_there_is_an_error_until_it_shows_up() -> None:
    desk = TradingDesk()
    exchange = Hidden(desk.exchange)
    exchange.faults = {(A, 1): Fault.LOST_AFTER, (B, 1): Fault.LOST_AFTER}
    desk.exchange = exchange

    desk.tick_at(101.5)
    for _ in range(3):
        desk.tick(after=60)
    assert desk.state.status is Status.ERROR
    assert desk.state.status_reason == "unproven_order"
    assert exchange.sent == {A: 1, B: 1}, "nothing is sent while an order's fate is open"

    exchange.hidden = False
    desk.tick(after=60)

    assert desk.state.status is Status.PAUSED
    assert desk.books() == desk.positions() == (Decimal("-0.98"), Decimal(1))
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1


def test_a_limit_close_that_is_not_reached_is_given_up_and_judged_anew() -> None:
    desk = TradingDesk(profit_ratio=0.3, order_type_close="limit", limit_timeout_seconds=10)
    desk.tick_at(101.5)
    held = desk.positions()

    desk.tick_at(100.4)
    assert len(desk.bot.intents) == 2
    desk.see(101.2, 100)
    for _ in range(4):
        desk.tick()
    assert desk.bot.intents == ()
    assert desk.positions() == desk.books() == held

    desk.tick_at(100.4)
    desk.see(100.3, 100.1)
    desk.tick()

    assert desk.positions() == desk.books() == (ZERO, ZERO)
    assert desk.state.current_cycle == 1


def test_a_stop_does_not_wait_for_a_resting_take_profit() -> None:
    desk = TradingDesk(
        profit_ratio=0.3, stop_loss_ratio=0.6, order_type_close="limit", limit_timeout_seconds=600
    )
    desk.tick_at(101.5)
    desk.tick_at(100.4)
    assert len(desk.bot.intents) == 2

    desk.tick_at(103.4, 100)
    desk.tick()
    desk.tick()

    assert desk.positions() == desk.books() == (ZERO, ZERO)
    assert desk.store.cycles["bot1", 1].reason == "stop_loss"
