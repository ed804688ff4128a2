"""Parts of a history: settings are chosen on one and judged on the next."""

from dataclasses import dataclass
from itertools import pairwise

from pairtrader.backtest.sweep.runs import Window
from pairtrader.backtest.sweep.space import BadSpace

MIN_BARS = 100
"""A part with fewer says nothing."""


@dataclass(frozen=True, slots=True)
class Split:
    """A part to choose on and the part right behind it to judge by."""

    train: Window
    test: Window


def splits(bars: int, folds: int, train: float, *, anchored: bool = False) -> list[Split]:
    """Return `folds` splits whose tests follow one another up to the last bar.

    `train` is the share of the first split that is chosen on (0 to 1). Rolling splits all have
    that length; anchored ones always begin at the first bar, so that the later know more.

    Raises:
        BadSpace: the history is too short for so many.
    """
    if folds < 1:
        raise BadSpace("walk-forward needs at least one split")
    if not 0 < train < 1:
        raise BadSpace("the share to train on has to lie between 0 and 1")
    test = bars / (folds + train / (1 - train))
    edges = [round(bars - test * (folds - fold)) for fold in range(folds + 1)]
    if min(edges[0], *(b - a for a, b in pairwise(edges))) < MIN_BARS:
        raise BadSpace(
            f"{bars:,} bars are too few for {folds} splits: each part needs {MIN_BARS} bars"
        )
    length = edges[0]
    return [
        Split(Window(0 if anchored else begin - length, begin), Window(begin, end))
        for begin, end in pairwise(edges)
    ]
