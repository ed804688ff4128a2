"""The parts of the application, put together."""

from dataclasses import dataclass

from functions.api.access_tokens import AccessTokens
from functions.api.accounts import Accounts
from functions.api.bot_commands import BotCommands
from functions.api.bots import Bots
from functions.api.exchange_gateway import ExchangeGateway
from functions.api.histories import Histories
from functions.api.identifiers import now_ms
from functions.api.ports import Exchanges
from functions.api.readiness import Readiness
from functions.api.risk import Risk
from functions.api.sessions import Sessions
from functions.api.settings import Settings
from functions.api.signing_keys import SigningKeySource
from functions.api.tick_gateway import TickGateway
from functions.api.users import Users
from pairtrader.storage.accounts import AccountRepository
from pairtrader.storage.bots import BotRepository
from pairtrader.storage.capacity import CapacityRepository
from pairtrader.storage.claims import ClaimRepository
from pairtrader.storage.cycles import CycleRepository
from pairtrader.storage.key_vault import KeyVault
from pairtrader.storage.orders import OrderRepository
from pairtrader.storage.positions import PositionRepository
from pairtrader.storage.refresh_tokens import RefreshTokenRepository
from pairtrader.storage.risk import RiskRepository
from pairtrader.storage.schedules import Schedules
from pairtrader.storage.spread_history import SpreadHistoryRepository
from pairtrader.storage.trade_logs import LogRepository
from pairtrader.storage.users import UserRepository


@dataclass(frozen=True, slots=True)
class Services:
    """What the endpoints call."""

    sessions: Sessions
    users: Users
    accounts: Accounts
    exchanges: Exchanges
    bots: Bots
    commands: BotCommands
    histories: Histories
    risk: Risk


def build_services(settings: Settings) -> Services:
    """Return the services of a deployed function."""
    users, accounts, bots = UserRepository(), AccountRepository(), BotRepository()
    exchanges = ExchangeGateway(settings.exchange_function)
    schedules = Schedules(
        settings.schedule_group,
        settings.tick_function,
        settings.scheduler_role_arn,
        settings.scheduler_dlq_arn,
    )
    keys = SigningKeySource(settings.jwt_secret_arn)
    tokens = AccessTokens(keys, settings.table_prefix)
    capacity = CapacityRepository()
    reader = Bots(bots, accounts, exchanges, schedules, capacity, now_ms)
    return Services(
        sessions=Sessions(users, RefreshTokenRepository(), tokens, keys, now_ms),
        users=Users(users, registration_open=settings.registration_open, now=now_ms),
        accounts=Accounts(accounts, KeyVault(settings.secret_prefix), exchanges, bots, now_ms),
        exchanges=exchanges,
        bots=reader,
        commands=BotCommands(
            reader,
            bots,
            Readiness(accounts, exchanges, now_ms),
            ClaimRepository(),
            capacity,
            schedules,
            TickGateway(settings.tick_function),
            now_ms,
        ),
        histories=Histories(
            orders=OrderRepository(),
            positions=PositionRepository(),
            cycles=CycleRepository(),
            logs=LogRepository(),
            points=SpreadHistoryRepository(),
        ),
        risk=Risk(reader, RiskRepository(), now_ms),
    )
