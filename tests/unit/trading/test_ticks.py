"""Which ticks run, what they cost, and what users' commands make of them."""

import asyncio
import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import UserMustAct
from pairtrader.exchanges.simulated.feed import FundingRate
from pairtrader.model.account import Simulation
from pairtrader.model.bot import CommandKind, Status
from pairtrader.storage.bots import Guard
from pairtrader.strategy.spread import spread
from pairtrader.trading.engine import TickEngine
from pairtrader.trading.invalid_move import InvalidMove
from pairtrader.trading.lifecycle import TRANSITIONS, Move, next_status
from pairtrader.trading.metronome import TickRequest, TickSource, phase_seconds
from pairtrader.trading.report import TickResult
from tests.fakes.faulty_exchange import FaultyExchange
from tests.fakes.trading_desk import BOT, TradingDesk

ZERO = Decimal(0)
MINUTE = 60_000


def scheduled(desk: TradingDesk, generation: int = 1) -> TickRequest:
    return TickRequest(BOT, TickSource.SCHEDULE, generation, desk.clock.now())


def queued(due: int, generation: int = 1) -> TickRequest:
    return TickRequest(BOT, TickSource.QUEUE, generation, due)


def test_twenty_equal_ticks_at_once_leave_one_set_of_orders() -> None:
    desk = TradingDesk()
    desk.exchange = FaultyExchange(desk.exchange)
    desk.see(101.5)
    desk.clock.advance(5)

    async def storm() -> list[TickResult]:
        request = scheduled(desk)
        reports = await asyncio.gather(*(TickEngine(desk.ports()).run(request) for _ in range(20)))
        return [report.result for report in reports]

    results = asyncio.run(storm())

    assert results.count(TickResult.TRADED) == 1
    assert results.count(TickResult.DROPPED) == 19
    assert len(desk.exchange_orders()) == 2
    assert len({due for _, _, due in desk.slots.sent}) == len(desk.slots.sent)


@pytest.mark.parametrize(
    ("story", "request_of", "reason"),
    [
        ("older generation", lambda d: scheduled(d, 0), "other_generation"),
        ("newer generation", lambda d: scheduled(d, 2), "other_generation"),
        ("queued, later than one interval", lambda d: queued(d.clock.now() - 20_000), "late"),
        ("slot done already", lambda d: queued(d.state.last_slot * 5000 + 4999), "slot_done"),
    ],
)
def test_a_tick_is_dropped(story: str, request_of: object, reason: str) -> None:
    desk = TradingDesk()
    desk.tick(request=scheduled(desk))
    before = desk.state

    report = desk.tick(after=0, request=request_of(desk))  # type: ignore[operator]

    assert (report.result, report.reason) == (TickResult.DROPPED, reason)
    assert desk.state == before


def test_a_tick_of_a_deleted_bot_is_dropped_and_its_schedule_removed() -> None:
    desk = TradingDesk()
    request = scheduled(desk)
    del desk.store.bots[BOT]

    report = desk.tick(request=request)

    assert (report.result, report.reason) == (TickResult.DROPPED, "deleted")
    assert desk.retirements.removed == [(BOT, 1)]


def test_a_hand_made_tick_bears_no_slot_and_always_runs() -> None:
    desk = TradingDesk()
    desk.tick(request=scheduled(desk))
    slot = desk.state.last_slot

    reports = [desk.tick(after=0) for _ in range(3)]

    assert {report.result for report in reports} == {TickResult.IDLE}
    assert desk.state.last_slot == slot


def test_a_late_schedule_event_still_runs() -> None:
    desk = TradingDesk()
    request = scheduled(desk)

    assert desk.tick(after=50, request=request).result is TickResult.IDLE


def test_the_schedule_queues_the_minutes_slots_once() -> None:
    desk = TradingDesk()
    request = scheduled(desk)

    desk.tick(after=0.2, request=request)
    first = list(desk.slots.sent)
    desk.tick(after=0.2, request=request)

    dues = [due for _, _, due in first]
    assert desk.slots.sent == first
    phase = phase_seconds(BOT, 5) * 1000
    assert dues[:11] == [
        request.due + phase + 5000 * n  # type: ignore[operator]
        for n in range(1, 12)
    ]


