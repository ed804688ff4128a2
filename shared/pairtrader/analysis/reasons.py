"""Why a figure does not exist."""

from enum import StrEnum


class Reason(StrEnum):
    """Stands beside the figures that are null."""

    TOO_FEW_BARS = "too_few_bars"
    """A longer period or a shorter timeframe has more."""
    CONSTANT = "constant"
    """What does not move can't be measured."""
    COLLINEAR = "collinear"
    """Both markets move as one: what is left between them is rounding."""
    NOT_MEAN_REVERTING = "not_mean_reverting"
    """It moves away from its mean rather than back to it."""
    FASTER_THAN_A_BAR = "faster_than_a_bar"
    """It is back within one bar: a shorter timeframe would show it."""
