"""How a tick ended, for metrics and for whoever asked for it."""

from dataclasses import dataclass
from enum import StrEnum

from pairtrader.model.bot import BotState


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


def report(state: BotState, result: TickResult, reason: str | None = None) -> TickReport:
    """Return the report of a tick that ended with `state`."""
    return TickReport(
        bot_id=state.bot_id,
        result=result,
        reason=state.hold_reason if reason is None else reason,
        status=state.status,
        spread=state.last_spread,
        level=state.cycle.level if state.cycle else 0,
    )
