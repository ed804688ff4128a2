"""Exchange accounts and their keys."""

from dataclasses import replace
from typing import Any

import pytest

from functions.api.accounts.exchange_failure import ExchangeFailure
from pairtrader.model.bot import Status
from tests.fakes.api_world import ApiWorld, Caller

KEYS = {"api_key": "public-key", "api_secret": "very-secret"}
LIVE = {"exchange_name": "binance", "mode": "live", **KEYS}
OKX = {"exchange_name": "okx", "mode": "sandbox", "passphrase": "pass-phrase", **KEYS}


def fields(answer: Any) -> list[str]:
    return sorted(error["field"] for error in answer.json()["errors"])


def test_a_simulated_account_needs_nothing_but_its_name(world: ApiWorld, ada: Caller) -> None:
    answer = ada("POST", "/exchanges", {"exchange_name": "simulated"})
    assert answer.status_code == 201
    account = answer.json()
    assert account["mode"] == "paper"
    assert account["label"] == "simulated"
    assert account["simulation"]["starting_balance"] == "10000"
    assert account["created_at"] == "2026-06-01T12:00:00.000Z"
    assert ada("GET", f"/exchanges/{account['id']}").json() == account
    assert world.exchanges.asked == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"exchange_name": "kraken"}, ["exchange_name"]),
        ({"exchange_name": "simulated", "mode": "live", **KEYS}, ["mode"]),
        ({"exchange_name": "simulated", **KEYS}, ["api_key", "api_secret"]),
        ({"exchange_name": "okx", "mode": "paper", "api_key": "x"}, ["api_key"]),
        ({"exchange_name": "binance", "mode": "live"}, ["api_key", "api_secret"]),
        ({"exchange_name": "bybit", "mode": "sandbox", "api_key": "x"}, ["api_secret"]),
        ({"exchange_name": "okx", "mode": "live", **KEYS}, ["passphrase"]),
        ({**LIVE, "simulation": {}}, ["simulation"]),
        (
            {"exchange_name": "simulated", "simulation": {"source": "replay"}},
            ["simulation.dataset"],
        ),
        (
            {"exchange_name": "okx", "simulation": {"source": "replay", "dataset": "may"}},
            ["simulation.source"],
        ),
        (
            {"exchange_name": "simulated", "simulation": {"taker_fee": "0.5"}},
            ["simulation.taker_fee"],
        ),
        ({"exchange_name": "simulated", "secret_arn": "x"}, ["secret_arn"]),
    ],
)
def test_bad_accounts_name_the_fields(
    world: ApiWorld, ada: Caller, body: dict[str, Any], named: list[str]
) -> None:
    answer = ada("POST", "/exchanges", body)
    assert answer.status_code == 422, answer.text
    assert fields(answer) == named
    assert not world.accounts.accounts
    assert not world.vault.secrets


def test_keys_go_in_are_tried_and_never_come_out(world: ApiWorld, ada: Caller) -> None:
    world.exchanges.identity = replace(
        world.exchanges.identity, ip_bound=False, warnings=("not bound to an address",)
    )
    answer = ada("POST", "/exchanges", OKX)
    assert answer.status_code == 201
    account = answer.json()
    assert account["uid"] == "uid-1"
    assert account["is_active"]
    assert account["warnings"] == ["not bound to an address"]
    assert world.exchanges.asked == ["test"]
    (kept,) = world.vault.secrets.values()
    assert (kept.api_key, kept.api_secret, kept.passphrase) == (
        "public-key",
        "very-secret",
        "pass-phrase",
    )
    texts = [answer.text, ada("GET", "/exchanges").text, repr(world.accounts.accounts)]
    for secret in ("public-key", "very-secret", "pass-phrase"):
        assert not any(secret in text for text in texts)


@pytest.mark.parametrize(
    ("identity", "failure", "status", "code"),
    [
        ({"can_withdraw": True}, None, 422, "key_can_withdraw"),
        ({"can_trade": False}, None, 422, "key_cannot_trade"),
        ({}, ExchangeFailure("user_must_act", "invalid key"), 422, "user_must_act"),
        ({}, ExchangeFailure("keys_refused", "invalid sign"), 422, "keys_refused"),
        ({}, ExchangeFailure("region_blocked", "not here"), 502, "region_blocked"),
        ({}, ExchangeFailure("maintenance", "closed"), 503, "maintenance"),
        ({}, ExchangeFailure("rate_limited", "slow down"), 503, "rate_limited"),
        ({}, ExchangeFailure("retry_later", "busy"), 503, "retry_later"),
        ({}, ExchangeFailure("exchange_unavailable", "no answer"), 502, "exchange_unavailable"),
        ({}, RuntimeError("boom"), 500, "internal_error"),
    ],
)
def test_keys_that_fail_leave_nothing_behind(
    world: ApiWorld,
    ada: Caller,
    identity: dict[str, Any],
    failure: Any,
    status: int,
    code: str,
) -> None:
    world.exchanges.identity = replace(world.exchanges.identity, **identity)
    world.exchanges.failure = failure
    answer = ada("POST", "/exchanges", LIVE)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "very-secret" not in answer.text
    assert not world.accounts.accounts
    assert not world.accounts.claims
    assert not world.vault.secrets


