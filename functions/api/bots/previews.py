"""What can be told of a bot before there is one; nothing is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from functions.api.accounts.exchange_failure import ExchangeFailure
from functions.api.bots.feasibility import (
    SETTLING_MS,
    PairFacts,
    account_of,
    find_facts,
    no_start_price,
    size_errors,
    unknown_symbols,
)
from functions.api.ports import AccountStore, Exchanges
from functions.api.web.problems import FieldError, Problem, invalid
from pairtrader.model.account import ExchangeAccount
from pairtrader.model.settings import BotSettings, SpreadMode
from pairtrader.strategy.spread import spread

MOST_POINTS = 500
_UNFIT = 422


@dataclass(frozen=True, slots=True)
class SpreadAt:
    """Both prices and the spread (points) at a moment, ms UTC."""

    at: int
    price1: Decimal
    price2: Decimal
    spread: float


@dataclass(frozen=True, slots=True)
class PairSpread:
    """The way of a pair's spread."""

    start_prices: tuple[Decimal, Decimal] | None
    """None while the start time is not over."""
    points: tuple[SpreadAt, ...]
    resolution_ms: int


@dataclass(frozen=True, slots=True)
class BotPreview:
    """What the exchange says of a bot's settings."""

    facts: PairFacts | None
    """None where it does not trade the pair, or has no start price."""
    errors: tuple[FieldError, ...]
    """What a creation would be refused for."""


class Previews:
    """Judges bots that somebody thinks of."""

    def __init__(
        self, accounts: AccountStore, exchanges: Exchanges, now: Callable[[], int]
    ) -> None:
        self._accounts = accounts
        self._exchanges = exchanges
        self._now = now

    def bot(self, user_id: str, settings: BotSettings) -> BotPreview:
        """Return what a creation of the bot would find.

        Raises:
            Problem: 404 for the account.
            ExchangeFailure: the exchange can't be asked.
        """
        account = account_of(self._accounts, user_id, settings)
        try:
            facts = find_facts(self._exchanges, account, settings, self._now())
        except Problem as problem:
            if problem.status != _UNFIT:
                raise
            return BotPreview(None, problem.errors)
        return BotPreview(facts, tuple(size_errors(settings, facts.markets, facts.prices)))

    def spread(
        self, account: ExchangeAccount, symbols: tuple[str, str], since: int, mode: SpreadMode
    ) -> PairSpread:
        """Return the pair's spread since `since` (ms UTC), at most 500 points of it.

        Raises:
            Problem: 422 naming the symbols or ``start_time``.
            ExchangeFailure: the exchange can't be asked.
        """
        if symbols[0] == symbols[1]:
            message = "must differ from market1_symbol: a pair needs two"
            raise invalid([FieldError(field="market2_symbol", message=message)])
        try:
            prices = self._exchanges.pair_prices(account, symbols, max(since, 0), MOST_POINTS)
        except ExchangeFailure as error:
            if error.code != "unknown_symbol":
                raise
            raise unknown_symbols(error, account, symbols) from error
        if prices.start_prices is None:
            if self._now() - since > SETTLING_MS:
                raise no_start_price()
            return PairSpread(None, (), prices.timeframe_ms)
        start1, start2 = map(float, prices.start_prices)
        points = tuple(
            SpreadAt(at, price1, price2, spread(mode, float(price1), start1, float(price2), start2))
            for at, price1, price2 in prices.points
        )
        return PairSpread(prices.start_prices, points, prices.timeframe_ms)
