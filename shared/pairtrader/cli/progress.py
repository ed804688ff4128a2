"""Progress on stderr, for people who watch."""

import sys
from contextlib import AbstractContextManager
from typing import Protocol

from tqdm import tqdm


class Progress(Protocol):
    """Something that counts up."""

    def update(self, n: float = 1) -> object:
        """Count `n` more."""
        ...


def bar(total: int | None, unit: str, *, quiet: bool = False) -> AbstractContextManager[Progress]:
    """Return a bar with the time that is left; silent when asked to be, or without a terminal."""
    # The monitor is a thread, and workers are forked: a fork must not find locks held by it.
    tqdm.monitor_interval = 0
    shown: AbstractContextManager[Progress] = tqdm(
        total=total,
        unit=f" {unit}",
        disable=quiet or not sys.stderr.isatty(),
        dynamic_ncols=True,
        leave=False,
        file=sys.stderr,
    )
    return shown
