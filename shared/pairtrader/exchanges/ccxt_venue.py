"""What differs between the exchanges that are reached through CCXT."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pairtrader.exchanges.answer_codes import Meaning
from pairtrader.exchanges.errors import RetryLater
from pairtrader.exchanges.native import (
    NativeFill,
    NativeOrder,
    NativePositions,
    NativeReport,
)
from pairtrader.model.account import (
    AccountIdentity,
    Balance,
    FundingPayment,
    MarginMode,
    PositionMode,
)
from pairtrader.model.market import Market


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
    """One exchange: which CCXT class fits, its codes, and its requests.

    CCXT signs, sends and finds errors; the requests are the exchange's own, since CCXT's unified
    ones round amounts, guess what is missing, and want the whole list of markets loaded. `client`
    is CCXT's object everywhere. Answers are checked: whoever finds one incomplete raises
    `RetryLater`, and never takes what is missing for zero.
    """

    name: str
    """As in the API."""
    class_name: str
    """Of CCXT's async class."""
    options: Mapping[str, Any]
    """CCXT options."""
    codes: Mapping[str, Meaning]
    """What the exchange's error codes mean. One that is not here proves nothing of an order."""
    position_mode_by_market = False
    """Whether each market has a position mode of its own instead of the account's."""

    stamps_need_its_clock: bool = False
    """Whether our clock must be compared with the exchange's before it is believed.

    So where an expiry counts from our time stamp and time stamps that are well off are accepted.
    """

    def enter_sandbox(self, client: Any) -> None:
        """Lead a new CCXT object to the exchange's own testnet or demo."""
        client.set_sandbox_mode(True)

    def code_of(self, answer: Any) -> str:
        """Return the error code in an answer, empty where there is none."""
        if not isinstance(answer, dict):
            return ""
        return str(answer.get("code", answer.get("retCode", "")))

    def words_of(self, answer: Any) -> str:
        """Return what an answer says in words, empty where it says nothing."""
        if not isinstance(answer, dict):
            return ""
        return str(answer.get("msg") or answer.get("retMsg") or "")

    def headers(self, client: Any, path: str, method: str) -> Mapping[str, str]:
        """Return headers that a request to CCXT's `path` needs beside those that CCXT sends."""
        return {}

    @abstractmethod
    def is_whole(self, answer: Any) -> bool:
        """Return whether an answer without an error has the shape that all have."""

    # Public

    @abstractmethod
    async def top_of_book(self, client: Any, market_id: str) -> TopOfBook:
        """Return best bid and ask by a keyless request for this one market."""

    @abstractmethod
    async def server_time(self, client: Any) -> int:
        """Return the exchange's time, ms UTC, by a keyless request."""

    @abstractmethod
    def max_market_amount(self, market: Mapping[str, Any]) -> str | None:
        """Return the largest market order of a CCXT market, in contracts, None if not told."""

    @abstractmethod
    def market_id(self, base: str, quote: str) -> str:
        """Return the exchange's name of the linear swap of `base` in `quote`."""

    # Account

    @abstractmethod
    async def identity(self, client: Any, sandbox: bool) -> AccountIdentity:
        """Return who the account is and what its key may do.

        A testnet that does not tell a key's permissions has one that can't withdraw.
        """

    @abstractmethod
    async def position_mode(self, client: Any, market_id: str) -> PositionMode:
        """Return the account's position mode, as it holds for this market."""

    @abstractmethod
    async def balance(self, client: Any, currency: str) -> Balance:
        """Return equity and free margin in `currency`."""

    @abstractmethod
    async def positions(self, client: Any, market_ids: Sequence[str]) -> NativePositions:
        """Return what is held of these markets, by as few requests as there can be."""

    @abstractmethod
    async def set_leverage(
        self,
        client: Any,
        market_id: str,
        leverage: int,
        margin_mode: MarginMode,
        position_mode: PositionMode,
    ) -> None:
        """Set leverage and margin mode of one market; having them already is success."""

    @abstractmethod
    async def position_limit(self, client: Any, market: Market, leverage: int) -> Decimal | None:
        """Return the largest position that `leverage` is allowed for, in quote currency.

        None where the exchange sets none.
        """

    @abstractmethod
    async def fee_rates(self, client: Any, market_id: str) -> tuple[Decimal, Decimal]:
        """Return taker and maker fee of the account, fractions; a rebate is negative."""

    @abstractmethod
    async def funding(
        self, client: Any, market: Market, since: int, until: int
    ) -> Sequence[FundingPayment]:
        """Return funding settled after `since` and up to `until` (ms UTC), ascending.

        It is complete: all pages are read.
        """

    # Orders

    @abstractmethod
    async def send_order(self, client: Any, order: NativeOrder) -> str:
        """Send one order and return the exchange's id of it, empty if the answer holds none.

        The request bears the exchange's own expiry, `BaseExchange.request_expiry_ms` at most.
        """

    @abstractmethod
    async def order(self, client: Any, market_id: str, client_order_id: str) -> NativeReport | None:
        """Return the order, open or ended; None (or `NoSuchOrder`) if the exchange has none."""

    @abstractmethod
    async def fills(
        self, client: Any, market_id: str, report: NativeReport
    ) -> Sequence[NativeFill]:
        """Return all fills of an order."""

    @abstractmethod
    async def cancel_order(self, client: Any, market_id: str, client_order_id: str) -> None:
        """Cancel an open order; `NoSuchOrder` where it is not open."""

    @abstractmethod
    async def open_orders(self, client: Any, market_id: str) -> Sequence[str]:
        """Return the client order ids of all open orders of a market; empty text where none."""


def number(answer: Mapping[str, Any], key: str) -> Decimal:
    """Return a finite number out of an answer.

    Raises:
        RetryLater: there is none.
    """
    try:
        value = Decimal(str(answer[key]))
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise RetryLater(f"the answer has no {key}") from error
    if not value.is_finite():
        raise RetryLater(f"the answer has no {key}")
    return value


def price(answer: Mapping[str, Any], key: str) -> Decimal:
    """Return a price out of an answer.

    Raises:
        RetryLater: there is none; one side of the book may be empty.
    """
    value = number(answer, key)
    if value <= 0:
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


def text(answer: Mapping[str, Any], key: str) -> str:
    """Return a text out of an answer.

    Raises:
        RetryLater: there is none, or it is empty.
    """
    value = answer.get(key)
    if value is None or value == "":
        raise RetryLater(f"the answer has no {key}")
    return str(value)


def rows(answer: Any, *path: str) -> list[dict[str, Any]]:
    """Return the list of objects at `path` in an answer.

    Raises:
        RetryLater: there is none; nothing at all is another thing than nothing held.
    """
    for key in path:
        answer = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise RetryLater(f"the answer has no list of {'.'.join(path) or 'rows'}")
    return answer


def optional_price(answer: Mapping[str, Any], key: str) -> Decimal | None:
    """Return a price out of an answer, None where it is absent, empty or zero."""
    value = answer.get(key)
    if value in (None, "", "0"):
        return None
    found = number(answer, key)
    return found if found > 0 else None
