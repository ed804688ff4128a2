"""What may happen to a bot that its owner wants to be told of."""

from enum import StrEnum


class EventKind(StrEnum):
    """Kinds of events; a line of a bot's log that tells of one bears it."""

    FILL = "fill"
    """A row of the ladder was done: the pair was opened or added to."""
    CLOSE = "close"
    """A cycle ended, for any reason that has no kind of its own."""
    STOP_LOSS = "stop_loss"
    """A cycle was closed at its greatest loss."""
    LIQUIDATION_GUARD = "liquidation_guard"
    """A cycle was closed because a leg came too near to its liquidation."""
    ERROR = "error"
    """The bot can't prove the state of its orders or positions."""
    BROKEN_PAIR = "broken_pair"
    """The exchange holds something else than the books."""
    LEG_FAILURE = "leg_failure"
    """One leg of an entry could not be had and the other was taken back; the bot is paused."""
    PAUSED = "paused"
    """The bot paused itself because an entry can't be made; its owner's own pauses are none."""
    HELD_UP = "held_up"
    """The exchange does not let the bot read its account or act."""
