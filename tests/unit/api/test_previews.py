"""What is told of a bot before there is one: its pair's spread, what its settings commit to."""

from decimal import Decimal
from typing import Any

import pytest

from functions.api.accounts.exchange_failure import ExchangeFailure
from tests.fakes.api_world import NOW, START_TIME, ApiWorld, Caller, bot_body

PAIR = {"market1_symbol": "GALA-USDT", "market2_symbol": "CHZ-USDT", "start_time": START_TIME}
MINUTE = 60_000


def spread(caller: Caller, account_id: str, **changes: Any) -> Any:
    query = "&".join(f"{name}={value}" for name, value in {**PAIR, **changes}.items())
    return caller("GET", f"/exchanges/{account_id}/spread?{query}")


def preview(caller: Caller, account_id: str, **changes: Any) -> Any:
    return caller("POST", "/bots/preview", bot_body(account_id, **changes))


def test_the_spread_is_drawn_from_both_start_prices(world: ApiWorld, ada: Caller) -> None:
    world.exchanges.path = ((NOW - MINUTE, "0.021", "0.08"), (NOW, "0.02", "0.088"))
    found = spread(ada, ada.account()).json()
    assert found["start_prices"] == ["0.02", "0.08"]
    assert found["resolution"] == 60
    assert [point["market1_price"] for point in found["points"]] == ["0.021", "0.02"]
    assert [point["spread"] for point in found["points"]] == pytest.approx([5.0, -10.0])
    assert found["points"][1]["at"].endswith("Z")


def test_the_spread_is_measured_as_asked_for(world: ApiWorld, ada: Caller) -> None:
    world.exchanges.path = ((NOW, "0.021", "0.08"),)
    (point,) = spread(ada, ada.account(), spread_mode="log_ratio").json()["points"]
    assert point["spread"] == pytest.approx(4.879, abs=0.001)


def test_the_exchange_is_asked_for_a_bounded_number_of_points(world: ApiWorld, ada: Caller) -> None:
    account_id = ada.account()
    spread(ada, account_id, start_time="0001-01-01T00:00:00Z")
    since, most = world.exchanges.pairs_asked[0]
    assert (since, most) == (0, 500)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"market2_symbol": "GALA-USDT"}, "invalid_request", "market2_symbol"),
        ({"market1_symbol": "NOPE-USDT"}, "unknown_symbol", "market1_symbol"),
        ({"market1_symbol": "gala"}, "invalid_request", "market1_symbol"),
        ({"start_time": "2026-05-31T12:00:00"}, "invalid_request", "start_time"),
        ({"spread_mode": "ratio"}, "invalid_request", "spread_mode"),
    ],
)
def test_what_is_wrong_with_a_pair_is_named(
    ada: Caller, changes: dict[str, str], code: str, field: str
) -> None:
    answer = spread(ada, ada.account(), **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_time_without_prices_is_named(world: ApiWorld, ada: Caller) -> None:
    world.exchanges.has_prices = False
    answer = spread(ada, ada.account())
    assert (answer.status_code, answer.json()["code"]) == (422, "no_start_price")
    assert answer.json()["errors"][0]["field"] == "start_time"


def test_a_start_that_lies_ahead_has_no_spread_yet(world: ApiWorld, ada: Caller) -> None:
    world.exchanges.has_prices = False
    answer = spread(ada, ada.account(), start_time="2100-01-01T00:00:00Z")
    assert answer.status_code == 200
    assert (answer.json()["start_prices"], answer.json()["points"]) == (None, [])


@pytest.mark.parametrize(("code", "status"), [("rate_limited", 503), ("exchange_error", 502)])
def test_an_exchange_that_can_not_be_asked(
    world: ApiWorld, ada: Caller, code: str, status: int
) -> None:
    account_id = ada.account()
    world.exchanges.failure = ExchangeFailure(code, "not now")
    assert spread(ada, account_id).status_code == status
    assert preview(ada, account_id).status_code == status


def test_nobody_looks_through_somebody_elses_account(world: ApiWorld, ada: Caller) -> None:
    account_id, bob = ada.account(), world.user("bob")
    world.exchanges.asked.clear()
    for answer in (spread(bob, account_id), preview(bob, account_id)):
        assert (answer.status_code, answer.json()["code"]) == (404, "exchange_account_not_found")
    assert world.exchanges.asked == []


def test_a_preview_tells_what_the_settings_commit_to_and_stores_nothing(
    world: ApiWorld, ada: Caller
) -> None:
    found = preview(ada, ada.account(), stop_loss_ratio=10).json()
    first = found["commitment"]["levels"][0]
    assert (first["invested"], first["margin"], first["fees"]) == ("200", "20", "0.2")
    assert first["amounts"] == ["5000", "1250"]
    assert Decimal(found["commitment"]["max_loss"]) == 90
    assert found["prices"] == ["0.02", "0.08"]
    assert [market["symbol"] for market in found["markets"]] == ["GALA-USDT", "CHZ-USDT"]
    assert found["errors"] == []
    assert "stop_beyond_liquidation" in {warning["code"] for warning in found["warnings"]}
    assert world.bots.bots == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"market1_symbol": "NOPE-USDT"}, "market1_symbol"),
        ({"investment_per_order": "1"}, "investment_per_order"),
    ],
)
def test_a_preview_lists_what_a_creation_would_refuse(
    ada: Caller, changes: dict[str, Any], field: str
) -> None:
    account_id = ada.account()
    found = preview(ada, account_id, **changes)
    assert found.status_code == 200
    assert [error["field"] for error in found.json()["errors"]] == [field]
    refused = ada("POST", "/bots", bot_body(account_id, **changes))
    assert refused.json()["errors"] == found.json()["errors"]


def test_a_preview_without_prices_has_no_commitment(world: ApiWorld, ada: Caller) -> None:
    world.exchanges.has_prices = False
    found = preview(ada, ada.account(), start_time="2100-01-01T00:00:00Z").json()
    assert (found["commitment"], found["prices"], found["errors"]) == (None, None, [])
    assert len(found["markets"]) == 2


def test_settings_that_are_none_are_refused_as_ever(ada: Caller) -> None:
    answer = preview(ada, ada.account(), leverage=7)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "leverage")
