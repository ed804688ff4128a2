"""The whole API in one process over memory, and shortcuts for talking to it."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from functions.api.access_tokens import AccessTokens
from functions.api.accounts import Accounts
from functions.api.app import create_app
from functions.api.bot_commands import BotCommands
from functions.api.bots import Bots
from functions.api.histories import Histories
from functions.api.identifiers import new_id
from functions.api.passwords import hash_password
from functions.api.readiness import Readiness
from functions.api.risk import Risk
from functions.api.services import Services
from functions.api.sessions import Sessions
from functions.api.signing_keys import SigningKey, SigningKeys
from functions.api.users import Users
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.records import CycleRecord, LogRecord, OrderRecord, PositionRecord
from pairtrader.storage.users import Role, User
from tests.fakes.api_gateways import FakeExchanges, FakeSchedules, FakeTicks
from tests.fakes.clock import FakeClock
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
from tests.fakes.memory_risk import MemoryRisk

NOW = round(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp() * 1000)
PASSWORD = "correct horse battery"
START_TIME = "2026-05-31T12:00:00Z"


class FixedKeys:
    """Signing keys that a test can exchange."""

    def __init__(self) -> None:
        self.keys = SigningKeys(kid="1", key="k" * 64)

    def current(self) -> SigningKeys:
        return self.keys

    def find(self, kid: str) -> SigningKey | None:
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
        self.orders, self.positions = MemoryRows[OrderRecord](), MemoryRows[PositionRecord]()
        self.cycles, self.points = MemoryRows[CycleRecord](), MemoryPoints()
        self.logs = MemoryRows[LogRecord]()
        self.logs.rows = self.bots.logs
        self.tokens = AccessTokens(self.keys, "test")
        self.app = _application()
        self.app.state.services = self._services(registration_open)
        self.app.state.ui_origin = ui_origin
        self.client = TestClient(self.app, base_url="https://bots.example.com")

    def _services(self, registration_open: bool) -> Services:
        reader = Bots(
            self.bots,
            self.accounts,
            self.exchanges,
            self.schedules,
            self.capacity,
            self.clock.now,
        )
        return Services(
            sessions=Sessions(self.users, self.families, self.tokens, self.keys, self.clock.now),
            users=Users(self.users, registration_open=registration_open, now=self.clock.now),
            accounts=Accounts(self.accounts, self.vault, self.exchanges, self.bots, self.clock.now),
            exchanges=self.exchanges,
            bots=reader,
            commands=BotCommands(
                reader,
                self.bots,
                Readiness(self.accounts, self.exchanges, self.clock.now),
                self.claims,
                self.capacity,
                self.schedules,
                self.ticks,
                self.clock.now,
            ),
            histories=Histories(self.orders, self.positions, self.cycles, self.logs, self.points),
            risk=Risk(reader, self.risk, self.clock.now),
        )

    def user(self, name: str = "ada") -> "Caller":
        """A registered user, with a token."""
        now = self.clock.now()
        user = User(
            id=new_id(),
            username=name,
            email=f"{name}@example.com",
            password_hash=_password_hash(),
            role=Role.USER,
            is_active=True,
            created_at=now,
            updated_at=now,
        )
        self.users.add(user)
        return Caller(self.client, self.tokens.issue(user.id, now))

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
