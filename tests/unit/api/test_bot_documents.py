"""Bots as documents: out, in again, and copied."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.api.bots.bot_documents import next_name
from functions.api.schemas.bot_documents import BotDocument, BotImport
from pairtrader.model.account import MarginMode
from pairtrader.model.order import OrderType
from pairtrader.model.settings import BotSettings, OnBrokenPair, ProfitBasis, ProfitMode, SpreadMode
from tests.fakes.api_world import ApiWorld, Caller, bot_body
from tests.fakes.trading_desk import TradingDesk

FIRST = datetime(1999, 1, 1)  # noqa: DTZ001 - the zone is drawn
SECRET_WORDS = ("exchange_account_id", "account_uid", "user_id")


@pytest.fixture
def account_id(ada: Caller) -> str:
    return ada.account()


@pytest.fixture
def bot_id(ada: Caller, account_id: str) -> str:
    return ada.bot(account_id, leverage=5, investment_per_order="100.50")


def fields(answer: Any) -> list[str]:
    return sorted(error["field"] for error in answer.json()["errors"])


def settings_of(bot: dict[str, Any]) -> dict[str, Any]:
    return {name: bot[name] for name in BotSettings.model_fields}


def test_a_document_holds_all_settings_and_no_account(ada: Caller, bot_id: str) -> None:
    answer = ada("GET", f"/bots/{bot_id}/export")
    document = answer.json()
    assert (document["format"], document["exchange_name"]) == ("pairtrader.bot/1", "simulated")
    assert document["exported_at"] == "2026-06-01T12:00:00Z"
    assert document["settings"].keys() == BotSettings.model_fields.keys() - {"exchange_account_id"}
    assert document["settings"]["investment_per_order"] == "100.5"
    for word in SECRET_WORDS:
        assert word not in answer.text


def test_out_and_in_again_is_the_same_bot_on_the_other_account(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    document = ada("GET", f"/bots/{bot_id}/export").json()
    before = settings_of(ada("GET", f"/bots/{bot_id}").json())
    bob = world.user("bob")
    account = bob.account()
    answer = bob("POST", "/bots/import", {"document": document, "exchange_account_id": account})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["status"] == "stopped"
    assert settings_of(made) == {**before, "exchange_account_id": account}


def test_changes_go_before_the_document(ada: Caller, account_id: str, bot_id: str) -> None:
    document = ada("GET", f"/bots/{bot_id}/export").json()
    rows = [{"times": 1, "spread": 2.5, "multiplier": 1}]
    body = {
        "document": document,
        "exchange_account_id": account_id,
        "changes": {"bot_name": "other", "dca_config": rows},
    }
    made = ada("POST", "/bots/import", body).json()
    assert (made["bot_name"], made["max_dca_times"]) == ("other", 1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"document": {"format": "pairtrader.bot/2"}}, ["document.format"]),
        ({"document": {"extra": 1}}, ["document.extra"]),
        ({"document": {"exchange_name": "mtgox"}}, ["document.exchange_name"]),
        ({"settings": {"leverage": 7}}, ["document.settings.leverage"]),
        ({"settings": {"leverage": None}}, ["document.settings.leverage"]),
        ({"settings": {"surprise": 1}}, ["document.settings.surprise"]),
        ({"settings": {"market2_symbol": "NOPE-USDT"}}, ["document.settings.market2_symbol"]),
        ({"settings": {"exchange_account_id": "x"}}, ["document.settings.exchange_account_id"]),
        (
            {"settings": {"dca_config": [{"times": 1, "spread": 0, "multiplier": 1}]}},
            ["document.settings.dca_config.0.spread"],
        ),
        ({"settings": {"start_time": "0001-01-01T00:00:00+05:00"}},
         ["document.settings.start_time"]),
        ({"changes": {"leverage": 7}}, ["changes.leverage"]),
        ({"changes": {"exchange_account_id": "x"}}, ["changes.exchange_account_id"]),
        ({"changes": {"investment_per_order": "1"}}, ["changes.investment_per_order"]),
        ({"exchange_account_id": ""}, ["exchange_account_id"]),
    ],
)  # fmt: skip
def test_a_bad_document_is_refused_with_the_place(
    world: ApiWorld,
    ada: Caller,
    account_id: str,
    bot_id: str,
    change: dict[str, Any],
    named: list[str],
) -> None:
    document = ada("GET", f"/bots/{bot_id}/export").json()
    document |= change.pop("document", {})
    document["settings"] |= change.pop("settings", {})
    body = {"document": document, "exchange_account_id": account_id, **change}
    answer = ada("POST", "/bots/import", body)
    assert answer.status_code == 422, answer.text
    assert fields(answer) == named
    assert len(world.bots.bots) == 1


def test_somebody_elses_account_is_not_there(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    document = ada("GET", f"/bots/{bot_id}/export").json()
    body = {"document": document, "exchange_account_id": world.user("bob").account()}
    answer = ada("POST", "/bots/import", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "exchange_account_not_found")
    assert fields(answer) == ["exchange_account_id"]


def test_a_copy_is_a_bot_of_its_own(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.open_cycle(bot_id)
    before = ada("GET", f"/bots/{bot_id}").json()
    answer = ada("POST", f"/bots/{bot_id}/clone")
    assert answer.status_code == 201, answer.text
    copy = answer.json()
    assert copy["bot_name"] == "gala against chz (2)"
    assert settings_of(copy) == {**settings_of(before), "bot_name": copy["bot_name"]}
    assert (copy["status"], copy["position"], copy["total_trades"]) == ("stopped", None, 0)
    assert ada("GET", f"/bots/{bot_id}").json() == before


def test_a_copy_differs_as_wanted(ada: Caller, bot_id: str) -> None:
    body = {"bot_name": "wider", "changes": {"leverage": 3, "start_time": "2026-05-30T00:00:00Z"}}
    copy = ada("POST", f"/bots/{bot_id}/clone", body).json()
    assert (copy["bot_name"], copy["leverage"]) == ("wider", 3)
    assert copy["start_time"] == "2026-05-30T00:00:00Z"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"changes": {"leverage": 7}}, ["changes.leverage"]),
        ({"changes": {"nonsense": 7}}, ["changes.nonsense"]),
        ({"changes": {"market1_symbol": "NOPE-USDT"}}, ["changes.market1_symbol"]),
        ({"bot_name": "a", "changes": {"bot_name": "b"}}, ["changes.bot_name"]),
        ({"bot_name": ""}, ["bot_name"]),
        ({"changes": []}, ["changes"]),
        ({"changes": {"": 1}}, ["body"]),
        ({"changes": {"a\x00b": 1}}, ["changes.a\x00b"]),
    ],
)
def test_a_copy_that_can_not_be_is_refused(
    ada: Caller, bot_id: str, body: dict[str, Any], named: list[str]
) -> None:
    answer = ada("POST", f"/bots/{bot_id}/clone", body)
    assert (answer.status_code, fields(answer)) == (422, named), answer.text


@pytest.mark.parametrize("path", ["clone", ""])
def test_text_that_is_no_text_is_refused(ada: Caller, bot_id: str, path: str) -> None:
    method, place = ("POST", f"/bots/{bot_id}/clone") if path else ("PUT", f"/bots/{bot_id}")
    for odd in ('{"\\ud800": 1}', '{"bot_name": "\\ud800"}', '{"\\u0000": "\\udfff"}'):
        raw = f'{{"changes": {odd}}}' if path else odd
        headers = {**ada.headers, "Content-Type": "application/json"}
        answer = ada._client.request(method, f"/api/v1{place}", content=raw, headers=headers)
        assert answer.status_code == 422, answer.text


def test_other_peoples_bots_are_neither_exported_nor_copied(world: ApiWorld, bot_id: str) -> None:
    bob = world.user("bob")
    for method, path in (("GET", "export"), ("POST", "clone")):
        answer = bob(method, f"/bots/{bot_id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "bot_not_found")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gala", "gala (2)"),
        ("gala (2)", "gala (3)"),
        ("gala (99)", "gala (100)"),
        ("(2)", "(2) (2)"),
        ("x" * 100, "x" * 96 + " (2)"),
        ("x" * 96 + " (9)", "x" * 95 + " (10)"),
    ],
)
def test_copies_are_numbered(name: str, expected: str) -> None:
    assert next_name(name) == expected


floats = st.floats(0.0001, 99, allow_nan=False)
money = st.decimals(Decimal(500), Decimal(10**9), places=8)


@st.composite
def bot_settings(draw: st.DrawFn) -> BotSettings:
    rows = draw(st.lists(st.tuples(floats, st.floats(0.001, 10)), min_size=1, max_size=10))
    body = {
        **bot_body("any"),
        "bot_name": draw(st.text(min_size=1, max_size=100)),
        "start_time": draw(st.datetimes(FIRST, timezones=st.just(UTC))),
        "dca_config": [
            {"times": n, "spread": spread, "multiplier": multiplier}
            for n, (spread, multiplier) in enumerate(rows, start=1)
        ],
        "investment_per_order": draw(st.decimals(Decimal("0.00000001"), Decimal(20), places=8)),
        "max_position_value": draw(money),
        "leverage": draw(st.sampled_from([1, 2, 3, 5, 10, 20])),
        "profit_ratio": draw(floats),
        "stop_loss_ratio": draw(floats),
        "max_slippage": draw(st.floats(0.001, 10)),
        "liquidation_buffer": draw(floats),
        "spread_mode": draw(st.sampled_from(SpreadMode)),
        "profit_mode": draw(st.sampled_from(ProfitMode)),
        "profit_basis": draw(st.sampled_from(ProfitBasis)),
        "margin_mode": draw(st.sampled_from(MarginMode)),
        "order_type_open": draw(st.sampled_from(OrderType)),
        "on_broken_pair": draw(st.sampled_from(OnBrokenPair)),
        "pause_after_close": draw(st.booleans()),
    }
    return BotSettings.model_validate(body)


@settings(max_examples=60, deadline=None)
@given(bot_settings())
def test_every_setting_comes_back_exactly(wanted: BotSettings) -> None:
    config = replace(TradingDesk().bot.config, settings=wanted)
    text = BotDocument.of(config, 1_780_000_000_123).model_dump_json()
    body = BotImport.model_validate_json(f'{{"document": {text}, "exchange_account_id": "any"}}')
    again = {**body.document.settings, "exchange_account_id": "any"}
    assert BotSettings.model_validate(again) == wanted
