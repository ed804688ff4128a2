"""The parts of a deployed function, put together; each is made when it is first asked for.

A request needs a few of them: a cold start neither makes nor imports the others.
"""
# ruff: noqa: D102, PLC0415

import os
from functools import cached_property
from typing import TYPE_CHECKING

from functions.api.identifiers import now_ms
from functions.api.services import Services

if TYPE_CHECKING:
    from functions.api.accounts.accounts import Accounts
    from functions.api.bots.bot_commands import BotCommands
    from functions.api.bots.bot_documents import BotDocuments
    from functions.api.bots.bots import Bots
    from functions.api.bots.kill_switch import KillSwitch
    from functions.api.bots.previews import Previews
    from functions.api.bots.risk import Risk
    from functions.api.bots.tick_gateway import TickGateway
    from functions.api.identity.access_tokens import AccessTokens
    from functions.api.identity.administration import Administration
    from functions.api.identity.api_tokens import ApiTokens
    from functions.api.identity.bootstrap import Bootstrap
    from functions.api.identity.logins import Logins
    from functions.api.identity.preferences import UserPreferences
    from functions.api.identity.second_factor import SecondFactor
    from functions.api.identity.sessions import Sessions
    from functions.api.identity.throttling import Throttle
    from functions.api.identity.users import Users
    from functions.api.messages.live_tickets import LiveTickets
    from functions.api.messages.notification_channels import NotificationChannels
    from functions.api.ports import Exchanges
    from functions.api.records.audit import Audit
    from functions.api.records.bot_stats import Statistics
    from functions.api.records.dashboard import Dashboard
    from functions.api.records.histories import Histories
    from functions.api.records.ledger import Ledger
    from functions.api.research.jobs import ResearchJobs
    from functions.api.settings import Settings
    from functions.api.web.idempotency import Idempotency
    from pairtrader.storage.accounts import AccountRepository
    from pairtrader.storage.bots import BotRepository
    from pairtrader.storage.capacity import CapacityRepository
    from pairtrader.storage.cycles import CycleRepository
    from pairtrader.storage.orders import OrderRepository
    from pairtrader.storage.risk import RiskRepository
    from pairtrader.storage.rotating_keys import RotatingKeySource
    from pairtrader.storage.schedules import Schedules
    from pairtrader.storage.sealing import Seal
    from pairtrader.storage.users import UserRepository


