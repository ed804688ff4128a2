"""With CloudFront in front, whoever goes around it gets nothing."""

import json
from typing import Any

import pytest
from fastapi import Request

from functions.api.dependencies import get_services
from functions.api.web.client_address import client_address
from functions.api.web.origin import OriginProof
from pairtrader.storage.rotating_keys import RotatingKeySource
from tests.fakes.api_world import ApiWorld

OLD, NEW = "o" * 64, "n" * 64


class Secrets:
    """The one secret, counting how often it is read."""

    def __init__(self) -> None:
        self.text = json.dumps({"kid": "1", "key": OLD})
        self.reads = 0

    def get_secret_value(self, **named: str) -> dict[str, str]:
        assert named == {"SecretId": "arn:origin"}
        self.reads += 1
        return {"SecretString": self.text}


class Timer:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def guarded(world: ApiWorld, secrets: Secrets, timer: Timer) -> ApiWorld:
    source: Any = RotatingKeySource("arn:origin", secrets, timer)  # type: ignore[arg-type]
    world.app.state.origin_proof = OriginProof(source)
    return world


def status(world: ApiWorld, secret: str | None, path: str = "/health") -> int:
    headers = {} if secret is None else {"X-Origin-Secret": secret}
    return int(world.client.get(f"/api/v1{path}", headers=headers).status_code)


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/bots", "/nothing"])
@pytest.mark.parametrize("secret", [None, "", "wrong", OLD[:-1], "ö".encode().decode("latin-1")])
def test_nothing_is_answered_without_the_secret(
    guarded: ApiWorld, path: str, secret: str | None
) -> None:
    headers = [] if secret is None else [(b"X-Origin-Secret", secret.encode("latin-1"))]
    answer = guarded.client.get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "wrong_origin"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


def test_cloudfront_is_answered(guarded: ApiWorld) -> None:
    assert status(guarded, OLD) == 200
    assert status(guarded, OLD, "/bots") == 401


def test_a_stack_without_cloudfront_asks_for_nothing(world: ApiWorld) -> None:
    assert status(world, None) == 200


def test_old_and_new_secret_are_good_while_it_changes(
    guarded: ApiWorld, secrets: Secrets, timer: Timer
) -> None:
    assert status(guarded, OLD) == 200
    secrets.text = json.dumps({"kid": "2", "key": NEW, "previous": {"kid": "1", "key": OLD}})
    timer.seconds = 11
    assert [status(guarded, NEW), status(guarded, OLD)] == [200, 200]
    secrets.text = json.dumps({"kid": "2", "key": NEW})
    timer.seconds = 400
    assert [status(guarded, NEW), status(guarded, OLD)] == [200, 403]


def test_wrong_secrets_do_not_make_it_read_over_and_over(
    guarded: ApiWorld, secrets: Secrets
) -> None:
    assert {status(guarded, "wrong") for _ in range(20)} == {403}
    assert secrets.reads == 1


@pytest.mark.parametrize(
    ("proven", "sent", "address"),
    [
        (True, "198.51.100.7", "198.51.100.7"),
        (True, "2001:db8::1", "2001:db8::1"),
        (True, "nonsense", "192.0.2.1"),
        (True, "", "192.0.2.1"),
        (False, "198.51.100.7", "192.0.2.1"),
    ],
)
def test_the_viewer_s_address_is_believed_from_cloudfront_alone(
    proven: bool, sent: str, address: str
) -> None:
    scope = {
        "type": "http",
        "headers": [(b"x-viewer-address", sent.encode())],
        "aws.event": {"requestContext": {"http": {"sourceIp": "192.0.2.1"}}},
        "state": {"through_edge": True} if proven else {},
    }
    assert client_address(Request(scope)) == address


def test_what_came_through_is_marked(guarded: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def look(request: Request) -> Any:
        seen.append(request.state.through_edge)
        return request.app.state.services

    monkeypatch.setitem(guarded.app.dependency_overrides, get_services, look)
    assert status(guarded, OLD, "/bots") == 401
    assert seen == [True]
