"""Why a write or a read was not done, named by what the caller must do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pairtrader.model.account import ExchangeName


class StorageError(Exception):
    """Any refusal of the storage layer."""


class Superseded(StorageError):
    """Somebody else wrote first: what was read is out of date, read again or give up."""


class AlreadyExists(StorageError):
    """The key is taken."""


class BadCursor(StorageError):
    """The cursor was not made by this list."""


class CapacityReached(StorageError):
    """The exchange does not take more from this address: another interval, bot or address."""

    def __init__(self, exchange: "ExchangeName", interval_seconds: int) -> None:
        super().__init__(f"{exchange}: no room for a bot of {interval_seconds} s")
        self.exchange = exchange
        self.interval_seconds = interval_seconds
