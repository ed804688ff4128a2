"""How far one market has outrun the other since the start, in percentage points."""

import math

from pairtrader.model.settings import SpreadMode

LARGE_MOVE_PERCENT = 30.0
"""Beyond this move from its start price, points of difference mislead."""


def change(price: float, start_price: float) -> float:
    """Return the market's change since the start, in percent."""
    return (price / start_price - 1.0) * 100.0


def difference(price1: float, start_price1: float, price2: float, start_price2: float) -> float:
    """Return the gap between both changes since the start, in points."""
    return change(price1, start_price1) - change(price2, start_price2)


def log_ratio(price1: float, start_price1: float, price2: float, start_price2: float) -> float:
    """Return 100 times the gap between the logarithms of both changes, in points."""
    return 100.0 * (math.log(price1 / start_price1) - math.log(price2 / start_price2))


def spread(
    mode: SpreadMode, price1: float, start_price1: float, price2: float, start_price2: float
) -> float:
    """Return how many points market 1 is ahead of market 2; negative when it is behind.

    `difference` is the gap between both changes; `log_ratio` is 100 times the gap between the
    logarithms, which a common move of both markets leaves as it is.
    """
    if mode is SpreadMode.LOG_RATIO:
        return log_ratio(price1, start_price1, price2, start_price2)
    return difference(price1, start_price1, price2, start_price2)