def test_slots_queued_in_a_row_of_minutes_neither_overlap_nor_leave_gaps() -> None:
    desk = TradingDesk()
    for late in (0.0, 7.0, 3.0, 9.0, 0.0):
        request = scheduled(desk)
        desk.tick(after=late, request=request)
        desk.clock.advance(60 - late)

    dues = [due for _, _, due in desk.slots.sent]

    assert dues == sorted(set(dues))
    assert {later - earlier for earlier, later in itertools.pairwise(dues)} == {5000}


def test_hand_made_and_queued_ticks_queue_nothing() -> None:
    desk = TradingDesk()
    desk.tick()
    desk.tick(request=queued(desk.clock.now() + 5000))

    assert desk.slots.sent == []


def test_an_idle_tick_is_one_query_two_quotes_and_one_conditional_write() -> None:
    desk = TradingDesk()
    desk.exchange = FaultyExchange(desk.exchange)
    desk.tick()
    desk.store.calls.clear()
    desk.exchange.requests.clear()  # type: ignore[attr-defined]
    desk.account_store.calls.clear()

    for _ in range(12 * 5):
        assert desk.tick().result is TickResult.IDLE

    assert desk.store.calls == {"load": 60, "change": 60, "add": 5}
    assert desk.exchange.requests == {"quote": 120}  # type: ignore[attr-defined]
    assert not desk.account_store.calls, "quotes need no records of the simulated account"
    assert len(desk.store.points) == 59, "the last minute is still in the state"


def test_an_open_cycle_costs_at_most_two_and_a_half_requests_a_tick() -> None:
    desk = TradingDesk()
    desk.exchange = FaultyExchange(desk.exchange)
    desk.tick_at(101.5)
    desk.see(101.4)
    desk.tick()
    desk.exchange.requests.clear()  # type: ignore[attr-defined]

    for _ in range(120):
        assert desk.tick().result is TickResult.IDLE

    assert sum(desk.exchange.requests.values()) / 120 <= 2.5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("story", "price1", "price2", "reason"),
    [("jump", 110, 100, "price_jump"), ("crash", 100, 80, "price_jump")],
)
def test_a_jump_is_taken_only_once_confirmed(
    story: str, price1: float, price2: float, reason: str
) -> None:
    desk = TradingDesk()
    desk.tick()

    first = desk.tick_at(price1, price2)
    second = desk.tick()

    assert (first.result, first.reason) == (TickResult.SKIPPED, reason)
    assert second.result is TickResult.TRADED


def test_an_exchange_that_does_not_answer_skips_the_tick_and_counts_it() -> None:
    desk = TradingDesk()
    desk.exchange = FaultyExchange(desk.exchange)
    desk.exchange.quotes_fail = True

    reports = [desk.tick() for _ in range(3)]

    assert {report.reason for report in reports} == {"retry_later"}
    assert desk.state.skipped == 3


def test_start_prices_are_fetched_once_and_kept() -> None:
    desk = TradingDesk()
    desk.exchange = FaultyExchange(desk.exchange)
    desk.with_state(start_price1=None, start_price2=None)
    desk.see(102)

    desk.tick()
    desk.tick()

    assert desk.state.start_price1 == Decimal(102)
    assert desk.exchange.requests["candles"] == 2  # type: ignore[attr-defined]


def test_a_bot_waits_for_a_start_time_to_come() -> None:
    desk = TradingDesk(start_time="2026-01-01T00:10:00Z")
    desk.with_state(start_price1=None, start_price2=None)

    early = desk.tick()
    later = desk.tick(after=600)

    assert early.reason == "before_start_time"
    assert later.result is TickResult.IDLE
    assert later.reason == "below_ladder"


def test_paused_after_a_close_by_default_and_the_schedule_goes_at_its_next_event() -> None:
    desk = TradingDesk(pause_after_close=True, profit_ratio=0.3)
    desk.tick_at(101.5)
    desk.tick_at(100)

    report = desk.tick(request=scheduled(desk))

    assert desk.state.status is Status.PAUSED
    assert desk.state.status_reason == "closed: take_profit"
    assert report.reason == "not_ticking"
    assert desk.retirements.removed == [(BOT, 1)]


