"""One address carries so many bots on an exchange, and no more are started."""

from typing import Any

import pytest

from pairtrader.model.bot import Status
from tests.fakes.api_world import ApiWorld, Caller

FULL = 12
"""Bots with an interval of 5 seconds on OKX."""


def okx_bot(caller: Caller, **changes: Any) -> str:
    return caller.bot(caller.account(exchange_name="okx"), **changes)


def start(caller: Caller, bot_id: str) -> Any:
    return caller("POST", f"/bots/{bot_id}/start")


def full_house(caller: Caller) -> list[str]:
    bots = [okx_bot(caller) for _ in range(FULL)]
    assert {start(caller, bot_id).status_code for bot_id in bots} == {200}
    return bots


def state(world: ApiWorld, bot_id: str) -> Any:
    return world.bots.bots[bot_id].state


def refused(answer: Any) -> bool:
    return (answer.status_code, answer.json().get("code")) == (409, "capacity_reached")


def test_the_bot_that_does_not_fit_is_refused_and_told_what_to_do(
    world: ApiWorld, ada: Caller
) -> None:
    running, one_more = full_house(ada), okx_bot(ada)
    claims = dict(world.claims.claims)

    answer = start(ada, one_more)

    assert refused(answer)
    assert "okx" in answer.json()["detail"]
    assert "12 bots with an interval of 5 s" in answer.json()["detail"]
    assert answer.json()["errors"][0]["field"] == "tick_interval_seconds"
    assert state(world, one_more).status is Status.STOPPED
    assert world.claims.claims == claims
    assert world.capacity.loads("okx") == dict.fromkeys(running, 24)
    assert ada("PUT", f"/bots/{one_more}", {"tick_interval_seconds": 60}).status_code == 200
    assert start(ada, one_more).status_code == 200


def test_room_is_counted_for_all_users_and_by_exchange(world: ApiWorld, ada: Caller) -> None:
    full_house(ada)
    bob = world.user("bob")
    assert refused(start(bob, okx_bot(bob)))
    for elsewhere in ("binance", "bybit", "simulated"):
        other = bob.bot(bob.account(exchange_name=elsewhere))
        assert start(bob, other).status_code == 200
    assert world.capacity.loads("simulated") == {}


def test_a_stop_makes_room(world: ApiWorld, ada: Caller) -> None:
    running, one_more = full_house(ada), okx_bot(ada)
    assert ada("POST", f"/bots/{running[0]}/stop").status_code == 200
    assert running[0] not in world.capacity.loads("okx")
    assert start(ada, one_more).status_code == 200
    assert refused(start(ada, running[0]))


def test_a_paused_bot_keeps_its_room(world: ApiWorld, ada: Caller) -> None:
    running, one_more = full_house(ada), okx_bot(ada)
    assert ada("POST", f"/bots/{running[0]}/pause").status_code == 200
    assert refused(start(ada, one_more))
    assert start(ada, running[0]).status_code == 200
    assert world.capacity.loads("okx") == dict.fromkeys(running, 24)


def test_a_second_start_counts_anew_and_once(world: ApiWorld, ada: Caller) -> None:
    bot_id = okx_bot(ada)
    start(ada, bot_id)
    ada("POST", f"/bots/{bot_id}/stop")
    ada("PUT", f"/bots/{bot_id}", {"tick_interval_seconds": 10})
    start(ada, bot_id)
    assert world.capacity.loads("okx") == {bot_id: 12}


@pytest.mark.parametrize("pause", [False, True])
def test_a_shorter_interval_must_fit(world: ApiWorld, ada: Caller, pause: bool) -> None:
    running = full_house(ada)
    if pause:
        ada("POST", f"/bots/{running[0]}/pause")
    before = world.bots.bots[running[0]]

    assert refused(ada("PUT", f"/bots/{running[0]}", {"tick_interval_seconds": 3}))

    assert world.bots.bots[running[0]] == before
    longer = ada("PUT", f"/bots/{running[1]}", {"tick_interval_seconds": 10})
    assert longer.status_code == 200
    assert world.capacity.loads("okx")[running[1]] == 12
    assert ada("PUT", f"/bots/{running[0]}", {"tick_interval_seconds": 3}).status_code == 200
    assert world.capacity.loads("okx")[running[0]] == 40


def test_other_changes_need_no_room(world: ApiWorld, ada: Caller) -> None:
    """A bot that ran before loads were counted is not stopped from being edited."""
    running = full_house(ada)
    world.capacity.loads("okx").pop(running[0])
    world.capacity.loads("okx")["somebody"] = 24
    assert ada("PUT", f"/bots/{running[0]}", {"profit_ratio": 2}).status_code == 200


def test_a_stopped_bot_may_have_any_interval(world: ApiWorld, ada: Caller) -> None:
    full_house(ada)
    stopped = okx_bot(ada)
    assert ada("PUT", f"/bots/{stopped}", {"tick_interval_seconds": 1}).status_code == 200
    assert refused(start(ada, stopped))


def test_of_two_starts_for_the_last_place_one_is_refused(world: ApiWorld, ada: Caller) -> None:
    running = full_house(ada)
    ada("POST", f"/bots/{running[0]}/stop")
    one, other = okx_bot(ada), okx_bot(ada)
    answers: list[Any] = []
    world.capacity.after_read = lambda: answers.append(start(ada, other))

    answers.append(start(ada, one))

    assert answers[0].status_code == 200
    assert refused(answers[1])
    assert sum(world.capacity.loads("okx").values()) == FULL * 24


def test_of_two_starts_that_both_fit_the_slower_is_tried_again(
    world: ApiWorld, ada: Caller
) -> None:
    one, other = okx_bot(ada), okx_bot(ada)
    answers: list[Any] = []
    world.capacity.after_read = lambda: answers.append(start(ada, other))

    answers.append(start(ada, one))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert world.capacity.loads("okx") == {one: 24, other: 24}


def test_a_start_that_is_undone_gives_its_room_back(world: ApiWorld, ada: Caller) -> None:
    bot_id = okx_bot(ada)
    world.schedules.is_down = True
    assert start(ada, bot_id).status_code == 503
    assert world.capacity.loads("okx") == {}
