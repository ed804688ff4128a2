"""What a tick does under the lease: settle, obey commands, trade, stop."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

from pairtrader.exchanges.errors import ExchangeError, RetryLater, UserMustAct
from pairtrader.model.bot import Bot, BotState, CommandKind, Status
from pairtrader.model.cycle import CloseReason, Operation, OperationKind
from pairtrader.model.events import EventKind
from pairtrader.model.order import OrderType
from pairtrader.model.records import LogType, Records
from pairtrader.model.settings import OnBrokenPair
from pairtrader.strategy import decision
from pairtrader.trading import conclusion
from pairtrader.trading.books import Overfilled
from pairtrader.trading.entry import (
    EntryDeferred,
    EntryImpossible,
    plan_entry,
    prepare_account,
)
from pairtrader.trading.execution import Execution
from pairtrader.trading.incidents import Incident
from pairtrader.trading.judgement import CLOSES, judge_look
from pairtrader.trading.lifecycle import Move, next_status
from pairtrader.trading.look import Look, quotes_unfit
from pairtrader.trading.records import log_record
from pairtrader.trading.retirement import Retirement
from pairtrader.trading.risk import REFUSAL_TEXTS, Refusal, RiskGate
from pairtrader.trading.session import Change, OutOfTime, Session
from pairtrader.trading.transmission import Unproven

MAY_REST = frozenset({CloseReason.TAKE_PROFIT, CloseReason.REGRESSION})
"""Reasons to close that may wait for a limit order; all others go to market."""
UNPROVEN = "unproven_order"
MAX_QUIET_SECONDS = 900.0
"""However long an exchange wants to be left alone: a position must be looked at again."""
ACCEPTS = frozenset({CommandKind.ACCEPT_EXCHANGE, CommandKind.CLOSE_AND_ACCEPT})


def is_unfinished(bot: Bot) -> bool:
    """Whether something must be settled or obeyed before anything new is decided."""
    state = bot.state
    return bool(
        bot.intents
        or state.operation is not None
        or state.command is not None
        or state.status is Status.STOPPING
    )


class Intervention:
    """The leased part of one tick; `seen` is None where the market could not be looked at."""

    def __init__(
        self, session: Session, retirement: Retirement, risk: RiskGate, seen: Look | None
    ) -> None:
        self._session = session
        self._retirement = retirement
        self._risk = risk
        self._seen = seen

    async def settle(self) -> None:
        """Take care of everything unfinished, then give the lease back."""
        await self._guarded(self._settle)

    async def act(self, action: int) -> None:
        """Do what was decided, then give the lease back."""
        await self._guarded(lambda: self._act(action))

    async def meet_broken_pair(self, difference: str) -> None:
        """The exchange holds something else than the books: error, and close what is left."""
        await self._guarded(lambda: self._meet_broken_pair(difference))

    async def _meet_broken_pair(self, difference: str) -> None:
        session, now = self._session, self._session.clock.now()
        if session.state.status is not Status.ERROR:
            session.note(Incident.BROKEN_PAIR)
            session.write(
                lambda state: conclusion.fault(state, conclusion.MISMATCH, difference, now)
            )
        if session.config.settings.on_broken_pair is OnBrokenPair.CLOSE:
            await Execution(session, None).start(self._closing(CloseReason.BROKEN_PAIR))

    async def _guarded(self, job: Callable[[], Awaitable[None]]) -> None:
        session = self._session
        was_in_error = session.state.status is Status.ERROR
        stop_reason, quiet_until = "", 0
        try:
            await job()
        except (OutOfTime, EntryDeferred) as error:
            stop_reason = str(error)  # what is under way is stored: the next tick goes on
        except ExchangeError as error:
            stop_reason, quiet_until = error.code, quiet_after(error, session.clock.now())
            self._say_held_up(error)
        except (Unproven, Overfilled) as error:
            self._fault_once(str(error))
        if session.state.status is Status.ERROR and not was_in_error:
            session.note(Incident.FAULT)
        stale = Incident.STALE_MARKET in session.incidents

        def noted(state: BotState) -> BotState:
            asked_at = 0 if stale else state.markets_asked_at
            return replace(
                state,
                hold_reason=stop_reason[:60],
                quiet_until=quiet_until,
                markets_asked_at=asked_at,
            )

        session.release(noted)
        if session.state.status is Status.STOPPED:
            self._retirement.remove_schedule(session.state.bot_id, session.state.generation)

    def _fault_once(self, text: str) -> None:
        """While an order stays unproven every tick finds it so: the log names it when it begins."""
        session, now = self._session, self._session.clock.now()
        if session.state.status is Status.ERROR and session.state.status_reason == UNPROVEN:
            return
        session.write(lambda state: conclusion.fault(state, UNPROVEN, text, now))

    def _say_held_up(self, error: ExchangeError) -> None:
        """An exchange that does not let the bot act is named in the log when that begins."""
        session = self._session
        session.note(Incident.HELD_UP)
        if session.state.hold_reason == error.code:
            return
        now, bot_id = session.clock.now(), session.state.bot_id
        text = f"held up: {error}"
        line = log_record(bot_id, LogType.WARNING, text, now, EventKind.HELD_UP, reason=error.code)
        session.write(lambda state: Change(state, records=Records(logs=(line,))))

    async def _settle(self) -> None:
        session = self._session
        under_way = bool(session.intents) or session.state.operation is not None
        if under_way and not await self._settled():
            return
        state = session.state
        asked = state.command is not None or state.status is Status.STOPPING
        if state.status_reason == UNPROVEN and state.status is Status.ERROR and not asked:
            session.write(_resolved)
        if asked:
            await self._obey()

    async def _settled(self) -> bool:
        """Whether nothing is under way any more."""
        try:
            return await self._carry_on()
        except Unproven:
            command = self._session.state.command
            if command is None or command.kind not in ACCEPTS:
                raise
            self._session.write(self._orders_given_up)
            return True

    def _orders_given_up(self, state: BotState) -> Change:
        """The user has decided: what these orders did is in what the exchange holds."""
        text = "orders not found were given up: what the exchange holds counts"
        line = log_record(state.bot_id, LogType.WARNING, text, self._session.clock.now())
        given_up = replace(state, operation=None)
        return Change(given_up, (), self._session.intents, Records(logs=(line,)))

    def _is_frozen(self) -> bool:
        """In error nothing is sent but by command, or to close a broken pair."""
        state = self._session.state
        if state.status is not Status.ERROR or state.command is not None:
            return False
        operation = state.operation
        return operation is None or operation.reason != CloseReason.BROKEN_PAIR

    async def _carry_on(self) -> bool:
        session, quotes = self._session, self._seen.quotes if self._seen else None
        frozen = self._is_frozen()
        execution = Execution(session, quotes)
        return await execution.carry_on(
            give_up_resting=self._must_give_up_resting(), settle_only=frozen
        )

    def _must_give_up_resting(self) -> bool:
        """Whether a resting limit order stands in the way of something more urgent."""
        state, seen = self._session.state, self._seen
        operation = state.operation
        if operation is None or operation.order_type is not OrderType.LIMIT:
            return False
        urgent = state.command is not None or state.status is not Status.RUNNING
        if operation.kind is OperationKind.CLOSE:
            urgent = state.command is not None or state.status is Status.STOPPING
        if seen is None or state.cycle is None or not state.cycle.level:
            return urgent
        action = judge_look(self._session.config.settings, state, seen)
        wants_out = action in CLOSES
        if operation.kind is OperationKind.CLOSE:
            wants_out = wants_out and CLOSES[action] not in MAY_REST
        return urgent or wants_out

    async def _obey(self) -> None:
        """Carry out the command, or go on stopping."""
        session = self._session
        state = session.state
        kind = commanded(state)
        if kind in ACCEPTS:
            await self._accept_exchange(close=kind is CommandKind.CLOSE_AND_ACCEPT)
            return
        if state.cycle is not None and kind is CommandKind.HAND_OVER:
            await self._hand_over()
        if session.state.cycle is not None and commanded(session.state) not in ACCEPTS:
            await Execution(session, None).start(self._closing(CloseReason.USER))
        if session.state.is_flat:
            await self._come_to_rest()

    async def _hand_over(self) -> None:
        """Leave the position to the user, unless another command has come in between."""
        session, now = self._session, self._session.clock.now()
        prices = await self._marks()

        def left(state: BotState) -> Change:
            if commanded(state) is not CommandKind.HAND_OVER:
                return Change(state)
            return conclusion.hand_over(session.config, state, prices, now)

        session.write(left)

    async def _accept_exchange(self, *, close: bool) -> None:
        """Take what the exchange holds for right; the bot is paused then."""
        session, config, now = self._session, self._session.config, self._session.clock.now()
        if close and session.state.cycle is not None:
            await Execution(session, None).start(self._closing(CloseReason.BROKEN_PAIR))
        if session.intents or session.state.operation is not None:
            return  # the next tick goes on
        held = await session.exchange.positions(config.markets)

        def accepted(state: BotState) -> Change:
            return conclusion.accept_exchange(config, state, held, now)

        session.write(accepted)

    async def _come_to_rest(self) -> None:
        """Flat: a stopping or killed bot stops, any other that was commanded pauses."""
        session = self._session
        if commanded(session.state) is CommandKind.KILL:
            session.write(_retiring)

        def rested(state: BotState) -> Change:
            if state.status is Status.STOPPED or (
                state.status is Status.PAUSED and state.command is None
            ):
                return Change(state)
            if state.status is Status.STOPPING:
                self._retirement.release_claims(session.config)
            status = next_status(state.status, Move.CLOSE_DONE)
            return Change(replace(state, status=status, command=None))

        session.write(rested)

    async def _marks(self) -> tuple[Decimal, Decimal]:
        if self._seen is not None:
            return self._seen.prices
        quotes = await self._session.exchange.quote_pair(*self._session.config.markets)
        return quotes[0].mid, quotes[1].mid

    async def _act(self, action: int) -> None:
        if action in CLOSES:
            quotes = self._seen.quotes if self._seen else None
            await Execution(self._session, quotes).start(self._closing(CLOSES[action]))
        elif self._seen is not None:
            await self._enter(self._seen)
        session = self._session
        if session.state.status is Status.STOPPING and session.state.is_flat:
            await self._come_to_rest()

    async def _enter(self, seen: Look) -> None:
        """Enter, unless something forbids it.

        Raises:
            EntryDeferred: not now.
        """
        session, settings = self._session, self._session.config.settings
        try:
            operation = plan_entry(session.config, session.state, seen)
            self._require_leave_to_enter()
            await prepare_account(session.config, session.state, operation, session.exchange)
        except (EntryImpossible, UserMustAct) as error:
            self._refrain(str(error))
            return
        unfit = quotes_unfit(seen.quotes, session.state, settings, session.clock.now())
        if unfit is not None:
            raise EntryDeferred(unfit)  # preparing took too long
        await Execution(session, seen.quotes).start(operation)

    def _require_leave_to_enter(self) -> None:
        """Ask the limits, once for both legs; the log names a limit when it begins to hold back.

        Raises:
            EntryDeferred: a limit forbids that exposure rises.
        """
        session, now = self._session, self._session.clock.now()
        refusal = self._risk.refusal(session.config, session.state, now)
        if not refusal:
            return
        if session.state.hold_reason != refusal:
            text = f"entry held back: {REFUSAL_TEXTS[Refusal(refusal)]}"
            line = log_record(session.state.bot_id, LogType.WARNING, text, now, reason=refusal)
            session.write(lambda state: Change(state, records=Records(logs=(line,))))
        raise EntryDeferred(refusal)

    def _refrain(self, text: str) -> None:
        """An entry that can't be made pauses the bot: it would fail at every tick."""
        now = self._session.clock.now()

        def paused(state: BotState) -> Change:
            pauses = state.status is Status.RUNNING
            event = EventKind.PAUSED if pauses else None
            line = log_record(state.bot_id, LogType.WARNING, f"entry not made: {text}", now, event)
            records = Records(logs=(line,))
            if not pauses:
                return Change(state, records=records)
            status = next_status(state.status, Move.PAUSE)
            reason = f"entry_impossible: {text}"[:160]
            return Change(replace(state, status=status, status_reason=reason), records=records)

        self._session.write(paused)

    def _closing(self, reason: CloseReason) -> Operation:
        session, seen = self._session, self._seen
        state, settings = session.state, session.config.settings
        if state.cycle is None:
            raise AssertionError("no cycle to close")
        legs = state.cycle.legs
        last = state.last_spread if state.last_spread is not None else state.cycle.last_spread
        limit = reason in MAY_REST and seen is not None
        return Operation(
            kind=OperationKind.CLOSE,
            level=0,
            direction=state.cycle.direction,
            spread=seen.spread if seen is not None else last,
            reason=reason,
            targets=(abs(legs[0].amount), abs(legs[1].amount)),
            prices=seen.prices if seen is not None else (Decimal(0), Decimal(0)),
            started_at=session.clock.now(),
            order_type=settings.order_type_close if limit else OrderType.MARKET,
        )


def _retiring(state: BotState) -> Change:
    """A killed bot is stopping first: nobody can start it while its claims are given up."""
    if commanded(state) is not CommandKind.KILL or state.status is Status.STOPPING:
        return Change(state)
    status = next_status(state.status, Move.STOP_OPEN)
    return Change(replace(state, status=status, status_reason=""))


def commanded(state: BotState) -> CommandKind | None:
    """Return what the user has ordered and no tick has done yet."""
    return state.command.kind if state.command is not None else None


def quiet_after(error: Exception, now: int) -> int:
    """Return until when the exchange asked not to be asked again, ms UTC; 0 where it did not.

    What is under way and what the user commands is carried out all the same.
    """
    wait = error.retry_after_seconds if isinstance(error, RetryLater) else None
    return 0 if wait is None else now + int(min(wait, MAX_QUIET_SECONDS) * 1000)


def _resolved(state: BotState) -> Change:
    status = next_status(state.status, Move.RESOLVE)
    return Change(replace(state, status=status, status_reason="resolved"))


def acts(action: int) -> bool:
    """Whether a decision asks for a trade."""
    return action > decision.HOLD