def test_the_same_direction_waits_until_the_spread_was_away() -> None:
    desk = TradingDesk(profit_mode="regression", profit_ratio=0.3, regression_requires_profit=False)
    desk.tick_at(102)
    desk.tick_at(101.6)
    assert desk.state.current_cycle == 1

    held = desk.tick_at(101.6)
    desk.tick_at(100.5)
    opened = desk.tick_at(101.6)

    assert held.reason == "disarmed"
    assert opened.result is TickResult.TRADED


def test_cooldown_holds_after_any_close() -> None:
    desk = TradingDesk(profit_ratio=0.3, cooldown_seconds=60)
    desk.tick_at(101.5)
    desk.tick_at(100)

    cooling = desk.tick_at(98.5)
    opened = desk.tick(after=60)

    assert cooling.reason == "cooldown"
    assert opened.result is TickResult.TRADED


def test_the_cap_skips_a_row_and_says_so_once() -> None:
    desk = TradingDesk(max_position_value="300")
    desk.tick_at(101.5)

    reports = [desk.tick_at(103) for _ in range(3)]

    assert {report.reason for report in reports} == {"over_cap"}
    assert sum("cap" in line.message for line in desk.store.logs) == 1


def test_a_close_command_closes_now_and_pauses() -> None:
    desk = TradingDesk()
    desk.tick_at(101.5)
    desk.command(CommandKind.CLOSE)

    desk.tick()

    assert desk.positions() == desk.books() == (ZERO, ZERO)
    assert desk.state.status is Status.PAUSED
    assert desk.state.command is None
    assert desk.store.cycles[BOT, 1].reason == "user"


def test_stopping_closes_gives_back_and_stops() -> None:
    desk = TradingDesk()
    desk.tick_at(101.5)
    desk.store.edit(BOT, status=Status.STOPPING)

    desk.tick()

    assert desk.positions() == (ZERO, ZERO)
    assert desk.state.status is Status.STOPPED
    assert desk.retirements.released == [BOT]
    assert desk.retirements.removed == [(BOT, 1)]


def test_leaving_hands_the_position_over_at_the_mark() -> None:
    desk = TradingDesk()
    desk.tick_at(101.5)
    held = desk.positions()
    desk.store.edit(BOT, status=Status.STOPPING)
    desk.command(CommandKind.HAND_OVER)

    desk.tick_at(101)

    row = desk.store.cycles[BOT, 1]
    assert desk.positions() == held
    assert desk.state.status is Status.STOPPED
    assert row.reason == "handed_over"
    assert row.realised == Decimal("0.49")


def test_paused_watches_exits_but_never_adds() -> None:
    desk = TradingDesk(profit_ratio=0.3)
    desk.tick_at(101.5)
    desk.store.edit(BOT, status=Status.PAUSED)

    no_add = desk.tick_at(104)
    closed = desk.tick_at(100)

    assert no_add.reason == "no_entries"
    assert closed.result is TickResult.TRADED
    assert desk.positions() == (ZERO, ZERO)


class StopsMeanwhile(FaultyExchange):
    """The user stops the bot while the tick looks at the market."""

    desk: TradingDesk

    async def balance(self, currency="USDT"):  # type: ignore[no-untyped-def]
        self.desk.store.edit(BOT, status=Status.STOPPED)
        return await super().balance()


def test_a_bot_stopped_while_its_tick_runs_sends_nothing() -> None:
    desk = TradingDesk()
    exchange = StopsMeanwhile(desk.exchange)
    exchange.desk = desk
    desk.exchange = exchange

    desk.tick_at(101.5)

    assert desk.exchange_orders() == []
    assert desk.state.status is Status.STOPPED
    assert desk.state.is_flat


class RestartsMeanwhile(FaultyExchange):
    """The user stops and starts the bot while the tick looks at the market."""

    desk: TradingDesk

    async def balance(self, currency="USDT"):  # type: ignore[no-untyped-def]
        self.desk.store.edit(BOT, generation=2)
        return await super().balance()


def test_a_tick_of_the_generation_before_sends_nothing() -> None:
    desk = TradingDesk()
    exchange = RestartsMeanwhile(desk.exchange)
    exchange.desk = desk
    desk.exchange = exchange

    desk.tick_at(101.5)

    assert desk.exchange_orders() == []


