"""What a reader of a result must know before believing it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.cycles import Cycles
from pairtrader.backtest.equity import Equity
from pairtrader.backtest.series import Floats, FundingRates, PairSeries
from pairtrader.backtest.tables import iso_time
from pairtrader.backtest.trades import Outcome
from pairtrader.model.settings import SpreadMode
from pairtrader.strategy.spread import LARGE_MOVE_PERCENT, change

FEWEST_CYCLES = 30
"""With fewer, chance decides most of what the figures say."""
MAINTENANCE = 0.005
"""Maintenance margin as a fraction of the notional, as on the simulated exchange."""
CHUNK = 1 << 15


@dataclass(frozen=True, slots=True)
class Remark:
    """One warning."""

    code: str
    """Stable, for programs."""
    text: str

    def document(self) -> dict[str, str]:
        """Return it as plain JSON values."""
        return {"code": self.code, "text": self.text}


def remarks_on(
    series: PairSeries,
    outcome: Outcome,
    config: BacktestConfig,
    equity: Equity,
    cycles: Cycles,
    curve: Floats,
) -> list[Remark]:
    """Return the warnings about a run, the gravest first; `curve` is its equity by bar."""
    return [
        *_ruin(equity, curve),
        *_pause(series, outcome),
        *_few(cycles),
        *_open(cycles, outcome),
        *_large_move(series, outcome, config),
        *_funding(series, config, outcome.first_bar),
        *_gaps(series),
        *_passed_over(outcome),
    ]


def ruined_at(equity: Equity, curve: Floats) -> int | None:
    """Return the first bar at whose close equity was no more than the maintenance margin.

    That is `MAINTENANCE` of the notional held; an exchange would have taken the positions.
    """
    bound = MAINTENANCE * equity.largest_notional()
    for begin in range(0, len(curve), CHUNK):
        part = curve[begin : begin + CHUNK]
        if part.min() > bound:
            continue
        bar = equity.first_bar + begin
        held = equity.notional(bar, bar + len(part))
        found = np.flatnonzero((held > 0) & (part <= MAINTENANCE * held) | (part <= 0))
        if len(found):
            return bar + int(found[0])
    return None


def _ruin(equity: Equity, curve: Floats) -> Iterator[Remark]:
    bar = ruined_at(equity, curve)
    if bar is not None:
        yield Remark(
            "ruined",
            f"the account would have been liquidated at {_close(equity.series, bar)}: nothing "
            "after it is real",
        )


def _pause(series: PairSeries, outcome: Outcome) -> Iterator[Remark]:
    if outcome.paused_at is not None:
        yield Remark(
            "paused",
            f"from {_close(series, outcome.paused_at)} on nothing was entered any more: "
            f"{outcome.pause_reason}",
        )


def _few(cycles: Cycles) -> Iterator[Remark]:
    if cycles.closed == 0:
        yield Remark("no_cycles", "no cycle was closed: there is nothing to judge")
    elif cycles.closed < FEWEST_CYCLES:
        yield Remark(
            "few_cycles",
            f"{_count(cycles.closed, 'closed cycle')}: with fewer than {FEWEST_CYCLES} the figures "
            "mean little",
        )


def _open(cycles: Cycles, outcome: Outcome) -> Iterator[Remark]:
    if outcome.open_cycle is not None:
        yield Remark(
            "open_cycle",
            f"cycle {len(cycles)} was still open at the end and is marked at the last closes: "
            f"{outcome.open_cycle.net:.2f} of the net profit is not realised",
        )


def _large_move(series: PairSeries, outcome: Outcome, config: BacktestConfig) -> Iterator[Remark]:
    """Yield the warning that the live bot gives, once for the market that has moved furthest."""
    settings = config.settings
    if settings.spread_mode is not SpreadMode.DIFFERENCE:
        return
    moves = []
    legs = ((settings.market1_symbol, series.market1), (settings.market2_symbol, series.market2))
    for (symbol, bars), start in zip(legs, outcome.start_prices, strict=True):
        closes = bars.close[outcome.first_bar :]
        for extreme in (float(closes.min()), float(closes.max())):
            moves.append((abs(change(extreme, start)), symbol))
    furthest, symbol = max(moves)
    if furthest > LARGE_MOVE_PERCENT:
        yield Remark(
            "large_move",
            f"{symbol} was up to {furthest:,.0f} % away from its start price: points of difference "
            "mislead then, try a later start_time or spread_mode log_ratio",
        )


def _funding(series: PairSeries, config: BacktestConfig, first_bar: int) -> Iterator[Remark]:
    if not config.terms.funding:
        return
    legs = (
        (config.settings.market1_symbol, series.funding1),
        (config.settings.market2_symbol, series.funding2),
    )
    for symbol, rates in legs:
        if rates is None or not len(rates.times):
            yield Remark("funding_missing", f"there are no funding rates of {symbol}: it paid none")
        else:
            yield from _partly_covered(series, symbol, rates, first_bar)


def _partly_covered(
    series: PairSeries, symbol: str, rates: FundingRates, first_bar: int
) -> Iterator[Remark]:
    """Yield a warning where a settlement may lack: before, after or between the rates."""
    begin, end = int(series.times[first_bar]), int(series.times[-1]) + series.timeframe_ms
    first, last = int(rates.times[0]), int(rates.times[-1])
    steps = np.diff(rates.times)
    step = float(np.median(steps)) if len(steps) else 0.0
    if first > begin + step or last < end - step:
        yield Remark(
            "funding_partial",
            f"funding rates of {symbol} reach from {iso_time(first)} to {iso_time(last)}, prices "
            f"from {iso_time(begin)} to {iso_time(end)}: outside nothing was paid",
        )
    longest = int(steps.argmax()) if len(steps) else -1
    if len(steps) and steps[longest] > 3 * step:
        yield Remark(
            "funding_gap",
            f"funding rates of {symbol} lack between {iso_time(int(rates.times[longest]))} and "
            f"{iso_time(int(rates.times[longest + 1]))}: nothing was paid there",
        )


def _gaps(series: PairSeries) -> Iterator[Remark]:
    gaps = gaps_of(series)
    if gaps.count:
        yield Remark(
            "gaps",
            f"{_count(gaps.missing, 'bar')} missing in {_count(gaps.count, 'gap')}, the longest "
            f"from {iso_time(gaps.longest[0])} to {iso_time(gaps.longest[1])}: nothing was traded "
            "there",
        )


def _passed_over(outcome: Outcome) -> Iterator[Remark]:
    if outcome.price_jumps:
        yield Remark(
            "price_jumps",
            f"nothing was decided on {_count(outcome.price_jumps, 'bar')}, a price having jumped "
            "by more than max_price_jump",
        )
    if outcome.lapsed_entries:
        yield Remark(
            "lapsed_entries",
            f"{_count(outcome.lapsed_entries, 'entry', 'entries')} decided and not made: the limit "
            "order did not fill, or no bar followed at once",
        )


@dataclass(frozen=True, slots=True)
class Gaps:
    """Where a series lacks bars."""

    count: int
    missing: int
    """Bars, of all gaps together."""
    longest: tuple[int, int]
    """Close of the bar before the longest one and opening of the bar after it, ms UTC."""


def gaps_of(series: PairSeries) -> Gaps:
    """Return where bars lack between the first and the last one."""
    steps = np.diff(series.times)
    wide = np.flatnonzero(steps > series.timeframe_ms)
    if not len(wide):
        return Gaps(0, 0, (0, 0))
    longest = int(wide[steps[wide].argmax()])
    missing = int((steps[wide] // series.timeframe_ms - 1).sum())
    before, after = int(series.times[longest]), int(series.times[longest + 1])
    return Gaps(len(wide), missing, (before + series.timeframe_ms, after))


def _close(series: PairSeries, bar: int) -> str:
    return iso_time(int(series.times[bar]) + series.timeframe_ms)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
