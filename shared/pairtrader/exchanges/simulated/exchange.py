"""The simulated exchange: stateless between calls, its account in records."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pairtrader.exchanges.base import BaseExchange, Clock
from pairtrader.exchanges.errors import DuplicateOrder, OrderRefused, UserMustAct
from pairtrader.exchanges.simulated.account_store import AccountStore
from pairtrader.exchanges.simulated.books import Books, LeverageSetting
from pairtrader.exchanges.simulated.feed import MarketFeed
from pairtrader.exchanges.simulated.ledger import Ledger, Moment
from pairtrader.exchanges.simulated.margin import (
    Marks,
    equity,
    free_margin,
    liquidation_price,
    mark_of,
)
from pairtrader.exchanges.simulated.matching import Draft, Terms, place
from pairtrader.model.account import (
    AccountIdentity,
    Balance,
    FundingPayment,
    MarginMode,
    Position,
    PositionMode,
    Simulation,
)
from pairtrader.model.market import Candle, Market, Quote
from pairtrader.model.order import OrderReport, OrderRequest

QUOTE_CURRENCY = "USDT"


class SimulatedExchange(BaseExchange):
    """One account whose fills we simulate, on the prices of a `MarketFeed`.

    Every call about the account first brings its books up to date: resting orders that the market
    has traded through since, funding that has fallen due.
    """

    def __init__(
        self,
        account_id: str,
        uid: str,
        simulation: Simulation,
        feed: MarketFeed,
        store: AccountStore,
        clock: Clock,
    ) -> None:
        self._uid = uid
        self._simulation = simulation
        self._feed = feed
        self._ledger = Ledger(account_id, simulation, feed, store, clock)

    async def load_markets(self) -> Sequence[Market]:
        """Return every perpetual swap of the feed."""
        return await self._feed.markets()

    async def quote(self, market: Market) -> Quote:
        """Return best bid and ask; reads no records."""
        return (await self._feed.look(market, {})).quote

    async def candles(
        self, market: Market, since: int, limit: int, timeframe_ms: int = 60_000
    ) -> Sequence[Candle]:
        """Return up to `limit` candles opening at or after `since` (ms UTC), ascending."""
        return await self._feed.candles(market, since, limit, timeframe_ms)

    async def identity(self) -> AccountIdentity:
        """Return the account's own id: one net position a symbol, nothing to withdraw."""
        return AccountIdentity(
            uid=self._uid,
            position_mode=PositionMode.ONE_WAY,
            can_trade=True,
            can_withdraw=False,
            ip_bound=None,
        )

    async def balance(self, currency: str = QUOTE_CURRENCY) -> Balance:
        """Return equity (unrealised profit included) and what new positions may bind."""
        account = await self._ledger.change([])
        books, marks = account.draft.books, account.moment.marks
        free = max(free_margin(books, marks), Decimal(0))
        return Balance(QUOTE_CURRENCY, equity(books, marks), free)

    async def positions(self, markets: Sequence[Market]) -> dict[str, Position]:
        """Return what is held of `markets`, keyed by API symbol; a flat symbol has amount 0."""
        account = await self._ledger.change(markets)
        books, marks = account.draft.books, account.moment.marks
        return {m.symbol: _position(books, m.symbol, marks) for m in markets}

    async def open_orders(self, market: Market) -> Sequence[str]:
        """Return the client order ids of all resting orders of `market`."""
        account = await self._ledger.change([market])
        resting = account.draft.books.resting
        return [order.client_order_id for order in resting if order.symbol == market.symbol]

    async def set_leverage(self, market: Market, leverage: int, margin_mode: MarginMode) -> None:
        """Set leverage and margin mode; having them already is success.

        Raises:
            UserMustAct: the market does not offer it, or a position or order is open.
        """
        if market.max_leverage is not None and leverage > market.max_leverage:
            raise UserMustAct(
                f"{market.symbol} allows a leverage of {market.max_leverage} at most",
                exchange_code="leverage",
            )
        wanted = LeverageSetting(leverage, margin_mode)

        def act(draft: Draft, moment: Moment) -> Draft:
            books = draft.books
            if books.setting(market.symbol) == wanted:
                return draft
            if market.symbol in books.exposed():
                raise UserMustAct(
                    f"{market.symbol} has a position or order open: its leverage stays",
                    exchange_code="leverage",
                )
            settings = {**books.settings, market.symbol: wanted}
            return replace(draft, books=replace(books, settings=settings))

        await self._ledger.change([market], act)

    async def place(self, request: OrderRequest) -> OrderReport:
        """Take one order, once.

        Raises:
            OrderRefused: size, margin or position forbid it; there is no such order.
            DuplicateOrder: the client order id is taken; nothing was done.
            OutcomeUnknown: the records did not answer to the write.
        """

        def act(draft: Draft, moment: Moment) -> Draft:
            look = moment.looks[request.market.symbol]
            return place(draft, request, Terms(look, moment.marks, self._simulation, moment.now))

        try:
            account = await self._ledger.change(
                [request.market], act, new_order=request.client_order_id
            )
        except OrderRefused as refusal:
            # The order's own fill may be why a second one of its name is impossible.
            if self._ledger.order(request.client_order_id) is not None:
                raise DuplicateOrder(f"order {request.client_order_id} exists") from refusal
            raise
        return account.draft.reports[-1]

    async def find_order(self, market: Market, client_order_id: str) -> OrderReport | None:
        """Return the order with its fills, None if there is no such order."""
        report = self._ledger.order(client_order_id)
        if report is None or report.status.is_final:
            return report
        await self._ledger.change([market])
        return self._ledger.order(client_order_id)

    async def cancel(self, market: Market, client_order_id: str) -> None:
        """Cancel an open order; one that is not open any more is success."""

        def act(draft: Draft, moment: Moment) -> Draft:
            for order in draft.books.resting:
                if order.client_order_id == client_order_id:
                    return draft.with_cancel(order)
            return draft

        await self._ledger.change([market], act)

    async def funding(self, market: Market, since: int) -> Sequence[FundingPayment]:
        """Return funding settled after `since` (ms UTC, exclusive), ascending."""
        await self._ledger.change([market])
        return self._ledger.payments(market.symbol, since)

    async def close(self) -> None:
        """Give up the feed's connections."""
        await self._feed.close()


def _position(books: Books, symbol: str, marks: Marks) -> Position:
    held = books.holding(symbol)
    mark = mark_of(symbol, held, marks)
    return Position(
        symbol=symbol,
        amount=held.amount,
        entry_price=held.entry_price,
        mark_price=mark,
        liquidation_price=liquidation_price(books, symbol, marks),
        unrealized_pnl=held.unrealised(mark),
    )
