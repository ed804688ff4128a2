"""Random histories of one bot on one exchange's wire format, as a Hypothesis state machine.

Prices, users, faults at any request, lags, crashes at any await, duplicate ticks, and whatever
others do to the account; then some quiet, and books and exchange must agree.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pairtrader.model.bot import CommandKind, Status
from pairtrader.model.records import LogType
from pairtrader.trading.lifecycle import Move, next_status
from pairtrader.trading.report import TickReport
from tests.fakes.fuse import Fragile, Fuse, ProcessKilled
from tests.fakes.trading_desk import BOT, LADDER
from tests.fakes.venues.account import OrderScript, Reason
from tests.fakes.venues.wire import Answer, Fault, Request
from tests.fakes.wire_desk import STEP, WireDesk

ZERO = Decimal(0)
SIGNS = {"buy": 1, "sell": -1}
LARGEST_LEG = sum(Decimal(row["multiplier"]) for row in LADDER) * 100
"""Notional of one leg with the whole ladder done, quote currency."""

ANSWERS = {
    "reset": Answer(hang_up=True),
    "time-out": Answer(hang=True),
    "500": Answer(500, "oops"),
    "502": Answer(502, "<html>bad gateway</html>"),
    "503": Answer(503, '{"code":"50001","msg":"Service temporarily unavailable"}'),
    "429": Answer(429, "{}", (("Retry-After", "3"),)),
    "451": Answer(451, "{}"),
    "cut off": None,
    "not JSON": Answer(200, "<html>maintenance</html>"),
    "empty": Answer(200, ""),
}
UNPROCESSED = ("429", "451")
"""An exchange that answers so has done nothing."""

moves = st.floats(-4, 4, allow_nan=False).map(lambda move: round(move, 2))
bases = st.sampled_from(("AAA", "BBB"))
bots = st.fixed_dictionaries(
    {
        "profit_ratio": st.sampled_from((0.2, 0.5, 2.0)),
        "stop_loss_ratio": st.sampled_from((0.5, 3.0)),
        "order_type_open": st.sampled_from(("market", "limit")),
        "order_type_close": st.sampled_from(("market", "limit")),
        "pause_after_close": st.booleans(),
    }
)
scripts = st.sampled_from(
    (
        OrderScript(refuse=Reason.OUT_OF_ORDER),
        OrderScript(refuse=Reason.MARGIN),
        OrderScript(share=ZERO),
        OrderScript(share=Decimal("0.5")),
        OrderScript(fills_at_cancel=Decimal(1)),
        OrderScript(fills_at_cancel=Decimal("0.4"), shown_as_open=2),
        OrderScript(shown_as_open=3),
        OrderScript(fills_late=2),
    )
)


def _bounded(price: float) -> float:
    """Within a range that makes no two equal notionals of very different amounts."""
    return round(min(max(price, 94.0), 109.0), 2)


class WireHistory(RuleBasedStateMachine):
    """Subclass with a name of an exchange."""

    exchange: ClassVar[str]

    @initialize(changes=bots, hedge=st.booleans(), opened=st.sampled_from((0, 1, 1, 2)))
    def begin(self, changes: dict[str, Any], hedge: bool, opened: int) -> None:
        self.desk = WireDesk(self.exchange, hedge=hedge, **changes)
        self.account = self.desk.account
        self.meddled = False
        """Whether somebody else has changed what the bot holds."""
        self.accepted = False
        """Whether the user has made the bot's what somebody else left."""
        self.report: TickReport | None = None
        self.prices = (100.0, 100.0)
        self._look(100.2, 100)
        for row in range(opened):
            self._look(101.5 + row, 100)

    def _look(self, first: float, second: float) -> None:
        """Both markets come to these prices, and a tick sees them."""
        self._see(first, second)
        self.report = self.desk.tick()

    def _see(self, first: float, second: float) -> None:
        self.prices = (_bounded(first), _bounded(second))
        self.desk.see(*self.prices)

    # The market and the clock

    @rule(first=moves, second=moves)
    def prices_move(self, first: float, second: float) -> None:
        self._look(100 + first, 100 + second)

    @rule(by=st.sampled_from((0.6, 1.2, 2.5)))
    def the_spread_widens(self, by: float) -> None:
        first, second = self.prices
        self._look(first + by if first >= second else first - by, second)

    @rule()
    def the_spread_closes(self) -> None:
        self._look(100.1, 100)

    @rule(seconds=st.sampled_from((0, 1, 5, 21, 60)))
    def time_passes(self, seconds: int) -> None:
        self.report = self.desk.tick(after=seconds)

    @rule(first=moves)
    def two_ticks_at_once(self, first: float) -> None:
        self._see(100 + first, 100)
        self.desk.tick_twice()

    @rule(ahead=st.sampled_from((-9_000, -3_000, 4_000, 30_000, 0)))
    def clocks_drift(self, ahead: int) -> None:
        self.desk.venues.clock_ahead = ahead

    # Faults

    @rule(
        kind=st.sampled_from(sorted(ANSWERS)),
        processed=st.booleans(),
        orders_only=st.booleans(),
        skip=st.integers(0, 8),
        times=st.sampled_from((1, 1, 2, 5, 30)),
    )
    def a_request_goes_wrong(
        self, kind: str, processed: bool, orders_only: bool, skip: int, times: int
    ) -> None:
        answer = ANSWERS[kind]
        done = answer is None or (processed and kind not in UNPROCESSED)
        matches: Callable[[Request], bool] = (
            self.desk.venues.sends_order if orders_only else lambda _: True
        )
        self.desk.venues.faults.append(Fault(answer, done, matches, skip, times))

    @rule(base=bases, ahead=st.integers(1, 3), script=scripts)
    def an_order_will_go_wrong(self, base: str, ahead: int, script: OrderScript) -> None:
        self.account.scripts[base, self.account.received.get(base, 0) + ahead] = script

    # Orders and positions do not both lie at once: nothing could be proven then.

    @rule(times=st.integers(1, 4))
    def orders_are_hidden(self, times: int) -> None:
        self.account.hidden_orders = times
        self.account.stale_positions = self.account.empty_positions = 0

    @rule(times=st.integers(1, 3), empty=st.booleans())
    def positions_are_old(self, times: int, empty: bool) -> None:
        self.account.hidden_orders = 0
        if empty:
            self.account.empty_positions = times
        else:
            self.account.stale_positions = times

    @rule(step=st.integers(1, 60), first=moves)
    def the_process_dies(self, step: int, first: float) -> None:
        desk, fuse = self.desk, Fuse(step)
        self._see(100 + first, 100)
        store, desk.store = desk.store, Fragile(desk.store, fuse, "bots")
        desk.step = fuse.step
        try:
            desk.tick()
        except ProcessKilled:
            desk.exchange = desk.new_exchange()
        finally:
            desk.store, desk.step = store, lambda _: None

    # The user

    @rule(move=st.sampled_from((Move.START, Move.PAUSE, Move.STOP_OPEN)))
    def the_user_moves_the_bot(self, move: Move) -> None:
        state, store = self.desk.state, self.desk.store
        if move is Move.START and state.status in (Status.PAUSED, Status.STOPPED):
            if state.is_flat and any(self.desk.positions()):
                return  # refused: not flat
            store.edit(
                BOT,
                status=next_status(state.status, Move.START),
                generation=state.generation + 1,
                command=None,
                disarmed=0,
                last_slot=0,
            )
        elif move is Move.PAUSE and state.status is Status.RUNNING:
            store.edit(BOT, status=Status.PAUSED)
        elif move is Move.STOP_OPEN and state.cycle and state.status is not Status.STOPPING:
            store.edit(BOT, status=Status.STOPPING)

    @precondition(lambda self: self.desk.state.cycle is not None)
    @rule()
    def the_user_closes(self) -> None:
        if self.desk.state.status is not Status.STOPPED:
            self.desk.command(CommandKind.CLOSE)

    @precondition(lambda self: self.desk.state.status is Status.ERROR)
    @rule(kind=st.sampled_from((CommandKind.ACCEPT_EXCHANGE, CommandKind.CLOSE_AND_ACCEPT)))
    def the_user_resolves(self, kind: CommandKind) -> None:
        # What is accepted must be true.
        self.account.stale_positions = self.account.empty_positions = 0
        self.accepted = True
        self.desk.command(kind)

    # What others do to the account

    @precondition(lambda self: self.desk.state.cycle is not None)
    @rule(base=bases, share=st.sampled_from((Decimal(1), Decimal("0.5"))))
    def the_exchange_takes_a_position_away(self, base: str, share: Decimal) -> None:
        self.account.take_away(base, share)
        self.meddled = True

    @precondition(lambda self: self.desk.state.cycle is not None)
    @rule(base=bases, side=st.sampled_from(("buy", "sell")))
    def the_user_trades_by_hand(self, base: str, side: str) -> None:
        self.account.trade_by_hand(base, side, Decimal("0.3"))
        self.meddled = True

    @rule(base=bases)
    def the_user_leaves_an_order_far_away(self, base: str) -> None:
        self.account.rest_by_hand(base, "buy", Decimal("0.3"), Decimal(50))

    @rule(base=bases, rate=st.sampled_from((Decimal("0.0001"), Decimal("-0.0003"))))
    def funding_is_settled(self, base: str, rate: Decimal) -> None:
        self.account.settle_funding(base, rate)

    # The end

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        self._quieten()
        self._check()
        if self.desk.state.status is Status.ERROR and self.desk.state.command is None:
            self._resolve()

    def _quieten(self) -> None:
        """Nothing goes wrong any more, and some ticks go by."""
        self.desk.venues.faults.clear()
        self.desk.venues.clock_ahead = 0
        self.account.scripts.clear()
        self.account.hidden_orders = 0
        self.account.stale_positions = self.account.empty_positions = 0
        for order in self.account.orders:
            order.shown_as_open = order.fills_late = 0
        self.desk.clock.advance(60)
        for _ in range(10):
            self.report = self.desk.tick()
        for _ in range(3):
            self.report = self.desk.tick(after=61)

    def _own(self, base: str) -> Decimal:
        """What the bot's own orders add up to, signed base coins."""
        own = (o for o in self.account.orders if o.base == base and o.client_id)
        return sum((SIGNS[order.side] * order.filled for order in own), ZERO)

    def _check(self) -> None:
        desk, state = self.desk, self.desk.state
        ids = desk.exchange_orders()
        assert len(ids) == len(set(ids)), "an order was doubled"
        cycle = state.cycle
        for leg, base in enumerate(("AAA", "BBB")):
            if cycle is not None and not self.accepted:
                assert self._own(base) * cycle.sign(leg) >= 0, "sold more than was its own"
        given_up = any("given up" in line.message for line in desk.store.logs)
        settled = {*desk.store.orders, *(i.client_order_id for i in desk.bot.intents)}
        assert given_up or set(ids) <= settled, "an order that nobody knows"
        if state.status is Status.ERROR:
            assert self.report is not None
            assert self.report.status == Status.ERROR, "the alarm hears of it"
            assert any(line.log_type is LogType.ERROR for line in desk.store.logs)
        elif not self.meddled:
            self._check_books()
        if state.status is Status.STOPPED:
            assert state.is_flat

    def _check_books(self) -> None:
        desk, state = self.desk, self.desk.state
        assert desk.books() == desk.positions()
        assert state.operation is None, "what is under way comes to an end"
        first, second = desk.positions()
        if self.accepted:
            return  # what the user took over as it was
        assert (first == ZERO) == (second == ZERO), "a leg stays alone"
        assert first * second <= 0
        for amount in desk.positions():
            assert abs(amount) * 90 <= LARGEST_LEG * Decimal("1.02")
        assert self._own("AAA") == first
        assert self._own("BBB") == second
        # Equal in notional at prices that are this far apart at most.
        gap = abs(abs(first) - abs(second))
        assert gap <= max(abs(first), abs(second)) / 5 + STEP, "the legs are matched"

    def _resolve(self) -> None:
        """The user's word ends every error, and what the bot believes is true again."""
        self.desk.command(CommandKind.ACCEPT_EXCHANGE)
        for _ in range(4):
            self.desk.tick()
        assert self.desk.state.status is Status.PAUSED
        cycle = self.desk.state.cycle
        if cycle is not None:
            for leg, (base, books) in enumerate(
                zip(("AAA", "BBB"), self.desk.books(), strict=True)
            ):
                side = ("long" if cycle.sign(leg) > 0 else "short") if self.account.hedge else "net"
                holding = self.account.holdings.get((base, side))
                held = holding.amount if holding else ZERO
                # What points the other way is the user's own.
                assert books == (held if held * cycle.sign(leg) > 0 else ZERO)
