"""How the simulated exchange fills orders and settles funding; pure, all in `Decimal`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pairtrader.exchanges.base import check_amount
from pairtrader.exchanges.errors import OrderRefused
from pairtrader.exchanges.simulated.books import Books, Holding, RestingOrder, on_money_grid
from pairtrader.exchanges.simulated.feed import FundingRate, Look, PricePoint
from pairtrader.exchanges.simulated.margin import Marks, free_margin
from pairtrader.model.account import FundingPayment, Simulation
from pairtrader.model.market import Quote
from pairtrader.model.order import Fill, OrderReport, OrderRequest, OrderStatus, OrderType, Side

MAX_RESTING_ORDERS = 40
_PRICE_GRID = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order meets."""

    look: Look
    """The order's market."""
    marks: Marks
    simulation: Simulation
    now: int
    """Real time, ms UTC."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Books under change, and the rows to be stored with them."""

    books: Books
    reports: tuple[OrderReport, ...] = ()
    payments: tuple[FundingPayment, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows will be stored besides the books."""
        return len(self.reports) + len(self.payments)

    def with_fill(self, order: RestingOrder, signed: Decimal, fill: Fill, time: int) -> "Draft":
        """Return the draft after `order` was filled and has left the book."""
        filled = abs(signed) == order.amount
        status = OrderStatus.CLOSED if filled else OrderStatus.CANCELED
        books = remove(self.books, order).trade(order.symbol, signed, fill, time)
        return replace(self, books=books, reports=(*self.reports, order.report(status, (fill,))))

    def with_cancel(self, order: RestingOrder) -> "Draft":
        """Return the draft after `order` has left the book unfilled."""
        report = order.report(OrderStatus.CANCELED)
        return replace(self, books=remove(self.books, order), reports=(*self.reports, report))


def remove(books: Books, order: RestingOrder) -> Books:
    """Return the books without `order`."""
    kept = tuple(o for o in books.resting if o.client_order_id != order.client_order_id)
    return replace(books, resting=kept)


def fillable(side: Side, amount: Decimal, reduce_only: bool, held: Holding) -> Decimal:
    """Return how much of an order may fill against the position, base coins.

    A reduce-only order fills at most the position, and nothing that would open or raise one.
    """
    if not reduce_only:
        return amount
    reducing = held.amount * side.sign < 0
    return min(amount, abs(held.amount)) if reducing else Decimal(0)


def place(draft: Draft, request: OrderRequest, terms: Terms) -> Draft:
    """Return the draft after the order was taken; its report is the last one.

    Raises:
        OrderRefused: size, price, margin, position or number of open orders forbid it.
    """
    limit = request.price if request.type is OrderType.LIMIT else None
    _require_grid(request, limit, terms.look.quote)
    held = draft.books.holding(request.market.symbol)
    amount = fillable(request.side, request.amount, request.reduce_only, held)
    if not amount:
        raise OrderRefused("nothing to reduce", exchange_code="reduce_only")
    books = replace(draft.books, orders_taken=draft.books.orders_taken + 1)
    draft = replace(draft, books=books)
    order = _order(request, books.orders_taken, terms)
    if limit is not None and not is_marketable(request.side, limit, terms.look.quote):
        return _rest(draft, order, terms)
    return _execute(draft, request, order, amount, terms)


def _require_grid(request: OrderRequest, limit: Decimal | None, quote: Quote) -> None:
    market = request.market
    if request.type is OrderType.LIMIT and (
        limit is None or limit <= 0 or market.round_price(limit) != limit
    ):
        raise OrderRefused(
            f"price {limit} is not a positive multiple of {market.price_step}",
            exchange_code="price",
        )
    refusal = check_amount(request, limit or quote.mid)
    if refusal:
        raise OrderRefused(refusal, exchange_code="amount")


def _order(request: OrderRequest, number: int, terms: Terms) -> RestingOrder:
    return RestingOrder(
        client_order_id=request.client_order_id,
        exchange_order_id=f"sim-{number}",
        symbol=request.market.symbol,
        side=request.side,
        amount=request.amount,
        price=request.price or Decimal(0),
        reduce_only=request.reduce_only,
        placed_at=terms.now,
        looked_at=terms.look.time,
    )


def is_marketable(side: Side, price: Decimal, quote: Quote) -> bool:
    """Return whether a limit order would fill at once.

    Recorded candles have no spread (bid = ask): there an order at the price itself rests.
    """
    best = quote.ask if side is Side.BUY else quote.bid
    better = (price - best) * side.sign
    return better > 0 or (better == 0 and quote.bid < quote.ask)


def taker_price(side: Side, quote: Quote, slippage: Decimal) -> Decimal:
    """Return the mean price a market order fills at."""
    best = quote.ask if side is Side.BUY else quote.bid
    return (best * (1 + side.sign * slippage)).quantize(_PRICE_GRID)


def _execute(
    draft: Draft, request: OrderRequest, order: RestingOrder, amount: Decimal, terms: Terms
) -> Draft:
    """Fill at once; what a market order's price bound forbids is canceled."""
    price = taker_price(request.side, terms.look.quote, terms.simulation.slippage)
    beyond = request.price is not None and (price - request.price) * request.side.sign > 0
    if beyond and request.type is OrderType.MARKET:
        return _report(draft, order, request.type, OrderStatus.CANCELED)
    if beyond:
        price = order.price
    fee = on_money_grid(amount * price * terms.simulation.taker_fee)
    _require_margin(draft.books, order, amount, price, fee, terms.marks)
    fill = Fill(amount, price, fee, terms.now)
    books = draft.books.trade(order.symbol, amount * request.side.sign, fill, terms.look.time)
    status = OrderStatus.CLOSED if amount == request.amount else OrderStatus.CANCELED
    return _report(replace(draft, books=books), order, request.type, status, fill)


def _report(
    draft: Draft, order: RestingOrder, type_: OrderType, status: OrderStatus, *fills: Fill
) -> Draft:
    report = replace(order.report(status, fills), type=type_)
    return replace(draft, reports=(*draft.reports, report))


def _rest(draft: Draft, order: RestingOrder, terms: Terms) -> Draft:
    if len(draft.books.resting) >= MAX_RESTING_ORDERS:
        raise OrderRefused("too many open orders", exchange_code="open_orders")
    if not order.reduce_only:
        _require_margin(draft.books, order, order.amount, order.price, Decimal(0), terms.marks)
    books = replace(draft.books, resting=(*draft.books.resting, order))
    return _report(replace(draft, books=books), order, OrderType.LIMIT, OrderStatus.OPEN)


def _require_margin(
    books: Books, order: RestingOrder, amount: Decimal, price: Decimal, fee: Decimal, marks: Marks
) -> None:
    """Refuse what raises the position by more than the free margin carries."""
    held = books.holding(order.symbol).amount
    growth = abs(held + amount * order.side.sign) - abs(held)
    if growth <= 0:
        return
    needed = growth * price / books.setting(order.symbol).leverage + fee
    free = free_margin(books, marks)
    if needed > free:
        raise OrderRefused(
            f"insufficient margin: {needed:.2f} needed, {max(free, Decimal(0)):.2f} free",
            exchange_code="margin",
        )


def reached(order: RestingOrder, path: Sequence[PricePoint]) -> int | None:
    """Return when the market traded through the order's price (market time), None if it has not."""
    for point in path:
        if point.time <= order.looked_at:
            continue
        through = point.low < order.price if order.side is Side.BUY else point.high > order.price
        if through:
            return point.time
    return None


def advance(
    draft: Draft,
    symbol: str,
    path: Sequence[PricePoint],
    rates: Sequence[FundingRate],
    simulation: Simulation,
    now: int,
) -> Draft:
    """Return the draft after what happened to `symbol` along `path`, in order of time.

    Resting orders fill at their price, as makers, once the market has traded through it; funding
    is settled on what was held at that moment.
    """
    happened: list[tuple[int, int, RestingOrder | FundingRate]] = [
        (rate.time, -1, rate) for rate in rates
    ]
    for place_in_line, order in enumerate(draft.books.resting):
        time = reached(order, path) if order.symbol == symbol else None
        if time is not None:
            happened.append((time, place_in_line, order))
    for time, _, event in sorted(happened, key=lambda entry: entry[:2]):
        if isinstance(event, FundingRate):
            draft = settle(draft, symbol, event)
        else:
            draft = _fill_resting(draft, event, time, simulation, now)
    return draft


def _fill_resting(
    draft: Draft, order: RestingOrder, time: int, simulation: Simulation, now: int
) -> Draft:
    held = draft.books.holding(order.symbol)
    amount = fillable(order.side, order.amount, order.reduce_only, held)
    if not amount:
        return draft.with_cancel(order)
    fee = on_money_grid(amount * order.price * simulation.maker_fee)
    fill = Fill(amount, order.price, fee, now, maker=True)
    return draft.with_fill(order, amount * order.side.sign, fill, time)


def settle(draft: Draft, symbol: str, rate: FundingRate) -> Draft:
    """Return the draft after one funding settlement; a flat position is left alone."""
    held = draft.books.holding(symbol)
    if not held.amount or rate.time <= held.funded_until:
        return draft
    amount = on_money_grid(-held.amount * rate.mark * rate.rate)
    payment = FundingPayment(symbol, amount, max(rate.booked_at, held.funding_booked_at + 1))
    books = draft.books.settle(payment, rate.time)
    return replace(draft, books=books, payments=(*draft.payments, payment))