def test_the_same_exchange_account_is_added_once_whoever_adds_it(
    world: ApiWorld, ada: Caller
) -> None:
    ada.account(**LIVE)
    for caller in (ada, world.user("bob")):
        answer = caller("POST", "/exchanges", LIVE)
        assert (answer.status_code, answer.json()["code"]) == (409, "account_exists")
    assert len(world.accounts.accounts) == 1
    assert len(world.vault.secrets) == 1
    assert ada.account(**{**LIVE, "mode": "sandbox"})


def test_new_keys_replace_the_old_ones_once_they_have_proven_themselves(
    world: ApiWorld, ada: Caller
) -> None:
    account_id = ada.account(**LIVE)
    new = {"api_key": "new-key", "api_secret": "new-secret"}
    answer = ada("PATCH", f"/exchanges/{account_id}", new)
    assert answer.status_code == 200
    assert [kept.api_key for kept in world.vault.secrets.values()] == ["new-key"]
    stored = world.accounts.get(*next(iter(world.accounts.accounts)))
    assert stored is not None
    assert stored.secret_arn in world.vault.secrets
    assert len(world.accounts.accounts) == 1


@pytest.mark.parametrize(
    ("identity", "code"),
    [({"uid": "uid-2"}, "key_of_other_account"), ({"can_withdraw": True}, "key_can_withdraw")],
)
def test_new_keys_that_fail_leave_the_old_ones(
    world: ApiWorld, ada: Caller, identity: dict[str, Any], code: str
) -> None:
    account_id = ada.account(**LIVE)
    before = dict(world.accounts.accounts)
    world.exchanges.identity = replace(world.exchanges.identity, **identity)
    new = {"api_key": "new-key", "api_secret": "new-secret"}
    answer = ada("PATCH", f"/exchanges/{account_id}", new)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [kept.api_key for kept in world.vault.secrets.values()] == ["public-key"]
    assert world.accounts.accounts == before


def test_half_a_set_of_keys_is_refused(ada: Caller) -> None:
    account_id = ada.account(**LIVE)
    answer = ada("PATCH", f"/exchanges/{account_id}", {"api_secret": "x"})
    assert answer.status_code == 422
    assert fields(answer) == ["api_key"]


def test_label_and_activity_change(world: ApiWorld, ada: Caller) -> None:
    account_id = ada.account()
    answer = ada("PATCH", f"/exchanges/{account_id}", {"label": "play money", "is_active": False})
    assert answer.json()["label"] == "play money"
    assert answer.json()["is_active"] is False
    assert fields(ada("PATCH", f"/exchanges/{account_id}", {"api_key": "x"})) == ["api_key"]


def test_an_account_in_use_stays(world: ApiWorld, ada: Caller) -> None:
    account_id = ada.account()
    bot_id = ada.bot(account_id)
    answer = ada("DELETE", f"/exchanges/{account_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "account_in_use")
    assert ada("PATCH", f"/exchanges/{account_id}", {"is_active": False}).status_code == 200
    world.bots.edit(bot_id, status=Status.RUNNING)
    ada("PATCH", f"/exchanges/{account_id}", {"is_active": True})
    off = ada("PATCH", f"/exchanges/{account_id}", {"is_active": False})
    assert (off.status_code, off.json()["code"]) == (409, "account_in_use")
    world.bots.edit(bot_id, status=Status.STOPPED)
    assert ada("DELETE", f"/bots/{bot_id}").status_code == 204
    assert ada("DELETE", f"/exchanges/{account_id}").status_code == 204
    assert ada("GET", f"/exchanges/{account_id}").status_code == 404


def test_deleting_takes_the_keys_away(world: ApiWorld, ada: Caller) -> None:
    account_id = ada.account(**LIVE)
    assert ada("DELETE", f"/exchanges/{account_id}").status_code == 204
    assert not world.vault.secrets
    assert not world.accounts.claims


def test_lists_go_page_by_page(ada: Caller) -> None:
    made = [ada.account() for _ in range(5)]
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = ada("GET", "/exchanges", params=query).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["cursor"]
    assert seen == sorted(made)
    assert cursor is None


def test_a_cursor_of_somebody_else_is_refused(world: ApiWorld, ada: Caller) -> None:
    bob = world.user("bob")
    for _ in range(2):
        ada.account()
    cursor = ada("GET", "/exchanges?limit=1").json()["cursor"]
    for bad in (cursor, "nonsense", "%%%"):
        answer = bob("GET", "/exchanges", params={"cursor": bad})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_looking_at_an_account(ada: Caller) -> None:
    account_id = ada.account()
    assert ada("GET", f"/exchanges/{account_id}/balance").json() == {
        "currency": "USDT",
        "total": "10000",
        "free": "9000.5",
    }
    assert ada("POST", f"/exchanges/{account_id}/test").json()["can_withdraw"] is False
    found = ada("GET", f"/exchanges/{account_id}/symbols?query=gal").json()["items"]
    assert [item["symbol"] for item in found] == ["GALA-USDT"]
    assert found[0]["taker_fee"] == "0.0005"
    assert "native" not in found[0]
    assert len(ada("GET", f"/exchanges/{account_id}/symbols?limit=2").json()["items"]) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("GET", "/symbols"),
        ("GET", "/balance"),
    ],
)
def test_other_peoples_accounts_are_not_there(
    world: ApiWorld, ada: Caller, method: str, path: str
) -> None:
    account_id = ada.account()
    bob = world.user("bob")
    for wrong in (account_id, "nothing", "x" * 3000, "%00%23"):
        answer = bob(method, f"/exchanges/{wrong}{path}", {} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "exchange_account_not_found")
    assert world.exchanges.asked == []
