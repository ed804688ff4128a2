"""Puts the function together from real tables, secrets and exchanges; done once per process."""

import time
from functools import lru_cache

from functions.exchange.settings import settings
from functions.exchange.shelf import ExchangeShelf
from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import UserMustAct
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.hosts import parse_hosts
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.exchanges.simulated.s3_files import S3Files
from pairtrader.model.account import Credentials, ExchangeAccount
from pairtrader.storage.accounts import AccountRepository
from pairtrader.storage.bots import BotRepository
from pairtrader.storage.key_vault import KeysNotFound, KeyVault
from pairtrader.storage.simulated_accounts import SimulatedAccountRepository


def now() -> int:
    """Return the time, ms UTC."""
    return time.time_ns() // 1_000_000


@lru_cache
def shelf() -> ExchangeShelf:
    """Return the process's open accounts."""
    environment = settings()
    vault = KeyVault(environment.secret_prefix)
    simulated = SimulatedAccountRepository()
    recordings = Recordings(S3Files(environment.data_bucket))
    hosts = parse_hosts(environment.exchange_hosts)

    def keys_of(account: ExchangeAccount) -> Credentials:
        try:
            return vault.fetch(account.secret_arn)
        except KeysNotFound as error:
            raise UserMustAct("the account's keys are gone: enter them again") from error

    def create(account: ExchangeAccount) -> BaseExchange:
        return create_exchange(
            account,
            clock=now,
            account_store=simulated,
            candle_source=recordings,
            keys=(lambda: keys_of(account)) if account.has_keys else None,
            hosts=hosts,
        )

    return ExchangeShelf(AccountRepository(), create, now)


@lru_cache
def bots() -> BotRepository:
    """Return where bots' configurations are."""
    return BotRepository()
