"""Pairs that the finder has found: their figures, how good they look, their order."""

from dataclasses import dataclass

from pairtrader.analysis.reasons import Reason

WEIGHTS = {"cointegration": 0.4, "out_of_sample": 0.3, "correlation": 0.2, "speed": 0.1}
WORTHLESS_P = 0.1
WORTHLESS_P_OUT_OF_SAMPLE = 0.2
"""From these p-values on the part of the score is 0."""
PERIODS_OF_HALF_SPEED = 20
"""A half-life of this part of the whole time gives half of the speed's part."""


SORTS: dict[str, bool] = {
    "score": True,
    "correlation": True,
    "bars": True,
    "p_value": False,
    "adjusted_p_value": False,
    "log_ratio_p_value": False,
    "statistic": False,
    "half_life_seconds": False,
    "hurst": False,
    "hedge_ratio": False,
    "spread_sd": True,
    "z": True,
    "volatility_ratio": False,
    "out_of_sample": False,
}
"""Columns that pairs can be sorted by, and whether the largest come first; z by its size."""


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """The second half, held by the hedge ratio of the first."""

    p_value: float | None = None
    statistic: float | None = None
    hedge_ratio: float | None = None
    """Market 2's notional for a notional of 1 of market 1, from the first half."""
    passed: bool | None = None
    """Whether the p-value is at most `max_p_value`."""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class FoundPair:
    """One pair that passed."""

    rank: int
    market1: str
    market2: str
    score: float
    """0 to 100, see docs/analysis.md."""
    bars: int
    correlation: float
    p_value: float
    """Engle-Granger, the better way's doubled."""
    adjusted_p_value: float
    """Benjamini-Hochberg, over all pairs tried."""
    statistic: float | None
    """Of the better way."""
    dependent: int
    """The market explained by the other in the better way, 1 or 2."""
    hedge_ratio: float | None
    """Market 2's notional for a notional of 1 of market 1."""
    log_ratio_p_value: float | None
    """Dickey-Fuller test of equal notionals, as a bot holds them."""
    half_life_bars: float | None
    half_life_seconds: float | None
    hurst: float | None
    spread_sd: float
    """Of the fitted spread, percent."""
    z: float
    """Of the fitted spread's last value."""
    volatility_ratio: float | None
    out_of_sample: OutOfSample


def score(pair: FoundPair) -> float:
    """Return how good a pair looks, 0 to 100: the weighted mean of four parts of 0 to 1.

    Cointegration: 1 - p / 0.1. Out of sample: 1 - p / 0.2, 0 where there is no check.
    Correlation as it is. Speed: 1 / (1 + half-life ÷ a twentieth of the bars), 0 without one.
    """
    beyond = pair.out_of_sample.p_value
    lasting = pair.half_life_bars
    parts = {
        "cointegration": max(0.0, 1.0 - pair.p_value / WORTHLESS_P),
        "out_of_sample": (
            0.0 if beyond is None else max(0.0, 1.0 - beyond / WORTHLESS_P_OUT_OF_SAMPLE)
        ),
        "correlation": max(0.0, pair.correlation),
        "speed": (
            0.0 if lasting is None else 1.0 / (1.0 + lasting * PERIODS_OF_HALF_SPEED / pair.bars)
        ),
    }
    return 100.0 * sum(weight * parts[name] for name, weight in WEIGHTS.items())


def ordered(pairs: list[FoundPair], column: str) -> list[FoundPair]:
    """Return `pairs` by one of `SORTS`; those without the figure come last."""

    def key(pair: FoundPair) -> tuple[bool, float, float]:
        value = pair.out_of_sample.p_value if column == "out_of_sample" else getattr(pair, column)
        if value is None:
            return (True, 0.0, -pair.score)
        size = abs(value) if column == "z" else value
        return (False, -size if SORTS[column] else size, -pair.score)

    return sorted(pairs, key=key)
