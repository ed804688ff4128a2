"""A run over history: the live bot's decision function, asked wherever it could act.

Between events the state is constant, so the next bar on which any rule could fire is found by a
search for bounds; only there the decision function is asked, with exact numbers. With the extra
`fast` Numba compiles the same functions as they stand. All agree bit for bit with a loop over every
bar.
"""

import sys
from importlib.util import find_spec
from typing import Any

import numpy as np

from pairtrader.backtest import legs
from pairtrader.backtest.config import FROM_THE_FIRST_BAR, BacktestConfig
from pairtrader.backtest.course import PAUSED_AFTER_CLOSE, Ending, Ledger, course
from pairtrader.backtest.deal import Starts, deal_of
from pairtrader.backtest.preparation import Prepared
from pairtrader.backtest.series import PairSeries
from pairtrader.backtest.tape import columns_of, tape_of_views
from pairtrader.backtest.trades import OpenCycle, Outcome, Trades
from pairtrader.model.order import OrderType
from pairtrader.model.settings import BotSettings

__all__ = ["FixConfig", "NeedsExtra", "Prepared", "run", "start_bar"]

START_SEARCH_MS = 300_000
"""How far from the start time a bar may open, as for the live bot."""
WORTH_COMPILED = 15_000_000
"""Bars from which on loading the compiler costs less than it saves."""
COMPILED = "pairtrader.backtest.compiled"


class FixConfig(ValueError):
    """The configuration does not go with the data; the text names the field and the way out."""


class NeedsExtra(ImportError):
    """A part of the library was asked for that is not installed; the text says how to get it."""


def run(
    series: PairSeries,
    config: BacktestConfig,
    *,
    prepared: Prepared | None = None,
    fast: bool | None = None,
) -> Outcome:
    """Return what `config` would have traded over `series`.

    Args:
        series: prices of both markets.
        config: settings and terms.
        prepared: of the same series, shared by many runs; made for this one where left out.
        fast: True demands the compiled engine, False forbids it; left out, it is taken where it is
            loaded already or where there is so much data that loading it is worth it.

    Raises:
        FixConfig: the start time is not in the data, or the data lacks what the terms need.
        NeedsExtra: `fast` was demanded and Numba is not installed.
    """
    if prepared is None:
        prepared = Prepared(series)
    _require_data(series, config)
    first = start_bar(series, config.settings)
    starts = float(series.market1.open[first]), float(series.market2.open[first])
    go = _compiled if _takes_compiled(fast, series) else _interpreted
    with columns_of(len(series) - first) as columns:
        ending = go(prepared, config, first, starts, columns)
        trades = _trades(columns, ending.trades, first)
    jumps = int(np.count_nonzero(prepared.jumps(first, config.settings.max_price_jump)))
    return Outcome(
        trades=trades,
        start_prices=starts,
        first_bar=first,
        open_cycle=OpenCycle(ending.net, ending.funding) if ending.is_open else None,
        paused_at=ending.paused_at + first if ending.paused_at >= 0 else None,
        pause_reason=_pause_reason(ending, config.settings),
        price_jumps=jumps,
        lapsed_entries=ending.lapsed,
    )


def _takes_compiled(fast: bool | None, series: PairSeries) -> bool:
    if fast is None:
        return COMPILED in sys.modules or (
            len(series) >= WORTH_COMPILED and find_spec("numba") is not None
        )
    if fast and find_spec("numba") is None:
        raise NeedsExtra("fast needs Numba: pip install 'pairtrader[fast]', or leave fast out")
    return fast


def _require_data(series: PairSeries, config: BacktestConfig) -> None:
    settings, terms = config.settings, config.terms
    if not len(series):
        raise FixConfig("the data holds no bar that both markets have")
    rests = OrderType.LIMIT in (settings.order_type_open, settings.order_type_close)
    markets = (series.market1, series.market2)
    if rests and any(bars.high is None or bars.low is None for bars in markets):
        raise FixConfig(
            "order_type_open, order_type_close: limit orders need the columns high and low of both "
            "markets; load them, or use market orders"
        )
    if terms.funding and (series.funding1 is None or series.funding2 is None):
        raise FixConfig(
            "funding: the funding rates of both markets are needed; give them, or funding: false"
        )


def start_bar(series: PairSeries, settings: BotSettings) -> int:
    """Return the bar that contains the start time, else the next one within 5 minutes or one bar.

    Raises:
        FixConfig: there is none.
    """
    if settings.start_time == FROM_THE_FIRST_BAR:
        return 0
    start = int(settings.start_time.timestamp() * 1000)
    times, timeframe = series.times, series.timeframe_ms
    bar = int(np.searchsorted(times, start, side="right")) - 1
    if bar >= 0 and start < int(times[bar]) + timeframe:
        return bar
    bar += 1
    if bar < len(times) and int(times[bar]) - start <= max(START_SEARCH_MS, timeframe):
        return bar
    wanted, first, last = settings.start_time.isoformat(), times[0], times[-1]
    raise FixConfig(
        f"start_time: the data has no bar at {wanted} nor soon after it; it goes from "
        f"{np.datetime64(int(first), 'ms')}Z to {np.datetime64(int(last), 'ms')}Z"
    )


def _interpreted(
    prepared: Prepared, config: BacktestConfig, first: int, starts: Starts, columns: dict[str, Any]
) -> Ending:
    ledger = Ledger(**{name: memoryview(column) for name, column in columns.items()})
    deal = deal_of(prepared, config, first, starts)
    return course(tape_of_views(prepared, config, first, starts, deal), deal, ledger)


def _compiled(
    prepared: Prepared, config: BacktestConfig, first: int, starts: Starts, columns: dict[str, Any]
) -> Ending:
    from pairtrader.backtest import compiled  # noqa: PLC0415  # takes half a second to load

    return compiled.run(prepared, config, first, starts, columns)


def _trades(columns: dict[str, Any], count: int, first: int) -> Trades:
    rows = {name: column[:count].copy() for name, column in columns.items()}
    for name in ("signal", "bar"):
        rows[name] += first
    for name in ("maker1", "maker2"):
        rows[name] = rows[name].view(np.bool_)
    return Trades(**rows)


def _pause_reason(ending: Ending, settings: BotSettings) -> str:
    """Return the words of the live bot."""
    row, code = ending.pause_level, ending.pause_code
    return {
        legs.FITS: "",
        PAUSED_AFTER_CLOSE: "pause_after_close",
        legs.BELOW_MINIMUM_1: f"row {row} is below the minimum of {settings.market1_symbol}",
        legs.BELOW_MINIMUM_2: f"row {row} is below the minimum of {settings.market2_symbol}",
        legs.ABOVE_MAXIMUM_1: f"row {row} is above the maximum of {settings.market1_symbol}",
        legs.ABOVE_MAXIMUM_2: f"row {row} is above the maximum of {settings.market2_symbol}",
        legs.LEGS_DIFFER: (
            f"the legs differ by {ending.pause_imbalance:.1f} % after rounding to lot steps"
        ),
    }[code]
