"""One bot on a simulated account with scripted prices: everything a tick needs, in memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.simulated.exchange import SimulatedExchange
from pairtrader.model.account import AccountMode, ExchangeName, Simulation
from pairtrader.model.bot import Bot, BotConfig, BotState, Command, CommandKind, Status
from pairtrader.model.market import Market
from pairtrader.model.settings import BotSettings
from pairtrader.trading.engine import TickEngine
from pairtrader.trading.metronome import TickRequest, TickSource
from pairtrader.trading.ports import Ports
from pairtrader.trading.report import TickReport
from tests.fakes.clock import FakeClock
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.memory_bot_store import MemoryBotStore
from tests.fakes.scripted_feed import ScriptedFeed

BOT, USER, ACCOUNT = "bot1", "user1", "account1"
LADDER = (
    {"times": 1, "spread": 1.0, "multiplier": 1},
    {"times": 2, "spread": 0.8, "multiplier": 1},
    {"times": 3, "spread": 0.5, "multiplier": 2},
)


def market(symbol: str, **changes: Any) -> Market:
    base, quote = symbol.split("-")
    defaults: dict[str, Any] = {
        "amount_step": Decimal("0.01"),
        "min_amount": Decimal("0.01"),
        "min_notional": Decimal(5),
        "price_step": Decimal("0.001"),
        "taker_fee": Decimal("0.0005"),
        "maker_fee": Decimal("0.0002"),
        "max_leverage": 50,
    }
    return Market(symbol, base, quote, **{**defaults, **changes})


def settings(**changes: Any) -> BotSettings:
    defaults: dict[str, Any] = {
        "bot_name": "test",
        "exchange_account_id": ACCOUNT,
        "market1_symbol": "AAA-USDT",
        "market2_symbol": "BBB-USDT",
        "start_time": datetime(2025, 12, 31, tzinfo=UTC),
        "investment_per_order": "100",
        "max_position_value": "2000",
        "dca_config": LADDER,
        "pause_after_close": False,
    }
    return BotSettings.model_validate({**defaults, **changes})


class Slots:
    """The queue of ticks to come."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, int]] = []

    def send(self, bot_id: str, generation: int, dues: Sequence[int], now: int) -> None:
        self.sent += [(bot_id, generation, due) for due in dues]


class Retirements:
    """What was given back."""

    def __init__(self) -> None:
        self.removed: list[tuple[str, int]] = []
        self.released: list[str] = []

    def remove_schedule(self, bot_id: str, generation: int) -> None:
        self.removed.append((bot_id, generation))

    def release_claims(self, config: BotConfig) -> None:
        self.released.append(config.bot_id)


class Risk:
    """Limits that a test sets; by default there are none."""

    def __init__(self) -> None:
        self.forbids = ""
        self.asked = 0

    def refusal(self, config: BotConfig, state: BotState, now: int) -> str:
        self.asked += 1
        return self.forbids


class TradingDesk:
    """Sets prices, runs ticks, and reads both the books and the exchange."""

    exchange_name = ExchangeName.SIMULATED
    mode = AccountMode.PAPER

    def __init__(
        self,
        *,
        simulation: Simulation | None = None,
        store: Any = None,
        account_store: Any = None,
        **changes: Any,
    ) -> None:
        self.clock = FakeClock()
        self.settings = settings(**changes)
        self.simulation = simulation or Simulation(slippage=Decimal(0), funding=False)
        self.account_store = account_store or MemoryAccountStore()
        self.markets = self.open_market()
        self.exchange: BaseExchange = self.new_exchange()
        self.store = store or MemoryBotStore()
        self.slots, self.retirements, self.risk = Slots(), Retirements(), Risk()
        self.refreshed: list[BotConfig] = []
        """Bots whose markets were asked to be checked."""
        self.store.put(Bot(self._config(), self._state()))

    def open_market(self) -> tuple[Market, Market]:
        """Make the two markets and set their first prices."""
        markets = market(self.settings.market1_symbol), market(self.settings.market2_symbol)
        self.feed = ScriptedFeed(markets, self.clock)
        return markets

    def new_exchange(self) -> BaseExchange:
        """Make the exchange object that a new process would."""
        return SimulatedExchange(
            ACCOUNT, ACCOUNT, self.simulation, self.feed, self.account_store, self.clock.now
        )

    def _config(self) -> BotConfig:
        return BotConfig(
            bot_id=BOT,
            user_id=USER,
            exchange_name=self.exchange_name,
            mode=self.mode,
            account_uid=ACCOUNT,
            settings=self.settings,
            market1=self.markets[0],
            market2=self.markets[1],
            created_at=0,
            updated_at=0,
        )

    def _state(self) -> BotState:
        return BotState(
            BOT,
            status=Status.RUNNING,
            generation=1,
            start_price1=Decimal(100),
            start_price2=Decimal(100),
        )

    @property
    def state(self) -> BotState:
        return self.bot.state

    @property
    def bot(self) -> Bot:
        bot: Bot = self.store.peek(BOT)
        return bot

    def ports(self) -> Ports:
        return self.ports_with(self.exchange)

    def ports_with(self, exchange: BaseExchange) -> Ports:
        """What a process with this exchange object works with."""

        async def exchange_of(config: BotConfig) -> BaseExchange:
            return exchange

        return Ports(
            self.store,
            self.store,
            self.store,
            self.slots,
            self.retirements,
            self.risk,
            exchange_of,
            self.refreshed.append,
            self.clock,
        )

    def see(self, price1: float | str, price2: float | str = 100) -> None:
        """Set both mid prices."""
        for each, price in zip(self.markets, (price1, price2), strict=True):
            self.feed.prices[each.symbol] = Decimal(str(price))

    def tick(self, *, after: float = 5, request: TickRequest | None = None) -> TickReport:
        """Let `after` seconds pass and run one tick."""
        self.clock.advance(after)
        asked = request or TickRequest(BOT, TickSource.HAND)
        return asyncio.run(TickEngine(self.ports()).run(asked))

    def tick_at(self, price1: float | str, price2: float | str = 100) -> TickReport:
        self.see(price1, price2)
        return self.tick()

    def command(self, kind: CommandKind) -> None:
        self.store.edit(BOT, command=Command(kind, "c1", self.clock.now()))

    def positions(self) -> tuple[Decimal, Decimal]:
        """Signed base coins of both legs on the exchange."""
        held = asyncio.run(self.new_exchange().positions(self.markets))
        return held[self.markets[0].symbol].amount, held[self.markets[1].symbol].amount

    def books(self) -> tuple[Decimal, Decimal]:
        """Signed base coins of both legs in the bot's books."""
        cycle = self.state.cycle
        return (cycle.legs[0].amount, cycle.legs[1].amount) if cycle else (Decimal(0), Decimal(0))

    def exchange_orders(self) -> list[str]:
        """Client ids of every order the exchange ever took."""
        return [order_id for _, order_id in self.account_store.orders]

    def with_state(self, **changes: Any) -> None:
        self.store.put(replace(self.bot, state=replace(self.state, **changes)))
