"""Changes of a bot that its ticks change at the same time."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from functions.api.web.problems import conflict
from pairtrader.storage.errors import Superseded

ATTEMPTS = 8
PAUSE_SECONDS = 0.02

_T = TypeVar("_T")


def until_written(
    change: Callable[[], _T], pause_seconds: float = PAUSE_SECONDS, what: str = "bot"
) -> _T:
    """Return what `change` returns; it reads anew each time somebody else wrote first.

    Raises:
        Problem: 409 ``changed_meanwhile`` when that keeps happening.
    """
    for attempt in range(ATTEMPTS):
        try:
            return change()
        except Superseded:
            time.sleep(random.uniform(0, pause_seconds * (attempt + 1)))  # noqa: S311
    raise conflict("changed_meanwhile", f"The {what} is busy: try again.")
