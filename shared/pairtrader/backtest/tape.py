"""Prices as a run reads them, and the columns that it writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.course import Deal, Ledger, Tape
from pairtrader.backtest.preparation import Prepared, Settlements, Span
from pairtrader.model.order import OrderType

LISTED = Tape._fields[Tape._fields.index("block_lows") :]
"""Short columns that are read most."""
NO_FLAGS = np.empty(0, np.uint8)
KINDS: dict[str, type[np.generic]] = {
    **dict.fromkeys(("signal", "bar", "action", "direction", "level"), np.int64),
    **dict.fromkeys(("maker1", "maker2"), np.uint8),
}
"""Of the columns of a ledger that hold no floats."""


def tape_of_arrays(
    prepared: Prepared, config: BacktestConfig, first: int, starts: tuple[float, float]
) -> Tape:
    """Return the tape of a run, all columns as arrays."""
    settings = config.settings
    span = prepared.span(first)
    spreads = prepared.spreads(first, settings.spread_mode, starts)
    closes1, closes2 = prepared.closes(first)
    funding = prepared.settlements(first) if config.terms.funding else _no_settlements()
    rests = OrderType.LIMIT in (settings.order_type_open, settings.order_type_close)
    high1, low1, high2, low2 = _extremes(span) if rests else (np.empty(0),) * 4
    return Tape(
        times=span.times,
        open1=span.market1.open,
        open2=span.market2.open,
        close1=span.market1.close,
        close2=span.market2.close,
        high1=high1,
        low1=low1,
        high2=high2,
        low2=low2,
        jumped=prepared.jumps(first, settings.max_price_jump),
        entries=NO_FLAGS,
        settled_at=funding.times,
        settled_bar=funding.bars,
        settled_leg=funding.legs,
        settled_pay=funding.pays,
        spreads=spreads.values,
        block_lows=spreads.blocks.low,
        block_highs=spreads.blocks.high,
        window_lows=spreads.windows.low,
        window_highs=spreads.windows.high,
        least1=closes1.low,
        most1=closes1.high,
        least2=closes2.low,
        most2=closes2.high,
    )


def _extremes(span: Span) -> tuple[Any, Any, Any, Any]:
    bars1, bars2 = span.market1, span.market2
    return bars1.high, bars1.low, bars2.high, bars2.low


def _no_settlements() -> Settlements:
    none = np.empty(0, np.int64)
    return Settlements(none, none, none, np.empty(0))


def tape_of_views(
    prepared: Prepared,
    config: BacktestConfig,
    first: int,
    starts: tuple[float, float],
    deal: Deal,
) -> Tape:
    """Return the tape of a run in the form that the interpreter reads fastest."""
    columns = tape_of_arrays(prepared, config, first, starts)._asdict()
    views = {name: _view(prepared, name, column) for name, column in columns.items()}
    mode, bounds = config.settings.spread_mode, (deal.enter_low, deal.enter_high)
    return Tape(**{**views, "entries": prepared.entries(first, mode, starts, *bounds)})


def _view(prepared: Prepared, name: str, column: Any) -> Any:
    if name not in LISTED:
        return memoryview(column)
    # The array is kept beside its list: an address tells it from others while it lives.
    return prepared.once(name, id(column), lambda: (column, column.tolist()))[1]


KEPT = 4
"""Sets of columns kept: as many as there may well be threads."""
_spare: list[dict[str, Any]] = []


@contextmanager
def columns_of(rows: int) -> Iterator[dict[str, Any]]:
    """Lend columns for as many trades as there can be: one for each bar.

    Memory is taken by the rows that are written only. They are kept for the next run, as the
    operating system takes longer to hand out fresh ones than a compiled run takes.
    """
    try:
        columns = _spare.pop()
    except IndexError:
        columns = {}
    if not columns or len(columns["bar"]) < rows:
        columns = _new_columns(rows)
    yield columns
    if len(_spare) < KEPT:
        _spare.append(columns)


def _new_columns(rows: int) -> dict[str, Any]:
    """Columns of one kind lie side by side, so that few pages of memory are touched."""
    kinds = {name: KINDS.get(name, np.float64) for name in Ledger._fields}
    columns: dict[str, Any] = {}
    for kind in set(kinds.values()):
        names = [name for name in Ledger._fields if kinds[name] is kind]
        block = np.empty((rows, len(names)), kind)
        columns.update({name: block[:, place] for place, name in enumerate(names)})
    return {name: columns[name] for name in Ledger._fields}
