"""Exchange objects kept between invocations, each with the markets it has loaded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol

from pairtrader.exchanges.base import BaseExchange, Clock
from pairtrader.exchanges.errors import UnknownSymbol
from pairtrader.model.account import ExchangeAccount
from pairtrader.model.market import Market

MARKETS_KEPT_MS = 3_600_000
MARKETS_KEPT_AT_LEAST_MS = 60_000
"""Even for somebody who asks for a symbol that the list does not have."""
FEES_KEPT_MS = 86_400_000
ACCOUNTS_KEPT = 50


class AccountNotFound(Exception):
    """The user has no account of this id."""


class Accounts(Protocol):
    """Where accounts are read."""

    def get(self, user_id: str, account_id: str) -> ExchangeAccount | None:
        """Return the user's account, None if the user has none of this id."""
        ...


@dataclass(slots=True)
class OpenAccount:
    """One account with its exchange object."""

    account: ExchangeAccount
    exchange: BaseExchange
    clock: Clock
    loaded_at: int = 0
    """When the markets were loaded, ms UTC; 0 for never."""
    _markets: Mapping[str, Market] = field(default_factory=dict)
    _fees: dict[str, tuple[int, Decimal, Decimal]] = field(default_factory=dict)
    """When they were asked for (ms UTC), taker and maker rate, by symbol."""

    async def markets(self) -> Mapping[str, Market]:
        """Return all markets by symbol, loaded anew every hour."""
        if self.clock() - self.loaded_at >= MARKETS_KEPT_MS:
            await self._load()
        return self._markets

    async def named(self, symbols: tuple[str, ...]) -> list[Market]:
        """Return these markets, in order.

        Raises:
            UnknownSymbol: naming all that the exchange does not have.
        """
        markets = await self.markets()
        fresh = self.clock() - self.loaded_at < MARKETS_KEPT_AT_LEAST_MS
        if not fresh and any(symbol not in markets for symbol in symbols):
            await self._load()
            markets = self._markets
        unknown = [symbol for symbol in symbols if symbol not in markets]
        if unknown:
            name = self.account.exchange_name
            raise UnknownSymbol(f"{name} has no perpetual swap {', '.join(unknown)}")
        return [markets[symbol] for symbol in symbols]

    async def priced(self, symbols: tuple[str, ...]) -> list[Market]:
        """Return these markets, in order, with the fees that the account really pays.

        Raises:
            UnknownSymbol: naming all that the exchange does not have.
        """
        return [await self._with_fees(market) for market in await self.named(symbols)]

    async def renewed(self, market: Market) -> Market:
        """Return `market` as the exchange describes it now; gone from its list, as not traded."""
        listed = (await self.markets()).get(market.symbol)
        return replace(market, active=False) if listed is None else await self._with_fees(listed)

    async def _with_fees(self, market: Market) -> Market:
        """Ask once a day what the account pays: a list of markets tells what everybody does."""
        if not self.account.has_keys:
            return market
        asked_at, taker, maker = self._fees.get(market.symbol, (0, Decimal(0), Decimal(0)))
        if self.clock() - asked_at >= FEES_KEPT_MS:
            taker, maker = await self.exchange.fee_rates(market)
            self._fees[market.symbol] = (self.clock(), taker, maker)
        return replace(market, taker_fee=taker, maker_fee=maker)

    async def _load(self) -> None:
        self._markets = {m.symbol: m for m in await self.exchange.load_markets()}
        self.loaded_at = self.clock()


class ExchangeShelf:
    """Opens accounts; one that has not been changed since keeps its exchange object."""

    def __init__(
        self, accounts: Accounts, create: Callable[[ExchangeAccount], BaseExchange], clock: Clock
    ) -> None:
        self._accounts = accounts
        self._create = create
        self._clock = clock
        self._kept: dict[str, OpenAccount] = {}

    async def open(self, user_id: str, account_id: str) -> OpenAccount:
        """Return the account with its exchange object.

        Raises:
            AccountNotFound: the user has no account of this id.
        """
        account = self._accounts.get(user_id, account_id)
        if account is None:
            raise AccountNotFound(account_id)
        kept = self._kept.get(account_id)
        if kept is not None and kept.account == account:
            return kept
        opened = OpenAccount(account, self._create(account), self._clock)
        if kept is not None:
            await kept.exchange.close()
        elif len(self._kept) >= ACCOUNTS_KEPT:
            oldest = self._kept.pop(next(iter(self._kept)))
            await oldest.exchange.close()
        self._kept[account_id] = opened
        return opened
