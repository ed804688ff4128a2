import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairtrader.model.settings import SpreadMode
from pairtrader.strategy.spread import change, spread

prices = st.floats(min_value=1e-6, max_value=1e6)


def test_the_worked_example_of_both_measures() -> None:
    difference = spread(SpreadMode.DIFFERENCE, 100, 95, 50, 48)
    log_ratio = spread(SpreadMode.LOG_RATIO, 100, 95, 50, 48)

    assert change(100, 95) == pytest.approx(5.2632, abs=5e-5)
    assert change(50, 48) == pytest.approx(4.1667, abs=5e-5)
    assert difference == pytest.approx(1.0965, abs=5e-5)
    assert abs(difference - 1.09) < 0.01
    assert log_ratio == pytest.approx(1.0471, abs=5e-5)


@pytest.mark.parametrize("mode", list(SpreadMode))
@given(p1=prices, s1=prices, p2=prices, s2=prices)
def test_swapping_the_markets_turns_the_sign(
    mode: SpreadMode, p1: float, s1: float, p2: float, s2: float
) -> None:
    assert spread(mode, p1, s1, p2, s2) == -spread(mode, p2, s2, p1, s1)


@given(p1=prices, s1=prices, p2=prices, s2=prices, move=st.floats(0.1, 10))
def test_a_common_move_leaves_the_log_ratio(
    p1: float, s1: float, p2: float, s2: float, move: float
) -> None:
    before = spread(SpreadMode.LOG_RATIO, p1, s1, p2, s2)
    after = spread(SpreadMode.LOG_RATIO, p1 * move, s1, p2 * move, s2)

    assert math.isclose(before, after, rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize("mode", list(SpreadMode))
def test_no_move_is_no_spread(mode: SpreadMode) -> None:
    assert spread(mode, 95, 95, 48, 48) == 0.0
