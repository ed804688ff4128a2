"""The whole API in one process over memory, and shortcuts for talking to it."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from functions.api.accounts.accounts import Accounts
from functions.api.app import create_app
from functions.api.bots.bot_commands import BotCommands
from functions.api.bots.bot_documents import BotDocuments
from functions.api.bots.bots import Bots
from functions.api.bots.kill_switch import KillSwitch
from functions.api.bots.previews import Previews
from functions.api.bots.readiness import Readiness
from functions.api.bots.risk import Risk
from functions.api.identifiers import new_id
from functions.api.identity.access_tokens import AccessTokens
from functions.api.identity.administration import Administration
from functions.api.identity.api_tokens import ApiTokens
from functions.api.identity.bootstrap import Bootstrap
from functions.api.identity.logins import Logins
from functions.api.identity.passwords import hash_password
from functions.api.identity.preferences import UserPreferences
from functions.api.identity.second_factor import SecondFactor
from functions.api.identity.sessions import Sessions
from functions.api.identity.throttling import Throttle
from functions.api.identity.users import Users
from functions.api.messages.live_tickets import LiveTickets
from functions.api.messages.notification_channels import NotificationChannels
from functions.api.records.audit import Audit
from functions.api.records.bot_stats import Statistics
from functions.api.records.dashboard import Dashboard
from functions.api.records.histories import Histories
from functions.api.records.ledger import Ledger
from functions.api.research.jobs import ResearchJobs
from functions.api.research.requests import JobRequests
from functions.api.services import Services
from functions.api.web.client_address import Client
from functions.api.web.idempotency import Idempotency
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.records import LogRecord, PositionRecord
from pairtrader.storage.rotating_keys import RotatingKey, RotatingKeys
from pairtrader.storage.users import Role, User
from tests.fakes.api_gateways import FakeExchanges, FakeSchedules, FakeTicks
from tests.fakes.clock import FakeClock
from tests.fakes.described import DescribedClient
from tests.fakes.memory_api_stores import (
    MemoryAccounts,
    MemoryBots,
    MemoryCapacity,
    MemoryClaims,
    MemoryFamilies,
    MemoryPoints,
    MemoryRows,
    MemoryUsers,
    MemoryVault,
)
from tests.fakes.memory_audit import MemoryAudit
from tests.fakes.memory_connections import MemoryConnections
from tests.fakes.memory_idempotency import MemoryIdempotency
from tests.fakes.memory_ledger import (
    MemoryBotNames,
    MemoryCycles,
    MemoryOrders,
    MemoryPreferences,
)
from tests.fakes.memory_logins import (
    FixedBootstrapToken,
    MemoryApiTokens,
    MemoryAttempts,
    a_seal,
)
from tests.fakes.memory_notifications import MemoryChannels, MemoryOutbox
from tests.fakes.memory_research import FakeResearchers, MemoryJobs, MemoryResults
from tests.fakes.memory_risk import MemoryRisk

NOW = round(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp() * 1000)
PASSWORD = "correct horse battery"
BOOTSTRAP_TOKEN = "b" * 40
START_TIME = "2026-05-31T12:00:00Z"


class FixedKeys:
    """Signing keys that a test can exchange."""

    def __init__(self) -> None:
        self.keys = RotatingKeys(kid="1", key="k" * 64)

    def current(self) -> RotatingKeys:
        return self.keys

    def find(self, kid: str) -> RotatingKey | None:
        return self.keys.find(kid)


@lru_cache
def _application() -> FastAPI:
    """Making the routes takes longer than most tests: there is one, over one world at a time."""
    return create_app(None)  # type: ignore[arg-type]


@lru_cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


class ApiWorld:
    """Everything the API touches; tests look at it and change it."""

    def __init__(self, *, registration_open: bool = True, ui_origin: str = "") -> None:
        self.clock = FakeClock(NOW)
        self.users, self.families, self.keys = MemoryUsers(), MemoryFamilies(), FixedKeys()
        self.accounts, self.vault, self.bots = MemoryAccounts(), MemoryVault(), MemoryBots()
        self.claims, self.schedules, self.ticks = MemoryClaims(), FakeSchedules(), FakeTicks()
        self.capacity = MemoryCapacity()
        self.exchanges, self.risk = FakeExchanges(), MemoryRisk(self.bots)
        self.bots.on_delete = self.risk.forget_bot
        self.connections = MemoryConnections()
        self.channels, self.outbox = MemoryChannels(), MemoryOutbox()
        self.orders, self.positions = MemoryOrders(), MemoryRows[PositionRecord]()
        self.cycles, self.points = MemoryCycles(), MemoryPoints()
        self.preferences = MemoryPreferences()
        self.logs = MemoryRows[LogRecord]()
        self.logs.rows = self.bots.logs
        self.idempotency = MemoryIdempotency()
        self.tokens = AccessTokens(self.keys, "test")
        self.attempts, self.api_tokens = MemoryAttempts(), MemoryApiTokens()
        self.audit = MemoryAudit()
        self.jobs, self.results = MemoryJobs(), MemoryResults()
        self.researchers = FakeResearchers()
        self.app = _application()
        self.app.state.services = self._services(registration_open)
        self.app.state.ui_origin = ui_origin
        self.app.state.origin_proof = None
        self.client = DescribedClient(self.app, base_url="https://bots.example.com")

    def _services(self, registration_open: bool) -> Services:
        reader = Bots(
            self.bots,
            self.accounts,
            self.exchanges,
            self.schedules,
            self.capacity,
            self.clock.now,
        )
        commands = BotCommands(
            reader,
            self.bots,
            Readiness(self.accounts, self.exchanges, self.clock.now),
            self.claims,
            self.capacity,
            self.schedules,
            self.ticks,
            self.clock.now,
        )
        now = self.clock.now
        throttle = Throttle(self.attempts, now)
        sessions = Sessions(self.users, self.families, self.tokens, self.keys, now)
        second_factor = SecondFactor(self.users, a_seal(), throttle, now)
        users = Users(self.users, registration_open=registration_open, now=now)
        bootstrap_token = FixedBootstrapToken(BOOTSTRAP_TOKEN)
        return Services(
            throttle=throttle,
            sessions=sessions,
            logins=Logins(self.users, sessions, second_factor, self.tokens, throttle, now),
            second_factor=second_factor,
            api_tokens=ApiTokens(self.api_tokens, self.users, now),
            users=users,
            bootstrap=Bootstrap(self.users, users, bootstrap_token, throttle),
            accounts=Accounts(self.accounts, self.vault, self.exchanges, self.bots, self.clock.now),
            exchanges=self.exchanges,
            bots=reader,
            commands=commands,
            bot_documents=BotDocuments(reader, self.clock.now),
            previews=Previews(self.accounts, self.exchanges, self.clock.now),
            kill_switch=KillSwitch(reader, commands, self.users, self.risk, self.clock.now),
            idempotency=Idempotency(self.idempotency, self.clock.now),
            histories=Histories(self.orders, self.positions, self.cycles, self.logs, self.points),
            ledger=Ledger(self.orders, self.cycles, MemoryBotNames(self.bots), reader),
            dashboard=Dashboard(self.bots, self.cycles, self.clock.now),
            statistics=Statistics(self.cycles),
            preferences=UserPreferences(self.preferences, self.accounts, self.clock.now),
            channels=NotificationChannels(
                self.channels,
                a_seal(),
                self.outbox,
                self.clock.now,
                has_mail=True,
                allow_loopback=False,
            ),
            risk=Risk(reader, self.risk, self.clock.now),
            live_tickets=LiveTickets(
                self.connections, "https://sockets.example.com/live", self.clock.now
            ),
            administration=Administration(self.users, sessions, self.risk, self.bots, now),
            research=ResearchJobs(
                JobRequests(self.accounts, self.exchanges, now),
                self.jobs,
                self.results,
                self.researchers,
                now,
                daily_limit=100,
            ),
            audit=Audit(self.audit, now),
        )

    def user(self, name: str = "ada", role: Role = Role.USER) -> "Caller":
        """A registered user, with a token."""
        now = self.clock.now()
        user = User(
            id=new_id(),
            username=name,
            email=f"{name}@example.com",
            password_hash=_password_hash(),
            role=role,
            is_active=True,
            created_at=now,
            updated_at=now,
        )
        self.users.add(user)
        services: Services = self.app.state.services
        session = services.sessions.begin(user, Client("198.51.100.7", "curl/8"))
        return Caller(self.client, session.access_token)

    def open_cycle(self, bot_id: str, level: int = 1) -> None:
        """Put the bot into an open position, as its ticks would."""
        legs = (
            Leg(amount=Decimal(-5000), cost=Decimal(100)),
            Leg(amount=Decimal(1250), cost=Decimal(100)),
        )
        cycle = Cycle(
            direction=1,
            level=level,
            first_spread=1.2,
            last_spread=1.2,
            legs=legs,
            invested=Decimal(200),
            opened_at=NOW,
        )
        self.bots.edit(bot_id, cycle=cycle, last_pnl=Decimal("0.9"), last_spread=1.0)


class Caller:
    """A user's way to the API."""

    def __init__(self, client: TestClient, token: str) -> None:
        self._client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """Send one request to a path below /api/v1."""
        return self._client.request(
            method, f"/api/v1{path}", json=body, headers=self.headers, **kwargs
        )

    def account(self, **changes: Any) -> str:
        """Add a simulated account and return its id."""
        body = {"exchange_name": "simulated", "mode": "paper", "label": "demo", **changes}
        answer = self("POST", "/exchanges", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def bot(self, account_id: str, **changes: Any) -> str:
        """Create a bot and return its id."""
        answer = self("POST", "/bots", bot_body(account_id, **changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def bot_body(account_id: str, **changes: Any) -> dict[str, Any]:
    """Settings that are fine as they are."""
    return {
        "bot_name": "gala against chz",
        "exchange_account_id": account_id,
        "market1_symbol": "GALA-USDT",
        "market2_symbol": "CHZ-USDT",
        "start_time": START_TIME,
        "investment_per_order": "100",
        "max_position_value": "1000",
        "dca_config": [
            {"times": 1, "spread": 1.0, "multiplier": 1},
            {"times": 2, "spread": 0.8, "multiplier": 1.5},
            {"times": 3, "spread": 0.5, "multiplier": 2},
        ],
        **changes,
    }


def backtest_body(account_id: str, **changes: Any) -> dict[str, Any]:
    """A backtest of a week that is fine as it is."""
    return {
        "settings": bot_body(account_id, start_time="2026-05-01T00:00:00Z"),
        "from": "2026-05-01T00:00:00Z",
        "to": "2026-05-08T00:00:00Z",
        "timeframe": "5m",
        **changes,
    }


def analysis_body(account_id: str, **changes: Any) -> dict[str, Any]:
    """An analysis of a pair's month that is fine as it is."""
    return {
        "kind": "pair",
        "exchange_account_id": account_id,
        "symbols": ["GALA-USDT", "CHZ-USDT"],
        "from": "2026-05-01T00:00:00Z",
        "to": "2026-05-31T00:00:00Z",
        "timeframe": "1h",
        **changes,
    }
