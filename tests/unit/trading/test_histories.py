"""Random histories: prices, users, faults, crashes and duplicate ticks; then some quiet."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairtrader.model.bot import CommandKind, Status
from pairtrader.trading.lifecycle import Move, next_status
from tests.crash_scenes import run_until
from tests.fakes.faulty_exchange import Fault, FaultyExchange
from tests.fakes.fuse import Fuse
from tests.fakes.trading_desk import BOT, LADDER, TradingDesk

ZERO = Decimal(0)
A, B = "AAA-USDT", "BBB-USDT"
LARGEST_LEG = sum(Decimal(row["multiplier"]) for row in LADDER) * 100
"""Notional of one leg with the whole ladder done, quote currency."""


@dataclass(frozen=True)
class Event:
    """One thing that happens to a bot."""

    kind: str
    value: Any = None

    def happen(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        getattr(self, f"_{self.kind}")(desk, exchange)

    def _tick(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        first, second = self.value
        desk.see(round(100 + first, 3), round(100 + second, 3))
        desk.tick()

    def _wait(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        desk.tick(after=self.value)

    def _fault(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        symbol, fault, ahead = self.value
        exchange.faults[symbol, exchange.sent[symbol] + ahead] = fault

    def _hide(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        exchange.hides_orders, exchange.stale_positions = self.value, 0

    def _stale(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        # Orders and positions do not both lie at once: nothing could be proven then.
        exchange.stale_positions, exchange.hides_orders = self.value, 0

    def _fail(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        method, times = self.value
        exchange.failing[method] = times

    def _crash(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        run_until(desk, Fuse(self.value))
        desk.exchange = exchange

    def _user(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        state = desk.state
        if self.value is Move.START and state.status in (Status.PAUSED, Status.STOPPED):
            desk.store.edit(
                BOT,
                status=next_status(state.status, Move.START),
                generation=state.generation + 1,
                command=None,
                disarmed=0,
                last_slot=0,
            )
        elif self.value is Move.PAUSE and state.status is Status.RUNNING:
            desk.store.edit(BOT, status=Status.PAUSED)
        elif self.value is Move.STOP_OPEN and state.cycle and state.status is not Status.STOPPING:
            desk.store.edit(BOT, status=Status.STOPPING)

    def _close(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        if desk.state.status is not Status.STOPPED:
            desk.command(CommandKind.CLOSE)

    def _resolve(self, desk: TradingDesk, exchange: FaultyExchange) -> None:
        if desk.state.status is Status.ERROR:
            exchange.stale_positions = 0  # what is accepted must be true
            desk.command(self.value)


moves = st.floats(-4, 4, allow_nan=False)
symbols = st.sampled_from((A, B))
methods = st.sampled_from(
    ("quote", "balance", "positions", "find_order", "cancel", "funding", "set_leverage")
)
events = st.one_of(
    st.builds(Event, st.just("tick"), st.tuples(moves, moves)),
    st.builds(Event, st.just("tick"), st.tuples(moves, moves)),
    st.builds(Event, st.just("wait"), st.sampled_from((0, 1, 5, 21, 120))),
    st.builds(
        Event,
        st.just("fault"),
        st.tuples(symbols, st.sampled_from(list(Fault)), st.integers(1, 3)),
    ),
    st.builds(Event, st.just("hide"), st.integers(1, 3)),
    st.builds(Event, st.just("stale"), st.integers(1, 4)),
    st.builds(Event, st.just("fail"), st.tuples(methods, st.integers(1, 30))),
    st.builds(Event, st.just("crash"), st.integers(1, 40)),
    st.builds(Event, st.just("user"), st.sampled_from((Move.START, Move.PAUSE, Move.STOP_OPEN))),
    st.builds(Event, st.just("close")),
    st.builds(
        Event,
        st.just("resolve"),
        st.sampled_from((CommandKind.ACCEPT_EXCHANGE, CommandKind.CLOSE_AND_ACCEPT)),
    ),
)
bots = st.fixed_dictionaries(
    {
        "profit_ratio": st.sampled_from((0.2, 0.5, 2.0)),
        "stop_loss_ratio": st.sampled_from((0.5, 3.0)),
        "order_type_open": st.sampled_from(("market", "limit")),
        "order_type_close": st.sampled_from(("market", "limit")),
        "pause_after_close": st.booleans(),
    }
)


def quieten(desk: TradingDesk, exchange: FaultyExchange) -> None:
    """Nothing goes wrong any more, and some ticks go by."""
    exchange.faults.clear()
    exchange.hides_orders = 0
    exchange.failing.clear()
    exchange.stale_positions = 0
    desk.clock.advance(60)
    for _ in range(12):
        desk.tick()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=bots, history=st.lists(events, min_size=4, max_size=24))
def test_after_any_history_books_and_exchange_agree_and_no_leg_stays_alone(
    changes: dict[str, Any], history: list[Event]
) -> None:
    desk = TradingDesk(**changes)
    exchange = FaultyExchange(desk.exchange)
    desk.exchange = exchange
    for event in history:
        event.happen(desk, exchange)
    quieten(desk, exchange)

    assert desk.books() == desk.positions()
    assert desk.bot.intents == () or desk.state.operation is not None
    given_up = any("given up" in line.message for line in desk.store.logs)
    settled = {*desk.store.orders, *(intent.client_order_id for intent in desk.bot.intents)}
    assert given_up or set(desk.exchange_orders()) <= settled
    for amount in desk.positions():
        assert abs(amount) * 90 <= LARGEST_LEG * Decimal("1.02")
    if desk.state.operation is None and desk.state.status is not Status.ERROR:
        first, second = desk.positions()
        assert (first == ZERO) == (second == ZERO), "a leg stays alone"
        assert first * second <= 0
    if desk.state.status is Status.STOPPED:
        assert desk.state.is_flat
    booked = [order for order in desk.store.orders.values() if order.filled_amount]
    for symbol, held in zip((A, B), desk.positions(), strict=True):
        signs = {"buy": 1, "sell": -1}
        traded = sum((signs[o.side] * o.filled_amount for o in booked if o.symbol == symbol), ZERO)
        if not given_up:
            assert traded == held, "every fill is booked once"
