"""Carrying an entry or a close through: write orders ahead, send, find out, book, go on.

Every step starts from the stored state, so that whoever holds the lease next, after a crash at any
line, goes on where the last one stopped.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from pairtrader.model.bot import BotState, Status
from pairtrader.model.cycle import CloseReason, Cycle, Intent, Operation, OperationKind
from pairtrader.model.market import Market, Quote
from pairtrader.model.order import OrderReport, OrderStatus, OrderType, Purpose, Side
from pairtrader.model.records import LogRecord, LogType, Records
from pairtrader.trading import conclusion
from pairtrader.trading.books import book, count_fill, order_record
from pairtrader.trading.funding import NO_FUNDING, Funding, funding_due
from pairtrader.trading.incidents import Incident
from pairtrader.trading.order_ids import client_order_id
from pairtrader.trading.plan import Step, excess, missing, next_step
from pairtrader.trading.reconciliation import CONFIRM_AFTER_MS, difference
from pairtrader.trading.records import log_record
from pairtrader.trading.session import Change, EntryForbidden, Session
from pairtrader.trading.store import Guard
from pairtrader.trading.transmission import Outcome, cancel_all, find_out, send

ZERO = Decimal(0)
FRUITLESS_PAUSE_SECONDS = 1.0
UNTOLD_PAUSE_SECONDS = 1.0
"""Where an exchange limits our orders without a word on for how long."""
PURPOSES = {
    Step.SEND_ENTRY: Purpose.ENTRY,
    Step.SEND_REST: Purpose.REST,
    Step.SEND_UNWIND: Purpose.UNWIND,
    Step.SEND_CLOSE: Purpose.CLOSE,
}


class Execution:
    """Works on the session's operation until it is concluded, rests, or time runs out."""

    def __init__(self, session: Session, quotes: tuple[Quote, Quote] | None) -> None:
        self._session = session
        self._quotes = quotes
        self._differs = ""
        """Where the exchange was last seen to hold something else than the books."""

    async def start(self, operation: Operation) -> bool:
        """Begin `operation` and bring it as far as it gets; returns and raises as `carry_on`.

        It is stored together with its first orders: a crash before leaves nothing behind.
        """
        outcomes = await self._send_round(operation, first_step(operation))
        return await self._go_on(outcomes, give_up_resting=False)

    async def carry_on(self, *, give_up_resting: bool = False, settle_only: bool = False) -> bool:
        """Bring the stored operation as far as it gets.

        Args:
            give_up_resting: cancel resting limit orders instead of waiting for them.
            settle_only: find out what became of orders under way, send nothing.

        Returns:
            Whether no operation is left.

        Raises:
            OutOfTime: too little of the lease is left; the next tick goes on.
            LeaseLost: another tick has taken over.
            Unproven: an order's fate contradicts the position.
            Overfilled: an order traded more than it could.
        """
        outcomes = [Outcome(intent, None) for intent in self._session.intents]
        if settle_only:
            return not outcomes or await self._settle(outcomes, give_up_resting=True)
        return await self._go_on(outcomes, give_up_resting=give_up_resting)

    async def _go_on(self, outcomes: Sequence[Outcome], *, give_up_resting: bool) -> bool:
        session = self._session
        while True:
            if session.intents:
                filled_before = _require_operation(session.state).filled
                if not await self._settle(outcomes, give_up_resting):
                    return False
                pause = _pause_asked_for(outcomes, session.state.operation is None)
                fruitless = session.state.operation
                if fruitless is not None and fruitless.filled == filled_before:
                    if fruitless.kind is OperationKind.CLOSE:
                        return False  # the exchange took nothing: the next tick tries again
                    pause = max(pause, FRUITLESS_PAUSE_SECONDS)
                if pause:
                    session.require_time_to_send(pause)
                    await session.clock.sleep(pause)
            operation = session.state.operation
            if operation is None:
                return True
            outcomes = await self._next_round(operation)

    async def _next_round(self, operation: Operation) -> Sequence[Outcome]:
        step = self._step(self._session.state)
        if step not in PURPOSES:
            self._conclude(step)
            return ()
        return await self._send_round(operation, step)

    async def _send_round(self, operation: Operation, step: Step) -> Sequence[Outcome]:
        """Write a round of orders down, send them, return what came back at once."""
        session = self._session
        intents = await self._orders(step, operation)
        if not intents:
            self._end_without_orders(step)
            return ()
        session.require_time_to_send()
        if step is Step.SEND_UNWIND:
            session.note(Incident.LEG_FAILED)
        raises_exposure = step in (Step.SEND_ENTRY, Step.SEND_REST)
        try:
            session.write(
                lambda state: _written_ahead(state, operation, intents),
                Guard.ENTRY if raises_exposure else Guard.FENCE,
            )
        except EntryForbidden:
            self._skip_round(step)
            return ()
        # The write may have taken long: orders that do not leave now are found absent later.
        session.require_time_to_send()
        return await send(session, intents)

    def _end_without_orders(self, step: Step) -> None:
        """Nothing is to be sent: of what was to be closed the exchange holds nothing any more."""
        session, now = self._session, self._session.clock.now()
        if step is Step.SEND_CLOSE:
            if session.state.status is not Status.ERROR:
                session.note(Incident.BROKEN_PAIR)
            session.write(lambda state: conclusion.nothing_held(state, self._differs, now))
        elif session.state.operation is not None:
            self._conclude(Step.STUCK)

    async def _settle(self, outcomes: Sequence[Outcome], give_up_resting: bool) -> bool:
        """Find out what became of the orders under way and book them; False if some go on."""
        session, settings = self._session, self._session.config.settings
        known = {outcome.intent.client_order_id: outcome for outcome in outcomes}
        timeout_ms = settings.leg_timeout_seconds * 1000
        found: Sequence[Outcome] = await asyncio.gather(
            *(
                find_out(
                    session,
                    known.get(intent.client_order_id, Outcome(intent, None)),
                    timeout_ms,
                )
                for intent in session.intents
            )
        )
        if any(_rests(outcome) for outcome in found):
            if not give_up_resting and not self._resting_is_over(found):
                return False
            found = await cancel_all(session, found)
        if any(o.report is None or not o.report.status.is_final for o in found):
            return False
        funding = await self._funding()
        session.write(lambda state: self._booked(state, found, funding))
        return True

    async def _funding(self) -> Funding:
        """What a close must still count, before the cycle ends."""
        session, cycle = self._session, _require_cycle(self._session.state)
        if _require_operation(session.state).kind is OperationKind.ENTRY:
            return NO_FUNDING
        now = session.clock.now()
        return await funding_due(
            session.config.markets, cycle, session.exchange, now, published_after_ms=0
        )

    def _resting_is_over(self, outcomes: Sequence[Outcome]) -> bool:
        """Whether resting limit orders have had their time.

        Both get `limit_timeout_seconds`; once one of them has a fill, `leg_timeout_seconds` from
        that fill on.
        """
        settings, now = self._session.config.settings, self._session.clock.now()
        fills = [
            fill.timestamp for o in outcomes if o.report is not None for fill in o.report.fills
        ]
        if fills:
            return now - min(fills) >= settings.leg_timeout_seconds * 1000
        written = min(outcome.intent.created_at for outcome in outcomes)
        return now - written >= settings.limit_timeout_seconds * 1000

    def _booked(self, state: BotState, outcomes: Sequence[Outcome], funding: Funding) -> Change:
        operation, cycle = _require_operation(state), funding.book(_require_cycle(state))
        orders, logs, now = [], [], self._session.clock.now()
        for outcome in outcomes:
            report = _require_report(outcome)
            cycle = book(cycle, outcome.intent, report)
            operation = count_fill(operation, outcome.intent, report)
            reason = operation.reason or f"level {operation.level}"
            orders.append(
                order_record(self._session.config.user_id, outcome.intent, report, reason, now)
            )
            logs.append(_order_line(outcome, report, now))
            if outcome.refusal and not outcome.is_passing:
                operation = replace(operation, refusal=outcome.refusal[:120])
        booked = replace(state, operation=operation, cycle=cycle)
        change = Change(booked, (), [o.intent for o in outcomes])
        records = Records(orders=tuple(orders), logs=tuple(logs))
        step = self._step(booked)
        if step in PURPOSES:
            return replace(change, records=records)
        end = conclusion.conclude(self._session.config, booked, step, now)
        return replace(change, state=end.state, records=_merged(records, end.records))

    def _step(self, state: BotState) -> Step:
        config = self._session.config
        operation, cycle = _require_operation(state), _require_cycle(state)
        return next_step(operation, cycle, config.markets, config.settings.max_leg_imbalance)

    def _conclude(self, step: Step) -> None:
        now = self._session.clock.now()
        self._session.write(
            lambda state: conclusion.conclude(self._session.config, state, step, now)
        )

    def _skip_round(self, step: Step) -> None:
        """The user stopped the bot meanwhile: what was filled is evened out, no more is bought."""
        if step is Step.SEND_ENTRY:
            return

        def skipped(state: BotState) -> Change:
            operation = _require_operation(state)
            return Change(replace(state, operation=replace(operation, round=operation.round + 1)))

        self._session.write(skipped)

    async def _orders(self, step: Step, operation: Operation) -> list[Intent]:
        amounts = await self._amounts(step, operation)
        now = self._session.clock.now()
        return [
            self._intent(step, operation, leg, amount, now)
            for leg, amount in enumerate(amounts)
            if amount > 0
        ]

    async def _amounts(self, step: Step, operation: Operation) -> tuple[Decimal, Decimal]:
        """Base coins to send on each leg."""
        config = self._session.config
        match step:
            case Step.SEND_ENTRY:
                return operation.targets
            case Step.SEND_REST:
                return missing(operation, config.markets)
            case Step.SEND_UNWIND:
                return excess(operation, config.markets, config.settings.max_leg_imbalance)
            case _:
                return await self._amounts_to_close(operation)

    async def _amounts_to_close(self, operation: Operation) -> tuple[Decimal, Decimal]:
        """The smaller of what the books and what the exchange hold, never the other direction.

        An exchange that holds less than the books say is asked again before that is believed: half
        a close would leave a leg alone. Of a pair that is broken for certain, no time is lost.
        """
        amounts, is_short = await self._closable()
        if is_short and operation.reason != CloseReason.BROKEN_PAIR:
            await self._session.clock.sleep(CONFIRM_AFTER_MS / 1000)
            amounts, _ = await self._closable()
        return amounts

    async def _closable(self) -> tuple[tuple[Decimal, Decimal], bool]:
        """What can be closed of each leg by one order, and whether less is held than booked."""
        session = self._session
        held = await session.exchange.positions(session.config.markets)
        cycle = _require_cycle(session.state)
        self._differs = difference(cycle, session.config.markets, held)
        amounts, is_short = [], False
        for index, (leg, market) in enumerate(zip(cycle.legs, session.config.markets, strict=True)):
            actual = held[market.symbol].side(cycle.sign(index)).amount
            same_side = actual * leg.amount > 0
            closable = min(abs(actual), abs(leg.amount)) if same_side else ZERO
            is_short = is_short or closable < abs(leg.amount)
            amounts.append(min(closable, market.max_market_amount or closable))
        return (amounts[0], amounts[1]), is_short

    def _intent(
        self, step: Step, operation: Operation, leg: int, amount: Decimal, now: int
    ) -> Intent:
        state, config = self._session.state, self._session.config
        purpose, market = PURPOSES[step], config.markets[leg]
        cycle = _cycle_of(state, operation)
        entering = Side.SELL if (operation.direction > 0) == (leg == 0) else Side.BUY
        side = entering.opposite if purpose.reduces else entering
        first_round = operation.round == 0
        order_type = operation.order_type if first_round else OrderType.MARKET
        attempt = state.order_rounds + 1
        return Intent(
            bot_id=config.bot_id,
            client_order_id=client_order_id(
                config.bot_id, state.cycle_number, purpose, operation.level, leg, attempt
            ),
            cycle_number=state.cycle_number,
            purpose=purpose,
            leg=leg,
            level=operation.level,
            round=attempt,
            side=side,
            type=order_type,
            amount=amount,
            price=self._price(market, leg, side, order_type, purpose),
            reduce_only=purpose.reduces,
            position_before=cycle.legs[leg].amount,
            created_at=now,
        )

    def _price(
        self, market: Market, leg: int, side: Side, order_type: OrderType, purpose: Purpose
    ) -> Decimal | None:
        """A limit order rests at the touch; a market entry gets a bound; a way out gets none."""
        if self._quotes is None:
            return None
        quote = self._quotes[leg]
        if order_type is OrderType.LIMIT:
            return quote.bid if side is Side.BUY else quote.ask
        if purpose.reduces:
            return None
        slippage = Decimal(str(self._session.config.settings.max_slippage)) / 100
        if side is Side.BUY:
            return _on_grid(quote.ask * (1 + slippage), market.price_step, ROUND_CEILING)
        return _on_grid(quote.bid * (1 - slippage), market.price_step, ROUND_FLOOR)


