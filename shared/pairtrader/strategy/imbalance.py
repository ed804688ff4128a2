"""How far both legs of an open cycle are from equal size: by their fills, and by prices since."""

from decimal import Decimal

from pairtrader.model.cycle import Cycle


def residual(cycle: Cycle) -> Decimal:
    """Return by how much leg 1 cost more to enter than leg 2, quote currency.

    What rounding and partial fills have left: an error of execution.
    """
    return cycle.legs[0].cost - cycle.legs[1].cost


def drift(cycle: Cycle, prices: tuple[Decimal, Decimal]) -> Decimal:
    """Return by how much leg 1 has gained in size over leg 2 since the entries, quote currency.

    What prices alone have done: exposure, which nobody repairs by trades.
    """
    first, second = (
        abs(leg.amount) * price - leg.cost for leg, price in zip(cycle.legs, prices, strict=True)
    )
    return first - second
