"""How large a Dickey-Fuller statistic has to be, by the response surfaces of J. G. MacKinnon.

P-values: "Approximate asymptotic distribution functions for unit-root and cointegration tests",
Journal of Business & Economic Statistics 12 (1994). Critical values: "Critical values for
cointegration tests", Queen's Economics Department working paper 1227 (2010).
"""

import math
from dataclasses import dataclass
from enum import StrEnum


class Trend(StrEnum):
    """What the series may have apart from its deviations."""

    CONSTANT = "c"
    CONSTANT_AND_TREND = "ct"


@dataclass(frozen=True, slots=True)
class Surface:
    """Distribution of the statistic for one kind of trend and one number of series."""

    lowest: float
    """Below it the p-value is 0."""
    middle: float
    """Up to it the left tail's polynomial holds, beyond it the other one."""
    highest: float
    """Above it the p-value is 1."""
    left: tuple[float, ...]
    right: tuple[float, ...]
    """Coefficients of rising powers of the statistic; the normal distribution of the sum is p."""
    critical: dict[str, tuple[float, ...]]
    """By level: coefficients of rising powers of 1 / observations."""


SURFACES = {
    (Trend.CONSTANT, 1): Surface(
        lowest=-18.83,
        middle=-1.61,
        highest=2.74,
        left=(2.1659, 1.4412, 0.038269),
        right=(1.7339, 0.93202, -0.12745, -0.010368),
        critical={
            "1%": (-3.43035, -6.5393, -16.786, -79.433),
            "5%": (-2.86154, -2.8903, -4.234, -40.040),
            "10%": (-2.56677, -1.5384, -2.809, 0.0),
        },
    ),
    (Trend.CONSTANT, 2): Surface(
        lowest=-18.86,
        middle=-2.62,
        highest=0.92,
        left=(2.92, 1.5012, 0.039796),
        right=(2.1945, 0.64695, -0.29198, -0.042377),
        critical={
            "1%": (-3.89644, -10.9519, -33.527, 0.0),
            "5%": (-3.33613, -6.1101, -6.823, 0.0),
            "10%": (-3.04445, -4.2412, -2.720, 0.0),
        },
    ),
    (Trend.CONSTANT_AND_TREND, 1): Surface(
        lowest=-16.18,
        middle=-2.89,
        highest=0.7,
        left=(3.2512, 1.6047, 0.049588),
        right=(2.5261, 0.61654, -0.37956, -0.060285),
        critical={
            "1%": (-3.95877, -9.0531, -28.428, -134.155),
            "5%": (-3.41049, -4.3904, -9.036, -45.374),
            "10%": (-3.12705, -2.5856, -3.925, -22.380),
        },
    ),
    (Trend.CONSTANT_AND_TREND, 2): Surface(
        lowest=-21.15,
        middle=-3.19,
        highest=0.63,
        left=(3.6646, 1.5419, 0.036448),
        right=(2.85, 0.5272, -0.36622, -0.051695),
        critical={
            "1%": (-4.32762, -15.4387, -35.679, 0.0),
            "5%": (-3.78057, -9.5106, -12.074, 0.0),
            "10%": (-3.49631, -7.0815, -7.538, 21.892),
        },
    ),
}


def p_value(statistic: float, trend: Trend, series: int = 1) -> float:
    """Return how often a statistic at or below this one comes of series that never come back.

    `series` is 1 for the test of one series and 2 for the residual of one market on another.
    """
    surface = SURFACES[trend, series]
    if statistic > surface.highest:
        return 1.0
    if statistic < surface.lowest:
        return 0.0
    coefficients = surface.left if statistic <= surface.middle else surface.right
    return 0.5 * math.erfc(-_polynomial(coefficients, statistic) / math.sqrt(2.0))


def critical_values(observations: int, trend: Trend, series: int = 1) -> dict[str, float]:
    """Return the statistic at which the p-value is 1 %, 5 % and 10 %."""
    surface = SURFACES[trend, series]
    return {
        level: _polynomial(coefficients, 1.0 / observations)
        for level, coefficients in surface.critical.items()
    }


def _polynomial(coefficients: tuple[float, ...], at: float) -> float:
    return sum(coefficient * at**power for power, coefficient in enumerate(coefficients))
