"""One account on a fake exchange: orders matched, positions, margin, funding; all in base coins."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto
from itertools import count

from tests.fakes.venues.markets import Book, FakeMarkets

ZERO = Decimal(0)
TAKER, MAKER = Decimal("0.0005"), Decimal("0.0002")
MAINTENANCE = Decimal("0.005")
SIGNS = {"buy": 1, "sell": -1}


class Reason(Enum):
    """Why something is refused; each exchange has its own code for it."""

    STEP = auto()
    """The amount is no multiple of the step, or not positive."""
    TOO_SMALL = auto()
    NOTIONAL = auto()
    TOO_LARGE = auto()
    PRICE_STEP = auto()
    MARGIN = auto()
    DUPLICATE = auto()
    NOTHING_TO_REDUCE = auto()
    POSITION_MODE = auto()
    NO_ORDER = auto()
    """Unknown, or not open any more."""
    UNKNOWN_SYMBOL = auto()
    LEVERAGE = auto()
    """More than the market allows."""
    IN_USE = auto()
    """A setting that can't be changed beside a position or an open order."""
    UNCHANGED = auto()
    NOT_TRADING = auto()
    OUT_OF_ORDER = auto()
    """A refusal that a test has asked for."""


class Refused(Exception):
    """The exchange says no."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


@dataclass
class ApiKey:
    """Credentials and what they may do."""

    api_key: str
    secret: str
    passphrase: str = "phrase"
    can_trade: bool = True
    can_withdraw: bool = False
    ip_bound: bool = True
    expires_at: int | None = None


@dataclass
class FakeFill:
    fill_id: str
    amount: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    time: int
    maker: bool


@dataclass
class FakeOrder:
    exchange_id: str
    client_id: str
    """Empty for orders made by hand or by the exchange itself."""
    base: str
    side: str
    """buy or sell."""
    amount: Decimal
    price: Decimal | None
    execution: str
    """market, bounded (immediate or cancel) or resting."""
    reduce_only: bool
    position_side: str
    """net, long or short."""
    margin_mode: str
    created_at: int
    updated_at: int
    status: str = "open"
    """open, filled or canceled."""
    fills: list[FakeFill] = field(default_factory=list)
    shown_as_open: int = 0
    """How many of the next look-ups still show it open and unfilled."""
    fills_late: int = 0
    """How many of the next look-ups for fills find none."""
    fills_at_cancel: Decimal | None = None
    """This part of it fills while its cancel is on its way."""

    @property
    def filled(self) -> Decimal:
        return sum((fill.amount for fill in self.fills), ZERO)

    @property
    def average(self) -> Decimal:
        cost = sum((fill.amount * fill.price for fill in self.fills), ZERO)
        return cost / self.filled if self.fills else ZERO


@dataclass
class Holding:
    """A net position, or one side of a hedged one."""

    amount: Decimal = ZERO
    """Signed: positive long, negative short."""
    cost: Decimal = ZERO

    @property
    def entry_price(self) -> Decimal:
        return self.cost / abs(self.amount) if self.amount else ZERO

    def unrealised(self, mark: Decimal) -> Decimal:
        return self.amount * mark - (self.cost if self.amount > 0 else -self.cost)


@dataclass
class OrderScript:
    """What is to happen to one order; the account's nth of its market."""

    refuse: Reason | None = None
    share: Decimal | None = None
    """Only this part of it fills at once; the rest of a market order is canceled."""
    fills_at_cancel: Decimal | None = None
    """This part of a resting order fills while its cancel is on its way."""
    shown_as_open: int = 0
    """Look-ups after it is filled or canceled that still show it open."""
    fills_late: int = 0
    """Look-ups for its fills that find none."""


