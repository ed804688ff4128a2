"""Live and sandbox accounts: orders that reach a real exchange."""

from collections.abc import Sequence
from decimal import Decimal

from pairtrader.exchanges.base import BaseExchange, Clock, check_amount
from pairtrader.exchanges.ccxt_client import CcxtClient
from pairtrader.exchanges.errors import (
    AlreadySet,
    NoSuchOrder,
    OrderRefused,
    RetryLater,
)
from pairtrader.exchanges.fee_conversion import FeeConversion
from pairtrader.exchanges.native import Execution, NativeFill, NativeOrder, NativePosition
from pairtrader.exchanges.public_markets import PublicMarkets
from pairtrader.model.account import (
    AccountIdentity,
    Balance,
    FundingPayment,
    MarginMode,
    Position,
    PositionMode,
)
from pairtrader.model.market import Candle, Market, Quote
from pairtrader.model.order import Fill, OrderReport, OrderRequest, OrderStatus, OrderType

ZERO = Decimal(0)
HOUR_MS = 3_600_000


class LiveExchange(BaseExchange):
    """One account on one exchange; amounts are turned into the exchange's units here alone."""

    funding_grid_ms = HOUR_MS

    def __init__(
        self, client: CcxtClient, markets: PublicMarkets, clock: Clock, *, sandbox: bool
    ) -> None:
        self._client = client
        self._venue = client.venue
        self._public = markets
        self._clock = clock
        self._sandbox = sandbox
        self._fees = FeeConversion(client, clock)
        self._position_modes: dict[str, PositionMode] = {}
        """By market where each has a mode of its own, else by an empty text."""

    # Public

    async def load_markets(self) -> Sequence[Market]:
        """Return every linear swap. Heavy: never called by a tick."""
        return await self._public.load()

    async def quote(self, market: Market) -> Quote:
        """Return best bid and ask, by a single-symbol request without keys."""
        return await self._public.quote(market)

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int = 60_000
    ) -> Sequence[Candle]:
        """Return up to `limit` candles opening at or after `since` (ms UTC), ascending."""
        return await self._public.candles(market, since, limit, timeframe_ms)

    # Account

    async def identity(self) -> AccountIdentity:
        """Return who the account is and what its key may do."""
        found = await self._client.private(lambda ccxt: self._venue.identity(ccxt, self._sandbox))
        if not self._venue.position_mode_by_market:
            self._position_modes[""] = found.position_mode
        return found

    async def balance(self, currency: str = "USDT") -> Balance:
        """Return equity and free margin in `currency`."""
        return await self._client.private(lambda ccxt: self._venue.balance(ccxt, currency))

    async def positions(self, markets: Sequence[Market]) -> dict[str, Position]:
        """Return what is held of `markets`, keyed by API symbol; a flat symbol has amount 0."""
        ids = {self._public.market_id(market): market for market in markets}
        answer = await self._client.private(lambda ccxt: self._venue.positions(ccxt, tuple(ids)))
        keys = [self._mode_key(market_id) for market_id in ids]
        if answer.position_mode is not None:
            self._position_modes |= dict.fromkeys(keys, answer.position_mode)
        hedged = any(self._position_modes.get(key) is PositionMode.HEDGE for key in keys)
        found: dict[str, list[NativePosition]] = {market.symbol: [] for market in markets}
        for native in answer.held:
            if native.market_id in ids and native.amount:
                found[ids[native.market_id].symbol].append(native)
        return {
            market.symbol: _position(market, self._unit(market), found[market.symbol], hedged)
            for market in markets
        }

    async def fee_rates(self, market: Market) -> tuple[Decimal, Decimal]:
        """Return what the account pays as taker and as maker, fractions of the notional."""
        market_id = self._public.market_id(market)
        return await self._client.private(lambda ccxt: self._venue.fee_rates(ccxt, market_id))

    async def position_limit(self, market: Market, leverage: int) -> Decimal | None:
        """Return the largest position that `leverage` is allowed for, in quote currency."""
        return await self._client.private(
            lambda ccxt: self._venue.position_limit(ccxt, market, leverage)
        )

    async def set_leverage(self, market: Market, leverage: int, margin_mode: MarginMode) -> None:
        """Set leverage and margin mode; having them already is success. Call only when flat."""
        market_id = self._public.market_id(market)
        mode = await self._read_position_mode(market_id)
        try:
            await self._client.private(
                lambda ccxt: self._venue.set_leverage(ccxt, market_id, leverage, margin_mode, mode)
            )
        except AlreadySet:
            return

    async def funding(self, market: Market, since: int) -> Sequence[FundingPayment]:
        """Return funding settled after `since` (ms UTC, exclusive), ascending."""
        until = self._clock()
        payments = await self._client.private(
            lambda ccxt: self._venue.funding(ccxt, market, since, until)
        )
        due = (p for p in payments if since < p.timestamp)
        return sorted(due, key=lambda payment: payment.timestamp)

    # Orders

    async def open_orders(self, market: Market) -> Sequence[str]:
        """Return the client order ids of all open orders of `market`, foreign ones included."""
        market_id = self._public.market_id(market)
        return await self._client.private(lambda ccxt: self._venue.open_orders(ccxt, market_id))

    async def place(self, request: OrderRequest) -> OrderReport:
        """Send one order, once; it is reported as open, since only a look-up tells its fills.

        Raises:
            OrderRefused: the exchange said no, or our record of the market forbids it.
            RetryLater: it was not looked at; another may be sent later.
            OutcomeUnknown: the order may exist; look it up by its client order id.
        """
        refusal = check_amount(request, request.price)
        if refusal is not None:
            raise OrderRefused(refusal, exchange_code="amount")
        order = await self._native(request)
        try:
            exchange_id = await self._client.send(lambda ccxt: self._venue.send_order(ccxt, order))
        except OrderRefused:
            # The mode may have been switched behind our back: the next order looks again.
            self._position_modes.clear()
            raise
        return OrderReport(
            client_order_id=request.client_order_id,
            exchange_order_id=exchange_id,
            symbol=request.market.symbol,
            side=request.side,
            type=request.type,
            status=OrderStatus.OPEN,
            amount=request.amount,
            fills=(),
            timestamp=self._clock(),
        )

    async def find_order(self, market: Market, client_order_id: str) -> OrderReport | None:
        """Return the order with its fills, None if the exchange does not know it (yet).

        Raises:
            RetryLater: its fills do not add up yet to what it says it has filled.
        """
        market_id, unit = self._public.market_id(market), self._unit(market)
        try:
            native = await self._client.private(
                lambda ccxt: self._venue.order(ccxt, market_id, client_order_id)
            )
        except NoSuchOrder:
            return None
        if native is None:
            return None
        if native.client_order_id != client_order_id:
            raise RetryLater(f"{self._venue.name} answered for another order")
        fills: Sequence[NativeFill] = ()
        if native.filled:
            report = native
            fills = await self._client.private(
                lambda ccxt: self._venue.fills(ccxt, market_id, report)
            )
        distinct = {fill.fill_id: fill for fill in fills}
        if sum((fill.amount for fill in distinct.values()), ZERO) != native.filled:
            # Executions may be published after the order's own state.
            raise RetryLater(f"{self._venue.name}: the fills of an order are not complete yet")
        booked = [
            Fill(
                amount=fill.amount * unit,
                price=fill.price,
                fee=await self._fees.in_quote(fill, market, unit),
                timestamp=fill.timestamp,
                maker=fill.maker,
            )
            for fill in sorted(distinct.values(), key=lambda each: each.timestamp)
        ]
        return OrderReport(
            client_order_id=client_order_id,
            exchange_order_id=native.exchange_order_id,
            symbol=market.symbol,
            side=native.side,
            type=native.type,
            status=native.status,
            amount=native.amount * unit,
            fills=tuple(booked),
            timestamp=native.timestamp,
        )

    async def cancel(self, market: Market, client_order_id: str) -> None:
        """Cancel an open order; one that is not open any more is success."""
        market_id = self._public.market_id(market)
        try:
            await self._client.private(
                lambda ccxt: self._venue.cancel_order(ccxt, market_id, client_order_id)
            )
        except NoSuchOrder:
            return

    async def close(self) -> None:
        """Give up connections."""
        await self._client.close()

    async def _native(self, request: OrderRequest) -> NativeOrder:
        market_id, unit = self._public.market_id(request.market), self._unit(request.market)
        known = self._position_modes.get(self._mode_key(market_id))
        mode = known or await self._read_position_mode(market_id)
        execution = Execution.RESTING
        if request.type is OrderType.MARKET:
            execution = Execution.MARKET if request.price is None else Execution.BOUNDED
        return NativeOrder(
            market_id=market_id,
            client_order_id=request.client_order_id,
            side=request.side,
            execution=execution,
            amount=request.amount / unit,
            price=request.price,
            reduce_only=request.reduce_only,
            position_mode=mode,
            margin_mode=request.margin_mode,
        )

    async def _read_position_mode(self, market_id: str) -> PositionMode:
        mode = await self._client.private(lambda ccxt: self._venue.position_mode(ccxt, market_id))
        self._position_modes[self._mode_key(market_id)] = mode
        return mode

    def _mode_key(self, market_id: str) -> str:
        return market_id if self._venue.position_mode_by_market else ""

    def _unit(self, market: Market) -> Decimal:
        """Base coins in one of the exchange's units."""
        return market.contract_size


def _position(
    market: Market, unit: Decimal, found: Sequence[NativePosition], hedged: bool
) -> Position:
    held = [
        Position(
            symbol=market.symbol,
            amount=native.amount * unit,
            entry_price=native.entry_price,
            mark_price=native.mark_price,
            liquidation_price=native.liquidation_price,
            unrealized_pnl=native.unrealized_pnl,
            hedged=hedged,
        )
        for native in found
    ]
    if not held:
        return Position(market.symbol, ZERO, ZERO, ZERO, None, ZERO, hedged)
    first, *others = held
    if not others:
        return first
    if len(others) > 1 or first.amount * others[0].amount > 0:
        raise RetryLater(f"{market.symbol}: several positions one way, cross and isolated")
    return _both_ways(first, others[0])


def _both_ways(first: Position, second: Position) -> Position:
    long, short = sorted((first, second), key=lambda p: p.amount, reverse=True)
    return Position(
        symbol=long.symbol,
        amount=long.amount,
        entry_price=long.entry_price,
        mark_price=long.mark_price,
        liquidation_price=long.liquidation_price,
        unrealized_pnl=long.unrealized_pnl,
        hedged=True,
        opposite=short,
    )
