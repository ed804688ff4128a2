"""OKX: USDT- and USDC-margined perpetual swaps."""

from collections.abc import Mapping
from typing import Any

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.ccxt_venue import CcxtVenue, TopOfBook, moment, price
from pairtrader.exchanges.context import AdapterContext
from pairtrader.exchanges.errors import RetryLater
from pairtrader.exchanges.paper import create_ccxt_exchange


class Okx(CcxtVenue):
    """OKX counts amounts in contracts."""

    name = "okx"
    class_name = "okx"
    options: Mapping[str, Any] = {"defaultType": "swap", "fetchMarkets": {"types": ["swap"]}}
    unknown_symbol_codes = frozenset({"51001"})

    async def top_of_book(self, client: Any, market_id: str) -> TopOfBook:
        """Return best bid and ask from the market's ticker."""
        answer = await client.publicGetMarketTicker({"instId": market_id})
        if not answer["data"]:
            raise RetryLater(f"okx has no ticker of {market_id}")
        ticker = answer["data"][0]
        bid, ask = price(ticker, "bidPx"), price(ticker, "askPx")
        return TopOfBook(ticker["instId"], bid, ask, moment(ticker, "ts"))

    def is_whole(self, answer: Any) -> bool:
        """Return whether the answer has its list of data."""
        return isinstance(answer, dict) and isinstance(answer.get("data"), list)

    def max_market_amount(self, market: Mapping[str, Any]) -> str | None:
        """Return the largest market order, in contracts."""
        return (market.get("info") or {}).get("maxMktSz")


_VENUE = Okx()


def create(context: AdapterContext) -> BaseExchange:
    """Return the account's adapter."""
    return create_ccxt_exchange(_VENUE, context)
