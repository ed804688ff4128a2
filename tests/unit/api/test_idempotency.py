"""`Idempotency-Key`: sent again, a request is not done again but answered as before."""

import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from functions.api.web.keyed_routes import KEYED, KeyedRoute
from pairtrader.model.bot import Status
from pairtrader.storage.idempotency import LOCK_MS
from pairtrader.storage.users import Role
from tests.fakes.api_world import ApiWorld, Caller, bot_body

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


def keyed(
    caller: Caller, method: str, path: str, body: Any = None, key: str = KEY, **kwargs: Any
) -> Any:
    headers = {**caller.headers, "Idempotency-Key": key}
    client = caller._client
    return client.request(method, f"/api/v1{path}", json=body, headers=headers, **kwargs)


def replayed(answer: Any) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


@pytest.fixture
def account_id(ada: Caller) -> str:
    return ada.account()


def test_a_bot_is_made_once(world: ApiWorld, ada: Caller, account_id: str) -> None:
    first = keyed(ada, "POST", "/bots", bot_body(account_id))
    second = keyed(ada, "POST", "/bots", bot_body(account_id))
    assert (first.status_code, second.status_code) == (201, 201)
    assert (replayed(first), replayed(second)) == (False, True)
    assert first.json() == second.json()
    assert second.headers["Content-Type"] == "application/json"
    assert len(world.bots.bots) == 1


def test_without_a_key_everything_is_done_anew(
    world: ApiWorld, ada: Caller, account_id: str
) -> None:
    for _ in range(2):
        assert not replayed(ada("POST", "/bots", bot_body(account_id)))
    assert len(world.bots.bots) == 2
    assert not world.idempotency.rows


def test_two_at_the_same_time_make_one_bot(world: ApiWorld, ada: Caller, account_id: str) -> None:
    others: list[Any] = []
    world.idempotency.after_begin = lambda: others.append(
        keyed(ada, "POST", "/bots", bot_body(account_id))
    )
    first = keyed(ada, "POST", "/bots", bot_body(account_id))
    (second,) = others
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
    assert int(second.headers["Retry-After"]) > 0
    assert len(world.bots.bots) == 1
    assert replayed(keyed(ada, "POST", "/bots", bot_body(account_id)))


