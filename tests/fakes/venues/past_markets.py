"""Markets with a past: a candle for every minute but those that were never made."""

from dataclasses import dataclass, field

from tests.fakes.venues.markets import MINUTE, FakeMarkets


@dataclass
class PastMarkets(FakeMarkets):
    """Each minute's prices tell which minute it is."""

    lacks: set[int] = field(default_factory=set)
    """Open times of the candles that there are not."""

    def candles(self, since: int, until: int) -> list[tuple[int, list[str]]]:
        first = -(-since // MINUTE) * MINUTE
        opens = range(first, min(until, self.now()) + 1, MINUTE)
        return [(time, past_candle(time)) for time in opens if time not in self.lacks]


def past_candle(time: int) -> list[str]:
    """Open, high, low, close and volume of the minute that begins at `time` (ms UTC)."""
    minute = time // MINUTE % 1000
    return [f"0.01{minute:03d}", f"0.02{minute:03d}", "0.01000", f"0.015{minute:03d}", "12.5"]
