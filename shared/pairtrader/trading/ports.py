"""Everything the engine works with, given to it by the function that runs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pairtrader.exchanges.base import BaseExchange
from pairtrader.model.bot import BotConfig
from pairtrader.trading.clock import Clock
from pairtrader.trading.retirement import Retirement
from pairtrader.trading.risk import RiskGate
from pairtrader.trading.store import BotStore, HistoryStore, LogStore, SlotQueue


@dataclass(frozen=True, slots=True)
class Ports:
    """Stores, queue, exchanges and clock of a tick."""

    bots: BotStore
    history: HistoryStore
    logs: LogStore
    slots: SlotQueue
    retirement: Retirement
    risk: RiskGate
    exchange_of: Callable[[BotConfig], Awaitable[BaseExchange]]
    refresh_markets: Callable[[BotConfig], None]
    """Has somebody else ask the exchange whether the bot's markets are as recorded."""
    clock: Clock