def test_limit_orders_rest_at_the_touch_and_are_given_up_after_their_time() -> None:
    desk = TradingDesk(order_type_open="limit", limit_timeout_seconds=30)

    desk.tick_at(101.5)
    assert len(desk.bot.intents) == 2
    desk.see(100.5, 100)
    for _ in range(7):
        desk.tick()

    assert desk.bot.intents == ()
    assert desk.state.is_flat
    assert desk.positions() == (ZERO, ZERO)
    assert desk.state.status is Status.RUNNING


def test_limit_orders_that_the_market_reaches_are_filled_as_maker() -> None:
    desk = TradingDesk(order_type_open="limit")
    desk.tick_at(101.5)

    desk.see(101.6, 99.9)
    desk.tick()

    assert desk.books() == desk.positions() == (Decimal("-0.98"), Decimal(1))
    assert {order.order_type for order in desk.store.orders.values()} == {"limit"}
    assert desk.state.cycle is not None
    assert desk.state.cycle.level == 1


def test_a_limit_leg_that_is_not_reached_goes_to_market_once_the_other_is_filled() -> None:
    desk = TradingDesk(order_type_open="limit", leg_timeout_seconds=5)
    desk.tick_at(101.5)

    desk.see(101.6, 100.2)
    for _ in range(3):
        desk.tick()

    assert desk.books() == desk.positions() == (Decimal("-0.98"), Decimal(1))
    assert {order.purpose for order in desk.store.orders.values()} == {"entry", "rest"}


def test_a_pending_add_is_cancelled_before_an_exit() -> None:
    desk = TradingDesk(order_type_open="limit", stop_loss_ratio=0.8, limit_timeout_seconds=600)
    desk.tick_at(101.5)
    desk.see(101.6, 99.9)
    desk.tick()
    desk.tick_at(102.5)
    assert len(desk.bot.intents) == 2

    desk.see(102.4, 98.2)
    desk.tick()
    for _ in range(3):
        desk.tick()

    assert desk.positions() == desk.books() == (ZERO, ZERO)
    assert desk.store.cycles[BOT, 1].reason == "stop_loss"


@pytest.mark.parametrize("move", list(Move))
def test_only_moves_of_the_table_are_allowed(move: Move) -> None:
    for status in Status:
        if (status, move) in TRANSITIONS:
            assert next_status(status, move) is TRANSITIONS[status, move]
        else:
            with pytest.raises(InvalidMove):
                next_status(status, move)


def test_the_spread_decides_not_which_price_is_higher() -> None:
    desk = TradingDesk()
    desk.with_state(start_price1=Decimal(100), start_price2=Decimal(200))
    desk.see(100, 204)
    desk.tick()
    assert spread(desk.settings.spread_mode, 100, 100, 204, 200) < 0

    first, second = desk.positions()

    assert first > 0 > second


def test_a_state_replaced_keeps_what_the_api_wrote_beside() -> None:
    desk = TradingDesk()
    before = desk.state
    desk.store.edit(BOT, total_profit=Decimal(7))
    stored = desk.store.change(before, replace(before, skipped=3), Guard.FENCE)

    assert (stored.total_profit, stored.skipped) == (Decimal(7), 3)


def test_an_account_that_can_not_be_opened_skips_the_tick() -> None:
    desk = TradingDesk()

    async def gone(config: object) -> BaseExchange:
        raise UserMustAct("the exchange account is gone")

    ports = replace(desk.ports(), exchange_of=gone)
    report = asyncio.run(TickEngine(ports).run(TickRequest(BOT, TickSource.HAND)))

    assert (report.result, report.reason) == (TickResult.SKIPPED, "user_must_act")


def test_funding_is_booked_once_per_leg_from_the_exchanges_history() -> None:
    desk = TradingDesk(simulation=Simulation(slippage=Decimal(0)))
    desk.tick_at(101.5)
    due = desk.clock.now() + 30_000
    desk.feed.rates = [FundingRate(due, Decimal("0.001"), Decimal(100), due)]

    for _ in range(30):
        desk.tick()

    cycle = desk.state.cycle
    assert cycle is not None
    # 0.98 sold receive, 1 bought pays, each on a mark of 100.
    assert cycle.funding == Decimal("0.098") - Decimal("0.1")
    desk.command(CommandKind.CLOSE)
    desk.tick()
    assert desk.store.cycles[BOT, 1].funding == Decimal("-0.002")