def test_a_start_whose_answer_was_lost_is_repeated_and_changes_nothing(
    world: ApiWorld, ada: Caller, account_id: str
) -> None:
    bot_id = ada.bot(account_id)
    first = keyed(ada, "POST", f"/bots/{bot_id}/start")
    ada("POST", f"/bots/{bot_id}/stop")
    before, asked = world.bots.bots[bot_id], list(world.ticks.asked)

    again = keyed(ada, "POST", f"/bots/{bot_id}/start")

    assert (again.status_code, replayed(again)) == (200, True)
    assert again.json() == first.json()
    assert world.bots.bots[bot_id] == before
    assert world.bots.bots[bot_id].state.status is Status.STOPPED
    assert (world.ticks.asked, world.schedules.existing) == (asked, {})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("?adopt=true", None),
        ("", {}),
    ],
)
def test_a_key_is_good_for_one_request(
    world: ApiWorld, ada: Caller, account_id: str, path: str, body: Any
) -> None:
    bot_id = ada.bot(account_id)
    keyed(ada, "POST", f"/bots/{bot_id}/start")
    answer = keyed(ada, "POST", f"/bots/{bot_id}/start{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_belongs_to_its_user_and_path(world: ApiWorld, ada: Caller, account_id: str) -> None:
    bot_id = ada.bot(account_id)
    bob = world.user("bob")
    assert keyed(ada, "POST", f"/bots/{bot_id}/start").status_code == 200
    assert keyed(bob, "POST", f"/bots/{bot_id}/start").status_code == 404
    stopped = keyed(ada, "POST", f"/bots/{bot_id}/stop")
    assert (stopped.status_code, replayed(stopped)) == (200, False)


def test_refusals_are_repeated_too(world: ApiWorld, ada: Caller, account_id: str) -> None:
    bot_id = ada.bot(account_id)
    first = keyed(ada, "POST", f"/bots/{bot_id}/close")
    world.bots.edit(bot_id, status=Status.RUNNING)
    world.open_cycle(bot_id)
    second = keyed(ada, "POST", f"/bots/{bot_id}/close")
    assert (first.status_code, first.json()["code"]) == (409, "invalid_transition")
    assert (second.json(), replayed(second)) == (first.json(), True)
    assert second.headers["Content-Type"] == "application/problem+json"


def test_what_failed_on_our_side_may_be_tried_again(
    world: ApiWorld, ada: Caller, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot_id = ada.bot(account_id)
    world.schedules.is_down = True
    assert keyed(ada, "POST", f"/bots/{bot_id}/start").status_code == 503
    world.schedules.is_down = False
    answer = keyed(ada, "POST", f"/bots/{bot_id}/start")
    assert (answer.status_code, replayed(answer)) == (200, False)

    def crash(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(world.bots, "load", crash)
        assert keyed(ada, "POST", f"/bots/{bot_id}/stop").status_code == 500
    assert keyed(ada, "POST", f"/bots/{bot_id}/stop").status_code == 200


def test_a_bot_that_was_busy_may_be_tried_again(
    world: ApiWorld, ada: Caller, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot_id = ada.bot(account_id)
    ada("POST", f"/bots/{bot_id}/start")
    real = world.bots.load

    def moving(wanted: str) -> Any:
        bot = real(wanted)
        world.bots.edit(wanted, skipped=0)
        return bot

    monkeypatch.setattr("functions.api.bots.retries.PAUSE_SECONDS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(world.bots, "load", moving)
        busy = keyed(ada, "POST", f"/bots/{bot_id}/pause")
    assert busy.json()["code"] == "changed_meanwhile"
    assert keyed(ada, "POST", f"/bots/{bot_id}/pause").status_code == 200


def test_a_table_that_does_not_answer_lets_nothing_happen(
    world: ApiWorld, ada: Caller, account_id: str
) -> None:
    world.idempotency.unreachable = True
    answer = keyed(ada, "POST", "/bots", bot_body(account_id))
    assert (answer.status_code, answer.json()["code"]) == (503, "idempotency_unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert not world.bots.bots
    assert ada("POST", "/bots", bot_body(account_id)).status_code == 201, "without a key"


def test_an_answer_that_can_not_be_kept_is_given_all_the_same(
    world: ApiWorld, ada: Caller, account_id: str
) -> None:
    def fails() -> None:
        world.idempotency.unreachable = True

    world.idempotency.after_begin = fails
    assert keyed(ada, "POST", "/bots", bot_body(account_id)).status_code == 201
    world.idempotency.unreachable = False
    answer = keyed(ada, "POST", "/bots", bot_body(account_id))
    assert answer.json()["code"] == "request_in_progress"


def test_a_request_whose_function_died_is_carried_out_by_the_next(
    world: ApiWorld, ada: Caller, account_id: str
) -> None:
    keyed(ada, "POST", "/bots", bot_body(account_id))
    for row in world.idempotency.rows.values():
        row.answer = None
    early = keyed(ada, "POST", "/bots", bot_body(account_id))
    assert early.json()["code"] == "request_in_progress"
    world.clock.advance(LOCK_MS / 1000 + 1)
    other = keyed(ada, "POST", "/bots", bot_body(account_id, bot_name="other"))
    assert other.json()["code"] == "idempotency_key_reused"
    late = keyed(ada, "POST", "/bots", bot_body(account_id))
    assert (late.status_code, replayed(late)) == (201, False)


@pytest.mark.parametrize(("hours", "again"), [(23, True), (25, False)])
def test_a_key_is_forgotten_after_a_day(
    world: ApiWorld, ada: Caller, account_id: str, hours: int, again: bool
) -> None:
    keyed(ada, "POST", "/bots", bot_body(account_id))
    for row in world.idempotency.rows.values():
        row.attempt = replace(row.attempt, at=row.attempt.at - hours * 3_600_000)
    answer = keyed(ada, "POST", "/bots", bot_body(account_id))
    assert (answer.status_code, replayed(answer)) == (201, again)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 129, "ä", "a\tb"])
def test_a_strange_key_is_refused(world: ApiWorld, ada: Caller, account_id: str, key: str) -> None:
    headers = {**ada.headers, "Idempotency-Key": key.encode("latin-1")}
    body = bot_body(account_id)
    answer = ada._client.post("/api/v1/bots", json=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert not world.bots.bots


def test_a_body_that_is_no_json_is_answered_as_ever(ada: Caller) -> None:
    headers = {**ada.headers, "Idempotency-Key": KEY, "Content-Type": "application/json"}
    for _ in range(2):
        answer = ada._client.post("/api/v1/bots", content=b"{", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


def test_who_may_not_act_learns_nothing_of_earlier_answers(
    world: ApiWorld, ada: Caller, account_id: str
) -> None:
    keyed(ada, "POST", "/bots", bot_body(account_id))
    (user,) = [u for u in world.users.users.values() if u.username == "ada"]
    world.users.users[user.id] = replace(user, role=Role.READ_ONLY)
    answer = keyed(ada, "POST", "/bots", bot_body(account_id))
    assert (answer.status_code, answer.json()["code"]) == (403, "read_only")
    assert ada._client.post("/api/v1/bots", headers={"Idempotency-Key": KEY}).status_code == 401


def test_what_is_kept_holds_no_key_of_an_account(world: ApiWorld, ada: Caller) -> None:
    secrets = {"api_key": "KEY-ABCDEF", "api_secret": "SECRET-123456", "passphrase": "PASS-WORD-9"}
    body = {"exchange_name": "okx", "mode": "live", "label": "main", **secrets}
    answer = keyed(ada, "POST", "/exchanges", body)
    assert answer.status_code == 201, answer.text
    assert replayed(keyed(ada, "POST", "/exchanges", body))
    assert len(world.accounts.accounts) == 1
    kept = repr(world.idempotency.rows)
    assert "uid-1" in kept or "main" in kept, "the answer is there"
    for secret in secrets.values():
        assert secret not in kept


KEYED_PATHS = {
    "/bots", "/bots/import", "/bots/{bot_id}/clone", "/bots/{bot_id}/start",
    "/bots/{bot_id}/pause", "/bots/{bot_id}/stop", "/bots/{bot_id}/close",
    "/bots/{bot_id}/resolve", "/bots/{bot_id}/kill", "/kill", "/exchanges", "/backtests",
    "/analyses",
}  # fmt: skip


def test_every_request_that_makes_or_moves_something_takes_a_key(world: ApiWorld) -> None:
    paths = world.client.get("/api/v1/openapi.json").json()["paths"]
    taking = {
        path.removeprefix("/api/v1")
        for path, methods in paths.items()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }
    assert taking == KEYED_PATHS
    for path in KEYED_PATHS:
        operation = paths[f"/api/v1{path}"]["post"]
        assert {"409", "422", "503"} <= operation["responses"].keys(), path


def test_a_route_that_takes_keys_keeps_its_answers(world: ApiWorld) -> None:
    routes = [c.original_route for c in iter_route_contexts(world.app.routes)]
    keyed_routes = [r for r in routes if isinstance(r, APIRoute) and KEYED in r.dependencies]
    assert len(keyed_routes) == len(KEYED_PATHS)
    assert all(isinstance(route, KeyedRoute) for route in keyed_routes)


def test_a_long_answer_is_kept_whole(world: ApiWorld, ada: Caller, account_id: str) -> None:
    for _ in range(30):
        ada.bot(account_id)
    first = keyed(ada, "POST", "/kill", {"scope": "mine"})
    assert json.loads(keyed(ada, "POST", "/kill", {"scope": "mine"}).text) == first.json()
