"""What p-values are worth when many were looked at."""

import numpy as np

from pairtrader.analysis.arrays import Floats


def benjamini_hochberg(p_values: Floats, tests: int | None = None) -> Floats:
    """Return the adjusted p-values: keeping those up to q keeps a share q of false finds at most.

    Args:
        p_values: of the tests that were made.
        tests: how many were tried in all, those that were not even tested included (they count as
            not found); None: as many as there are p-values.
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = p_values[order] * (tests or count) / np.arange(1, count + 1)
    smallest_from_here = np.minimum.accumulate(stepped[::-1])[::-1]
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(smallest_from_here, 1.0)
    return adjusted
