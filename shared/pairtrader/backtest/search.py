"""The next bar whose spread leaves a range, found by the extremes of blocks and windows of bars.

`BLOCK` bars are skipped by two comparisons, `WINDOW` bars as well.
"""

from collections.abc import Sequence

BLOCK = 16
WINDOW = 512


def next_outside(
    spreads: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    start: int,
    end: int,
    low: float,
    high: float,
) -> int:
    """Return the first bar from `start` on, before `end`, at or beyond a bound; else `end`.

    `lows` and `highs` are the extremes of each block of `spreads`.
    """
    for block in range(start // BLOCK, (end + BLOCK - 1) // BLOCK):
        if highs[block] >= high or lows[block] <= low:
            begin, stop = block * BLOCK, block * BLOCK + BLOCK
            for bar in range(
                begin if begin > start else start,
                stop if stop < end else end,
            ):
                spread = spreads[bar]
                if spread >= high or spread <= low:
                    return bar
    return end


def next_far_outside(
    spreads: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    window_lows: Sequence[float],
    window_highs: Sequence[float],
    start: int,
    end: int,
    low: float,
    high: float,
) -> int:
    """Return what `next_outside` does, over any distance; windows have extremes as well."""
    for window in range(start // WINDOW, (end + WINDOW - 1) // WINDOW):
        if window_highs[window] >= high or window_lows[window] <= low:
            begin, stop = window * WINDOW, window * WINDOW + WINDOW
            begin, stop = max(begin, start), min(stop, end)
            bar = next_outside(spreads, lows, highs, begin, stop, low, high)
            if bar < stop:
                return bar
    return end


def next_flag(flags: bytes, start: int, end: int) -> int:
    """Return the first place from `start` on, before `end`, that holds a 1; else `end`."""
    found = flags.find(b"\x01", start, end)
    return found if found >= 0 else end


def first_look_at(times: Sequence[int], timeframe: int, start: int, moment: int) -> int:
    """Return the first bar from `start` on that closes at `moment` (ms UTC) or later."""
    low, high = start, len(times)
    while low < high:
        middle = (low + high) // 2
        if times[middle] + timeframe < moment:
            low = middle + 1
        else:
            high = middle
    return low
