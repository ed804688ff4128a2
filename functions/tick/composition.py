"""Puts the engine together from real stores, queue and exchanges; done once per process."""

from dataclasses import dataclass
from functools import lru_cache

from functions.tick.market_refresh import MarketRefresh
from functions.tick.retirement import TableRetirement
from functions.tick.settings import TickSettings, settings
from functions.tick.slot_queue import SqsSlotQueue
from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import UserMustAct
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.hosts import parse_hosts
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.exchanges.simulated.s3_files import S3Files
from pairtrader.model.account import Credentials, ExchangeAccount
from pairtrader.model.bot import BotConfig
from pairtrader.storage.accounts import AccountRepository
from pairtrader.storage.bots import BotRepository
from pairtrader.storage.capacity import CapacityRepository
from pairtrader.storage.claims import ClaimRepository
from pairtrader.storage.key_vault import KeysNotFound, KeyVault
from pairtrader.storage.risk import RiskRepository
from pairtrader.storage.schedules import Schedules
from pairtrader.storage.simulated_accounts import SimulatedAccountRepository
from pairtrader.storage.spread_history import SpreadHistoryRepository
from pairtrader.storage.trade_logs import LogRepository
from pairtrader.trading.clock import SystemClock
from pairtrader.trading.engine import TickEngine
from pairtrader.trading.ports import Ports
from pairtrader.trading.risk import LimitGate

ACCOUNT_READ_EVERY_MS = 300_000
"""How long changed keys, or an account switched off, may go unnoticed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An exchange object and the account it was made for."""

    account: ExchangeAccount
    exchange: BaseExchange
    read_at: int


class ExchangeShelf:
    """Keeps one exchange object per account between invocations, connections and keys with it."""

    def __init__(self, environment: TickSettings) -> None:
        self._accounts = AccountRepository()
        self._vault = KeyVault(environment.secret_prefix)
        self._simulated = SimulatedAccountRepository()
        self._recordings = Recordings(S3Files(environment.data_bucket))
        self._hosts = parse_hosts(environment.exchange_hosts)
        self._clock = SystemClock().now
        self._kept: dict[str, Kept] = {}

    async def exchange_of(self, config: BotConfig) -> BaseExchange:
        """Return the exchange of the bot's account.

        An account switched off starts no bots, but what is open on it is still watched and closed.

        Raises:
            UserMustAct: the account is gone, or its keys are.
        """
        account_id = config.settings.exchange_account_id
        kept = self._kept.get(account_id)
        if kept is not None and self._clock() - kept.read_at < ACCOUNT_READ_EVERY_MS:
            return kept.exchange
        account = self._accounts.get(config.user_id, account_id)
        if account is None:
            raise UserMustAct("the exchange account is gone")
        if kept is not None and kept.account == account:
            exchange = kept.exchange
        else:
            if kept is not None:
                await kept.exchange.close()
            exchange = self._create(account)
        self._kept[account_id] = Kept(account, exchange, self._clock())
        return exchange

    def _create(self, account: ExchangeAccount) -> BaseExchange:
        return create_exchange(
            account,
            clock=self._clock,
            account_store=self._simulated,
            candle_source=self._recordings,
            keys=(lambda: self._keys_of(account)) if account.has_keys else None,
            hosts=self._hosts,
        )

    def _keys_of(self, account: ExchangeAccount) -> Credentials:
        try:
            return self._vault.fetch(account.secret_arn)
        except KeysNotFound as error:
            raise UserMustAct("the exchange account's keys are gone") from error


@lru_cache
def engine() -> TickEngine:
    """Return the process's engine."""
    environment = settings()
    schedules = Schedules(environment.schedule_group, "", "", "")
    return TickEngine(
        Ports(
            bots=BotRepository(),
            history=SpreadHistoryRepository(),
            logs=LogRepository(),
            slots=SqsSlotQueue(environment.queue_url),
            retirement=TableRetirement(schedules, ClaimRepository(), CapacityRepository()),
            risk=LimitGate(RiskRepository()),
            exchange_of=ExchangeShelf(environment).exchange_of,
            refresh_markets=MarketRefresh(environment.exchange_function).ask,
            clock=SystemClock(),
        )
    )
