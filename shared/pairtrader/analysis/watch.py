"""Whoever waits for an analysis: he is told how far it is, and may call it off."""

from collections.abc import Callable
from dataclasses import dataclass

from pairtrader.analysis.errors import Cancelled

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Both are optional."""

    progress: Progress | None = None
    cancelled: Callable[[], bool] | None = None

    def at(self, done: int, total: int) -> None:
        """Tell how far it is.

        Raises:
            Cancelled: it is wanted no more.
        """
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        if self.progress is not None:
            self.progress(done, total)
