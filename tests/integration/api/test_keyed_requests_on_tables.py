"""Keys of requests, kills and deleted bots over the deployed wiring and real tables."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.api.identifiers import new_id
from pairtrader.storage.users import UserRepository
from tests.fakes.api_world import Caller, bot_body
from tests.integration.api.test_api_on_tables import RECENTLY, Stack, ada, secret_arn, stack

__all__ = ["ada", "secret_arn", "stack"]


def keyed(caller: Caller, path: str, body: Any, key: str) -> Any:
    headers = {**caller.headers, "Idempotency-Key": key}
    return caller._client.post(f"/api/v1{path}", json=body, headers=headers)


def test_eight_equal_requests_at_once_make_one_bot(stack: Stack, ada: Caller) -> None:
    body, key = bot_body(ada.account(), start_time=RECENTLY), new_id()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: keyed(ada, "/bots", body, key), range(8)))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1, [answer.text for answer in answers]
    refused = {a.json()["code"] for a in answers if a.status_code != 201}
    assert refused <= {"request_in_progress"}
    assert [bot["id"] for bot in ada("GET", "/bots").json()["items"]] == list(made)
    again = keyed(ada, "/bots", body, key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["id"] in made


def test_a_life_from_a_keyed_start_to_what_is_left_after_it(stack: Stack, ada: Caller) -> None:
    bot_id = ada.bot(ada.account(), start_time=RECENTLY)
    copy = ada("POST", f"/bots/{bot_id}/clone").json()["id"]
    for replayed in (None, "true"):
        started = keyed(ada, f"/bots/{bot_id}/start", None, "one")
        assert started.status_code == 200, started.text
        assert started.headers.get("Idempotency-Replayed") == replayed
        assert started.json()["generation"] == 1

    killed = ada("POST", "/kill", {"scope": "mine", "reason": "test"})

    outcomes = {line["bot_id"]: line["outcome"] for line in killed.json()["items"]}
    assert outcomes == {bot_id: "stopped", copy: "already_stopped"}
    assert ada("GET", "/risk").json()["halted_reason"] == "killed: test"
    ada("PUT", f"/bots/{bot_id}/risk", {"halted": True})
    assert ada("DELETE", f"/bots/{bot_id}").status_code == 204
    (left,) = ada("GET", "/bots?deleted=true").json()["items"]
    assert (left["id"], left["bot_name"]) == (bot_id, "gala against chz")
    assert len(ada("GET", f"/bots/{bot_id}/logs").json()["items"]) == 2
    assert [bot["id"] for bot in ada("GET", "/bots").json()["items"]] == [copy]


@pytest.mark.parametrize("limit", [1, 25])
def test_the_directory_of_a_kill_names_every_user(
    stack: Stack, ada: Caller, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("functions.api.bots.kill_switch.USERS_AT_ONCE", limit)
    bob = stack.user(f"bob-{new_id()}")
    bots = [caller.bot(caller.account(), start_time=RECENTLY) for caller in (ada, bob)]
    switch: Any = stack.client.app.state.services.kill_switch  # type: ignore[attr-defined]
    assert isinstance(switch._directory, UserRepository)
    monkeypatch.setattr(switch, "_halt", lambda *_: True)  # other tests share the stack's switch
    killed, cursor = list[str](), None
    while True:
        kill = switch.everybody("test", cursor)
        killed += [line.bot_id for line in kill.lines]
        cursor = kill.cursor
        if cursor is None:
            break
    assert set(bots) <= set(killed)
