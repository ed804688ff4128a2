"""What is wrong with a move that a bot's status does not allow."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pairtrader.model.bot import Status
    from pairtrader.trading.lifecycle import Move


class InvalidMove(Exception):
    """The bot's status does not allow this move."""

    def __init__(self, status: "Status", move: "Move") -> None:
        super().__init__(f"a bot that is {status} can't {move.replace('_', ' ')}")
        self.status = status
        self.move = move
