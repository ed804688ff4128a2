"""The bot's spread over all bars, and how often a ladder's rows were reached."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairtrader.analysis.bot_spread import distribution, spreads
from pairtrader.analysis.ladder_reach import Return, reach, suggestion
from pairtrader.model.settings import SpreadMode
from pairtrader.strategy.spread import spread
from tests.made_markets import Floats, hours, reverting, walk


@pytest.mark.parametrize("mode", SpreadMode)
def test_spreads_are_those_that_the_bot_computes(mode: SpreadMode) -> None:
    prices1, prices2 = 90.0 * np.exp(walk(1, 500)), 0.07 * np.exp(walk(2, 500))
    found = spreads(mode, prices1, prices2, (91.3, 0.0712))
    expected = [
        spread(mode, one, 91.3, two, 0.0712)
        for one, two in zip(prices1.tolist(), prices2.tolist(), strict=True)
    ]
    if mode is SpreadMode.DIFFERENCE:
        assert found.tolist() == expected
    else:
        assert found == pytest.approx(expected, abs=1e-11)


def test_distribution_counts_every_bar_once() -> None:
    values = reverting(1, 5000, step=1.0)
    found = distribution(SpreadMode.DIFFERENCE, (1.0, 1.0), hours(5000), values)
    assert found.histogram.counts.sum() == 5000
    assert len(found.histogram.edges) == len(found.histogram.counts) + 1
    assert (found.lowest, found.highest) == (values.min(), values.max())
    for quantile in found.quantiles:
        assert (values <= quantile.spread).mean() * 100 == pytest.approx(quantile.percent, abs=0.1)
    for quantile in found.absolute_quantiles:
        share = (np.abs(values) <= quantile.spread).mean() * 100
        assert share == pytest.approx(quantile.percent, abs=0.1)


def test_a_spread_that_never_moves_still_has_a_histogram() -> None:
    found = distribution(SpreadMode.DIFFERENCE, (1.0, 1.0), hours(50), np.zeros(50))
    assert found.histogram.counts.sum() == 50
    assert (np.diff(found.histogram.edges) > 0).all()


def test_an_excursion_ends_at_zero_and_is_counted_once_for_each_row() -> None:
    #                   0    1    2    3    4    5    6     7     8     9    10   11
    values = np.array([0.0, 1.2, 2.6, 1.0, 1.5, 0.4, -0.1, -1.1, -0.5, 0.2, 1.0, 0.9])
    one, two = reach(hours(12), values, (1.0, 1.5))
    assert (one.distance, two.distance) == (1.0, 2.5)
    assert (one.reached, one.reached_above, one.reached_below) == (3, 2, 1)
    assert (two.reached, two.reached_above, two.reached_below) == (1, 1, 0)
    # Above: bars 1 to 6; below: 7 to 9; the one from bar 10 on is not back.
    assert one.to_zero == Return(2, 1, mean_seconds=3.5 * 3600, median_seconds=3.5 * 3600)
    # Half of 1.0: bars 1 to 5 and 7 to 8.
    assert one.to_half == Return(2, 1, mean_seconds=2.5 * 3600, median_seconds=2.5 * 3600)
    assert two.to_zero == Return(1, 0, mean_seconds=4 * 3600, median_seconds=4 * 3600)
    assert two.to_half == Return(1, 0, mean_seconds=3600, median_seconds=3600)
    assert one.share_beyond == pytest.approx(50.0)


def test_times_back_are_by_the_clock_over_gaps() -> None:
    times = np.array([0, 3_600_000, 36_000_000])
    (row,) = reach(times, np.array([2.0, 1.5, 0.0]), (2.0,))
    assert row.to_zero.mean_seconds == 36_000


def test_a_row_out_of_reach_was_never_reached() -> None:
    (row,) = reach(hours(100), walk(1, 100), (1000.0,))
    assert (row.reached, row.share_beyond) == (0, 0.0)
    assert row.to_zero == Return(0, 0, None, None)


def plain_reach(values: Floats, distance: float) -> tuple[int, int, list[int], list[int]]:
    """Count excursions bar by bar: reached above, below, bars to zero, bars to half."""
    counts, to_zero, to_half = [], [], []
    for side in (1, -1):
        count, begun, halved = 0, None, False
        for bar, value in enumerate((side * values).tolist()):
            if begun is None and value >= distance:
                count, begun, halved = count + 1, bar, False
            if begun is not None and not halved and value <= distance / 2:
                to_half.append(bar - begun)
                halved = True
            if begun is not None and value <= 0:
                to_zero.append(bar - begun)
                begun = None
        counts.append(count)
    return counts[0], counts[1], to_zero, to_half


@given(
    st.lists(st.floats(-5, 5).map(lambda x: round(x, 1)), min_size=1, max_size=200),
    st.floats(0.1, 6).map(lambda x: round(x, 1)),
)
def test_agrees_with_counting_bar_by_bar(values: list[float], distance: float) -> None:
    array = np.array(values)
    (row,) = reach(hours(len(array)), array, (distance,))
    above, below, to_zero, to_half = plain_reach(array, distance)
    assert (row.reached_above, row.reached_below) == (above, below)
    assert (row.to_zero.returned, row.to_half.returned) == (len(to_zero), len(to_half))
    assert row.to_zero.open == above + below - len(to_zero)
    if to_zero:
        assert row.to_zero.mean_seconds == pytest.approx(np.mean(to_zero) * 3600)
    if to_half:
        assert row.to_half.median_seconds == pytest.approx(np.median(to_half) * 3600)


def test_suggested_rows_stand_at_quantiles_of_the_distance() -> None:
    values = reverting(1, 50_000, step=1.0)
    rows = suggestion(values)
    assert [row.times for row in rows] == list(range(1, len(rows) + 1))
    assert all(row.spread > 0 for row in rows)
    for row in rows:
        share = (np.abs(values) < row.distance).mean() * 100
        assert share == pytest.approx(row.percent, abs=0.2)
    assert sum(row.spread for row in rows) == pytest.approx(rows[-1].distance)


def test_nothing_is_suggested_for_a_spread_that_never_moves() -> None:
    assert suggestion(np.zeros(100)) == ()
