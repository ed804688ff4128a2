"""What differs between the exchanges that are reached through CCXT."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pairtrader.exchanges.errors import RetryLater


@dataclass(frozen=True, slots=True)
class TopOfBook:
    """Best bid and ask as an exchange answered them."""

    market_id: str
    """The exchange's own name of the market."""
    bid: Decimal
    ask: Decimal
    timestamp: int
    """ms UTC."""


class CcxtVenue(ABC):
    """One exchange: which CCXT class fits, and the requests that CCXT's unified calls miss."""

    name: str
    """As in the API."""
    class_name: str
    """Of CCXT's async class."""
    options: Mapping[str, Any]
    """CCXT options."""
    unknown_symbol_codes: frozenset[str]
    """The exchange's codes for a market that it does not have."""

    @abstractmethod
    async def top_of_book(self, client: Any, market_id: str) -> TopOfBook:
        """Return best bid and ask by a keyless request for this one market."""

    @abstractmethod
    def is_whole(self, answer: Any) -> bool:
        """Return whether an answer without an error has the shape that all have."""

    @abstractmethod
    def max_market_amount(self, market: Mapping[str, Any]) -> str | None:
        """Return the largest market order of a CCXT market, in contracts, None if not told."""


def price(answer: Mapping[str, Any], key: str) -> Decimal:
    """Return a price out of an answer.

    Raises:
        RetryLater: there is none; one side of the book may be empty.
    """
    try:
        value = Decimal(answer[key])
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise RetryLater(f"the answer has no {key}") from error
    if not value.is_finite() or value <= 0:
        raise RetryLater(f"the answer has no {key}")
    return value


def moment(answer: Mapping[str, Any], key: str) -> int:
    """Return a time (ms UTC) out of an answer.

    Raises:
        RetryLater: there is none.
    """
    try:
        return int(answer[key])
    except (KeyError, TypeError, ValueError) as error:
        raise RetryLater(f"the answer has no {key}") from error
