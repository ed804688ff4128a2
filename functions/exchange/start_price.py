"""Where the comparison of two markets begins."""

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import NoMarketData
from pairtrader.model.market import Candle, Market

MINUTE_MS = 60_000
TOLERANCE_MS = 5 * MINUTE_MS


async def start_price(exchange: BaseExchange, market: Market, at: int) -> Candle:
    """Return the 1-minute candle at `at` (ms UTC), or the next one within 5 minutes.

    Raises:
        NoMarketData: there is none.
    """
    since = at // MINUTE_MS * MINUTE_MS
    until = since + TOLERANCE_MS
    for candle in await exchange.candles(market, since, TOLERANCE_MS // MINUTE_MS + 1):
        if since <= candle.open_time <= until:
            return candle
    raise NoMarketData(
        f"{market.symbol} has no 1-minute candle at the start time nor in the 5 minutes after it"
    )
