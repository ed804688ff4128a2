"""Everything the engine works with, given to it by the function that runs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pairtrader.exchanges.base import BaseExchange
from pairtrader.model.bot import BotConfig
from pairtrader.trading.clock import Clock
from pairtrader.trading.retirement import Retirement
from pairtrader.trading.store import BotStore, HistoryStore, LogStore, SlotQueue


@dataclass(frozen=True, slots=True)
class Ports:
    """Stores, queue, exchanges and clock of a tick."""

    bots: BotStore
    history: HistoryStore
    logs: LogStore
    slots: SlotQueue
    retirement: Retirement
    exchange_of: Callable[[BotConfig], Awaitable[BaseExchange]]
    clock: Clock
