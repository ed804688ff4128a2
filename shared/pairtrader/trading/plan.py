"""What an operation needs next, judged from the books alone.

An entry is one round of both legs; a leg that came up short is completed once, then what the other
leg has too much is unwound. A close repeats until both legs are flat.
"""

from decimal import Decimal
from enum import StrEnum

from pairtrader.model.cycle import Cycle, Operation, OperationKind
from pairtrader.model.market import Market
from pairtrader.model.order import OrderType
from pairtrader.strategy.ladder import leg_imbalance

ZERO = Decimal(0)
MAX_UNWINDS = 3
MAX_CLOSE_ROUNDS = 6
REST_ROUND = 1
"""Rounds written before the missing part may be bought."""


class Step(StrEnum):
    """What to do next for an operation."""

    SEND_ENTRY = "send_entry"
    SEND_REST = "send_rest"
    SEND_UNWIND = "send_unwind"
    SEND_CLOSE = "send_close"
    DONE = "done"
    NOTHING_DONE = "nothing_done"
    """The operation ended without a trace, or all of it was taken back."""
    STUCK = "stuck"
    """Tries are used up and the legs still differ."""


def next_step(
    operation: Operation, cycle: Cycle, markets: tuple[Market, Market], max_imbalance: float
) -> Step:
    """Return the next step; `max_imbalance` is in percent of the larger leg."""
    if operation.kind is OperationKind.CLOSE:
        return _next_of_close(operation, cycle, markets)
    if operation.round == 0:
        return Step.SEND_ENTRY
    if operation.filled == (ZERO, ZERO):
        return Step.NOTHING_DONE
    if not any(excess(operation, markets, max_imbalance)):
        return Step.DONE
    if operation.round == REST_ROUND and any(missing(operation, markets)):
        return Step.SEND_REST
    if operation.round <= REST_ROUND + MAX_UNWINDS:
        return Step.SEND_UNWIND
    return Step.STUCK


def _next_of_close(operation: Operation, cycle: Cycle, markets: tuple[Market, Market]) -> Step:
    if cycle.is_flat:
        return Step.DONE
    resting = operation.order_type is OrderType.LIMIT
    if resting and operation.round == 1 and operation.filled == (ZERO, ZERO):
        return Step.NOTHING_DONE
    rounds = MAX_CLOSE_ROUNDS + _further_parts(operation, markets)
    return Step.SEND_CLOSE if operation.round < rounds else Step.STUCK


def _further_parts(operation: Operation, markets: tuple[Market, Market]) -> int:
    """How many more orders the larger leg needs, its exchange taking so much at once."""
    return max(
        int(target // market.max_market_amount) if market.max_market_amount else 0
        for target, market in zip(operation.targets, markets, strict=True)
    )


def missing(operation: Operation, markets: tuple[Market, Market]) -> tuple[Decimal, Decimal]:
    """Return what each leg lacks to match the fuller one, in base coins on the grid.

    A remainder that the exchange would not take counts as nothing.
    """
    fullest = max(_shares(operation))
    amounts = []
    for target, filled, price, market in zip(
        operation.targets, operation.filled, operation.prices, markets, strict=True
    ):
        lacking = market.round_amount(target * fullest - filled)
        too_small = lacking * price < market.smallest_order(price)
        amounts.append(ZERO if too_small else lacking)
    return amounts[0], amounts[1]


def excess(
    operation: Operation, markets: tuple[Market, Market], max_imbalance: float
) -> tuple[Decimal, Decimal]:
    """Return what must be unwound of each leg, in base coins on the grid; nothing if balanced.

    Balanced means: both legs hold what the exchange would take as an order, and their notionals
    differ by no more than `max_imbalance` percent. Where no such part can be kept, everything goes.
    """
    filled = operation.filled
    notionals = [f * p for f, p in zip(filled, operation.prices, strict=True)]
    worth_keeping = all(
        notional >= market.smallest_order(price)
        for notional, price, market in zip(notionals, operation.prices, markets, strict=True)
    )
    if not worth_keeping:
        return filled
    if leg_imbalance(notionals[0], notionals[1]) <= max_imbalance:
        return ZERO, ZERO
    matched = min(_shares(operation))
    cut = [
        market.round_amount(f - target * matched)
        for f, target, market in zip(filled, operation.targets, markets, strict=True)
    ]
    return cut[0], cut[1]


def _shares(operation: Operation) -> tuple[Decimal, Decimal]:
    """How much of its target each leg has reached."""
    (filled1, filled2), (target1, target2) = operation.filled, operation.targets
    return filled1 / target1, filled2 / target2
