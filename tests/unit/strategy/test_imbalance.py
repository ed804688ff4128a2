"""Fill error and price drift are two numbers: one is repaired, the other is exposure."""

from decimal import Decimal

from pairtrader.model.cycle import Cycle, Leg
from pairtrader.strategy.imbalance import drift, residual

D = Decimal


def cycle(cost1: str, cost2: str) -> Cycle:
    return Cycle(1, legs=(Leg(amount=D(-1), cost=D(cost1)), Leg(amount=D(2), cost=D(cost2))))


def test_right_after_equal_fills_there_is_neither() -> None:
    even = cycle("100", "100")
    assert (residual(even), drift(even, (D(100), D(50)))) == (0, 0)


def test_prices_make_drift_and_leave_the_residual() -> None:
    even = cycle("100", "100")
    assert (residual(even), drift(even, (D(150), D(55)))) == (0, 40)


def test_uneven_fills_are_residual_and_no_drift() -> None:
    uneven = cycle("100", "98")
    assert (residual(uneven), drift(uneven, (D(100), D(49)))) == (2, 0)
