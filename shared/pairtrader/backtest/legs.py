"""The float64 books of one cycle: sizes, profits and the way to liquidation, as plain scalars.

No classes and no exceptions, like the decision function: a compiler takes them as they stand, and
everybody who counts calls these, so that all count in one order of operations. Amounts are
unsigned base coins; directions are those of `strategy.decision`.
"""

MAINTENANCE = 0.005
"""Maintenance margin, fraction of the notional, as on the simulated exchange."""
WHOLE = 1.0 + 1e-12
"""A count of steps may miss a whole number by the rounding of floats; a lot is not lost to it."""

HALF = 0.5

FITS = 0
BELOW_MINIMUM_1 = 1
BELOW_MINIMUM_2 = 2
ABOVE_MAXIMUM_1 = 3
ABOVE_MAXIMUM_2 = 4
LEGS_DIFFER = 5


def on_grid(count: float, step: float, per_unit: float) -> float:
    """Return `count` steps; `per_unit` is 1 ÷ `step` where that is a whole number, else 0.

    A quotient of whole numbers is the float nearest to the decimal that is meant.
    """
    return count / per_unit if per_unit > 0.0 else count * step


def lot(notional: float, price: float, step: float, per_unit: float) -> float:
    """Return what `notional` (quote currency) buys at `price`, cut down to steps; 0 has none."""
    if step == 0.0:
        return notional / price
    count = notional / price / step * WHOLE
    return on_grid(count - count % 1.0, step, per_unit)


def resting_price(price: float, step: float, per_unit: float) -> float:
    """Return the price on the grid nearest to `price`, an even count of steps where two are."""
    if step == 0.0:
        return price
    count = price / step
    part = count % 1.0
    whole = count - part
    beyond_half = part - HALF
    is_half = abs(beyond_half) <= count * (WHOLE - 1.0)
    if (whole % 2.0 == 1.0) if is_half else beyond_half > 0.0:
        whole += 1.0
    return on_grid(whole, step, per_unit)


def imbalance(value1: float, value2: float) -> float:
    """Return the gap between both legs' notionals in percent of the larger one."""
    larger = max(value1, value2)
    return abs(value1 - value2) / larger * 100.0 if larger > 0.0 else 0.0


def gross_pnl(direction: int, value1: float, cost1: float, value2: float, cost2: float) -> float:
    """Return the price profit of both legs that cost `cost` and are worth `value`."""
    if direction > 0:
        return (cost1 - value1) + (value2 - cost2)
    return (value1 - cost1) + (cost2 - value2)


def net_pnl(
    direction: int,
    amount1: float,
    cost1: float,
    amount2: float,
    cost2: float,
    price1: float,
    price2: float,
    carried: float,
    taker_fee: float,
) -> float:
    """Return what the cycle would have earned were it closed at these prices, quote currency.

    Args:
        direction: of the cycle.
        amount1: base coins held of market 1.
        cost1: entry notional of it.
        amount2: base coins held of market 2.
        cost2: entry notional of it.
        price1: of market 1.
        price2: of market 2.
        carried: funding received less fees paid so far.
        taker_fee: that closing would still cost, fraction of the notional.
    """
    value1, value2 = amount1 * price1, amount2 * price2
    gross = gross_pnl(direction, value1, cost1, value2, cost2)
    return carried + gross - value1 * taker_fee - value2 * taker_fee


def leg_near_liquidation(
    sign: int, amount: float, cost: float, price: float, backing: float, buffer: float
) -> bool:
    """Whether `price` has used `buffer` percent of the way from entry to liquidation.

    `backing` is the money that the leg may lose (quote currency), `sign` +1 for a long leg.
    """
    entry = cost / amount
    liquidation = (sign * cost - backing) / (amount * (sign - MAINTENANCE))
    if liquidation <= 0.0 or liquidation == entry:
        return False
    return (price - entry) / (liquidation - entry) * 100.0 >= buffer


def liquidation_near(
    direction: int,
    amount1: float,
    cost1: float,
    amount2: float,
    cost2: float,
    price1: float,
    price2: float,
    equity: float,
    isolated: float,
    buffer: float,
) -> bool:
    """Whether one of the legs is near liquidation.

    `equity` is the capital with funding and fees, without the price profit of the legs;
    `isolated` the leverage of isolated legs, each backed by its own margin, 0 for cross margin.
    """
    if isolated > 0.0:
        backing1, backing2 = cost1 / isolated, cost2 / isolated
    else:
        value1, value2 = amount1 * price1, amount2 * price2
        profit1 = cost1 - value1 if direction > 0 else value1 - cost1
        profit2 = value2 - cost2 if direction > 0 else cost2 - value2
        backing1 = equity + profit2 - value2 * MAINTENANCE
        backing2 = equity + profit1 - value1 * MAINTENANCE
    return leg_near_liquidation(
        -direction, amount1, cost1, price1, backing1, buffer
    ) or leg_near_liquidation(direction, amount2, cost2, price2, backing2, buffer)
