"""What keeps exposure from rising: switches, a limit on the day's loss, a pace of entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from pairtrader.model.account import AccountMode

ZERO = Decimal(0)
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class EntryRate:
    """At most `entries` pairs of entry legs within any `window_ms`."""

    window_ms: int
    entries: int


ENTRY_RATES = (EntryRate(60_000, 12), EntryRate(3_600_000, 60))
"""Order-rate fuse of every bot. The longest ladder (10 rows) may be climbed within a minute, and
an entry a minute may go on for an hour; what is faster is a fault that pays fees for nothing."""
LONGEST_WINDOW_MS = max(rate.window_ms for rate in ENTRY_RATES)
MOST_ENTRIES = max(rate.entries for rate in ENTRY_RATES)


@dataclass(frozen=True, slots=True)
class RecentEntries:
    """When a bot was let through lately.

    An entry that is prepared in vain, time after time, sends nothing and must not blow the fuse:
    of those with the same number of rounds written before them only the last one counts.
    """

    moments: tuple[int, ...] = ()
    """ms UTC, oldest first."""
    last: str = ""
    """Cycle number and rounds of orders written when the last one was let through."""

    def before(self, entry: str) -> tuple[int, ...]:
        """Return the moments of all others than `entry`, ms UTC."""
        return self.moments[:-1] if entry == self.last else self.moments

    def too_many(self, entry: str, now: int) -> bool:
        """Whether `entry` at `now` (ms UTC) would exceed the order rate."""
        others = self.before(entry)
        return any(
            sum(at > now - rate.window_ms for at in others) >= rate.entries for rate in ENTRY_RATES
        )

    def with_entry(self, entry: str, now: int) -> "RecentEntries":
        """Return these and `entry` at `now` (ms UTC), without what no rate looks back to."""
        kept = [at for at in self.before(entry) if at > now - LONGEST_WINDOW_MS]
        return RecentEntries((*kept, now)[-MOST_ENTRIES:], entry)


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds back the entries of a bot, of all bots of a user, or of the whole stack."""

    halted: bool = False
    halted_reason: str = ""
    daily_loss_limit: Decimal | None = None
    """Quote currency, for a user only; None for no limit."""


@dataclass(frozen=True, slots=True)
class DayResult:
    """What the cycles that a user's bots closed on one UTC day have brought in.

    Account modes are counted apart: what was earned on paper makes up for no real loss. Quote
    currencies are not: one unit of any of them counts as one.
    """

    day: str
    """Such as ``2026-11-24``."""
    realised: Mapping[AccountMode, Decimal] = field(default_factory=dict)
    """Net of fees and funding, quote currency. A cycle counts whole on the day that it closes."""
    closed: int = 0
    """Cycles closed, in any mode."""

    def of(self, mode: AccountMode) -> Decimal:
        """Return what the cycles on accounts of `mode` have brought in, quote currency."""
        return self.realised.get(mode, ZERO)


@dataclass(frozen=True, slots=True)
class RiskBook:
    """All that is stored about whether a bot may enter."""

    stack: Limits
    user: Limits
    bot: Limits
    day: DayResult
    entries: RecentEntries = RecentEntries()


def day_of(at: int) -> str:
    """Return the UTC day of a moment (ms UTC), such as ``2026-11-24``."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")


def day_begin(day: str) -> int:
    """Return when a UTC day begins, ms UTC."""
    return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * 1000
