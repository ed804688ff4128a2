"""Types of the arrays that figures are made from."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def distinct(rising: Integers) -> Integers:
    """Return each of `rising` once."""
    if len(rising) == 0:
        return rising
    return rising[np.concatenate(([True], rising[1:] != rising[:-1]))]
