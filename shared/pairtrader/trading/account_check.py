"""Once a minute while a cycle is open: liquidation prices and funding, from the exchange."""

from dataclasses import replace

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import ExchangeError
from pairtrader.model.bot import BotConfig, BotState
from pairtrader.trading.funding import funding_due

CHECK_EVERY_MS = 60_000


def is_due(state: BotState, now: int) -> bool:
    """Whether the account should be looked at in this tick."""
    return state.cycle is not None and now - state.reconciled_at >= CHECK_EVERY_MS


async def checked(config: BotConfig, state: BotState, exchange: BaseExchange, now: int) -> BotState:
    """Return the state with fresh liquidation prices and funding; unchanged without an answer."""
    cycle = state.cycle
    if cycle is None:
        return state
    try:
        held = await exchange.positions(config.markets)
    except ExchangeError:
        return state
    legs = [
        replace(leg, liquidation_price=held[market.symbol].liquidation_price)
        for leg, market in zip(cycle.legs, config.markets, strict=True)
    ]
    funding = await funding_due(config.markets, cycle, exchange)
    cycle = funding.book(replace(cycle, legs=(legs[0], legs[1])))
    return replace(state, cycle=cycle, reconciled_at=now)
