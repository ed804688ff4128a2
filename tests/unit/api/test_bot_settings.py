"""Creating bots, and what is wrong with those that can't be."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.api_world import ApiWorld, Caller, bot_body

ROW = {"times": 1, "spread": 1.0, "multiplier": 1}


def ladder(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**ROW, "times": times, **each} for times, each in enumerate(changes, start=1)]


def test_a_new_bot_is_stopped_and_knows_its_markets_and_start_prices(
    world: ApiWorld, ada: Caller
) -> None:
    account_id = ada.account()
    answer = ada("POST", "/bots", bot_body(account_id))
    assert answer.status_code == 201
    bot = answer.json()
    assert (bot["status"], bot["generation"], bot["level"]) == ("stopped", 0, 0)
    assert (bot["start_price1"], bot["start_price2"]) == ("0.02", "0.08")
    assert (bot["investment_per_order"], bot["max_position_value"]) == ("100", "1000")
    assert bot["max_dca_times"] == 3
    assert bot["start_time"] == "2026-05-31T12:00:00Z"
    assert ada("GET", f"/bots/{bot['id']}").json() == bot
    assert ada("GET", "/bots").json()["items"] == [bot]
    stored = world.bots.bots[bot["id"]].config
    assert stored.account_uid == account_id
    assert stored.market1.symbol == "GALA-USDT"


BAD: list[tuple[str, dict[str, Any], list[str]]] = [
    ("equal symbols", {"market2_symbol": "GALA-USDT"}, ["market2_symbol"]),
    ("unknown symbol", {"market1_symbol": "NOPE-USDT"}, ["market1_symbol"]),
    (
        "two unknown symbols",
        {"market1_symbol": "NOPE-USDT", "market2_symbol": "NADA-USDT"},
        ["market1_symbol", "market2_symbol"],
    ),
    ("no symbol", {"market1_symbol": "gala/usdt"}, ["market1_symbol"]),
    ("two quote currencies", {"market2_symbol": "CHZ-USDC"}, ["market2_symbol"]),
    ("empty ladder", {"dca_config": []}, ["dca_config"]),
    (
        "times with a gap",
        {"dca_config": [ROW, {**ROW, "times": 3}]},
        ["dca_config"],
    ),
    ("times from 0", {"dca_config": [{**ROW, "times": 0}]}, ["dca_config.0.times"]),
    ("spread 0", {"dca_config": ladder({"spread": 0})}, ["dca_config.0.spread"]),
    ("multiplier 0", {"dca_config": ladder({}, {"multiplier": 0})}, ["dca_config.1.multiplier"]),
    (
        "spread and multiplier",
        {"dca_config": ladder({"spread": -1, "multiplier": 0})},
        ["dca_config.0.multiplier", "dca_config.0.spread"],
    ),
    ("ladder of another length", {"max_dca_times": 6}, ["max_dca_times"]),
    ("all amounts under the minimum", {"investment_per_order": "1"}, ["investment_per_order"]),
    (
        "one amount under the minimum",
        {"dca_config": ladder({}, {"multiplier": 0.01})},
        ["dca_config.1.multiplier"],
    ),
    ("row 1 over the cap", {"max_position_value": "199"}, ["max_position_value"]),
    (
        "equal directions",
        {"market1_direction": "buy", "market2_direction": "buy"},
        ["market2_direction"],
    ),
    ("one direction", {"market1_direction": "buy"}, ["market2_direction"]),
    ("leverage between presets", {"leverage": 7}, ["leverage"]),
    ("no time zone", {"start_time": "2026-05-31T12:00:00"}, ["start_time"]),
    ("negative money", {"investment_per_order": "-1"}, ["investment_per_order"]),
    ("not a number", {"investment_per_order": "NaN"}, ["investment_per_order"]),
    ("unknown setting", {"market_1": "x"}, ["market_1"]),
    (
        "many at once",
        {"bot_name": "", "profit_ratio": 0, "leverage": "x"},
        ["bot_name", "leverage", "profit_ratio"],
    ),
]


@pytest.mark.parametrize(("changes", "named"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_bad_settings_name_the_fields(
    world: ApiWorld, ada: Caller, changes: dict[str, Any], named: list[str]
) -> None:
    answer = ada("POST", "/bots", bot_body(ada.account(), **changes))
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert sorted(error["field"] for error in answer.json()["errors"]) == named
    assert not world.bots.bots


@pytest.mark.parametrize(
    "missing",
    [
        "bot_name",
        "exchange_account_id",
        "market1_symbol",
        "start_time",
        "investment_per_order",
        "max_position_value",
        "dca_config",
    ],
)
def test_missing_settings_are_named(ada: Caller, missing: str) -> None:
    body = bot_body(ada.account())
    del body[missing]
    answer = ada("POST", "/bots", body)
    assert [error["field"] for error in answer.json()["errors"]] == [missing]


def test_what_the_exchange_does_not_allow_is_refused(world: ApiWorld, ada: Caller) -> None:
    account_id = ada.account()
    markets = world.exchanges.all_markets
    markets["GALA-USDT"] = replace(markets["GALA-USDT"], max_leverage=5)
    answer = ada("POST", "/bots", bot_body(account_id))
    assert [error["field"] for error in answer.json()["errors"]] == ["leverage"]
    markets["GALA-USDT"] = replace(markets["GALA-USDT"], active=False)
    answer = ada("POST", "/bots", bot_body(account_id))
    assert answer.json()["code"] == "symbol_not_traded"
    assert [error["field"] for error in answer.json()["errors"]] == ["market1_symbol"]


def test_legs_that_rounding_drives_apart_are_refused(world: ApiWorld, ada: Caller) -> None:
    markets = world.exchanges.all_markets
    markets["SOL-USDT"] = replace(markets["SOL-USDT"], amount_step=Decimal("0.5"))
    rows = [{**ROW, "multiplier": 2.2}, {**ROW, "times": 2, "multiplier": 3}]
    body = bot_body(ada.account(), market2_symbol="SOL-USDT", dca_config=rows)
    answer = ada("POST", "/bots", body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "dca_config.0.multiplier"
    assert "max_leg_imbalance" in error["message"]
    assert ada("POST", "/bots", {**body, "max_leg_imbalance": 40}).status_code == 201


def test_a_start_time_without_prices_is_refused(world: ApiWorld, ada: Caller) -> None:
    account_id = ada.account()
    world.exchanges.has_prices = False
    answer = ada("POST", "/bots", bot_body(account_id))
    assert (answer.status_code, answer.json()["code"]) == (422, "no_start_price")
    assert [error["field"] for error in answer.json()["errors"]] == ["start_time"]


@pytest.mark.parametrize("start_time", ["2026-06-02T00:00:00Z", "2026-06-01T14:00:00+02:00"])
def test_a_start_to_come_has_no_prices_yet(world: ApiWorld, ada: Caller, start_time: str) -> None:
    account_id = ada.account()
    world.exchanges.has_prices = False
    answer = ada("POST", "/bots", bot_body(account_id, start_time=start_time))
    assert answer.status_code == 201
    assert answer.json()["start_price1"] is None


def test_amounts_of_a_start_to_come_are_judged_at_recent_prices(ada: Caller) -> None:
    body = bot_body(ada.account(), start_time="2026-06-02T00:00:00Z", investment_per_order="1")
    answer = ada("POST", "/bots", body)
    assert [error["field"] for error in answer.json()["errors"]] == ["investment_per_order"]


def test_somebody_elses_account_is_not_there(world: ApiWorld, ada: Caller) -> None:
    account_id = ada.account()
    for wrong in (account_id, "nothing"):
        answer = world.user(f"bob-{wrong}"[:50])("POST", "/bots", bot_body(wrong))
        assert (answer.status_code, answer.json()["code"]) == (404, "exchange_account_not_found")
        assert answer.json()["errors"][0]["field"] == "exchange_account_id"


def warnings(answer: Any) -> list[str]:
    return [warning["code"] for warning in answer.json()["warnings"]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"stop_loss_ratio": 5, "profit_ratio": 0.3}, []),
        ({"stop_loss_ratio": 10, "profit_ratio": 0.3}, ["stop_beyond_liquidation"]),
        (
            {"stop_loss_ratio": 5, "profit_ratio": 0.3, "margin_mode": "isolated"},
            ["stop_beyond_liquidation"],
        ),
        ({"stop_loss_ratio": 90, "profit_ratio": 3, "profit_basis": "margin"}, []),
        (
            {"stop_loss_ratio": 100, "profit_ratio": 5, "profit_basis": "margin"},
            ["stop_beyond_liquidation", "target_beyond_regression"],
        ),
        ({"stop_loss_ratio": 5, "profit_ratio": 0.41}, ["target_beyond_regression"]),
        ({"stop_loss_ratio": 5, "profit_mode": "regression", "profit_ratio": 1}, []),
        (
            {"stop_loss_ratio": 5, "profit_mode": "regression", "profit_ratio": 1.1},
            ["target_beyond_regression"],
        ),
    ],
)
def test_settings_probably_not_meant_are_warned_about(
    ada: Caller, changes: dict[str, Any], expected: list[str]
) -> None:
    assert warnings(ada("POST", "/bots", bot_body(ada.account(), **changes))) == expected


@pytest.mark.parametrize(
    ("mode", "price", "expected"),
    [
        ("difference", "0.027", ["far_from_start_price"]),
        ("difference", "0.025", []),
        ("log_ratio", "0.027", []),
    ],
)
def test_a_market_far_from_its_start_price_is_warned_about(
    world: ApiWorld, ada: Caller, mode: str, price: str, expected: list[str]
) -> None:
    calm = {"stop_loss_ratio": 5, "profit_ratio": 0.3, "spread_mode": mode}
    bot_id = ada.bot(ada.account(), **calm)
    world.bots.edit(bot_id, last_price1=Decimal(price), last_price2=Decimal("0.08"))
    assert warnings(ada("GET", f"/bots/{bot_id}")) == expected
