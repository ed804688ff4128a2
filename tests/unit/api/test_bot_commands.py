"""Start, pause, stop and close."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from functions.api.accounts.exchange_failure import ExchangeFailure
from pairtrader.model.bot import CommandKind, Status
from tests.fakes.api_world import NOW, ApiWorld, Caller


@pytest.fixture
def account_id(ada: Caller) -> str:
    return ada.account()


@pytest.fixture
def bot_id(ada: Caller, account_id: str) -> str:
    return ada.bot(account_id)


def state(world: ApiWorld, bot_id: str) -> Any:
    return world.bots.bots[bot_id].state


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_start_claims_schedules_and_ticks(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.bots.edit(
        bot_id,
        disarmed=1,
        closed_at=NOW,
        queued_until=NOW,
        last_slot=7,
        last_price1=Decimal(1),
        status_reason="closed: user",
        hold_reason="disarmed",
    )
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["generation"]) == ("running", 1)
    assert {claim.owner for claim in world.claims.claims.values()} == {bot_id}
    assert len(world.claims.claims) == 2
    first_at = datetime.fromtimestamp(NOW / 1000 + 60, UTC)
    assert world.schedules.existing == {(bot_id, 1): first_at}
    assert world.ticks.asked == [(bot_id, 1, NOW)]
    after = state(world, bot_id)
    assert (after.disarmed, after.closed_at, after.queued_until, after.last_slot) == (0, 0, 0, 0)
    assert (after.last_price1, after.status_reason, after.hold_reason) == (None, "", "")
    (line,) = ada("GET", f"/bots/{bot_id}/logs").json()["items"]
    assert line["message"] == "Started"


def test_a_running_bot_is_not_started_again(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    assert code(ada("POST", f"/bots/{bot_id}/start")) == (409, "invalid_transition")
    assert list(world.schedules.existing) == [(bot_id, 1)]
    assert len(world.ticks.asked) == 1


def test_two_starts_at_once_make_one_schedule(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    others: list[int] = []
    world.bots.before_commit = lambda: others.append(
        ada("POST", f"/bots/{bot_id}/start").status_code
    )
    assert code(ada("POST", f"/bots/{bot_id}/start")) == (409, "invalid_transition")
    assert others == [200]
    assert list(world.schedules.existing) == [(bot_id, 1)]


def test_a_market_with_a_position_is_not_started_on(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.exchanges.held["CHZ-USDT"] = Decimal(-3)
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert code(answer) == (409, "not_flat")
    assert [error["field"] for error in answer.json()["errors"]] == ["market2_symbol"]
    assert state(world, bot_id).status is Status.STOPPED
    assert not world.claims.claims


def test_an_inactive_account_starts_nothing(ada: Caller, account_id: str, bot_id: str) -> None:
    ada("PATCH", f"/exchanges/{account_id}", {"is_active": False})
    assert code(ada("POST", f"/bots/{bot_id}/start")) == (409, "account_inactive")


def test_an_exchange_that_can_not_be_asked_starts_nothing(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.exchanges.failure = ExchangeFailure("exchange_unavailable", "no answer")
    assert code(ada("POST", f"/bots/{bot_id}/start")) == (502, "exchange_unavailable")
    assert state(world, bot_id).status is Status.STOPPED


def test_a_market_is_traded_by_one_bot_at_a_time(
    world: ApiWorld, ada: Caller, account_id: str, bot_id: str
) -> None:
    other = ada.bot(account_id, market1_symbol="BTC-USDT", market2_symbol="GALA-USDT")
    ada("POST", f"/bots/{bot_id}/start")
    answer = ada("POST", f"/bots/{other}/start")
    assert code(answer) == (409, "symbol_claimed")
    (error,) = answer.json()["errors"]
    assert error["field"] == "market2_symbol"
    assert bot_id in error["message"]
    assert state(world, other).status is Status.STOPPED
    assert len(world.claims.claims) == 2
    assert ada("POST", f"/bots/{bot_id}/stop").status_code == 200
    assert ada("POST", f"/bots/{other}/start").status_code == 200


def test_another_users_bot_is_not_named(
    world: ApiWorld, ada: Caller, account_id: str, bot_id: str
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    for key, claim in world.claims.claims.items():
        world.claims.claims[key] = replace(claim, owner="foreign-bot", user_id="bob")
    world.bots.edit(bot_id, status=Status.STOPPED)
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert code(answer) == (409, "symbol_claimed")
    assert "foreign-bot" not in answer.text


@pytest.mark.parametrize("status", [Status.STOPPED, Status.PAUSED])
def test_a_start_that_can_not_be_scheduled_is_undone(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    world.bots.edit(bot_id, status=status, generation=4, status_reason="before")
    if status is Status.PAUSED:
        world.claims.take(world.bots.bots[bot_id].config)(None)
    claims = dict(world.claims.claims)
    world.schedules.is_down = True
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert code(answer) == (503, "schedule_unavailable")
    assert answer.headers["Retry-After"] == "5"
    after = state(world, bot_id)
    assert (after.status, after.generation, after.status_reason) == (status, 4, "before")
    assert world.claims.claims == claims
    assert not world.ticks.asked
    world.schedules.is_down = False
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 200
    assert list(world.schedules.existing) == [(bot_id, 5)]


def test_a_bot_stopped_while_it_is_being_scheduled_has_no_schedule(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.schedules.on_create.append(lambda: ada("POST", f"/bots/{bot_id}/stop"))
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert answer.json()["status"] == "stopped"
    assert not world.schedules.existing
    assert not world.claims.claims
    assert not world.ticks.asked


def test_start_stop_start_leaves_the_last_schedule(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    for action in ("start", "stop", "start"):
        assert ada("POST", f"/bots/{bot_id}/{action}").status_code == 200
    assert list(world.schedules.existing) == [(bot_id, 2)]


def test_pause_of_a_flat_bot_ends_its_schedule_and_keeps_its_claims(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    answer = ada("POST", f"/bots/{bot_id}/pause")
    assert (answer.status_code, answer.json()["status"]) == (200, "paused")
    assert not world.schedules.existing
    assert len(world.claims.claims) == 2
    assert code(ada("POST", f"/bots/{bot_id}/pause")) == (409, "invalid_transition")


def test_pause_with_a_position_keeps_the_schedule_and_start_goes_on_from_there(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.open_cycle(bot_id)
    world.exchanges.held["GALA-USDT"] = Decimal(-5000)
    assert ada("POST", f"/bots/{bot_id}/pause").status_code == 200
    assert list(world.schedules.existing) == [(bot_id, 1)]
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 200
    assert list(world.schedules.existing) == [(bot_id, 2)]
    assert state(world, bot_id).cycle is not None


def test_stop_of_a_flat_bot_is_done_at_once(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    answer = ada("POST", f"/bots/{bot_id}/stop")
    assert (answer.status_code, answer.json()["status"]) == (200, "stopped")
    assert not world.schedules.existing
    assert not world.claims.claims
    assert code(ada("POST", f"/bots/{bot_id}/stop")) == (409, "invalid_transition")


def test_stop_with_a_position_must_say_what_becomes_of_it(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.open_cycle(bot_id)
    answer = ada("POST", f"/bots/{bot_id}/stop")
    assert code(answer) == (409, "position_required")
    assert answer.json()["errors"][0]["field"] == "position"
    assert ada("POST", f"/bots/{bot_id}/stop", {"position": "sell"}).status_code == 422
    assert state(world, bot_id).status is Status.RUNNING


@pytest.mark.parametrize(
    ("position", "kind"), [("close", CommandKind.CLOSE), ("leave", CommandKind.HAND_OVER)]
)
@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED, Status.ERROR])
def test_stop_with_a_position_is_a_command(
    world: ApiWorld, ada: Caller, bot_id: str, position: str, kind: CommandKind, status: Status
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.open_cycle(bot_id)
    world.bots.edit(bot_id, status=status)
    for query in ("", f"?position={position}"):
        body = None if query else {"position": position}
        answer = ada("POST", f"/bots/{bot_id}/stop{query}", body)
        assert answer.status_code == 202
        assert (answer.json()["status"], answer.json()["pending_command"]) == ("stopping", kind)
        assert world.ticks.asked[-1] == (bot_id,)
    assert list(world.schedules.existing) == [(bot_id, 1)]
    other = "leave" if position == "close" else "close"
    answer = ada("POST", f"/bots/{bot_id}/stop", {"position": other})
    assert code(answer) == (409, "invalid_transition")


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED, Status.ERROR])
def test_close_is_a_command_in_every_status(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.open_cycle(bot_id)
    world.bots.edit(bot_id, status=status)
    answer = ada("POST", f"/bots/{bot_id}/close")
    assert (answer.status_code, answer.json()["pending_command"]) == (202, "close")
    assert answer.json()["status"] == status
    command = state(world, bot_id).command
    assert ada("POST", f"/bots/{bot_id}/close").status_code == 202
    assert state(world, bot_id).command == command
    assert world.ticks.asked[-2:] == [(bot_id,), (bot_id,)]


def test_close_of_a_flat_or_stopped_bot_is_refused(ada: Caller, bot_id: str) -> None:
    assert code(ada("POST", f"/bots/{bot_id}/close")) == (409, "invalid_transition")
    ada("POST", f"/bots/{bot_id}/start")
    assert code(ada("POST", f"/bots/{bot_id}/close")) == (409, "no_open_position")


def test_a_stop_overtaken_by_an_entry_does_not_leave_a_position_alone(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.bots.before_commit = lambda: world.open_cycle(bot_id)
    assert code(ada("POST", f"/bots/{bot_id}/stop")) == (409, "position_required")
    assert state(world, bot_id).status is Status.RUNNING
    assert list(world.schedules.existing) == [(bot_id, 1)]


def test_a_bot_that_never_stands_still_is_reported(
    world: ApiWorld, ada: Caller, bot_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    real = world.bots.load

    def moving(wanted: str) -> Any:
        bot = real(wanted)
        world.bots.edit(wanted, skipped=0)
        return bot

    monkeypatch.setattr(world.bots, "load", moving)
    monkeypatch.setattr("functions.api.bots.retries.PAUSE_SECONDS", 0)
    assert code(ada("POST", f"/bots/{bot_id}/pause")) == (409, "changed_meanwhile")


@pytest.mark.parametrize(
    ("action", "command"),
    [("accept_exchange", "accept_exchange"), ("close", "close_and_accept")],
)
def test_an_error_is_resolved_by_a_tick(
    world: ApiWorld, ada: Caller, bot_id: str, action: str, command: str
) -> None:
    world.bots.edit(bot_id, status=Status.ERROR)

    answer = ada("POST", f"/bots/{bot_id}/resolve", {"action": action})

    assert (answer.status_code, answer.json()["pending_command"]) == (202, command)
    assert world.bots.bots[bot_id].state.status is Status.ERROR, "the API itself settles nothing"


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ERROR])
def test_only_an_error_is_resolved(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    world.bots.edit(bot_id, status=status)
    answer = ada("POST", f"/bots/{bot_id}/resolve", {"action": "close"})
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")


def test_resolving_needs_a_choice(ada: Caller, bot_id: str) -> None:
    answer = ada("POST", f"/bots/{bot_id}/resolve", {})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "action")
