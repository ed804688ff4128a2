"""The other functions and the scheduler as the API sees them, in memory."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from functions.api.accounts.exchange_failure import ExchangeFailure
from functions.api.accounts.exchange_gateway import AccountTest, Holdings, PairPrices
from pairtrader.model.account import Balance, ExchangeAccount, Position, PositionMode
from pairtrader.model.market import Market
from pairtrader.storage.schedules import SchedulesUnavailable


def market(symbol: str, **changes: Any) -> Market:
    base, quote = symbol.split("-")
    defaults: dict[str, Any] = {
        "amount_step": Decimal(1),
        "min_amount": Decimal(1),
        "min_notional": Decimal(5),
        "price_step": Decimal("0.00001"),
        "taker_fee": Decimal("0.0005"),
        "maker_fee": Decimal("0.0002"),
        "max_leverage": 20,
    }
    return Market(symbol, base, quote, **{**defaults, **changes})


class FakeExchanges:
    """One exchange with three perpetual swaps; whatever a test wants to go wrong is set on it."""

    def __init__(self) -> None:
        self.all_markets = {
            name: market(name) for name in ("GALA-USDT", "CHZ-USDT", "BTC-USDT", "SOL-USDT")
        }
        small = Decimal("0.0001")
        self.all_markets["BTC-USDT"] = market("BTC-USDT", amount_step=small, min_amount=small)
        self.prices = {
            "GALA-USDT": Decimal("0.02"),
            "CHZ-USDT": Decimal("0.08"),
            "BTC-USDT": Decimal(60_000),
            "SOL-USDT": Decimal(150),
        }
        self.held: dict[str, Decimal] = {}
        self.held_opposite: dict[str, Decimal] = {}
        """In hedge mode: what is held the other way."""
        self.open_orders: dict[str, int] = {}
        self.liquidation_price: Decimal | None = None
        self.identity = AccountTest("uid-1", PositionMode.ONE_WAY, True, False, True)
        self.failure: ExchangeFailure | None = None
        self.has_prices = True
        self.asked: list[str] = []
        self.path: tuple[tuple[int, str, str], ...] = ()
        """When (ms UTC) and what both markets of a pair were worth."""
        self.pairs_asked: list[tuple[int, int]] = []

    def test(self, account: ExchangeAccount) -> AccountTest:
        self._ask("test")
        return self.identity

    def markets(self, account: ExchangeAccount, symbols: Sequence[str]) -> tuple[Market, ...]:
        self._ask("markets")
        unknown = [symbol for symbol in symbols if symbol not in self.all_markets]
        if unknown:
            raise ExchangeFailure("unknown_symbol", f"no such symbol: {', '.join(unknown)}")
        return tuple(self.all_markets[symbol] for symbol in symbols)

    def search(self, account: ExchangeAccount, query: str, limit: int) -> tuple[Market, ...]:
        self._ask("search")
        found = [m for name, m in sorted(self.all_markets.items()) if query in name]
        return tuple(found[:limit])

    def balance(self, account: ExchangeAccount) -> Balance:
        self._ask("balance")
        return Balance("USDT", Decimal("10000"), Decimal("9000.5"))

    def holdings(self, account: ExchangeAccount, symbols: Sequence[str]) -> Holdings:
        self._ask("holdings")
        return Holdings(
            tuple(self._position(symbol) for symbol in symbols),
            {symbol: self.open_orders.get(symbol, 0) for symbol in symbols},
        )

    def _position(self, symbol: str) -> Position:
        one, liquidation = Decimal(1), self.liquidation_price
        amount, other = self.held.get(symbol, Decimal(0)), self.held_opposite.get(symbol)
        if other is None:
            return Position(symbol, amount, one, one, liquidation, Decimal(0))
        opposite = Position(symbol, other, one, one, liquidation, Decimal(0), hedged=True)
        return Position(
            symbol, amount, one, one, liquidation, Decimal(0), hedged=True, opposite=opposite
        )

    def start_price(self, account: ExchangeAccount, symbol: str, at: int) -> Decimal:
        self._ask("start_price")
        if not self.has_prices:
            raise ExchangeFailure("no_market_data", "no candle")
        return self.prices[symbol]

    def pair_prices(
        self, account: ExchangeAccount, symbols: tuple[str, str], since: int, most: int
    ) -> PairPrices:
        first, second = self.markets(account, symbols)
        self.pairs_asked.append((since, most))
        starts = (self.prices[first.symbol], self.prices[second.symbol])
        points = tuple((at, Decimal(one), Decimal(other)) for at, one, other in self.path)
        return PairPrices(starts if self.has_prices else None, 60_000, points)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.failure is not None:
            raise self.failure


class FakeSchedules:
    """The scheduler's group: names of what exists."""

    def __init__(self) -> None:
        self.existing: dict[tuple[str, int], datetime] = {}
        self.is_down = False
        self.on_create: list[Any] = []

    def create(self, bot_id: str, generation: int, first_at: datetime) -> None:
        for action in self.on_create:
            action()
        self.on_create = []
        if self.is_down:
            raise SchedulesUnavailable(bot_id)
        self.existing[bot_id, generation] = first_at

    def delete(self, bot_id: str, generation: int) -> None:
        if self.is_down:
            raise SchedulesUnavailable(bot_id)
        self.existing.pop((bot_id, generation), None)


class FakeTicks:
    """The ticks that were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def first_tick(self, bot_id: str, generation: int, at: int) -> None:
        self.asked.append((bot_id, generation, at))

    def tick(self, bot_id: str) -> None:
        self.asked.append((bot_id,))
