"""The same run, compiled: Numba takes the functions as they stand, the decision function first.

Importing this module costs half a second; `engine.run` does so where that is worth it.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
from numba import njit

from pairtrader.backtest import bounds, course, legs, preparation, search
from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.course import Ending, Ledger, Tape
from pairtrader.backtest.deal import Starts, deal_of
from pairtrader.backtest.preparation import Extremes, Prepared, Spreads
from pairtrader.backtest.search import BLOCK, WINDOW, next_far_outside
from pairtrader.backtest.series import Floats
from pairtrader.backtest.tape import tape_of_arrays
from pairtrader.model.settings import SpreadMode
from pairtrader.strategy import decision, spread


def _next_entry(tape: Tape, start: int, end: int, low: float, high: float) -> int:
    """Return what `course.next_entry` does, without its flags."""
    return next_far_outside(
        tape.spreads, tape.block_lows, tape.block_highs, tape.window_lows, tape.window_highs,
        start, end, low, high,
    )  # fmt: skip


CALLED = (
    decision.decide,
    decision.rearm,
    spread.change,
    spread.difference,
    spread.log_ratio,
    legs.on_grid,
    legs.lot,
    legs.resting_price,
    legs.imbalance,
    legs.gross_pnl,
    legs.net_pnl,
    legs.leg_near_liquidation,
    legs.liquidation_near,
    bounds.spread_at_target,
    bounds.spread_at_stop,
    bounds.harmless_move,
    bounds.leg_may_near_liquidation,
    bounds.liquidation_may_near,
    search.next_outside,
    search.next_far_outside,
    search.first_look_at,
    _next_entry,
    course.entry_problem,
    course.rested_fill,
)
"""Each calls only those before it."""
SOURCES = (decision, spread, legs, bounds, search, course)


def _version() -> str:
    """Return a digest of everything that is compiled: the compiler's cache knows one file only."""
    digest = hashlib.sha256()
    for module in (*SOURCES, preparation):
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:16]


def _bound(function: Callable[..., Any], names: dict[str, Any]) -> Any:
    """Return `function` with some of the names it uses bound to something else."""
    known = {**function.__globals__, **names}
    return FunctionType(function.__code__, known, function.__name__, function.__defaults__)


def _compile_all() -> Any:
    compiled: dict[str, Any] = {}
    for function in CALLED:
        name = function.__name__.removeprefix("_")
        compiled[name] = njit(nogil=True)(_bound(function, compiled))
    return _kept(_bound(course.course, compiled))


def _kept(function: Any) -> Any:
    """Return `function` compiled, its machine code kept on disk where a folder can be written."""
    function.__qualname__ = f"{function.__name__}_{VERSION}"
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # "no locator available": nowhere to write
        return njit(nogil=True)(function)


def _survey(
    close1: Floats,
    close2: Floats,
    factor1: float,
    factor2: float,
    spreads: Floats,
    lows: Floats,
    highs: Floats,
    least1: Floats,
    most1: Floats,
    least2: Floats,
    most2: Floats,
) -> None:
    """Write the spreads and all extremes, reading each price once."""
    for window in range(len(least1)):
        begin, end = window * WINDOW, min((window + 1) * WINDOW, len(close1))
        low1 = high1 = close1[begin]
        low2 = high2 = close2[begin]
        for start in range(begin, end, BLOCK):
            low = high = close1[start] * factor1 - close2[start] * factor2
            for bar in range(start, min(start + BLOCK, end)):
                price1, price2 = close1[bar], close2[bar]
                spread = price1 * factor1 - price2 * factor2
                spreads[bar] = spread
                low, high = min(low, spread), max(high, spread)
                low1, high1 = min(low1, price1), max(high1, price1)
                low2, high2 = min(low2, price2), max(high2, price2)
            lows[start // BLOCK], highs[start // BLOCK] = low, high
        least1[window], most1[window] = low1, high1
        least2[window], most2[window] = low2, high2


VERSION = _version()
_course = _compile_all()
_surveyed = _kept(_survey)


def run(
    prepared: Prepared,
    config: BacktestConfig,
    first: int,
    starts: Starts,
    columns: dict[str, Any],
) -> Ending:
    """Write the trades to `columns` and return what is left at the end."""
    _prepare(prepared, first, config.settings.spread_mode, starts)
    tape = tape_of_arrays(prepared, config, first, starts)
    deal = deal_of(prepared, config, first, starts)
    deal = deal._replace(
        row_spreads=_sealed(np.array(deal.row_spreads)),
        row_notionals=_sealed(np.array(deal.row_notionals)),
    )
    ending: Ending = _course(Tape(*map(_sealed, tape)), deal, Ledger(**columns))
    return ending


def _sealed(column: Any) -> Any:
    """Return a read-only view: one type of column is one compilation."""
    view = np.ascontiguousarray(column).view(np.ndarray)
    view.flags.writeable = False
    return view


def _prepare(prepared: Prepared, first: int, mode: SpreadMode, starts: Starts) -> None:
    """Work out faster what `Prepared` would, and leave it there."""
    if mode is not SpreadMode.LOG_RATIO:
        prepared.once("spreads", (first, mode), lambda: _spreads(prepared, first, starts))


def _spreads(prepared: Prepared, first: int, starts: Starts) -> Spreads:
    span = prepared.span(first)
    bars = len(span.times)
    values, blocks = np.empty(bars), _groups(bars, BLOCK)
    closes = _groups(bars, WINDOW), _groups(bars, WINDOW)
    _surveyed(
        _sealed(span.market1.close), _sealed(span.market2.close),
        100.0 / starts[0], 100.0 / starts[1], values, blocks.low, blocks.high,
        closes[0].low, closes[0].high, closes[1].low, closes[1].high,
    )  # fmt: skip
    prepared.once("closes", first, lambda: closes)
    slack = preparation.slack(closes, starts)
    return Spreads(values, blocks, preparation.windows_of(blocks), slack)


def _groups(bars: int, size: int) -> Extremes:
    count = -(-bars // size)
    return Extremes(np.empty(count), np.empty(count))
