"""How a tick ended, for metrics and for whoever asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pairtrader.model.bot import BotState
from pairtrader.trading.incidents import Incident


class TickResult(StrEnum):
    """The ways a tick may end."""

    IDLE = "idle"
    TRADED = "traded"
    SETTLED = "settled"
    """Unfinished business was taken care of."""
    SKIPPED = "skipped"
    """A guard forbade to decide."""
    DROPPED = "dropped"
    """It was not this tick's turn."""


@dataclass(frozen=True, slots=True)
class TickReport:
    """What one tick did."""

    bot_id: str
    result: TickResult
    reason: str = ""
    status: str = ""
    spread: float | None = None
    level: int = 0
    skipped: int = 0
    """Ticks in a row that a guard has made skip, this one included."""
    incidents: tuple[Incident, ...] = ()
    """What happened, for the operators' metrics."""


def report(
    state: BotState,
    result: TickResult,
    reason: str | None = None,
    incidents: Sequence[Incident] = (),
) -> TickReport:
    """Return the report of a tick that ended with `state`."""
    return TickReport(
        bot_id=state.bot_id,
        result=result,
        reason=state.hold_reason if reason is None else reason,
        status=state.status,
        spread=state.last_spread,
        level=state.cycle.level if state.cycle else 0,
        skipped=state.skipped,
        incidents=tuple(incidents),
    )
