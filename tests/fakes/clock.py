"""Time that passes only when a test, or something that sleeps, says so."""


class FakeClock:
    """Starts at a round minute."""

    def __init__(self, at: int = 1_767_225_600_000) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += int(seconds * 1000)

    def advance(self, seconds: float) -> None:
        self.at += int(seconds * 1000)
