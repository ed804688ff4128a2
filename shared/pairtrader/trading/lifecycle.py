"""The life of a bot as tables: which moves are allowed and which statuses tick."""

from enum import StrEnum

from pairtrader.model.bot import BotState, Status
from pairtrader.trading.invalid_move import InvalidMove


class Move(StrEnum):
    """What may happen to a bot's status."""

    START = "start"
    PAUSE = "pause"
    STOP = "stop"
    """Stop at once: nothing is open."""
    STOP_OPEN = "stop_open"
    """Stop after the open cycle is closed or handed over."""
    CLOSE_DONE = "close_done"
    """A cycle ended and the bot is not to go on."""
    FAULT = "fault"
    """Books or orders could not be proven."""
    RESOLVE = "resolve"
    """The fault has been settled."""


TRANSITIONS: dict[tuple[Status, Move], Status] = {
    (Status.STOPPED, Move.START): Status.RUNNING,
    (Status.PAUSED, Move.START): Status.RUNNING,
    (Status.RUNNING, Move.PAUSE): Status.PAUSED,
    (Status.RUNNING, Move.STOP): Status.STOPPED,
    (Status.PAUSED, Move.STOP): Status.STOPPED,
    (Status.ERROR, Move.STOP): Status.STOPPED,
    (Status.RUNNING, Move.STOP_OPEN): Status.STOPPING,
    (Status.PAUSED, Move.STOP_OPEN): Status.STOPPING,
    (Status.ERROR, Move.STOP_OPEN): Status.STOPPING,
    (Status.RUNNING, Move.CLOSE_DONE): Status.PAUSED,
    (Status.PAUSED, Move.CLOSE_DONE): Status.PAUSED,
    (Status.ERROR, Move.CLOSE_DONE): Status.PAUSED,
    (Status.STOPPING, Move.CLOSE_DONE): Status.STOPPED,
    (Status.RUNNING, Move.FAULT): Status.ERROR,
    (Status.PAUSED, Move.FAULT): Status.ERROR,
    (Status.STOPPING, Move.FAULT): Status.ERROR,
    (Status.ERROR, Move.FAULT): Status.ERROR,
    (Status.ERROR, Move.RESOLVE): Status.PAUSED,
}

COMMANDABLE = frozenset({Status.RUNNING, Status.PAUSED, Status.STOPPING, Status.ERROR})
"""Statuses in which a tick carries out a command."""


def next_status(status: Status, move: Move) -> Status:
    """Return where `move` leads from `status`.

    Raises:
        InvalidMove: the table has no such move.
    """
    try:
        return TRANSITIONS[status, move]
    except KeyError:
        raise InvalidMove(status, move) from None


def is_ticking(state: BotState) -> bool:
    """Whether the bot's schedule should exist and its ticks should run."""
    match state.status:
        case Status.RUNNING | Status.STOPPING | Status.ERROR:
            return True
        case Status.PAUSED:
            return not state.is_flat or state.command is not None
        case Status.STOPPED:
            return False
