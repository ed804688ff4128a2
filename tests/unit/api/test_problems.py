"""Answers that are not a success, and what surrounds every answer."""

from typing import Any

import pytest

from functions.api.web.request_frame import request_id_of
from tests.fakes.api_world import ApiWorld, Caller

SHAPE = {"type", "title", "status", "detail", "code", "request_id"}


def is_problem(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) - {"errors"} == SHAPE
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:pairtrader:problem:{code}"
    assert body["request_id"] == answer.headers["X-Request-Id"]


def test_unknown_routes_and_methods(world: ApiWorld) -> None:
    is_problem(world.client.get("/api/v1/nothing"), 404, "route_not_found")
    is_problem(world.client.get("/"), 404, "route_not_found")
    wrong = world.client.delete("/api/v1/health")
    is_problem(wrong, 405, "method_not_allowed")
    assert wrong.headers["Allow"] == "GET"


def test_a_body_that_is_not_json(world: ApiWorld) -> None:
    answer = world.client.post(
        "/api/v1/auth/register", content="{", headers={"Content-Type": "application/json"}
    )
    is_problem(answer, 400, "malformed_json")


def test_a_crash_tells_nothing_but_its_id(
    world: ApiWorld, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> Any:
        raise RuntimeError("the database password is hunter2")

    monkeypatch.setattr(world.accounts, "list", crash)
    answer = ada("GET", "/exchanges")
    is_problem(answer, 500, "internal_error")
    assert "hunter2" not in answer.text


def test_a_slash_at_the_end_means_the_same(world: ApiWorld, ada: Caller) -> None:
    assert world.client.get("/api/v1/health/").json() == {"status": "ok"}
    assert ada("GET", "/bots/").json() == ada("GET", "/bots").json()


def test_answers_are_neither_cached_nor_guessed_at(ada: Caller) -> None:
    answer = ada("GET", "/users/me")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_gateways_request_id_is_used() -> None:
    event = {"requestContext": {"requestId": "abc="}}
    assert request_id_of({"type": "http", "aws.event": event}) == "abc="
