"""What the end of an operation makes of the bot: rows done, cycles closed, faults."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from pairtrader.model.account import Position
from pairtrader.model.bot import BotConfig, BotState, CommandKind, Status
from pairtrader.model.cycle import CloseReason, Cycle, Leg, Operation, OperationKind
from pairtrader.model.events import EventKind
from pairtrader.model.records import LogRecord, LogType, Records
from pairtrader.trading.lifecycle import Move, next_status
from pairtrader.trading.plan import Step
from pairtrader.trading.reconciliation import accepted, difference
from pairtrader.trading.records import (
    cycle_record,
    log_record,
    net_profit,
    position_records,
)
from pairtrader.trading.session import Change

MISMATCH = "position_mismatch"
"""Reason of an error: the exchange holds something else than the books."""
UNBALANCED = "unbalanced_legs"
"""Reason of an error: the tries are used up and one leg holds more than the other."""
CLOSE_EVENTS: Mapping[str, EventKind] = {
    CloseReason.LIQUIDATION_GUARD: EventKind.LIQUIDATION_GUARD,
    CloseReason.STOP_LOSS: EventKind.STOP_LOSS,
    CloseReason.UNWOUND: EventKind.LEG_FAILURE,
}
"""What a cycle's end is told as; for all other reasons it is a close."""


def conclude(config: BotConfig, state: BotState, step: Step, now: int) -> Change:
    """Return the state after the operation ended with `step` (done, nothing done or stuck)."""
    operation, cycle = state.operation, state.cycle
    if operation is None or cycle is None:
        raise AssertionError("nothing to conclude")
    if step is Step.STUCK:
        text = f"{operation.kind} could not be brought to an end, the legs differ"
        given_up = replace(state, operation=None, command=None)
        if state.status is Status.ERROR:
            return Change(given_up)
        return fault(given_up, UNBALANCED, text, now)
    if operation.kind is OperationKind.CLOSE:
        if step is Step.NOTHING_DONE:
            return Change(replace(state, operation=None))
        return end_cycle(config, state, operation.reason, operation.spread, now)
    if step is Step.NOTHING_DONE:
        return _abandon_entry(config, state, operation, cycle, now)
    return _row_done(config, state, operation, cycle, now)


def _row_done(
    config: BotConfig, state: BotState, operation: Operation, cycle: Cycle, now: int
) -> Change:
    cycle = replace(
        cycle,
        level=operation.level,
        first_spread=operation.spread if operation.level == 1 else cycle.first_spread,
        last_spread=operation.spread,
        invested=cycle.legs[0].cost + cycle.legs[1].cost,
    )
    done = replace(state, cycle=cycle, operation=None)
    text = f"level {operation.level} {'opened' if operation.level == 1 else 'added'}"
    lines = [
        log_record(
            state.bot_id,
            LogType.TRADE,
            text,
            now,
            EventKind.FILL,
            level=operation.level,
            spread=operation.spread,
            invested=cycle.invested,
        )
    ]
    if operation.unwound:
        done = _paused(done, "entry_unwound")
        lines.append(_leg_failure(state.bot_id, operation, now))
    records = Records(
        positions=position_records(config, done, cycle, now),
        cycles=(cycle_record(config, done, cycle),),
        logs=tuple(lines),
    )
    return Change(done, records=records)


def _leg_failure(bot_id: str, operation: Operation, now: int) -> LogRecord:
    text = f"a part of level {operation.level} was taken back: one leg could not be had whole"
    return log_record(bot_id, LogType.WARNING, text, now, EventKind.LEG_FAILURE)


