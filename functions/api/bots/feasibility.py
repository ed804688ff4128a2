"""Whether an exchange can carry out a bot's settings, field by field."""

import re
from dataclasses import dataclass
from decimal import Decimal

from functions.api.accounts.exchange_failure import ExchangeFailure
from functions.api.ports import AccountStore, Exchanges
from functions.api.web.problems import FieldError, Problem, invalid
from pairtrader.model.account import ExchangeAccount
from pairtrader.model.market import Market
from pairtrader.model.settings import BotSettings
from pairtrader.strategy.ladder import entry_amount, leg_imbalance

Prices = tuple[Decimal, Decimal]
SETTLING_MS = 5 * 60_000
"""A start this recent may have no candle yet; the bot's ticks fetch its price later."""
_SYMBOL = re.compile(r"[A-Z0-9]+-[A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What the exchange says of the two markets."""

    markets: tuple[Market, Market]
    start_prices: Prices | None
    """None while the start time is not over."""
    prices: Prices | None
    """To judge amounts by; None where the exchange has none."""


def find_facts(
    exchanges: Exchanges, account: ExchangeAccount, settings: BotSettings, now: int
) -> PairFacts:
    """Ask the exchange about the pair.

    Raises:
        Problem: 422 naming unknown or inactive symbols, or ``start_time``.
        ExchangeFailure: the exchange can't be asked.
    """
    markets = find_markets(exchanges, account, settings)
    starts_at = round(settings.start_time.timestamp() * 1000)
    if starts_at > now:
        recent = _prices_at(exchanges, account, settings, now - SETTLING_MS)
        return PairFacts(markets, None, recent)
    starts = _prices_at(exchanges, account, settings, starts_at)
    if starts is None and now - starts_at > SETTLING_MS:
        raise no_start_price()
    return PairFacts(markets, starts, starts)


def find_markets(
    exchanges: Exchanges, account: ExchangeAccount, settings: BotSettings
) -> tuple[Market, Market]:
    """Return both markets as the exchange describes them now.

    Raises:
        Problem: 422 ``unknown_symbol`` or ``symbol_not_traded`` naming the fields.
        ExchangeFailure: the exchange can't be asked.
    """
    symbols = {
        "market1_symbol": settings.market1_symbol,
        "market2_symbol": settings.market2_symbol,
    }
    try:
        first, second = exchanges.markets(account, list(symbols.values()))
    except ExchangeFailure as error:
        if error.code != "unknown_symbol":
            raise
        raise unknown_symbols(error, account, tuple(symbols.values())) from error
    halted = [
        FieldError(field=field, message="is not being traded at the moment")
        for field, market in zip(symbols, (first, second), strict=True)
        if not market.active
    ]
    if halted:
        raise invalid(halted, "symbol_not_traded")
    return first, second


def no_start_price() -> Problem:
    """Return the problem of a start time that the exchange has no price of."""
    message = "the exchange has no price within 5 minutes of this time"
    return invalid([FieldError(field="start_time", message=message)], "no_start_price")


def unknown_symbols(
    error: ExchangeFailure, account: ExchangeAccount, symbols: tuple[str, ...]
) -> Problem:
    """Return the problem of symbols (market 1 first) that the exchange says it does not have."""
    named = set(_SYMBOL.findall(error.message))
    fields = {f"market{leg}_symbol": symbol for leg, symbol in enumerate(symbols, start=1)}
    unknown = [field for field, symbol in fields.items() if symbol in named] or list(fields)
    message = f"is no perpetual swap of {account.exchange_name}"
    return invalid(
        [FieldError(field=field, message=message) for field in unknown], "unknown_symbol"
    )


def account_of(accounts: AccountStore, user_id: str, settings: BotSettings) -> ExchangeAccount:
    """Return the account that the settings name.

    Raises:
        Problem: 404: the user has none of this id.
    """
    account = accounts.get(user_id, settings.exchange_account_id)
    if account is None:
        raise Problem(
            404,
            "exchange_account_not_found",
            "There is no such exchange account.",
            [FieldError(field="exchange_account_id", message="is no account of yours")],
        )
    return account


def _prices_at(
    exchanges: Exchanges, account: ExchangeAccount, settings: BotSettings, at: int
) -> Prices | None:
    try:
        return (
            exchanges.start_price(account, settings.market1_symbol, at),
            exchanges.start_price(account, settings.market2_symbol, at),
        )
    except ExchangeFailure as error:
        if error.code == "no_market_data":
            return None
        raise


def leverage_errors(settings: BotSettings, markets: tuple[Market, Market]) -> list[FieldError]:
    """Return which markets do not allow the bot's leverage."""
    return [
        FieldError(field="leverage", message=f"{market.symbol} allows {market.max_leverage}")
        for market in markets
        if market.max_leverage is not None and settings.leverage > market.max_leverage
    ]


def size_errors(
    settings: BotSettings, markets: tuple[Market, Market], prices: Prices | None
) -> list[FieldError]:
    """Return what is wrong with leverage and amounts at `prices`."""
    errors = leverage_errors(settings, markets)
    if prices is None:
        return errors
    faults = {
        row: fault
        for row in range(len(settings.dca_config))
        if (fault := _row_fault(settings, markets, prices, row)) is not None
    }
    if len(faults) == len(settings.dca_config):
        return [*errors, FieldError(field="investment_per_order", message=faults[0])]
    return errors + [
        FieldError(field=f"dca_config.{row}.multiplier", message=fault)
        for row, fault in faults.items()
    ]


def _row_fault(
    settings: BotSettings, markets: tuple[Market, Market], prices: Prices, row: int
) -> str | None:
    """Return why the exchange could not trade this row, None if it can."""
    notional = settings.row_notional(row)
    traded = []
    for market, price in zip(markets, prices, strict=True):
        amount = entry_amount(market, notional, price)
        if amount < market.min_amount or amount * price < market.min_notional or not amount:
            smallest = market.smallest_order(price)
            return (
                f"row {row + 1} trades {notional.normalize():f} {market.quote}, but the smallest "
                f"order of {market.symbol} is about {smallest:.8g} {market.quote}"
            )
        traded.append(amount * price)
    imbalance = leg_imbalance(traded[0], traded[1])
    if imbalance > settings.max_leg_imbalance:
        return (
            f"row {row + 1}: rounded to whole steps both legs differ by {imbalance:.1f} %, more "
            f"than max_leg_imbalance ({settings.max_leg_imbalance:g} %)"
        )
    return None
