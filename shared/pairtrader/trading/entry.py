"""Everything that is checked before the first order of an entry leaves."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal

from pairtrader.exchanges.base import BaseExchange
from pairtrader.model.account import Balance, Position
from pairtrader.model.bot import BotConfig, BotState
from pairtrader.model.cycle import Cycle, Operation, OperationKind
from pairtrader.model.settings import BotSettings
from pairtrader.strategy.ladder import entry_amount, leg_imbalance
from pairtrader.trading.look import Look
from pairtrader.trading.reconciliation import difference

MARGIN_RESERVE = Decimal("1.02")
"""Room for the fees and for prices that move while the orders fly."""


class EntryImpossible(Exception):
    """Nothing was sent; the text tells the trader why."""


class EntryDeferred(Exception):
    """Nothing was sent; the next tick may try again. The text begins with a stable code."""


def plan_entry(config: BotConfig, state: BotState, look: Look) -> Operation:
    """Return the entry of the next ladder row at the prices of `look`.

    Raises:
        EntryImpossible: a leg is below the exchange's minimum, above its maximum, not tradable, or
            the legs differ too much after rounding.
    """
    level = state.cycle.level if state.cycle is not None else 0
    notional = config.settings.row_notional(level)
    # A sale's bound lies below the price, and it is the bound that the exchange judges.
    at_worst = 1 - Decimal(str(config.settings.max_slippage)) / 100
    amounts = []
    for market, price in zip(config.markets, look.prices, strict=True):
        amount = entry_amount(market, notional, price)
        if not market.active:
            raise EntryImpossible(f"{market.symbol} can't be traded now")
        if amount < market.min_amount or amount * price * at_worst < market.min_notional:
            raise EntryImpossible(f"row {level + 1} is below the minimum of {market.symbol}")
        if market.max_market_amount is not None and amount > market.max_market_amount:
            raise EntryImpossible(f"row {level + 1} is above the maximum of {market.symbol}")
        amounts.append(amount)
    imbalance = leg_imbalance(amounts[0] * look.prices[0], amounts[1] * look.prices[1])
    if imbalance > config.settings.max_leg_imbalance:
        raise EntryImpossible(f"the legs differ by {imbalance:.1f} % after rounding to lot steps")
    direction = state.cycle.direction if state.cycle is not None else (1 if look.spread > 0 else -1)
    return Operation(
        kind=OperationKind.ENTRY,
        level=level + 1,
        direction=direction,
        spread=look.spread,
        reason="",
        targets=(amounts[0], amounts[1]),
        prices=look.prices,
        started_at=look.at,
        order_type=config.settings.order_type_open,
    )


async def prepare_account(
    config: BotConfig, state: BotState, operation: Operation, exchange: BaseExchange
) -> None:
    """Make sure that the account is as booked and can pay for both legs; first, set it up.

    Raises:
        EntryDeferred: the account holds something else than the books say.
        EntryImpossible: the free margin does not carry both legs, or the exchange does not allow
            the leverage for the whole ladder.
        ExchangeError: the exchange did not answer, or refused the leverage.
    """
    balance, held = await asyncio.gather(
        exchange.balance(config.market1.quote), exchange.positions(config.markets)
    )
    _require_as_booked(config, state, operation, held)
    _require_margin(config, operation, balance)
    if state.cycle is None:
        await asyncio.gather(
            *(_set_up(config, leg, operation, exchange) for leg in range(len(config.markets)))
        )


def _require_as_booked(
    config: BotConfig, state: BotState, operation: Operation, held: Mapping[str, Position]
) -> None:
    """An answer may be old: what differs for certain is for the reconciliation to say."""
    cycle = state.cycle or Cycle(operation.direction)
    differs = difference(cycle, config.markets, held)
    if not differs:
        # Coins of the trader's own would be netted with the bot's.
        booked = {m.symbol: leg.amount for m, leg in zip(config.markets, cycle.legs, strict=True)}
        netted = [p.symbol for p in held.values() if not p.hedged and p.amount != booked[p.symbol]]
        differs = f"{' and '.join(netted)} held by somebody else" if netted else ""
    if differs:
        raise EntryDeferred(f"not_as_booked: {differs}")


def _require_margin(config: BotConfig, operation: Operation, balance: Balance) -> None:
    notionals = [a * p for a, p in zip(operation.targets, operation.prices, strict=True)]
    needed = sum(notionals, Decimal(0)) / config.settings.leverage * MARGIN_RESERVE
    if balance.free < needed:
        raise EntryImpossible(
            f"row {operation.level} needs {needed:.2f} {balance.currency} of margin, "
            f"{balance.free:.2f} are free"
        )


async def _set_up(
    config: BotConfig, leg: int, operation: Operation, exchange: BaseExchange
) -> None:
    """Set leverage and margin mode of one market, once it is sure that the ladder may be filled."""
    settings, market = config.settings, config.markets[leg]
    limit = await exchange.position_limit(market, settings.leverage)
    ladder = min(_ladder_notional(settings), settings.max_position_value / 2)
    if limit is not None and ladder > limit:
        raise EntryImpossible(
            f"{market.symbol} allows a leverage of {settings.leverage} up to {limit:.0f} "
            f"{market.quote}, the whole ladder comes to {ladder:.0f}"
        )
    await exchange.set_leverage(market, settings.leverage, settings.margin_mode)


def _ladder_notional(settings: BotSettings) -> Decimal:
    """Notional of one leg with every row done, quote currency."""
    rows = range(len(settings.dca_config))
    return sum((settings.row_notional(row) for row in rows), Decimal(0))
