"""The function as Lambda calls it: an event of API Gateway in, an answer for it out."""

import importlib
import json
from dataclasses import dataclass
from typing import Any

import pytest

ENVIRONMENT = {
    "STAGE": "local",
    "TABLE_PREFIX": "unit",
    "SECRET_PREFIX": "unit/accounts/",
    "TICK_FUNCTION": "tick:live",
    "EXCHANGE_FUNCTION": "exchange:live",
    "RESEARCH_FUNCTION": "research:live",
    "DATA_BUCKET": "data",
    "SCHEDULE_GROUP": "unit",
    "SCHEDULER_ROLE_ARN": "arn:role",
    "SCHEDULER_DLQ_ARN": "arn:dlq",
    "JWT_SECRET_ARN": "arn:secret",
    "SEALING_SECRET_ARN": "arn:seal",
    "BOOTSTRAP_SECRET_ARN": "arn:bootstrap",
    "WEBSOCKET_ENDPOINT": "https://sockets.example.com/live",
    "NOTIFICATION_QUEUE_URL": "https://queues.example.com/notifications",
}


@dataclass
class Context:
    function_name: str = "api"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:api"
    aws_request_id: str = "invocation"


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return importlib.import_module("functions.api.handler").handler


def event(path: str, method: str = "GET", **changes: Any) -> dict[str, Any]:
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "api.example.com"},
        "requestContext": {"requestId": "gateway-id", "http": http},
        "isBase64Encoded": False,
        **changes,
    }


def test_an_event_is_answered(handle: Any) -> None:
    answer = handle(event("/api/v1/health"), Context())
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"status": "ok"}
    assert answer["headers"]["x-request-id"] == "gateway-id"


def test_a_problem_is_text_and_bears_the_gateways_id(handle: Any) -> None:
    answer = handle(event("/api/v1/bots"), Context())
    assert answer["statusCode"] == 401
    assert not answer["isBase64Encoded"]
    assert json.loads(answer["body"])["request_id"] == "gateway-id"
