"""The prices that changes are counted from: fetched once, then stored."""

from decimal import Decimal

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import NoMarketData
from pairtrader.model.bot import BotConfig, BotState
from pairtrader.model.market import Market

MINUTE_MS = 60_000
SEARCH_MINUTES = 5


async def start_prices(
    config: BotConfig, state: BotState, exchange: BaseExchange, now: int
) -> tuple[Decimal, Decimal] | None:
    """Return both start prices, None while the start time lies ahead.

    Raises:
        NoMarketData: a market has no candle at the start time nor within 5 minutes after it.
        ExchangeError: the exchange did not answer.
    """
    if state.start_price1 is not None and state.start_price2 is not None:
        return state.start_price1, state.start_price2
    start = int(config.settings.start_time.timestamp() * 1000)
    if start > now:
        return None
    first = await start_price(config.market1, start, exchange)
    return first, await start_price(config.market2, start, exchange)


async def start_price(market: Market, start: int, exchange: BaseExchange) -> Decimal:
    """Return the open of the 1-minute candle at `start` (ms UTC), or of the next within 5 minutes.

    Raises:
        NoMarketData: there is none.
    """
    minute = start // MINUTE_MS * MINUTE_MS
    candles = await exchange.candles(market, minute, SEARCH_MINUTES + 1)
    for candle in candles:
        if minute <= candle.open_time <= minute + SEARCH_MINUTES * MINUTE_MS:
            return candle.open
    raise NoMarketData(f"{market.symbol} has no price at the start time, nor 5 minutes after it")