class FakeAccount:
    """Everything one account has on one exchange."""

    def __init__(
        self,
        exchange: str,
        markets: FakeMarkets,
        key: ApiKey,
        *,
        uid: str,
        balance: Decimal = Decimal(10_000),
        hedge: bool = False,
    ) -> None:
        self.exchange, self.markets, self.key, self.uid = exchange, markets, key, uid
        self.balance, self.hedge = balance, hedge
        self.taker_fee, self.maker_fee = TAKER, MAKER
        self.fee_currency = "USDT"
        self.fee_price = Decimal(1)
        """Of `fee_currency`, in quote currency."""
        self.orders: list[FakeOrder] = []
        self.holdings: dict[tuple[str, str], Holding] = {}
        """By (base, position side)."""
        self.leverage: dict[str, int] = {}
        self.margin_modes: dict[str, str] = {}
        self.funding: list[tuple[int, str, Decimal]] = []
        """(time, base, amount); positive is received."""
        self.scripts: dict[tuple[str, int], OrderScript] = {}
        """By (base, nth order with a client id that was received for it, from 1)."""
        self.received: dict[str, int] = {}
        self.hidden_orders = 0
        """How many of the next look-ups do not find an order that exists."""
        self.stale_positions = 0
        """How many of the next looks at positions show what was held before the last order."""
        self.empty_positions = 0
        """How many of the next looks at positions show nothing at all."""
        self._before: dict[tuple[str, str], Holding] = {}
        self._numbers = count(1)
        self.remembers_ended_ids = exchange == "bybit"
        """Binance and OKX let a client id be used again once its order has ended."""
        self.refuses_oversized_closes = exchange in ("okx", "binance") and hedge
        """OKX and Binance cut a reduce-only order to the position in one-way mode alone."""

    # What tests look at and do

    def position(self, base: str) -> Decimal:
        """Net coins held."""
        return sum((h.amount for (b, _), h in self.holdings.items() if b == base), ZERO)

    def accepted(self, client_id: str) -> list[FakeOrder]:
        """Every order ever accepted under this id."""
        return [order for order in self.orders if order.client_id == client_id]

    def trade_by_hand(self, base: str, side: str, amount: Decimal, **kwargs: object) -> FakeOrder:
        """The user's own market order."""
        return self.place(base=base, client_id="", side=side, amount=amount, **kwargs)  # type: ignore[arg-type]

    def rest_by_hand(self, base: str, side: str, amount: Decimal, price: Decimal) -> FakeOrder:
        """The user's own limit order."""
        return self.place(
            base=base, client_id="", side=side, amount=amount, price=price, execution="resting"
        )

    def take_away(self, base: str, share: Decimal = Decimal(1)) -> None:
        """Liquidation (all of it) or auto-deleveraging (a part): at the mark, by the exchange."""
        self._remember()
        for (name, side), holding in self.holdings.items():
            if name == base and holding.amount:
                book = self.markets.books[base]
                step = self.step(book)
                amount = (abs(holding.amount) * share // step) * step
                order = self._new(
                    base, "", "sell" if holding.amount > 0 else "buy", amount, None, "market",
                    True, side, "cross",
                )  # fmt: skip
                self._fill(order, amount, book.mark_price, maker=False)
                order.status = "filled"

    def settle_funding(self, base: str, rate: Decimal, time: int | None = None) -> None:
        """One settlement at the mark."""
        at = self.markets.now() if time is None else time
        amount = -self.position(base) * self.markets.books[base].mark_price * rate
        self.balance += amount
        self.funding.append((at, base, amount))

    # What the exchange does

    def step(self, book: Book) -> Decimal:
        """Smallest change of an amount, in coins."""
        lot = Decimal(book.lot)
        return lot * Decimal(book.contract_size) if self.exchange == "okx" else lot

    def place(
        self,
        *,
        base: str,
        client_id: str,
        side: str,
        amount: Decimal,
        price: Decimal | None = None,
        execution: str = "market",
        reduce_only: bool = False,
        position_side: str | None = None,
        margin_mode: str = "cross",
    ) -> FakeOrder:
        """Take an order.

        Raises:
            Refused: and no trace of it is left.
        """
        self._remember()
        book = self._book(base)
        position_side = self._position_side(position_side, side, reduce_only)
        script = OrderScript()
        if client_id:
            self.received[base] = self.received.get(base, 0) + 1
            script = self.scripts.get((base, self.received[base]), script)
        if client_id and self._is_taken(client_id):
            raise Refused(Reason.DUPLICATE)
        if script.refuse is not None:
            raise Refused(script.refuse)
        self._require_grid(book, amount, price, reduce_only)
        if reduce_only:
            reducible = self._reducible(base, position_side, side)
            if not reducible:
                raise Refused(Reason.NOTHING_TO_REDUCE)
            amount_fillable = min(amount, reducible)
        else:
            amount_fillable = amount
            self._require_margin(book, side, amount, price or book.mid, position_side)
        order = self._new(
            base, client_id, side, amount, price, execution, reduce_only, position_side, margin_mode
        )
        order.shown_as_open, order.fills_late = script.shown_as_open, script.fills_late
        order.fills_at_cancel = script.fills_at_cancel
        self._execute(order, book, amount_fillable, script)
        return order

    def cancel(self, base: str, client_id: str) -> FakeOrder:
        """Cancel an open order.

        Raises:
            Refused: it is not open.
        """
        order = self.find(base, client_id=client_id, hide=False)
        if order is None or order.status != "open":
            raise Refused(Reason.NO_ORDER)
        if order.fills_at_cancel is not None:
            self._remember()
            amount = self._on_step(base, order.amount * order.fills_at_cancel)
            self._fill(order, min(amount, order.amount - order.filled), order.price, maker=True)
        order.status = "filled" if order.filled == order.amount else "canceled"
        order.updated_at = self.markets.now()
        return order

    def find(
        self, base: str, *, client_id: str = "", exchange_id: str = "", hide: bool = True
    ) -> FakeOrder | None:
        """The latest order of this id; None where the exchange knows none, or says so."""
        if hide and self.hidden_orders > 0:
            self.hidden_orders -= 1
            return None
        for order in reversed(self.orders):
            if order.base != base:
                continue
            if (client_id and order.client_id == client_id) or order.exchange_id == exchange_id:
                return order
        return None

    def shown(self, order: FakeOrder) -> tuple[str, Decimal]:
        """Status and filled amount as a look-up shows them; what is shown may lag behind."""
        if order.shown_as_open > 0:
            order.shown_as_open -= 1
            return "open", ZERO
        return order.status, order.filled

    def shown_fills(self, order: FakeOrder) -> list[FakeFill]:
        """Fills as a look-up shows them."""
        if order.fills_late > 0:
            order.fills_late -= 1
            return []
        return order.fills

    def open_orders(self, base: str) -> list[FakeOrder]:
        return [o for o in self.orders if o.base == base and o.status == "open"]

    def shown_positions(self) -> dict[tuple[str, str], Holding]:
        """What is held by (base, position side) as a look shows it; zero ones included."""
        if self.empty_positions > 0:
            self.empty_positions -= 1
            return {}
        if self.stale_positions > 0:
            self.stale_positions -= 1
            return self._before
        return self.holdings

    def set_leverage(self, base: str, leverage: int, margin_mode: str) -> None:
        """Set both.

        Raises:
            Refused: UNCHANGED, IN_USE or LEVERAGE.
        """
        book = self._book(base)
        if leverage > book.max_leverage:
            raise Refused(Reason.LEVERAGE)
        if (self.leverage.get(base), self.margin_modes.get(base)) == (leverage, margin_mode):
            raise Refused(Reason.UNCHANGED)
        if self.position(base) or self.open_orders(base):
            raise Refused(Reason.IN_USE)
        self.leverage[base], self.margin_modes[base] = leverage, margin_mode

    def on_prices(self, base: str) -> None:
        """Fill resting orders that the market has traded through."""
        book = self.markets.books[base]
        for order in self.open_orders(base):
            best = Decimal(book.ask) if order.side == "buy" else Decimal(book.bid)
            if order.price is None or (order.price - best) * SIGNS[order.side] < 0:
                continue
            rest = order.amount - order.filled
            if order.reduce_only:
                rest = min(rest, self._reducible(base, order.position_side, order.side))
            if rest:
                self._fill(order, rest, order.price, maker=True)
            order.status = "filled" if order.filled == order.amount else "canceled"

    # Money

    def equity(self) -> Decimal:
        return self.balance + self.unrealised()

    def unrealised(self) -> Decimal:
        return sum(
            (h.unrealised(self.markets.books[b].mark_price) for (b, _), h in self.holdings.items()),
            ZERO,
        )

    def free(self) -> Decimal:
        used = ZERO
        for (base, _), holding in self.holdings.items():
            mark = self.markets.books[base].mark_price
            used += abs(holding.amount) * mark / self.leverage_of(base)
        for order in self.orders:
            if order.status == "open" and not order.reduce_only and order.price is not None:
                rest = order.amount - order.filled
                used += rest * order.price / self.leverage_of(order.base)
        return max(self.equity() - used, ZERO)

    def leverage_of(self, base: str) -> int:
        return self.leverage.get(base, 10)

    def liquidation_price(self, base: str, holding: Holding) -> Decimal | None:
        """Price at which the account's equity falls to this position's maintenance margin."""
        if not holding.amount:
            return None
        sign = 1 if holding.amount > 0 else -1
        size, mark = abs(holding.amount), self.markets.books[base].mark_price
        buffer = self.equity() - holding.unrealised(mark)
        price = (sign * size * holding.entry_price - buffer) / (size * (sign - MAINTENANCE))
        return price if price > 0 else None

    # Inside

    def _book(self, base: str) -> Book:
        book = self.markets.books.get(base)
        if book is None:
            raise Refused(Reason.UNKNOWN_SYMBOL)
        if not book.trading:
            raise Refused(Reason.NOT_TRADING)
        return book

    def _position_side(self, given: str | None, side: str, reduce_only: bool) -> str:
        opening = side if not reduce_only else {"buy": "sell", "sell": "buy"}[side]
        usual = {"buy": "long", "sell": "short"}[opening] if self.hedge else "net"
        if given is not None and (given == "net") is self.hedge:
            raise Refused(Reason.POSITION_MODE)
        return given or usual

    def _is_taken(self, client_id: str) -> bool:
        known = self.accepted(client_id)
        return any(o.status == "open" or self.remembers_ended_ids for o in known)

    def _require_grid(
        self, book: Book, amount: Decimal, price: Decimal | None, reduce_only: bool
    ) -> None:
        step = self.step(book)
        if amount <= 0 or amount % step:
            raise Refused(Reason.STEP)
        if price is not None and (price <= 0 or price % Decimal(book.price_step)):
            raise Refused(Reason.PRICE_STEP)
        if self.exchange == "okx" and amount < 2 * step:
            raise Refused(Reason.TOO_SMALL)
        if amount > Decimal(5_000_000):
            raise Refused(Reason.TOO_LARGE)
        if self.exchange != "okx" and not reduce_only and amount * (price or book.mid) < 5:
            raise Refused(Reason.NOTIONAL)

    def _require_margin(
        self, book: Book, side: str, amount: Decimal, price: Decimal, position_side: str
    ) -> None:
        held = self.holdings.get((book.base, position_side), Holding()).amount
        growth = abs(held + amount * SIGNS[side]) - abs(held)
        if growth > 0 and growth * price / self.leverage_of(book.base) > self.free():
            raise Refused(Reason.MARGIN)

    def _reducible(self, base: str, position_side: str, side: str) -> Decimal:
        held = self.holdings.get((base, position_side), Holding()).amount
        return abs(held) if held * SIGNS[side] < 0 else ZERO

    def _new(
        self, base: str, client_id: str, side: str, amount: Decimal, price: Decimal | None,
        execution: str, reduce_only: bool, position_side: str, margin_mode: str,
    ) -> FakeOrder:  # fmt: skip
        now = self.markets.now()
        order = FakeOrder(
            str(1_000_000 + next(self._numbers)), client_id, base, side, amount, price, execution,
            reduce_only, position_side, margin_mode, now, now,
        )  # fmt: skip
        self.orders.append(order)
        return order

    def _execute(
        self, order: FakeOrder, book: Book, fillable: Decimal, script: OrderScript
    ) -> None:
        best = Decimal(book.ask) if order.side == "buy" else Decimal(book.bid)
        within = order.price is None or (order.price - best) * SIGNS[order.side] >= 0
        if order.execution == "resting":
            # Recorded candles have no spread: there an order at the price itself rests.
            within = within and (order.price != best or book.bid != book.ask)
        if within and script.share != ZERO:
            amount = fillable
            if script.share is not None:
                amount = self._on_step(order.base, fillable * script.share)
            if amount:
                self._fill(order, amount, best, maker=False)
        if order.filled == order.amount:
            order.status = "filled"
        elif order.execution != "resting" or order.filled:
            order.status = "canceled"

    def _on_step(self, base: str, amount: Decimal) -> Decimal:
        step = self.step(self.markets.books[base])
        return amount // step * step

    def _fill(
        self, order: FakeOrder, amount: Decimal, price: Decimal | None, *, maker: bool
    ) -> None:
        assert price is not None
        if not amount:
            return
        rate = self.maker_fee if maker else self.taker_fee
        fee = amount * price * rate
        number = str(next(self._numbers))
        now = self.markets.now()
        in_coin = fee / self.fee_price
        order.fills.append(FakeFill(number, amount, price, in_coin, self.fee_currency, now, maker))
        order.updated_at = now
        self.balance += self._trade(order, amount, price) - fee

    def _trade(self, order: FakeOrder, amount: Decimal, price: Decimal) -> Decimal:
        """Change the holding; return what was realised."""
        key, sign = (order.base, order.position_side), SIGNS[order.side]
        held = self.holdings.get(key, Holding())
        closed = min(amount, abs(held.amount)) if held.amount * sign < 0 else ZERO
        released = held.cost * closed / abs(held.amount) if closed else ZERO
        profit = (closed * price - released) * (1 if held.amount > 0 else -1)
        cost = held.cost - released + (amount - closed) * price
        self.holdings[key] = Holding(held.amount + sign * amount, cost)
        return profit

    def _remember(self) -> None:
        self._before = dict(self.holdings)