class DeployedServices(Services):
    """Services over the stack's tables, secrets and functions."""

    _settings: "Settings"

    def __init__(self, settings: "Settings") -> None:
        # Not by assignment: the fields of services are not to be set.
        vars(self)["_settings"] = settings

    def forget(self) -> None:
        """Make all parts anew when they are next asked for: no key or connection is kept."""
        parts = vars(self)
        settings = self._settings
        parts.clear()
        parts["_settings"] = settings

    @cached_property
    def throttle(self) -> "Throttle":
        from functions.api.identity.throttling import Throttle
        from pairtrader.storage.login_attempts import AttemptRepository

        return Throttle(AttemptRepository(), now_ms)

    @cached_property
    def sessions(self) -> "Sessions":
        from functions.api.identity.sessions import Sessions
        from pairtrader.storage.refresh_tokens import RefreshTokenRepository

        families = RefreshTokenRepository()
        return Sessions(self._users, families, self._tokens, self._keys, now_ms)

    @cached_property
    def logins(self) -> "Logins":
        from functions.api.identity.logins import Logins

        return Logins(
            self._users, self.sessions, self.second_factor, self._tokens, self.throttle, now_ms
        )

    @cached_property
    def second_factor(self) -> "SecondFactor":
        from functions.api.identity.second_factor import SecondFactor

        return SecondFactor(self._users, self._seal, self.throttle, now_ms)

    @cached_property
    def api_tokens(self) -> "ApiTokens":
        from functions.api.identity.api_tokens import ApiTokens
        from pairtrader.storage.api_tokens import ApiTokenRepository

        return ApiTokens(ApiTokenRepository(), self._users, now_ms)

    @cached_property
    def users(self) -> "Users":
        from functions.api.identity.users import Users

        is_open = self._settings.registration_open
        return Users(self._users, registration_open=is_open, now=now_ms)

    @cached_property
    def bootstrap(self) -> "Bootstrap":
        from functions.api.identity.bootstrap import Bootstrap, BootstrapToken

        token = BootstrapToken(self._settings.bootstrap_secret_arn)
        return Bootstrap(self._users, self.users, token, self.throttle)

    @cached_property
    def accounts(self) -> "Accounts":
        from functions.api.accounts.accounts import Accounts
        from pairtrader.storage.key_vault import KeyVault

        vault = KeyVault(self._settings.secret_prefix)
        return Accounts(self._accounts, vault, self.exchanges, self._bots, now_ms)

    @cached_property
    def exchanges(self) -> "Exchanges":
        from functions.api.accounts.exchange_gateway import ExchangeGateway

        return ExchangeGateway(self._settings.exchange_function)

    @cached_property
    def bots(self) -> "Bots":
        from functions.api.bots.bots import Bots

        return Bots(
            self._bots, self._accounts, self.exchanges, self._schedules, self._capacity, now_ms
        )

    @cached_property
    def previews(self) -> "Previews":
        from functions.api.bots.previews import Previews

        return Previews(self._accounts, self.exchanges, now_ms)

    @cached_property
    def commands(self) -> "BotCommands":
        from functions.api.bots.bot_commands import BotCommands
        from functions.api.bots.readiness import Readiness
        from pairtrader.storage.claims import ClaimRepository

        return BotCommands(
            self.bots,
            self._bots,
            Readiness(self._accounts, self.exchanges, now_ms),
            ClaimRepository(),
            self._capacity,
            self._schedules,
            self._ticks,
            now_ms,
        )

    @cached_property
    def bot_documents(self) -> "BotDocuments":
        from functions.api.bots.bot_documents import BotDocuments

        return BotDocuments(self.bots, now_ms)

    @cached_property
    def kill_switch(self) -> "KillSwitch":
        from functions.api.bots.kill_switch import KillSwitch

        return KillSwitch(self.bots, self.commands, self._users, self._risk, now_ms)

    @cached_property
    def idempotency(self) -> "Idempotency":
        from functions.api.web.idempotency import Idempotency
        from pairtrader.storage.idempotency import IdempotencyRepository

        return Idempotency(IdempotencyRepository(), now_ms)

    @cached_property
    def histories(self) -> "Histories":
        from functions.api.records.histories import Histories
        from pairtrader.storage.positions import PositionRepository
        from pairtrader.storage.spread_history import SpreadHistoryRepository
        from pairtrader.storage.trade_logs import LogRepository

        return Histories(
            orders=self._orders,
            positions=PositionRepository(),
            cycles=self._cycles,
            logs=LogRepository(),
            points=SpreadHistoryRepository(),
        )

    @cached_property
    def ledger(self) -> "Ledger":
        from functions.api.records.ledger import Ledger
        from pairtrader.storage.bot_names import BotNameRepository

        return Ledger(self._orders, self._cycles, BotNameRepository(), self.bots)

    @cached_property
    def dashboard(self) -> "Dashboard":
        from functions.api.records.dashboard import Dashboard

        return Dashboard(self._bots, self._cycles, now_ms)

    @cached_property
    def statistics(self) -> "Statistics":
        from functions.api.records.bot_stats import Statistics

        return Statistics(self._cycles)

    @cached_property
    def preferences(self) -> "UserPreferences":
        from functions.api.identity.preferences import UserPreferences
        from pairtrader.storage.preferences import PreferenceRepository

        return UserPreferences(PreferenceRepository(), self._accounts, now_ms)

    @cached_property
    def live_tickets(self) -> "LiveTickets":
        from functions.api.messages.live_tickets import LiveTickets
        from pairtrader.storage.connections import ConnectionRepository
        from pairtrader.storage.sockets import absolute_endpoint

        endpoint = absolute_endpoint(self._settings.websocket_endpoint, os.environ)
        return LiveTickets(ConnectionRepository(), endpoint, now_ms)

    @cached_property
    def channels(self) -> "NotificationChannels":
        from functions.api.messages.notification_channels import NotificationChannels
        from pairtrader.storage.notification_channels import NotificationChannelRepository
        from pairtrader.storage.notification_queue import NotificationQueue

        return NotificationChannels(
            NotificationChannelRepository(),
            self._seal,
            NotificationQueue(self._settings.notification_queue_url),
            now_ms,
            has_mail=bool(self._settings.mail_from),
            allow_loopback=self._settings.allow_private_webhooks,
        )

    @cached_property
    def risk(self) -> "Risk":
        from functions.api.bots.risk import Risk

        return Risk(self.bots, self._risk, now_ms)

    @cached_property
    def administration(self) -> "Administration":
        from functions.api.identity.administration import Administration

        return Administration(self._users, self.sessions, self._risk, self._bots, now_ms)

    @cached_property
    def research(self) -> "ResearchJobs":
        from functions.api.research.jobs import ResearchJobs
        from functions.api.research.requests import JobRequests
        from functions.api.research.research_gateway import ResearchGateway
        from pairtrader.storage.research_jobs import JobRepository
        from pairtrader.storage.research_results import ResultStore

        return ResearchJobs(
            JobRequests(self._accounts, self.exchanges, now_ms),
            JobRepository(),
            ResultStore(self._settings.data_bucket),
            ResearchGateway(self._settings.research_function),
            now_ms,
            daily_limit=self._settings.research_jobs_a_day,
        )

    @cached_property
    def audit(self) -> "Audit":
        from functions.api.records.audit import Audit
        from pairtrader.storage.audit_log import AuditRepository

        return Audit(AuditRepository(), now_ms)

    @cached_property
    def _keys(self) -> "RotatingKeySource":
        from pairtrader.storage.rotating_keys import RotatingKeySource

        return RotatingKeySource(self._settings.jwt_secret_arn)

    @cached_property
    def _tokens(self) -> "AccessTokens":
        from functions.api.identity.access_tokens import AccessTokens

        return AccessTokens(self._keys, self._settings.table_prefix)

    @cached_property
    def _seal(self) -> "Seal":
        from pairtrader.storage.sealing import Seal

        return Seal(self._settings.sealing_secret_arn)

    @cached_property
    def _users(self) -> "UserRepository":
        from pairtrader.storage.users import UserRepository

        return UserRepository()

    @cached_property
    def _accounts(self) -> "AccountRepository":
        from pairtrader.storage.accounts import AccountRepository

        return AccountRepository()

    @cached_property
    def _bots(self) -> "BotRepository":
        from pairtrader.storage.bots import BotRepository

        return BotRepository()

    @cached_property
    def _orders(self) -> "OrderRepository":
        from pairtrader.storage.orders import OrderRepository

        return OrderRepository()

    @cached_property
    def _cycles(self) -> "CycleRepository":
        from pairtrader.storage.cycles import CycleRepository

        return CycleRepository()

    @cached_property
    def _capacity(self) -> "CapacityRepository":
        from pairtrader.storage.capacity import CapacityRepository

        return CapacityRepository()

    @cached_property
    def _risk(self) -> "RiskRepository":
        from pairtrader.storage.risk import RiskRepository

        return RiskRepository()

    @cached_property
    def _schedules(self) -> "Schedules":
        from pairtrader.storage.schedules import Schedules

        return Schedules(
            self._settings.schedule_group,
            self._settings.tick_function,
            self._settings.scheduler_role_arn,
            self._settings.scheduler_dlq_arn,
        )

    @cached_property
    def _ticks(self) -> "TickGateway":
        from functions.api.bots.tick_gateway import TickGateway

        return TickGateway(self._settings.tick_function)
