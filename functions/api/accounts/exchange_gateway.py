"""The exchange function, asked synchronously: the API itself talks to no exchange."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter

from functions.api.accounts.exchange_failure import ExchangeFailure
from pairtrader.model.account import Balance, ExchangeAccount, Position, PositionMode
from pairtrader.model.market import Market
from pairtrader.observability import logger

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

T = TypeVar("T")
ANSWER_SECONDS = 25
"""The gateway in front of the API gives up after 30."""


@dataclass(frozen=True, slots=True)
class AccountTest:
    """What the exchange says of an account and its key."""

    uid: str
    position_mode: PositionMode
    can_trade: bool
    can_withdraw: bool
    ip_bound: bool | None
    """None where the exchange does not tell."""
    warnings: tuple[str, ...] = ()
    expires_at: int | None = None
    """When the key ends, ms UTC; None for never or not told."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an account holds and has ordered of some symbols."""

    positions: tuple[Position, ...]
    """One for each symbol, in the order asked for."""
    open_orders: Mapping[str, int] = field(default_factory=dict)
    """Number of open orders by symbol, whoever sent them."""


@dataclass(frozen=True, slots=True)
class PairPrices:
    """Prices of two markets side by side, quote currency."""

    start_prices: tuple[Decimal, Decimal] | None
    """None where there is no candle at the start."""
    timeframe_ms: int
    points: tuple[tuple[int, Decimal, Decimal], ...]
    """When (ms UTC) and both prices, oldest first."""


class ExchangeGateway:
    """Looks at exchange accounts and markets through the exchange function.

    Every method raises `ExchangeFailure`.
    """

    def __init__(self, function: str, client: "LambdaClient | None" = None) -> None:
        self._function = function
        self._given = client

    @cached_property
    def _client(self) -> "LambdaClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - most requests need no Lambda client
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            connect_timeout=2, read_timeout=ANSWER_SECONDS, retries={"total_max_attempts": 1}
        )
        return boto3.client("lambda", config=config)

    def test(self, account: ExchangeAccount) -> AccountTest:
        """Return who the account is on its exchange and what its key may do."""
        return _read(AccountTest, self._ask(account, "test"))

    def markets(self, account: ExchangeAccount, symbols: Sequence[str]) -> tuple[Market, ...]:
        """Return these markets in this order; an unknown one fails with ``unknown_symbol``."""
        result = self._ask(account, "symbols", symbols=list(symbols))
        found = {market.symbol: market for market in _markets_in(result)}
        return tuple(found[symbol] for symbol in symbols)

    def search(self, account: ExchangeAccount, query: str, limit: int) -> tuple[Market, ...]:
        """Return up to `limit` markets whose symbol holds `query`."""
        result = self._ask(account, "symbols", query=query, limit=limit)
        return _markets_in(result)

    def balance(self, account: ExchangeAccount) -> Balance:
        """Return the money in the account."""
        return _read(Balance, self._ask(account, "balance"))

    def holdings(self, account: ExchangeAccount, symbols: Sequence[str]) -> Holdings:
        """Return what the account holds and has ordered of these symbols."""
        return _read(Holdings, self._ask(account, "positions", symbols=list(symbols)))

    def start_price(self, account: ExchangeAccount, symbol: str, at: int) -> Decimal:
        """Return the open of the 1-minute candle at `at` (ms UTC) or of the next within 5 minutes.

        Where there is none it fails with ``no_market_data``.
        """
        return Decimal(str(self._ask(account, "start_price", symbol=symbol, at=at)["open"]))

    def pair_prices(
        self, account: ExchangeAccount, symbols: tuple[str, str], since: int, most: int
    ) -> PairPrices:
        """Return up to `most` prices of both markets from `since` (ms UTC) to now."""
        result = self._ask(account, "pair_prices", symbols=list(symbols), since=since, most=most)
        return _read(PairPrices, result)

    def _ask(self, account: ExchangeAccount, action: str, **parameters: Any) -> dict[str, Any]:
        event = {"action": action, "user_id": account.user_id, "account_id": account.account_id}
        try:
            answer = self._client.invoke(
                FunctionName=self._function, Payload=json.dumps({**event, **parameters})
            )
        except (ClientError, BotoCoreError) as error:
            logger.exception("The exchange function could not be asked", action=action)
            raise _unavailable() from error
        body = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer or not isinstance(body, dict):
            logger.error("The exchange function failed", action=action)
            raise _unavailable()
        if body.get("ok"):
            result: dict[str, Any] = body["result"]
            return result
        error_body = body.get("error", {})
        raise ExchangeFailure(
            error_body.get("code", "exchange_error"), error_body.get("message", "")
        )


def _unavailable() -> ExchangeFailure:
    return ExchangeFailure("exchange_unavailable", "The exchange can't be asked at the moment.")


def _markets_in(result: Mapping[str, Any]) -> tuple[Market, ...]:
    return _read(tuple[Market, ...], result["markets"])


def _read(type_: Callable[..., T], answer: Any) -> T:
    value: T = _adapter(type_).validate_python(answer)
    return value


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    """Made when first needed: a cold start makes none of those that it does not use."""
    return TypeAdapter(type_)
