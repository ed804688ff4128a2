"""The deployed wiring on the emulator: tables, secrets and schedules, but no exchange."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pyotp
import pytest
from botocore.exceptions import ClientError
from fastapi.testclient import TestClient

from functions.api.app import create_app
from functions.api.deployed_services import DeployedServices
from functions.api.identifiers import new_id
from functions.api.settings import Settings
from pairtrader.model.account import ExchangeName
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.storage.bots import BotRepository, Guard
from pairtrader.storage.capacity import CapacityRepository
from tests.fakes.api_gateways import FakeExchanges, FakeTicks
from tests.fakes.api_world import PASSWORD, Caller, bot_body

GROUP = "api-test-bots"
RECENTLY = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:00Z")


class StackServices(DeployedServices):
    """The deployed ones, but for what asks other functions."""

    def __init__(self, settings: Settings, exchanges: FakeExchanges, ticks: FakeTicks) -> None:
        super().__init__(settings)
        vars(self).update(exchanges=exchanges, _ticks=ticks)


class Stack:
    """The API over real stores."""

    def __init__(self, secret_arn: str) -> None:
        self.exchanges, self.ticks = FakeExchanges(), FakeTicks()
        settings = Settings(
            stage="local",
            table_prefix="integration",
            secret_prefix="integration/accounts/",
            tick_function="arn:aws:lambda:us-east-1:000000000000:function:tick:live",
            exchange_function="unused",
            research_function="unused",
            data_bucket="unused",
            schedule_group=GROUP,
            scheduler_role_arn="arn:aws:iam::000000000000:role/scheduler",
            scheduler_dlq_arn="arn:aws:sqs:us-east-1:000000000000:dlq",
            jwt_secret_arn=secret_arn,
            sealing_secret_arn=secret_arn,
            bootstrap_secret_arn=secret_arn,
            websocket_endpoint="https://sockets.example.com/live",
            notification_queue_url="https://queues.example.com/notifications",
            registration_open=True,
        )
        services = StackServices(settings, self.exchanges, self.ticks)
        self.client = TestClient(create_app(services), base_url="https://localhost")

    def user(self, name: str) -> Caller:
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        assert self.client.post("/api/v1/auth/register", json=body).status_code == 201
        form = {"username": name.upper(), "password": PASSWORD}
        tokens = self.client.post("/api/v1/auth/login", data=form)
        assert tokens.status_code == 200, tokens.text
        return Caller(self.client, tokens.json()["access_token"])


@pytest.fixture(scope="module")
def secret_arn(tables: str) -> Iterator[str]:
    secrets, scheduler = boto3.client("secretsmanager"), boto3.client("scheduler")
    scheduler.create_schedule_group(Name=GROUP)
    body = json.dumps({"kid": "1", "key": new_id() * 3})
    yield secrets.create_secret(Name=f"jwt-{new_id()}", SecretString=body)["ARN"]
    scheduler.delete_schedule_group(Name=GROUP)


@pytest.fixture
def stack(secret_arn: str) -> Stack:
    return Stack(secret_arn)


@pytest.fixture
def ada(stack: Stack) -> Caller:
    return stack.user(f"ada-{new_id()}")


def schedule(bot_id: str, generation: int) -> dict[str, Any] | None:
    scheduler = boto3.client("scheduler")
    try:
        return dict(scheduler.get_schedule(Name=f"{bot_id}-{generation}", GroupName=GROUP))
    except scheduler.exceptions.ResourceNotFoundException:
        return None


def test_a_bots_life(stack: Stack, ada: Caller) -> None:
    account_id = ada.account()
    bot_id = ada.bot(account_id, start_time=RECENTLY)
    started = ada("POST", f"/bots/{bot_id}/start")
    assert started.status_code == 200, started.text
    assert (started.json()["status"], started.json()["generation"]) == ("running", 1)
    made = schedule(bot_id, 1)
    assert made is not None
    assert made["ScheduleExpression"] == "rate(1 minute)"
    assert json.loads(made["Target"]["Input"])["generation"] == 1
    assert stack.ticks.asked[0][:2] == (bot_id, 1)

    other = ada.bot(account_id, start_time=RECENTLY, market1_symbol="BTC-USDT")
    refused = ada("POST", f"/bots/{other}/start")
    assert (refused.status_code, refused.json()["code"]) == (409, "symbol_claimed")
    assert [error["field"] for error in refused.json()["errors"]] == ["market2_symbol"]

    assert ada("PUT", f"/bots/{bot_id}", {"profit_ratio": 0.3}).json()["profit_ratio"] == 0.3
    assert ada("PUT", f"/bots/{bot_id}", {"leverage": 5}).status_code == 409
    assert ada("POST", f"/bots/{bot_id}/pause").json()["status"] == "paused"
    assert schedule(bot_id, 1) is None
    assert ada("POST", f"/bots/{bot_id}/start").json()["generation"] == 2
    assert ada("DELETE", f"/bots/{bot_id}").status_code == 409
    assert ada("POST", f"/bots/{bot_id}/stop").json()["status"] == "stopped"
    assert schedule(bot_id, 2) is None
    assert ada("POST", f"/bots/{other}/start").status_code == 200
    assert ada("POST", f"/bots/{other}/stop").status_code == 200

    lines = [line["message"] for line in ada("GET", f"/bots/{bot_id}/logs").json()["items"]]
    assert lines == ["Stopped", "Started", "Paused", "Started"]
    assert ada("DELETE", f"/exchanges/{account_id}").status_code == 409
    for each in (bot_id, other):
        assert ada("DELETE", f"/bots/{each}").status_code == 204
        assert ada("GET", f"/bots/{each}").status_code == 404
    assert ada("DELETE", f"/exchanges/{account_id}").status_code == 204


def test_bots_are_listed_page_by_page(ada: Caller) -> None:
    account_id = ada.account()
    made = [ada.bot(account_id, start_time=RECENTLY) for _ in range(3)]
    first = ada("GET", "/bots?limit=2").json()
    second = ada("GET", "/bots", params={"limit": 2, "cursor": first["cursor"]}).json()
    assert [bot["id"] for bot in first["items"] + second["items"]] == made
    assert second["cursor"] is None


def test_histories_of_a_new_bot_are_empty(ada: Caller) -> None:
    bot_id = ada.bot(ada.account(), start_time=RECENTLY)
    for path in ("orders", "positions", "cycles", "logs", "spread-history"):
        answer = ada("GET", f"/bots/{bot_id}/{path}")
        assert answer.json() == {"items": [], "cursor": None}


def test_somebody_elses_things_are_not_there(stack: Stack, ada: Caller) -> None:
    account_id = ada.account()
    bot_id = ada.bot(account_id, start_time=RECENTLY)
    bob = stack.user(f"bob-{new_id()}")
    for wrong in (bot_id, new_id()):
        assert bob("GET", f"/bots/{wrong}").status_code == 404
        assert bob("POST", f"/bots/{wrong}/start").status_code == 404
        assert bob("DELETE", f"/bots/{wrong}").status_code == 404
    for wrong in (account_id, new_id()):
        assert bob("GET", f"/exchanges/{wrong}").status_code == 404
        assert bob("POST", "/bots", bot_body(wrong)).status_code == 404


def test_what_was_handed_over_is_adopted(stack: Stack, ada: Caller) -> None:
    bot_id = ada.bot(ada.account(exchange_name="bybit"), start_time=RECENTLY)
    store = BotRepository()
    bot = store.load(bot_id)
    assert bot is not None
    legs = tuple(
        Leg(amount=Decimal(a), cost=Decimal(100), entered=Decimal(abs(a)), entry_cost=Decimal(100))
        for a in (-5000, 1250)
    )
    left = Cycle(1, 2, 1.2, 2.1, (legs[0], legs[1]), Decimal(200))
    store.change(bot.state, replace(bot.state, handed_over=left, current_cycle=1), Guard.REVISION)
    stack.exchanges.held = {"GALA-USDT": Decimal(-5000), "CHZ-USDT": Decimal(1000)}
    refused = ada("POST", f"/bots/{bot_id}/start?adopt=true")
    assert (refused.status_code, refused.json()["code"]) == (409, "adoption_mismatch")
    stack.exchanges.held["CHZ-USDT"] = Decimal(1250)

    started = ada("POST", f"/bots/{bot_id}/start?adopt=true")

    assert started.status_code == 200, started.text
    assert started.json()["position"]["cycle_number"] == 2
    assert schedule(bot_id, 1) is not None
    (row,) = ada("GET", f"/bots/{bot_id}/cycles").json()["items"]
    assert (row["cycle_number"], row["closed_at"]) == (2, None)
    rows = ada("GET", f"/bots/{bot_id}/positions").json()["items"]
    assert sorted(each["amount"] for each in rows) == ["1250", "5000"]
    after = store.load(bot_id)
    assert after is not None
    assert after.state.handed_over is None
    assert after.config.markets_checked_at >= bot.config.markets_checked_at
    assert CapacityRepository().loads(ExchangeName.BYBIT)[bot_id] == 27
    stop = ada("POST", f"/bots/{bot_id}/stop?position=leave")
    assert stop.status_code == 202


def test_limits_and_switches_are_kept(ada: Caller) -> None:
    bot_id = ada.bot(ada.account(), start_time=RECENTLY)
    set_ = ada("PUT", "/risk", {"daily_loss_limit": "0.00000001"})
    assert (set_.status_code, set_.json()["daily_loss_limit"]) == (200, "0.00000001")
    assert ada("PUT", "/risk", {"halted": True, "halted_reason": "why"}).status_code == 200
    assert ada("PUT", f"/bots/{bot_id}/risk", {"halted": True}).json()["halted"]

    shown, of_bot = ada("GET", "/risk").json(), ada("GET", f"/bots/{bot_id}/risk").json()

    assert (shown["daily_loss_limit"], shown["halted_reason"]) == ("0.00000001", "why")
    assert [each["loss_left"] for each in shown["results"]] == ["0.00000001"] * 3
    assert [each["code"] for each in of_bot["refusals"]] == ["user_halted", "bot_halted"]
    freed = ada("PUT", "/risk", {"halted": False, "daily_loss_limit": None}).json()
    assert (freed["daily_loss_limit"], freed["halted_reason"], freed["refusals"]) == (None, "", [])


def test_keys_reach_the_vault_and_leave_it(stack: Stack, ada: Caller) -> None:
    uid = new_id()
    object.__setattr__(stack.exchanges.identity, "uid", uid)
    body = {
        "exchange_name": "okx",
        "mode": "sandbox",
        "api_key": "k",
        "api_secret": "very-secret",
        "passphrase": "p",
    }
    account = ada("POST", "/exchanges", body).json()
    assert account["uid"] == uid
    secrets = boto3.client("secretsmanager")
    kept = secrets.get_secret_value(SecretId=f"integration/accounts/{account['id']}")
    assert json.loads(kept["SecretString"])["api_secret"] == "very-secret"
    again = ada("POST", "/exchanges", body)
    assert (again.status_code, again.json()["code"]) == (409, "account_exists")
    assert [item["id"] for item in ada("GET", "/exchanges").json()["items"]] == [account["id"]]
    assert ada("DELETE", f"/exchanges/{account['id']}").status_code == 204
    with pytest.raises(ClientError):
        secrets.get_secret_value(SecretId=f"integration/accounts/{account['id']}")


def test_refresh_tokens_rotate_on_the_table(stack: Stack) -> None:
    name = f"eve-{new_id()}"
    stack.user(name)
    form = {"username": name, "password": PASSWORD}
    first = stack.client.post("/api/v1/auth/login", data=form).json()["refresh_token"]

    def refresh(token: str) -> Any:
        stack.client.cookies.clear()
        return stack.client.post("/api/v1/auth/refresh", json={"refresh_token": token})

    second = refresh(first).json()["refresh_token"]
    assert refresh(first).json()["refresh_token"] == second
    third = refresh(second).json()["refresh_token"]
    assert refresh(first).json()["code"] == "refresh_token_reused"
    assert refresh(third).json()["code"] == "invalid_refresh_token"


def test_two_factors_and_every_end_of_a_session_on_the_tables(stack: Stack, ada: Caller) -> None:
    secret = ada("POST", "/auth/totp", {"password": PASSWORD}).json()["secret"]
    app = pyotp.TOTP(secret)
    codes = ada("POST", "/auth/totp/verify", {"code": app.now()}).json()["recovery_codes"]
    name = ada("GET", "/users/me").json()["username"]
    assert ada("GET", "/users/me").json()["totp_enabled"] is True

    form = {"username": name, "password": PASSWORD}
    half = stack.client.post("/api/v1/auth/login", data=form)
    assert half.json()["code"] == "totp_required"

    def finish(code: str) -> Any:
        body = {"mfa_token": half.json()["mfa_token"], "code": code}
        return stack.client.post("/api/v1/auth/login/totp", json=body)

    assert finish(codes[0]).status_code == 200
    assert finish(codes[0]).json()["code"] == "invalid_mfa_code"
    assert len(ada("GET", "/auth/sessions").json()["items"]) == 2

    token = ada("POST", "/auth/tokens", {"name": "script", "scope": "read"}).json()["token"]
    script = Caller(stack.client, token)
    assert script("GET", "/users/me").json()["recovery_codes_left"] == 9
    change = {"current_password": PASSWORD, "new_password": "another horse, another battery"}
    fresh = ada("POST", "/auth/password", change).json()["access_token"]
    assert ada("GET", "/users/me").status_code == 401
    assert script("GET", "/users/me").status_code == 200
    assert Caller(stack.client, fresh)("POST", "/auth/logout-everywhere").status_code == 204
    assert script("GET", "/users/me").status_code == 401
