"""Kills: entries held back first, then every bot commanded or stopped, page by page."""

from typing import Any

import pytest

from functions.api.bots import kill_switch
from pairtrader.model.bot import CommandKind, Status
from pairtrader.model.risk import Limits
from pairtrader.storage.cursor import Page
from pairtrader.storage.risk import STACK, bot_owner, user_owner
from pairtrader.storage.users import Role
from tests.fakes.api_world import ApiWorld, Caller


@pytest.fixture
def bot_id(ada: Caller) -> str:
    return ada.bot(ada.account())


def outcomes(answer: Any) -> dict[str, str]:
    return {line["bot_id"]: line["outcome"] for line in answer.json()["items"]}


def user_id(caller: Caller) -> str:
    return str(caller("GET", "/users/me").json()["id"])


def several(caller: Caller, count: int) -> list[str]:
    account = caller.account()
    return [caller.bot(account) for _ in range(count)]


OPEN = [Status.RUNNING, Status.PAUSED, Status.STOPPING, Status.ERROR]


@pytest.mark.parametrize("status", OPEN)
def test_a_position_is_closed_in_every_status(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    world.open_cycle(bot_id)
    world.bots.edit(bot_id, status=status, status_reason="before")
    world.ticks.asked.clear()
    for _ in range(2):
        answer = ada("POST", f"/bots/{bot_id}/kill", {"reason": "news"})
        assert (answer.status_code, outcomes(answer)) == (202, {bot_id: "commanded"}), answer.text
    state = world.bots.bots[bot_id].state
    assert state.status is Status.STOPPING
    assert state.command is not None
    assert state.command.kind is CommandKind.KILL
    assert world.ticks.asked == [(bot_id,), (bot_id,)]
    assert world.risk.limits[bot_owner(bot_id)] == Limits(True, "killed: news")
    assert answer.json()["lifting"] == f'PUT /api/v1/bots/{bot_id}/risk {{"halted": false}}'
    lines = [line.message for line in world.bots.logs]
    assert lines.count("Kill asked for: news") == 1


@pytest.mark.parametrize(
    "pending", [CommandKind.CLOSE, CommandKind.HAND_OVER, CommandKind.ACCEPT_EXCHANGE]
)
def test_whatever_else_was_asked_for_gives_way(
    world: ApiWorld, ada: Caller, bot_id: str, pending: CommandKind
) -> None:
    world.open_cycle(bot_id)
    world.bots.edit(bot_id, status=Status.PAUSED)
    ada("POST", f"/bots/{bot_id}/stop?position=leave")
    state = world.bots.bots[bot_id].state
    assert state.command is not None
    other = type(state.command)(pending, "other", 0)
    world.bots.edit(bot_id, command=other)
    ada("POST", f"/bots/{bot_id}/kill")
    command = world.bots.bots[bot_id].state.command
    assert command is not None
    assert command.kind is CommandKind.KILL


def test_what_comes_after_a_kill_does_not_weaken_it(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.open_cycle(bot_id)
    world.bots.edit(bot_id, status=Status.RUNNING)
    ada("POST", f"/bots/{bot_id}/kill")
    killed = world.bots.bots[bot_id].state
    for path, status in (("stop?position=close", 202), ("close", 202), ("stop?position=leave", 409),
                         ("start", 409), ("pause", 409)):  # fmt: skip
        assert ada("POST", f"/bots/{bot_id}/{path}").status_code == status, path
    assert world.bots.bots[bot_id].state == killed
    world.bots.edit(bot_id, status=Status.ERROR)
    assert ada("POST", f"/bots/{bot_id}/close").json()["pending_command"] == "kill"
    for action in ("accept_exchange", "close"):
        refused = ada("POST", f"/bots/{bot_id}/resolve", {"action": action})
        assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    assert world.bots.bots[bot_id].state.command == killed.command


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED, Status.ERROR])
def test_a_flat_bot_is_stopped_at_once(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.bots.edit(bot_id, status=status)
    assert outcomes(ada("POST", f"/bots/{bot_id}/kill", {"reason": "news"})) == {bot_id: "stopped"}
    assert world.bots.logs[-1].message == "Kill asked for: news"
    assert world.bots.bots[bot_id].state.status is Status.STOPPED
    assert not world.schedules.existing
    assert not world.claims.claims
    assert outcomes(ada("POST", f"/bots/{bot_id}/kill")) == {bot_id: "already_stopped"}


def test_a_stopped_bot_that_holds_something_has_no_market_to_trade(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.open_cycle(bot_id)
    (line,) = ada("POST", f"/bots/{bot_id}/kill").json()["items"]
    assert (line["outcome"], line["code"]) == ("failed", "invalid_transition")


def test_an_entry_that_comes_in_between_is_closed(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.bots.before_commit = lambda: world.open_cycle(bot_id)
    assert outcomes(ada("POST", f"/bots/{bot_id}/kill")) == {bot_id: "commanded"}
    assert list(world.schedules.existing) == [(bot_id, 1)], "ticks must go on"


def test_limits_that_can_not_be_stored_keep_nobody_in_a_position(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.open_cycle(bot_id)
    world.bots.edit(bot_id, status=Status.RUNNING)
    world.risk.unreachable = True
    for path, body in ((f"/bots/{bot_id}/kill", None), ("/kill", {"scope": "mine"})):
        answer = ada("POST", path, body)
        assert (answer.status_code, answer.json()["halted"]) == (202, False)
        assert outcomes(answer) == {bot_id: "commanded"}


def test_all_of_mine_and_nobody_elses(world: ApiWorld, ada: Caller) -> None:
    mine, foreign = several(ada, 12), several(world.user("bob"), 2)
    for bot_id in (*mine[:3], *foreign):
        world.bots.edit(bot_id, status=Status.RUNNING)
    world.open_cycle(mine[0])

    answer = ada("POST", "/kill", {"scope": "mine", "reason": "  enough "})

    expected = dict.fromkeys(mine, "already_stopped")
    assert outcomes(answer) == {
        **expected, mine[0]: "commanded", mine[1]: "stopped", mine[2]: "stopped",
    }  # fmt: skip
    assert answer.json()["counts"] == {
        "commanded": 1, "stopped": 2, "already_stopped": 9, "failed": 0,
    }  # fmt: skip
    assert (answer.json()["halted"], answer.json()["cursor"]) == (True, None)
    assert world.risk.limits == {user_owner(user_id(ada)): Limits(True, "killed: enough")}
    assert all(world.bots.bots[b].state.status is Status.RUNNING for b in foreign)
    assert ada("PUT", "/risk", {"halted": False}).json()["halted"] is False


def test_one_bot_that_can_not_be_killed_does_not_spare_the_others(
    world: ApiWorld, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = several(ada, 2)
    for bot_id in (first, second):
        world.bots.edit(bot_id, status=Status.RUNNING)
        world.open_cycle(bot_id)
    real = world.bots.commit

    def failing(old: Any, *args: Any, **kwargs: Any) -> None:
        if old.bot_id == first:
            raise RuntimeError("table on fire")
        real(old, *args, **kwargs)

    monkeypatch.setattr(world.bots, "commit", failing)
    answer = ada("POST", "/kill", {"scope": "mine"})
    lines = [(line["outcome"], line["code"]) for line in answer.json()["items"]]
    assert lines == [("failed", "internal_error"), ("commanded", None)]
    assert "fire" not in answer.text


def slow(world: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bot takes so long that a page uses the time up."""
    real = world.bots.load

    def load(bot_id: str) -> Any:
        world.clock.advance(kill_switch.BUDGET_MS / 1000 / kill_switch.BOTS_AT_ONCE + 0.1)
        return real(bot_id)

    monkeypatch.setattr(world.bots, "load", load)


def until_done(caller: Caller, body: dict[str, Any]) -> tuple[list[str], int]:
    killed, requests, cursor = list[str](), 0, None
    while requests == 0 or cursor is not None:
        answer = caller("POST", "/kill", {**body, "cursor": cursor})
        assert answer.status_code == 202, answer.text
        killed += outcomes(answer)
        cursor, requests = answer.json()["cursor"], requests + 1
    return killed, requests


def test_many_bots_take_several_requests(
    world: ApiWorld, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    bots = several(ada, 25)
    slow(world, monkeypatch)
    killed, requests = until_done(ada, {"scope": "mine"})
    assert (killed, requests) == (sorted(bots), 3)


def test_an_administrator_kills_everybody(
    world: ApiWorld, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kill_switch, "USERS_AT_ONCE", 2)
    root = world.user("root", role=Role.ADMIN)
    bots = [*several(ada, 12), *several(world.user("bob"), 3), *several(world.user("cy"), 1)]
    world.user("idle")
    for bot_id in bots:
        world.bots.edit(bot_id, status=Status.RUNNING)
    slow(world, monkeypatch)

    killed, requests = until_done(root, {"scope": "all", "reason": "incident"})

    assert sorted(killed) == sorted(bots)
    assert requests > 1
    assert all(bot.state.status is Status.STOPPED for bot in world.bots.bots.values())
    assert world.risk.limits == {STACK: Limits(True, "killed: incident")}


def test_an_empty_page_of_users_is_not_the_end(
    world: ApiWorld, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, (bot_id,) = world.user("root", role=Role.ADMIN), several(ada, 1)
    real = world.users.list

    def listed(wanted: Any, limit: int, cursor: str | None) -> Any:
        return Page([], "more") if cursor is None else real(wanted, limit, None)

    monkeypatch.setattr(world.users, "list", listed)
    assert outcomes(root("POST", "/kill", {"scope": "all"})) == {bot_id: "already_stopped"}


def test_an_administrator_kills_one_users_bots(world: ApiWorld, ada: Caller) -> None:
    root, (bot_id,) = world.user("root", role=Role.ADMIN), several(ada, 1)
    whose = {"scope": "user", "user_id": user_id(ada)}
    assert outcomes(root("POST", "/kill", whose)) == {bot_id: "already_stopped"}
    assert list(world.risk.limits) == [user_owner(user_id(ada))]
    for nobody in ("nobody", "#", "x" * 64, "stack"):
        answer = root("POST", "/kill", {"scope": "user", "user_id": nobody})
        assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found"), nobody


@pytest.mark.parametrize("body", [{"scope": "all"}, {"scope": "user", "user_id": "someone"}])
def test_others_kill_nobody_elses(world: ApiWorld, ada: Caller, body: dict[str, Any]) -> None:
    answer = ada("POST", "/kill", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "admin_required")
    assert not world.risk.limits


def test_who_may_only_look_kills_nothing(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    for path, body in ((f"/bots/{bot_id}/kill", None), ("/kill", {"scope": "mine"})):
        answer = world.user(f"guest{len(path)}", role=Role.READ_ONLY)("POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "read_only")


def test_other_peoples_bots_are_not_there(world: ApiWorld, bot_id: str) -> None:
    answer = world.user("bob")("POST", f"/bots/{bot_id}/kill")
    assert (answer.status_code, answer.json()["code"]) == (404, "bot_not_found")
    assert not world.risk.limits


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "scope"),
        ({"scope": "everything"}, "scope"),
        ({"scope": "user"}, "user_id"),
        ({"scope": "mine", "user_id": "x"}, "user_id"),
        ({"scope": "mine", "position": "leave"}, "position"),
        ({"scope": "mine", "reason": "a\x00b"}, "reason"),
        ({"scope": "mine", "reason": "x" * 201}, "reason"),
        ({"scope": "mine", "why": "x"}, "why"),
    ],
)
def test_a_kill_that_is_not_clear_is_refused(
    world: ApiWorld, ada: Caller, body: dict[str, Any], field: str
) -> None:
    answer = ada("POST", "/kill", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not world.risk.limits


@pytest.mark.parametrize("scope", ["mine", "all"])
@pytest.mark.parametrize("cursor", ["x", "ÿ", "W10", "bnVsbA", "WzEsMiwzXQ", "WyJ4IiwieSIsInoiXQ"])
def test_a_strange_cursor_is_refused(world: ApiWorld, scope: str, cursor: str) -> None:
    root = world.user("root", role=Role.ADMIN)
    answer = root("POST", "/kill", {"scope": scope, "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")
