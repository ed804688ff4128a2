"""The bot's own books: what fills make of the open cycle."""

from dataclasses import replace
from decimal import Decimal

from pairtrader.model.cycle import Cycle, Intent, Leg, Operation
from pairtrader.model.order import OrderReport, OrderStatus, Purpose
from pairtrader.model.records import OrderRecord

ZERO = Decimal(0)


class Overfilled(Exception):
    """An order traded more than it was sent for, or than the books hold."""


def absent_report(intent: Intent, symbol: str) -> OrderReport:
    """Return the report of an order that never came to be."""
    return OrderReport(
        client_order_id=intent.client_order_id,
        exchange_order_id="",
        symbol=symbol,
        side=intent.side,
        type=intent.type,
        status=OrderStatus.REJECTED,
        amount=intent.amount,
        fills=(),
        timestamp=intent.created_at,
    )


def book(cycle: Cycle, intent: Intent, report: OrderReport) -> Cycle:
    """Return the cycle after the fills of one order.

    Raises:
        Overfilled: it traded more than was asked for, or a close or unwind more than the leg held.
    """
    if report.filled > intent.amount:
        raise Overfilled(f"{report.symbol}: {intent.amount} asked for, {report.filled} filled")
    leg = cycle.legs[intent.leg]
    if intent.purpose.reduces:
        leg, realised = _reduce(leg, report)
    else:
        leg, realised = _grow(leg, intent, report), ZERO
    legs = (leg, cycle.legs[1]) if intent.leg == 0 else (cycle.legs[0], leg)
    return replace(
        cycle, legs=legs, realised=cycle.realised + realised, fees=cycle.fees + report.fee
    )


def _grow(leg: Leg, intent: Intent, report: OrderReport) -> Leg:
    return replace(
        leg,
        amount=leg.amount + intent.side.sign * report.filled,
        cost=leg.cost + report.cost,
        entered=leg.entered + report.filled,
        entry_cost=leg.entry_cost + report.cost,
    )


def _reduce(leg: Leg, report: OrderReport) -> tuple[Leg, Decimal]:
    held, filled = abs(leg.amount), report.filled
    if filled > held:
        raise Overfilled(f"{report.symbol}: {held} held, {filled} closed")
    if not filled:
        return leg, ZERO
    cost = leg.cost if filled == held else leg.cost * filled / held
    long = leg.amount > 0
    reduced = replace(
        leg,
        amount=leg.amount - filled if long else leg.amount + filled,
        cost=leg.cost - cost,
        exited=leg.exited + filled,
        proceeds=leg.proceeds + report.cost,
    )
    return reduced, report.cost - cost if long else cost - report.cost


def count_fill(operation: Operation, intent: Intent, report: OrderReport) -> Operation:
    """Return the operation with what one order did for it."""
    filled = list(operation.filled)
    entry_undone = intent.purpose is Purpose.UNWIND
    filled[intent.leg] += -report.filled if entry_undone else report.filled
    return replace(
        operation,
        filled=(filled[0], filled[1]),
        unwound=operation.unwound or (entry_undone and report.filled > 0),
    )


def order_record(
    user_id: str, intent: Intent, report: OrderReport, reason: str, now: int
) -> OrderRecord:
    """Return the history row of a settled order."""
    return OrderRecord(
        bot_id=intent.bot_id,
        user_id=user_id,
        id=intent.client_order_id,
        cycle_number=intent.cycle_number,
        exchange_order_id=report.exchange_order_id,
        symbol=report.symbol,
        side=intent.side,
        order_type=intent.type,
        purpose=intent.purpose,
        price=report.average,
        amount=intent.amount,
        filled_amount=report.filled,
        cost=report.cost,
        fee=report.fee,
        status=report.status,
        dca_level=intent.level,
        reason=reason,
        created_at=intent.created_at,
        updated_at=now,
        filled_at=max((fill.timestamp for fill in report.fills), default=None),
    )
