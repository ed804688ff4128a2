import numpy as np
import pytest

from pairtrader.backtest.period import EmptyPeriod, between, part
from pairtrader.backtest.series import Bars, PairSeries

MINUTE = 60_000


def series(bars: int = 10) -> PairSeries:
    prices = np.arange(1.0, bars + 1)
    return PairSeries(
        np.arange(bars, dtype=np.int64) * MINUTE,
        MINUTE,
        Bars(open=prices, close=prices + 1, high=prices + 2, low=prices),
        Bars(open=prices * 2, close=prices * 2),
    )


@pytest.mark.parametrize(
    ("since", "until", "first", "count"),
    [
        (None, None, 0, 10),
        (3 * MINUTE, None, 3, 7),
        (3 * MINUTE + 1, None, 4, 6),
        (None, 3 * MINUTE, 0, 3),
        (2 * MINUTE, 2 * MINUTE + 1, 2, 1),
    ],
)
def test_bars_are_cut_by_when_they_open(
    since: int | None, until: int | None, first: int, count: int
) -> None:
    found = between(series(), since, until)
    assert len(found) == count
    assert found.times[0] == first * MINUTE
    assert found.market1.open[0] == first + 1
    assert found.market1.high is not None
    assert found.market1.high[0] == first + 3
    assert found.market2.high is None


def test_a_period_without_a_bar_names_what_there_is() -> None:
    with pytest.raises(EmptyPeriod, match=r"from 1970-01-01T00:00:00Z to 1970-01-01T00:09:00Z"):
        between(series(), 10 * MINUTE, None)


def test_nothing_is_copied() -> None:
    whole = series()
    assert np.shares_memory(part(whole, 2, 5).market1.close, whole.market1.close)
