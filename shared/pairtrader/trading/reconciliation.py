"""Books against the exchange: once a minute while a cycle is open, and whenever they differed.

A difference counts only when two looks some seconds apart agree on it, with nothing in flight: an
exchange may answer late, and a missing answer is no position of zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import ExchangeError
from pairtrader.model.account import Position
from pairtrader.model.bot import BotConfig, BotState, Status
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.market import Market
from pairtrader.trading.funding import funding_due
from pairtrader.trading.look import NO_MARKS, Marks

CHECK_EVERY_MS = 60_000
CONFIRM_AFTER_MS = 3_000
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The state after a look at the account."""

    state: BotState
    broken: str = ""
    """Both numbers of each leg that differs for certain; empty when nothing does."""
    marks: Marks = NO_MARKS
    closable: bool = False
    """Whether the exchange still holds something that is the bot's."""
    failure: str = ""
    """Code of what kept the account from being read."""


def is_due(state: BotState, now: int) -> bool:
    """Whether the account should be looked at in this tick."""
    if state.cycle is None:
        return False
    confirming = bool(state.mismatch) and state.status is not Status.ERROR
    wait = CONFIRM_AFTER_MS if confirming else CHECK_EVERY_MS
    return now - state.reconciled_at >= wait


async def reconcile(
    config: BotConfig, state: BotState, exchange: BaseExchange, now: int
) -> Reconciled:
    """Compare the open cycle with the exchange; take over liquidation prices and funding.

    Without an answer nothing changes.
    """
    cycle = state.cycle
    if cycle is None:
        return Reconciled(state)
    try:
        held = await exchange.positions(config.markets)
    except ExchangeError as error:
        return Reconciled(state, failure=error.code)
    differs = difference(cycle, config.markets, held)
    confirmed = differs if differs == state.mismatch else ""
    sides = sides_of(cycle, config.markets, held)
    legs = [
        replace(leg, liquidation_price=side.liquidation_price)
        for leg, side in zip(cycle.legs, sides, strict=True)
    ]
    cycle = replace(cycle, legs=(legs[0], legs[1]))
    cycle = (await funding_due(config.markets, cycle, exchange, now)).book(cycle)
    looked = replace(state, cycle=cycle, reconciled_at=now, mismatch=differs)
    return Reconciled(
        looked,
        confirmed,
        (sides[0].mark_price or None, sides[1].mark_price or None),
        any(leg.amount * side.amount > ZERO for leg, side in zip(legs, sides, strict=True)),
    )


def sides_of(
    cycle: Cycle, markets: tuple[Market, Market], held: Mapping[str, Position]
) -> tuple[Position, Position]:
    """Return what the exchange holds the way each leg points.

    In hedge mode what the trader holds the other way is a position of its own.
    """
    return held[markets[0].symbol].side(cycle.sign(0)), held[markets[1].symbol].side(cycle.sign(1))


def difference(cycle: Cycle, markets: tuple[Market, Market], held: Mapping[str, Position]) -> str:
    """Return in words where the exchange holds something else than the books, empty if nowhere.

    Where the account nets a symbol, the number named is the net one, coins of others included.
    """
    words = []
    for leg, side in zip(cycle.legs, sides_of(cycle, markets, held), strict=True):
        if side.amount == leg.amount:
            continue
        shown = side.amount if side.hedged else held[side.symbol].amount
        words.append(
            f"{side.symbol}: books {leg.amount.normalize():f}, exchange {shown.normalize():f}"
        )
    return "; ".join(words)


def accepted(
    cycle: Cycle, markets: tuple[Market, Market], held: Mapping[str, Position], last: Marks
) -> Cycle:
    """Return the cycle with what the exchange holds; what is gone or new is booked at the mark.

    An exchange that lists what is held alone names no mark of a flat symbol: there the price `last`
    seen counts.
    """
    realised, legs = cycle.realised, []
    for leg, side, price in zip(cycle.legs, sides_of(cycle, markets, held), last, strict=True):
        mark = side.mark_price or price or leg.entry_price or ZERO
        adjusted, profit = _adjusted(leg, side.amount, mark)
        legs.append(adjusted)
        realised += profit
    return replace(cycle, legs=(legs[0], legs[1]), realised=realised)


def _adjusted(leg: Leg, amount: Decimal, mark: Decimal) -> tuple[Leg, Decimal]:
    """The leg brought to `amount` at `mark`, and the price profit of what went."""
    same_side = leg.amount * amount > ZERO
    kept = min(abs(leg.amount), abs(amount)) if same_side else ZERO
    gone, new = abs(leg.amount) - kept, abs(amount) - kept
    kept_cost = leg.cost * kept / abs(leg.amount) if kept else ZERO
    gone_cost, value = leg.cost - kept_cost, gone * mark
    profit = value - gone_cost if leg.amount > ZERO else gone_cost - value
    adjusted = replace(
        leg,
        amount=amount,
        cost=kept_cost + new * mark,
        entered=leg.entered + new,
        entry_cost=leg.entry_cost + new * mark,
        exited=leg.exited + gone,
        proceeds=leg.proceeds + value,
    )
    return adjusted, profit
