"""The spread that a bot decides by, over all bars: how it was spread out, in points."""

from dataclasses import dataclass

import numpy as np

from pairtrader.analysis.arrays import Floats, Integers
from pairtrader.analysis.documents import iso
from pairtrader.analysis.thinning import kept
from pairtrader.model.settings import SpreadMode

PERCENTS = (0.1, 1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
ABSOLUTE_PERCENTS = (25.0, 50.0, 75.0, 80.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.9)
BINS = 60


def spreads(
    mode: SpreadMode, prices1: Floats, prices2: Floats, start_prices: tuple[float, float]
) -> Floats:
    """Return the spread of every bar, points: what `strategy.spread.spread` gives for each."""
    start1, start2 = start_prices
    if mode is SpreadMode.LOG_RATIO:
        return 100.0 * (np.log(prices1 / start1) - np.log(prices2 / start2))
    return (prices1 / start1 - 1.0) * 100.0 - (prices2 / start2 - 1.0) * 100.0


@dataclass(frozen=True, slots=True)
class Quantile:
    """`percent` of the bars are at or below `spread`."""

    percent: float
    spread: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars in every bin; there is one edge more than there are bins."""

    edges: Floats
    counts: Integers


@dataclass(frozen=True, slots=True)
class Curve:
    """At most 2,000 points; times are ms UTC."""

    times: Integers
    spread: Floats


@dataclass(frozen=True, slots=True)
class SpreadDistribution:
    """All spreads in points."""

    mode: SpreadMode
    start_prices: tuple[float, float]
    start_at: str
    """When the first bar opens."""
    last: float
    lowest: float
    highest: float
    mean_absolute: float
    quantiles: tuple[Quantile, ...]
    absolute_quantiles: tuple[Quantile, ...]
    """Of the distance from zero."""
    histogram: Histogram
    curve: Curve


def distribution(
    mode: SpreadMode, start_prices: tuple[float, float], times: Integers, values: Floats
) -> SpreadDistribution:
    """Return how `values`, the spreads of all bars, are spread out."""
    distance = np.abs(values)
    counts, edges = np.histogram(values, bins=BINS, range=_range(values))
    shown = kept(values)
    return SpreadDistribution(
        mode=mode,
        start_prices=start_prices,
        start_at=iso(int(times[0])),
        last=float(values[-1]),
        lowest=float(values.min()),
        highest=float(values.max()),
        mean_absolute=float(distance.mean()),
        quantiles=quantiles(values, PERCENTS),
        absolute_quantiles=quantiles(distance, ABSOLUTE_PERCENTS),
        histogram=Histogram(edges, counts.astype(np.int64)),
        curve=Curve(times[shown], values[shown]),
    )


def quantiles(values: Floats, percents: tuple[float, ...]) -> tuple[Quantile, ...]:
    """Return the value that each of `percents` of all values do not exceed."""
    found = np.percentile(values, percents).tolist()
    return tuple(Quantile(*each) for each in zip(percents, found, strict=True))


def _range(values: Floats) -> tuple[float, float]:
    """Return a range that is wide enough for bins to have a width."""
    low, high = float(values.min()), float(values.max())
    least = 1e-6 * max(1.0, abs(low), abs(high))
    return (low, high) if high - low > least else (low - least, high + least)
