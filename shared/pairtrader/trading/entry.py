"""Everything that is checked before the first order of an entry leaves."""

from decimal import Decimal

from pairtrader.exchanges.base import BaseExchange
from pairtrader.model.bot import BotConfig, BotState
from pairtrader.model.cycle import Operation, OperationKind
from pairtrader.strategy.ladder import entry_amount, leg_imbalance
from pairtrader.trading.look import Look

MARGIN_RESERVE = Decimal("1.02")
"""Room for the fees and for prices that move while the orders fly."""


class EntryImpossible(Exception):
    """Nothing was sent; the text tells the trader why."""


def plan_entry(config: BotConfig, state: BotState, look: Look) -> Operation:
    """Return the entry of the next ladder row at the prices of `look`.

    Raises:
        EntryImpossible: a leg is below the exchange's minimum, above its maximum, not tradable, or
            the legs differ too much after rounding.
    """
    level = state.cycle.level if state.cycle is not None else 0
    notional = config.settings.row_notional(level)
    amounts = []
    for market, price in zip(config.markets, look.prices, strict=True):
        amount = entry_amount(market, notional, price)
        if not market.active:
            raise EntryImpossible(f"{market.symbol} can't be traded now")
        if amount < market.min_amount or amount * price < market.min_notional:
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
    """Make sure that both legs can be paid for, and set leverage before a first entry.

    Raises:
        EntryImpossible: the free margin does not carry both legs.
        ExchangeError: the exchange did not answer, or refused the leverage.
    """
    settings = config.settings
    balance = await exchange.balance()
    notionals = [a * p for a, p in zip(operation.targets, operation.prices, strict=True)]
    needed = sum(notionals, Decimal(0)) / settings.leverage * MARGIN_RESERVE
    if balance.free < needed:
        raise EntryImpossible(
            f"row {operation.level} needs {needed:.2f} {balance.currency} of margin, "
            f"{balance.free:.2f} are free"
        )
    if state.cycle is None:
        for market in config.markets:
            await exchange.set_leverage(market, settings.leverage, settings.margin_mode)
