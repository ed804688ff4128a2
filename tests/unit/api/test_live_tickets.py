"""Tickets for live push."""

import hashlib

from functions.api.messages.live_tickets import Ticket
from pairtrader.storage.users import Role
from tests.fakes.api_world import NOW, ApiWorld, Caller


def test_a_ticket_is_handed_out_once_and_stored_as_a_digest(world: ApiWorld, ada: Caller) -> None:
    answer = ada("POST", "/ws/ticket")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["expires_in"], body["url"]) == (30, "wss://sockets.example.com/live")
    assert len(body["ticket"]) >= 43  # 32 random bytes
    digest = hashlib.sha256(body["ticket"].encode()).hexdigest()
    [(stored, (holder, expires_at))] = world.connections.tickets.items()
    assert stored == digest
    assert expires_at == NOW // 1000 + 30
    assert (holder.scope, holder.user_id) == ("session", ada("GET", "/users/me").json()["id"])
    assert holder.credential_id


def test_no_two_tickets_are_the_same(world: ApiWorld, ada: Caller) -> None:
    tickets = {ada("POST", "/ws/ticket").json()["ticket"] for _ in range(3)}
    assert len(tickets) == len(world.connections.tickets) == 3


def test_whoever_may_look_may_listen(world: ApiWorld) -> None:
    reader = world.user("reader", role=Role.READ_ONLY)
    assert reader("POST", "/ws/ticket").status_code == 201


def test_nobody_gets_a_ticket_without_logging_in(world: ApiWorld) -> None:
    answer = world.client.post("/api/v1/ws/ticket")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"
    assert world.connections.tickets == {}


def test_a_ticket_that_is_logged_by_mistake_shows_nothing() -> None:
    assert "secret" not in repr(Ticket("secret", "wss://x"))
