"""Between which spreads nothing can happen, whatever the prices of a window of bars.

Between two events the net profit is a constant plus one weight for each price.
Price 1 follows from the spread and price 2, and price 2 hardly moves within a window: a target and
a stop become bounds on the spread, each moved outwards by what price 2 may do. What lies beyond a
bound is then judged exactly; what lies within it can't act. Plain scalars, for a compiler as well.
"""

import math

from pairtrader.backtest.legs import MAINTENANCE

NEVER_ABOVE = math.inf
NEVER_BELOW = -math.inf
TOLERANCE = 1e-11
"""By how much a bound is moved outwards, as a share of the money it is counted with."""


def spread_at_target(
    profit: float, weight1: float, weight2: float, least2: float, most2: float
) -> float:
    """Return the logarithmic spread from which on the profit may be `profit` or more.

    Args:
        profit: to be reached, without its fixed part, quote currency.
        weight1: what the profit gains with each unit of the ratio of changes, at a price 2 of 1.
        weight2: what it gains with each unit of price 2 besides.
        least2: of price 2 in the window.
        most2: of price 2 in the window.

    Returns:
        A lower bound of the spread where `weight1` is positive, an upper one where it is negative.
    """
    ratio = (min(profit / least2, profit / most2) - weight2) / weight1
    return 100.0 * math.log(ratio) if ratio > 0.0 else NEVER_BELOW


def spread_at_stop(
    profit: float, weight1: float, weight2: float, least2: float, most2: float
) -> float:
    """Return the logarithmic spread from which on the profit may be `profit` or less.

    The arguments are those of `spread_at_target`, the bound is on the other side.
    """
    ratio = (max(profit / least2, profit / most2) - weight2) / weight1
    return 100.0 * math.log(ratio) if ratio > 0.0 else NEVER_BELOW


def harmless_move(
    cost1: float, cost2: float, equity: float, isolated: float, buffer: float
) -> float:
    """Return by what share prices may move from the entries without nearing a liquidation.

    However both move; 0 or less where nothing can be said so simply.
    """
    cost = max(cost1, cost2)
    share = buffer / 100.0
    if isolated > 0.0:
        return 0.999 * share * (1.0 / isolated - MAINTENANCE) / (1.0 + MAINTENANCE)
    return (
        0.999
        * share
        * (equity - 2.0 * MAINTENANCE * cost)
        / (cost * (1.0 + MAINTENANCE) * (1.0 + share))
    )


def leg_may_near_liquidation(
    sign: int, amount: float, cost: float, least: float, most: float, backing: float, buffer: float
) -> bool:
    """Whether a price in a range may be near liquidation; `backing` is the least there may be."""
    tolerance = 1e-9 * cost
    room = backing - cost * MAINTENANCE
    loss = cost - amount * least if sign > 0 else amount * most - cost
    loss *= 1.0 - sign * MAINTENANCE
    return room <= tolerance or loss >= buffer / 100.0 * room - tolerance


def liquidation_may_near(
    direction: int,
    amount1: float,
    cost1: float,
    amount2: float,
    cost2: float,
    least1: float,
    most1: float,
    least2: float,
    most2: float,
    equity: float,
    isolated: float,
    buffer: float,
) -> bool:
    """Whether `legs.liquidation_near` may hold for any two prices of a window."""
    if isolated > 0.0:
        backing1, backing2 = cost1 / isolated, cost2 / isolated
    elif direction > 0:
        backing1 = equity - cost2 + amount2 * least2 * (1.0 - MAINTENANCE)
        backing2 = equity + cost1 - amount1 * most1 * (1.0 + MAINTENANCE)
    else:
        backing1 = equity + cost2 - amount2 * most2 * (1.0 + MAINTENANCE)
        backing2 = equity - cost1 + amount1 * least1 * (1.0 - MAINTENANCE)
    return leg_may_near_liquidation(
        -direction, amount1, cost1, least1, most1, backing1, buffer
    ) or leg_may_near_liquidation(direction, amount2, cost2, least2, most2, backing2, buffer)
