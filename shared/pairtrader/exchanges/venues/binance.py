"""Binance: USD-M perpetual futures."""

from collections.abc import Mapping
from typing import Any

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.ccxt_venue import CcxtVenue, TopOfBook, moment, price
from pairtrader.exchanges.context import AdapterContext
from pairtrader.exchanges.paper import create_ccxt_exchange


class Binance(CcxtVenue):
    """Binance's 24-hour ticker has no bid and ask; its book ticker has."""

    name = "binance"
    class_name = "binanceusdm"
    options: Mapping[str, Any] = {"fetchMarkets": {"types": ["linear"]}}
    unknown_symbol_codes = frozenset({"-1121", "-4108", "-4141"})

    async def top_of_book(self, client: Any, market_id: str) -> TopOfBook:
        """Return best bid and ask from the market's book ticker."""
        answer = await client.fapiPublicGetTickerBookTicker({"symbol": market_id})
        bid, ask = price(answer, "bidPrice"), price(answer, "askPrice")
        return TopOfBook(answer["symbol"], bid, ask, moment(answer, "time"))

    def is_whole(self, answer: Any) -> bool:
        """Return whether there is an answer at all: they share no shape."""
        return isinstance(answer, dict | list)

    def max_market_amount(self, market: Mapping[str, Any]) -> str | None:
        """Return the largest market order, in coins."""
        largest = (market["limits"].get("market") or {}).get("max")
        return None if largest is None else str(largest)


_VENUE = Binance()


def create(context: AdapterContext) -> BaseExchange:
    """Return the account's adapter."""
    return create_ccxt_exchange(_VENUE, context)