def first_step(operation: Operation) -> Step:
    """Return what an operation begins with."""
    return Step.SEND_ENTRY if operation.kind is OperationKind.ENTRY else Step.SEND_CLOSE


def _written_ahead(state: BotState, operation: Operation, intents: Sequence[Intent]) -> Change:
    ahead = replace(
        state,
        cycle=_cycle_of(state, operation),
        operation=replace(operation, round=operation.round + 1),
        order_rounds=state.order_rounds + 1,
    )
    return Change(ahead, put_intents=intents)


def _cycle_of(state: BotState, operation: Operation) -> Cycle:
    """The open cycle, or the one that this entry opens."""
    if state.cycle is not None:
        return state.cycle
    return Cycle(operation.direction, opened_at=operation.started_at)


def _pause_asked_for(outcomes: Sequence[Outcome], has_ended: bool) -> float:
    """Return for how long the exchange wants no further order, seconds.

    Raises:
        RateLimited: there is none to come: it is for the next ticks to wait.
    """
    limits = [outcome.limit for outcome in outcomes if outcome.limit is not None]
    if has_ended and limits:
        raise limits[0]
    waits = (limit.retry_after_seconds for limit in limits)
    return max((UNTOLD_PAUSE_SECONDS if w is None else w for w in waits), default=0.0)


