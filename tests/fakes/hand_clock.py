"""A clock that stands until it is moved."""


class HandClock:
    """Returns the same time, ms UTC, until told otherwise."""

    def __init__(self, now: int) -> None:
        self.time = now

    def __call__(self) -> int:
        return self.time

    def advance(self, ms: int) -> None:
        self.time += ms
