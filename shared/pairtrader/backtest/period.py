"""Parts of a series of prices."""

from datetime import UTC, datetime

import numpy as np

from pairtrader.backtest.series import Bars, PairSeries


class EmptyPeriod(ValueError):
    """No bar lies in the period: the text names what there is."""


def part(series: PairSeries, first: int, end: int) -> PairSeries:
    """Return the bars from `first` up to `end`, which does not belong to it; nothing is copied."""
    return PairSeries(
        times=series.times[first:end],
        timeframe_ms=series.timeframe_ms,
        market1=_part(series.market1, first, end),
        market2=_part(series.market2, first, end),
        funding1=series.funding1,
        funding2=series.funding2,
    )


def _part(bars: Bars, first: int, end: int) -> Bars:
    return Bars(
        open=bars.open[first:end],
        close=bars.close[first:end],
        high=None if bars.high is None else bars.high[first:end],
        low=None if bars.low is None else bars.low[first:end],
    )


def between(series: PairSeries, since: int | None, until: int | None) -> PairSeries:
    """Return the bars that open from `since` on and before `until` (ms UTC).

    Raises:
        EmptyPeriod: there are none.
    """
    first = 0 if since is None else int(np.searchsorted(series.times, since))
    end = len(series) if until is None else int(np.searchsorted(series.times, until))
    if first >= end:
        raise EmptyPeriod(
            f"no bar lies in the period: the data go from {_utc(series.times[0])} "
            f"to {_utc(series.times[-1])}"
        )
    return part(series, first, end)


def _utc(time: int) -> str:
    return datetime.fromtimestamp(int(time) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