def _rests(outcome: Outcome) -> bool:
    report = outcome.report
    return report is not None and report.status is OrderStatus.OPEN


def _require_report(outcome: Outcome) -> OrderReport:
    if outcome.report is None:
        raise AssertionError("an order without a report can't be booked")
    return outcome.report


def _require_operation(state: BotState) -> Operation:
    if state.operation is None:
        raise AssertionError("orders under way without an operation")
    return state.operation


def _require_cycle(state: BotState) -> Cycle:
    if state.cycle is None:
        raise AssertionError("an operation without a cycle")
    return state.cycle


def _order_line(outcome: Outcome, report: OrderReport, now: int) -> LogRecord:
    intent = outcome.intent
    text = f"{intent.purpose}: {intent.side} {report.filled} {report.symbol}"
    return log_record(
        intent.bot_id,
        LogType.WARNING if outcome.refusal else LogType.TRADE,
        f"{text}, refused: {outcome.refusal}" if outcome.refusal else text,
        now,
        order=intent.client_order_id,
        price=report.average,
        amount=intent.amount,
        filled=report.filled,
        fee=report.fee,
    )


def _merged(first: Records, second: Records) -> Records:
    return Records(
        first.orders + second.orders,
        first.positions + second.positions,
        first.cycles + second.cycles,
        first.logs + second.logs,
    )


def _on_grid(price: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (price / step).to_integral_value(rounding) * step
