"""What a bot that stops gives back, on real tables and schedules."""

from pynamodb.exceptions import TransactWriteError

from pairtrader.model.bot import BotConfig
from pairtrader.storage.capacity import CapacityRepository
from pairtrader.storage.claims import ClaimRepository, symbol_keys
from pairtrader.storage.schedules import Schedules, SchedulesUnavailable
from pairtrader.storage.transactions import (
    failed_conditions,
    is_conflict,
    open_connection,
    together,
    transact,
)


class TableRetirement:
    """Gives schedules, claims and room for good."""

    def __init__(
        self, schedules: Schedules, claims: ClaimRepository, capacity: CapacityRepository
    ) -> None:
        self._schedules = schedules
        self._claims = claims
        self._capacity = capacity
        self._connection = open_connection()

    def remove_schedule(self, bot_id: str, generation: int) -> None:
        """Delete the schedule; one that can't be deleted now is met again at its next event."""
        try:
            self._schedules.delete(bot_id, generation)
        except SchedulesUnavailable:
            return

    def release_claims(self, config: BotConfig) -> None:
        """Give up the bot's claims on both symbols and its room on the exchange.

        What another bot has taken stays its own: then all of it has been given up before.

        Raises:
            TransactWriteError: others never stopped writing; nothing was given up.
        """
        parts = together(self._claims.give_up(config), self._capacity.give_up(config))
        try:
            transact(self._connection, parts)
        except TransactWriteError as error:
            if is_conflict(error):
                raise
            failed_conditions(error, symbol_keys(config))