def _abandon_entry(
    config: BotConfig, state: BotState, operation: Operation, cycle: Cycle, now: int
) -> Change:
    """Nothing of the entry is left; the row is not counted."""
    stopped_by = _why_pause(operation)
    if cycle.is_flat and cycle.entered_anything:
        ended = end_cycle(config, state, CloseReason.UNWOUND, operation.spread, now)
        return replace(ended, state=_paused(ended.state, stopped_by or "entry_unwound"))
    left = replace(state, operation=None, cycle=None if cycle.is_flat else cycle)
    text = f"level {operation.level} not filled" + (f": {stopped_by}" if stopped_by else "")
    kind = LogType.WARNING if stopped_by else LogType.INFO
    event = None
    if stopped_by:
        event = EventKind.LEG_FAILURE if operation.unwound else EventKind.PAUSED
    line = log_record(state.bot_id, kind, text, now, event, spread=operation.spread)
    if stopped_by:
        left = _paused(left, stopped_by)
    return Change(left, records=Records(logs=(line,)))


def _why_pause(operation: Operation) -> str:
    """An entry that was taken back or refused would be tried for ever: it pauses the bot."""
    if operation.unwound:
        return "entry_unwound"
    if operation.refusal:
        return f"entry_refused: {operation.refusal}"
    return ""


def _paused(state: BotState, reason: str) -> BotState:
    if state.status is not Status.RUNNING:
        return state
    return replace(state, status=Status.PAUSED, status_reason=reason)


def end_cycle(
    config: BotConfig, state: BotState, reason: str, close_spread: float, now: int
) -> Change:
    """Return the state after the open cycle: counted, booked, ready for the next or paused."""
    cycle = state.cycle
    if cycle is None:
        raise AssertionError("no cycle to end")
    net = net_profit(cycle)
    ended = replace(
        state,
        cycle=None,
        operation=None,
        current_cycle=state.current_cycle + 1,
        order_rounds=0,
        disarmed=cycle.direction,
        close_spread=close_spread,
        closed_at=now,
        last_pnl=None,
        mismatch="",  # a look at the next cycle would confirm it
        total_profit=state.total_profit + net,
        total_trades=state.total_trades + 1,
    )
    row = cycle_record(
        config, state, cycle, reason=reason, close_spread=close_spread, closed_at=now
    )
    line = log_record(
        state.bot_id,
        LogType.TRADE,
        f"cycle {row.cycle_number} closed: {reason}",
        now,
        CLOSE_EVENTS.get(reason, EventKind.CLOSE),
        reason=reason,
        invested=cycle.invested,
        net_pnl=net,
        fees=cycle.fees,
        funding=cycle.funding,
        spread=close_spread,
    )
    records = Records(
        positions=position_records(config, state, cycle, now), cycles=(row,), logs=(line,)
    )
    return Change(_status_after(config, ended, reason), records=records)


def _status_after(config: BotConfig, state: BotState, reason: str) -> BotState:
    """A stopping bot is stopped by its tick once it has given back what it holds."""
    commanded = state.command is not None
    by_user = reason in (CloseReason.USER, CloseReason.BROKEN_PAIR)
    if state.status is Status.STOPPING:
        return replace(state, command=None)
    if state.command is not None and state.command.kind is CommandKind.KILL:
        status = next_status(state.status, Move.STOP_OPEN)
        return replace(state, command=None, status=status, status_reason=f"closed: {reason}")
    if commanded or by_user or state.status is Status.ERROR or config.settings.pause_after_close:
        status = next_status(state.status, Move.CLOSE_DONE)
        return replace(state, command=None, status=status, status_reason=f"closed: {reason}")
    return state


def hand_over(
    config: BotConfig, state: BotState, prices: tuple[Decimal, Decimal], now: int
) -> Change:
    """Return the state after the user took the position over, booked at `prices` (the mark).

    What a later start may adopt stays in it.
    """
    cycle = state.cycle
    if cycle is None:
        raise AssertionError("no cycle to hand over")
    legs, realised = [], cycle.realised
    for leg, price in zip(cycle.legs, prices, strict=True):
        value = abs(leg.amount) * price
        realised += value - leg.cost if leg.amount > 0 else leg.cost - value
        legs.append(
            replace(
                leg,
                amount=Decimal(0),
                cost=Decimal(0),
                exited=leg.exited + abs(leg.amount),
                proceeds=leg.proceeds + value,
            )
        )
    left = replace(cycle, legs=(legs[0], legs[1]), realised=realised)
    spread = state.last_spread if state.last_spread is not None else cycle.last_spread
    ended = end_cycle(config, replace(state, cycle=left), CloseReason.HANDED_OVER, spread, now)
    return replace(ended, state=replace(ended.state, handed_over=_adoptable(cycle, prices)))


