"""Bybit: linear perpetual contracts."""

from collections.abc import Mapping
from typing import Any

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.ccxt_venue import CcxtVenue, TopOfBook, moment, price
from pairtrader.exchanges.context import AdapterContext
from pairtrader.exchanges.errors import RetryLater
from pairtrader.exchanges.paper import create_ccxt_exchange


class Bybit(CcxtVenue):
    """Bybit's tickers carry no time of their own; the answer around them does."""

    name = "bybit"
    class_name = "bybit"
    options: Mapping[str, Any] = {"defaultType": "swap", "fetchMarkets": {"types": ["linear"]}}
    unknown_symbol_codes = frozenset({"10029", "110023"})

    async def top_of_book(self, client: Any, market_id: str) -> TopOfBook:
        """Return best bid and ask from the market's ticker."""
        answer = await client.publicGetV5MarketTickers({"category": "linear", "symbol": market_id})
        tickers = answer["result"].get("list")
        if not tickers:
            raise RetryLater(f"bybit has no ticker of {market_id}")
        ticker = tickers[0]
        bid, ask = price(ticker, "bid1Price"), price(ticker, "ask1Price")
        return TopOfBook(ticker["symbol"], bid, ask, moment(answer, "time"))

    def is_whole(self, answer: Any) -> bool:
        """Return whether the answer has its result."""
        return isinstance(answer, dict) and isinstance(answer.get("result"), dict)

    def max_market_amount(self, market: Mapping[str, Any]) -> str | None:
        """Return the largest market order, in coins."""
        lot_size = (market.get("info") or {}).get("lotSizeFilter") or {}
        return lot_size.get("maxMktOrderQty")


_VENUE = Bybit()


def create(context: AdapterContext) -> BaseExchange:
    """Return the account's adapter."""
    return create_ccxt_exchange(_VENUE, context)
