"""What a run traded, in columns: one row for every pair of orders, market 1's and market 2's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairtrader.backtest.series import Floats, Integers

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Trades:
    """All columns are of one length and in the order in which the orders filled."""

    signal: Integers
    """Index of the bar whose close decided."""
    bar: Integers
    """Index of the bar in which both legs were filled; `signal` itself for fills at its close."""
    action: Integers
    """A result of `decision.decide`: OPEN, ADD or one of CLOSE_*."""
    direction: Integers
    """+1: market 1 sold and market 2 bought at entries; -1: the reverse."""
    level: Integers
    """Ladder rows done with this entry, or done when it was closed."""
    spread: Floats
    """Of the deciding bar, points."""
    amount1: Floats
    amount2: Floats
    """Base coins, unsigned."""
    price1: Floats
    price2: Floats
    """As filled, slippage included, quote currency."""
    fee1: Floats
    fee2: Floats
    """Paid, quote currency; negative where the exchange paid."""
    maker1: Flags
    maker2: Flags
    """Whether the order rested."""
    funding: Floats
    """Closes: received less paid over the cycle, quote currency; 0 for entries."""
    net: Floats
    """Closes: net profit of the cycle, quote currency; 0 for entries."""

    def __len__(self) -> int:
        """Return the number of pairs of orders."""
        return len(self.bar)


@dataclass(frozen=True, slots=True)
class OpenCycle:
    """The cycle that the data ended in, marked at the last closes."""

    net: float
    """Net profit were it closed there without slippage: fees so far and to come, funding so far."""
    funding: float
    """Received less paid so far, quote currency."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything a run has to say."""

    trades: Trades
    start_prices: tuple[float, float]
    first_bar: int
    """Index of the first bar that was looked at: the start time's."""
    open_cycle: OpenCycle | None
    paused_at: int | None = None
    """Index of the bar from which on nothing was entered any more, None if that never came."""
    pause_reason: str = ""
    price_jumps: int = 0
    """Bars on which nothing was decided, a price having jumped by more than `max_price_jump`."""
    lapsed_entries: int = 0
    """Entries not made: limit orders that did not fill, next opens behind a gap or the last bar."""
