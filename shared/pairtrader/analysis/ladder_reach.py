"""How often the spread came as far as each row of a ladder, and how long it took to come back."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from pairtrader.analysis.arrays import Flags, Floats, Integers

SUGGESTED_PERCENTS = (75.0, 90.0, 95.0, 97.5, 99.0, 99.5)
"""Which distances from zero a suggested ladder's rows stand at: so many bars are nearer."""

TEN_HUNDREDTHS = 0.1
SMALLEST_ROW = 1e-6
"""Points below which a distance is no row."""


@dataclass(frozen=True, slots=True)
class Return:
    """From the bar on which a row's distance was first reached until the spread was back."""

    returned: int
    open: int
    """Those that were not back when the data ended."""
    mean_seconds: float | None
    median_seconds: float | None
    """Of those that returned; None without any."""


@dataclass(frozen=True, slots=True)
class RowReach:
    """One row of the ladder."""

    times: int
    """Its position, 1 is the first entry."""
    spread: float
    """As in the settings: points beyond the row before."""
    distance: float
    """From zero: the sum of the spreads so far."""
    reached: int
    """Excursions: each begins when the distance is reached and ends back at zero."""
    reached_above: int
    reached_below: int
    share_beyond: float
    """Percent of the bars at or beyond the distance."""
    to_half: Return
    """Until half the distance was left."""
    to_zero: Return


@dataclass(frozen=True, slots=True)
class SuggestedRow:
    """A row at a quantile of the past; `spread` is points beyond the row before."""

    times: int
    spread: float
    distance: float
    percent: float


def reach(times: Integers, spreads: Floats, rows: tuple[float, ...]) -> tuple[RowReach, ...]:
    """Return for every row how often it was reached; `rows` are increments as in `dca_config`."""
    return tuple(
        _row(number, increment, round(distance, 9), times, spreads)
        for number, (increment, distance) in enumerate(
            zip(rows, accumulate(rows), strict=True), start=1
        )
    )


def suggestion(spreads: Floats) -> tuple[SuggestedRow, ...]:
    """Return a ladder at quantiles of the distance from zero: a statistic of the past, no advice.

    Rows that would not be beyond the one before are left out.
    """
    found: list[SuggestedRow] = []
    before = 0.0
    distances = np.percentile(np.abs(spreads), SUGGESTED_PERCENTS).tolist()
    for percent, exact in zip(SUGGESTED_PERCENTS, distances, strict=True):
        distance = _two_digits(exact)
        if distance > before:
            step = round(distance - before, 6)
            found.append(SuggestedRow(len(found) + 1, step, distance, percent))
            before = distance
    return tuple(found)


def _two_digits(value: float) -> float:
    """Return `value` in hundredths of a point, or to two digits where it is smaller than ten."""
    if value >= TEN_HUNDREDTHS:
        return round(value, 2)
    return float(f"{value:.1e}") if value > SMALLEST_ROW else 0.0


def _row(
    number: int, increment: float, distance: float, times: Integers, spreads: Floats
) -> RowReach:
    above, below = _Side(times, spreads, distance), _Side(times, -spreads, distance)
    return RowReach(
        times=number,
        spread=increment,
        distance=distance,
        reached=len(above.begins) + len(below.begins),
        reached_above=len(above.begins),
        reached_below=len(below.begins),
        share_beyond=float((np.abs(spreads) >= distance).mean() * 100.0),
        to_half=_return(above.until(distance / 2.0), below.until(distance / 2.0)),
        to_zero=_return(above.until(0.0), below.until(0.0)),
    )


class _Side:
    """Excursions on the positive side of `spreads`."""

    def __init__(self, times: Integers, spreads: Floats, distance: float) -> None:
        self.times, self.spreads = times, spreads
        far: Flags = spreads >= distance
        turns = np.flatnonzero(far | (spreads <= 0.0))
        out = far[turns]
        self.begins = turns[out & ~np.concatenate(([False], out[:-1]))]

    def until(self, level: float) -> tuple[Floats, int]:
        """Return the seconds from each begin until `level` was first reached; how many never."""
        back = np.flatnonzero(self.spreads <= level)
        place = np.searchsorted(back, self.begins)
        came = place < len(back)
        took = self.times[back[place[came]]] - self.times[self.begins[came]]
        return took / 1000.0, int(np.count_nonzero(~came))


def _return(above: tuple[Floats, int], below: tuple[Floats, int]) -> Return:
    took = np.concatenate((above[0], below[0]))
    return Return(
        returned=len(took),
        open=above[1] + below[1],
        mean_seconds=float(took.mean()) if len(took) else None,
        median_seconds=float(np.median(took)) if len(took) else None,
    )