def _adoptable(cycle: Cycle, prices: tuple[Decimal, Decimal]) -> Cycle | None:
    """What a later start may adopt: the legs as they are held, as if entered at `prices`.

    What came before is booked; half a pair or a row never done is nobody's to go on with.
    """
    if not cycle.level or not all(leg.amount for leg in cycle.legs):
        return None
    left, right = (_entered_at(*each) for each in zip(cycle.legs, prices, strict=True))
    return Cycle(
        direction=cycle.direction,
        level=cycle.level,
        first_spread=cycle.first_spread,
        last_spread=cycle.last_spread,
        legs=(left, right),
        invested=left.cost + right.cost,
    )


def _entered_at(leg: Leg, price: Decimal) -> Leg:
    held = abs(leg.amount)
    return Leg(amount=leg.amount, cost=held * price, entered=held, entry_cost=held * price)


def accept_exchange(
    config: BotConfig, state: BotState, held: Mapping[str, Position], now: int
) -> Change:
    """Return the state of a bot in error after the user took the exchange's word for it.

    A bot whose error has ended meanwhile, by a look-up or a close, stays as it is.
    """
    if state.status is not Status.ERROR:
        return Change(replace(state, command=None))
    resolved = replace(
        state,
        operation=None,
        command=None,
        mismatch="",
        status=next_status(state.status, Move.RESOLVE),
        status_reason="resolved",
    )
    cycle = state.cycle
    if cycle is None:
        return Change(resolved)
    text = difference(cycle, config.markets, held) or "nothing differed"
    last = (state.last_price1, state.last_price2)
    cycle = _watchable(accepted(cycle, config.markets, held, last), state)
    resolved = replace(resolved, cycle=cycle)
    line = log_record(state.bot_id, LogType.WARNING, f"exchange accepted: {text}", now)
    if cycle.is_flat:
        spread = state.last_spread if state.last_spread is not None else cycle.last_spread
        ended = end_cycle(config, resolved, CloseReason.BROKEN_PAIR, spread, now)
        return replace(ended, records=replace(ended.records, logs=(line, *ended.records.logs)))
    rows = position_records(config, resolved, cycle, now)
    return Change(resolved, records=Records(positions=rows, logs=(line,)))


def _watchable(cycle: Cycle, state: BotState) -> Cycle:
    """The cycle with a row done at least: exits are judged of nothing else."""
    invested = cycle.legs[0].cost + cycle.legs[1].cost
    if cycle.level:
        return replace(cycle, invested=invested)
    spread = state.last_spread if state.last_spread is not None else 0.0
    return replace(cycle, invested=invested, level=1, first_spread=spread, last_spread=spread)


def nothing_held(state: BotState, differs: str, now: int) -> Change:
    """Return the state of a bot that was to close what its exchange does not hold any more.

    The user decides what is true; a close asked for has nothing left to do. `differs` names both
    numbers of each leg.
    """
    asked = state.command
    if asked is not None and asked.kind in (CommandKind.CLOSE, CommandKind.KILL):
        state = replace(state, command=None)
    given_up = replace(state, operation=None)
    if state.status is Status.ERROR:
        return Change(given_up)
    return fault(given_up, MISMATCH, differs, now)


def fault(state: BotState, reason: str, text: str, now: int, **details: str) -> Change:
    """Return the state of a bot that can't prove what it holds; a person is told.

    What is under way stays stored: it may still be settled.
    """
    event = EventKind.BROKEN_PAIR if reason == MISMATCH else EventKind.ERROR
    line = log_record(state.bot_id, LogType.ERROR, text, now, event, reason=reason, **details)
    status = next_status(state.status, Move.FAULT)
    faulty = replace(state, status=status, status_reason=reason)
    return Change(faulty, records=Records(logs=(line,)))
