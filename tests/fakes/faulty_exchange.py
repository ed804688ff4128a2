"""An exchange that fails as it is told to."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from enum import Enum, auto

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import (
    ExchangeError,
    OrderRefused,
    OutcomeUnknown,
    RetryLater,
)
from pairtrader.model.account import AccountIdentity, Balance, FundingPayment, MarginMode, Position
from pairtrader.model.market import Candle, Market, Quote
from pairtrader.model.order import OrderReport, OrderRequest


class Fault(Enum):
    """What happens to one order that is sent."""

    REFUSED = auto()
    LOST_BEFORE = auto()
    """The request never arrives; the sender can't know."""
    LOST_AFTER = auto()
    """The order is taken; the answer gets lost."""
    HALF = auto()
    """Half of it is filled, then the order ends."""


class FaultyExchange(BaseExchange):
    """Passes everything on but for the orders that `faults` name, by (symbol, nth order sent)."""

    def __init__(self, target: BaseExchange) -> None:
        self.target = target
        self.faults: dict[tuple[str, int], Fault] = {}
        self.sent: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.quotes_fail = False
        self.failing: Counter[str] = Counter()
        """How many of the next calls fail, by method."""
        self.stale_positions = 0
        """How many of the next looks at positions show none."""
        self.hides_orders = 0
        """Look-ups that do not find an order that exists."""
        self.raises: dict[str, ExchangeError] = {}
        """What every call of a method raises, and every order sent under ``place``."""
        self.limits: dict[str, Decimal] = {}
        """Largest position that the leverage is allowed for, by symbol."""
        self.quotes_ahead_ms = 0
        """How far the exchange's clock is ahead."""
        self.held_otherwise: dict[str, Decimal] = {}
        """Hedge mode: what the trader holds the other way, signed, by symbol."""
        self.marks: dict[str, Decimal] = {}

    def _called(self, method: str) -> None:
        self.requests[method] += 1
        if method in self.raises:
            raise self.raises[method]
        if self.failing[method] > 0:
            self.failing[method] -= 1
            raise RetryLater(f"{method} failed")

    async def load_markets(self) -> Sequence[Market]:
        return await self.target.load_markets()

    async def quote(self, market: Market) -> Quote:
        self._called("quote")
        await asyncio.sleep(0)
        if self.quotes_fail:
            raise RetryLater("maintenance")
        quote = await self.target.quote(market)
        return replace(quote, timestamp=quote.timestamp + self.quotes_ahead_ms)

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int = 60_000
    ) -> Sequence[Candle]:
        self._called("candles")
        return await self.target.candles(market, since, limit, timeframe_ms)

    async def identity(self) -> AccountIdentity:
        return await self.target.identity()

    async def balance(self, currency: str = "USDT") -> Balance:
        self._called("balance")
        return await self.target.balance()

    async def positions(self, markets: Sequence[Market]) -> dict[str, Position]:
        self._called("positions")
        held = await self.target.positions(markets)
        if self.stale_positions > 0:
            self.stale_positions -= 1
            return {s: replace(p, amount=Decimal(0)) for s, p in held.items()}
        for symbol, mark in self.marks.items():
            held[symbol] = replace(held[symbol], mark_price=mark)
        for symbol, amount in self.held_otherwise.items():
            other = replace(held[symbol], amount=amount, hedged=True)
            held[symbol] = replace(held[symbol], hedged=True, opposite=other)
        return held

    async def position_limit(self, market: Market, leverage: int) -> Decimal | None:
        self._called("position_limit")
        return self.limits.get(market.symbol)

    async def set_leverage(self, market: Market, leverage: int, margin_mode: MarginMode) -> None:
        self._called("set_leverage")
        await self.target.set_leverage(market, leverage, margin_mode)

    async def place(self, request: OrderRequest) -> OrderReport:
        symbol = request.market.symbol
        self.sent[symbol] += 1
        if "place" in self.raises:
            raise self.raises["place"]
        fault = self.faults.get((symbol, self.sent[symbol]))
        if fault is Fault.REFUSED:
            raise OrderRefused("no, thank you")
        if fault is Fault.LOST_BEFORE:
            raise OutcomeUnknown("time-out")
        if fault is Fault.HALF:
            half = request.market.round_amount(request.amount / Decimal(2))
            return await self.target.place(replace(request, amount=half))
        report = await self.target.place(request)
        if fault is Fault.LOST_AFTER:
            raise OutcomeUnknown("connection reset")
        return report

    async def find_order(self, market: Market, client_order_id: str) -> OrderReport | None:
        self._called("find_order")
        if self.hides_orders > 0:
            self.hides_orders -= 1
            return None
        return await self.target.find_order(market, client_order_id)

    async def cancel(self, market: Market, client_order_id: str) -> None:
        self._called("cancel")
        await self.target.cancel(market, client_order_id)

    async def funding(self, market: Market, since: int) -> Sequence[FundingPayment]:
        self._called("funding")
        return await self.target.funding(market, since)
