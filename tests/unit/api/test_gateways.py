"""What goes to other functions and services, and what comes back."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from pydantic import TypeAdapter, ValidationError

from functions.api.accounts.exchange_failure import ExchangeFailure
from functions.api.accounts.exchange_gateway import ExchangeGateway
from functions.api.bots.tick_gateway import TickGateway
from functions.api.identity.passwords import _NOBODY, hash_password, is_outdated, password_matches
from functions.api.settings import Settings
from pairtrader.model.account import AccountMode, Credentials, ExchangeAccount, ExchangeName
from pairtrader.model.market import Market
from pairtrader.storage.key_vault import KeysNotFound, KeyVault
from pairtrader.storage.schedules import Schedules, SchedulesUnavailable
from tests.fakes.api_gateways import market

ACCOUNT = ExchangeAccount(
    "acc", "user", ExchangeName.SIMULATED, AccountMode.PAPER, "", True, 1, 1, "acc"
)


class FakeLambda:
    """Answers what it is told to and remembers what it was asked."""

    def __init__(self, result: Any = None, **answer: Any) -> None:
        self.body = {"ok": True, "result": result}
        self.answer = answer
        self.asked: list[dict[str, Any]] = []
        self.error: Exception | None = None

    def invoke(self, **call: Any) -> dict[str, Any]:
        self.asked.append({**call, "Payload": json.loads(call["Payload"])})
        if self.error:
            raise self.error
        return {"Payload": io.BytesIO(json.dumps(self.body).encode()), **self.answer}


def gateway(client: FakeLambda) -> ExchangeGateway:
    return ExchangeGateway("exchange:live", client)  # type: ignore[arg-type]


def test_markets_travel_there_and_back_in_the_order_asked_for() -> None:
    markets = [market("CHZ-USDT"), market("GALA-USDT", min_amount=Decimal("0.1"))]
    adapter = TypeAdapter(list[Market])
    client = FakeLambda({"markets": adapter.dump_python(markets, mode="json")})
    found = gateway(client).markets(ACCOUNT, ["GALA-USDT", "CHZ-USDT"])
    assert found == (markets[1], markets[0])
    assert client.asked == [
        {
            "FunctionName": "exchange:live",
            "Payload": {
                "action": "symbols",
                "user_id": "user",
                "account_id": "acc",
                "symbols": ["GALA-USDT", "CHZ-USDT"],
            },
        }
    ]


def test_an_account_test_may_hold_more_than_is_known() -> None:
    client = FakeLambda(
        {
            "uid": "u",
            "position_mode": "hedge",
            "can_trade": True,
            "can_withdraw": False,
            "ip_bound": None,
            "warnings": ["careful"],
        }
    )
    assert gateway(client).test(ACCOUNT).warnings == ("careful",)


def test_a_start_price_is_exact() -> None:
    client = FakeLambda({"open_time": 1, "open": "0.0203"})
    assert gateway(client).start_price(ACCOUNT, "GALA-USDT", 1) == Decimal("0.0203")


def test_prices_of_a_pair_are_exact() -> None:
    points = [[1_000, "0.0203", "0.081"]]
    client = FakeLambda(
        {"start_prices": ["0.02", "0.08"], "timeframe_ms": 60_000, "points": points}
    )
    found = gateway(client).pair_prices(ACCOUNT, ("GALA-USDT", "CHZ-USDT"), 7, 500)
    assert found.start_prices == (Decimal("0.02"), Decimal("0.08"))
    assert found.points == ((1_000, Decimal("0.0203"), Decimal("0.081")),)
    assert client.asked[0]["Payload"] == {
        "action": "pair_prices",
        "user_id": "user",
        "account_id": "acc",
        "symbols": ["GALA-USDT", "CHZ-USDT"],
        "since": 7,
        "most": 500,
    }


def test_a_refusal_keeps_its_code() -> None:
    client = FakeLambda()
    client.body = {"ok": False, "error": {"code": "user_must_act", "message": "invalid key"}}
    with pytest.raises(ExchangeFailure) as failure:
        gateway(client).balance(ACCOUNT)
    assert (failure.value.code, failure.value.message) == ("user_must_act", "invalid key")


def test_a_function_that_fails_or_is_not_there_is_unavailable() -> None:
    crashed = FakeLambda(FunctionError="Unhandled")
    gone = FakeLambda()
    gone.error = EndpointConnectionError(endpoint_url="http://x")
    for client in (crashed, gone):
        with pytest.raises(ExchangeFailure) as failure:
            gateway(client).balance(ACCOUNT)
        assert failure.value.code == "exchange_unavailable"


def test_ticks_are_asked_for_without_waiting() -> None:
    client = FakeLambda()
    ticks = TickGateway("tick:live", client)  # type: ignore[arg-type]
    ticks.first_tick("bot", 3, 1_767_225_600_999)
    ticks.tick("bot")
    assert [call["InvocationType"] for call in client.asked] == ["Event", "Event"]
    assert [call["Payload"] for call in client.asked] == [
        {"bot_id": "bot", "generation": 3, "scheduled_time": "2026-01-01T00:00:00Z"},
        {"bot_id": "bot"},
    ]
    client.error = EndpointConnectionError(endpoint_url="http://x")
    ticks.tick("bot")


def schedules() -> tuple[Schedules, Stubber]:
    client = boto3.client(
        "scheduler", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    stub = Stubber(client)
    stub.activate()
    return Schedules(
        "bots", "arn:aws:lambda:tick:live", "arn:aws:iam:role", "arn:dlq", client
    ), stub


AT = datetime(2026, 6, 1, 12, 1, tzinfo=UTC)


def test_a_schedule_is_made_as_written_and_made_once() -> None:
    made, stub = schedules()
    event = {
        "bot_id": "bot",
        "generation": 2,
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }
    expected = {
        "Name": "bot-2",
        "GroupName": "bots",
        "ScheduleExpression": "rate(1 minute)",
        "StartDate": AT,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:lambda:tick:live",
            "RoleArn": "arn:aws:iam:role",
            "Input": json.dumps(event),
            "DeadLetterConfig": {"Arn": "arn:dlq"},
            "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
        },
    }
    stub.add_response("create_schedule", {"ScheduleArn": "arn:schedule"}, expected)
    stub.add_client_error("create_schedule", "ConflictException")
    made.create("bot", 2, AT)
    made.create("bot", 2, AT)


def test_a_schedule_that_is_gone_is_deleted() -> None:
    made, stub = schedules()
    stub.add_response("delete_schedule", {}, {"Name": "bot-2", "GroupName": "bots"})
    stub.add_client_error("delete_schedule", "ResourceNotFoundException")
    made.delete("bot", 2)
    made.delete("bot", 2)


def test_a_scheduler_that_refuses_is_unavailable() -> None:
    made, stub = schedules()
    stub.add_client_error("create_schedule", "InternalServerException")
    stub.add_client_error("delete_schedule", "ThrottlingException")
    with pytest.raises(SchedulesUnavailable):
        made.create("bot", 2, AT)
    with pytest.raises(SchedulesUnavailable):
        made.delete("bot", 2)


def vault() -> tuple[KeyVault, Stubber]:
    client = boto3.client(
        "secretsmanager", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    stub = Stubber(client)
    stub.activate()
    return KeyVault("pairtrader/test/", client), stub


def test_fetched_keys_are_kept_and_not_shown() -> None:
    keys, stub = vault()
    body = {"api_key": "k", "api_secret": "very-secret", "passphrase": ""}
    stub.add_response("get_secret_value", {"SecretString": json.dumps(body)})
    first = keys.fetch("arn:aws:secretsmanager:one")
    assert first == Credentials("k", "very-secret")
    assert keys.fetch("arn:aws:secretsmanager:one") is first
    assert "very-secret" not in repr(first)


def test_keys_that_are_gone_are_said_to_be() -> None:
    keys, stub = vault()
    stub.add_client_error("get_secret_value", "ResourceNotFoundException")
    stub.add_client_error("delete_secret", "ResourceNotFoundException")
    with pytest.raises(KeysNotFound):
        keys.fetch("arn:aws:secretsmanager:one")
    keys.delete("arn:aws:secretsmanager:one")


def test_passwords_are_checked_at_the_same_cost_without_a_user() -> None:
    stored = hash_password("correct horse battery")
    assert stored.split("$")[1:4] == _NOBODY.split("$")[1:4]
    assert password_matches("correct horse battery", stored)
    assert not password_matches("wrong horse battery", stored)
    assert not password_matches("wrong horse battery", None)
    assert not password_matches("x" * 200, hash_password("x" * 128))
    assert not is_outdated(stored)
    assert is_outdated("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA")


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(ValidationError, match="jwt_secret_arn"):
        Settings.from_environment({"STAGE": "local"})
