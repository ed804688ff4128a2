"""A bot's orders, positions, cycles, log and looks at the pair."""

from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.order import OrderStatus, OrderType, Purpose, Side
from pairtrader.model.records import (
    CycleRecord,
    LogRecord,
    LogType,
    OrderRecord,
    PositionRecord,
    SpreadPoint,
)
from tests.fakes.api_world import NOW, ApiWorld, Caller


@pytest.fixture
def bot_id(ada: Caller) -> str:
    return ada.bot(ada.account())


def pages(ada: Caller, path: str, limit: int) -> list[list[Any]]:
    found, cursor = [], None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = ada("GET", path, params=query).json()
        found.append(page["items"])
        cursor = page["cursor"]
        if cursor is None:
            return found


def order(bot_id: str, number: int) -> OrderRecord:
    return OrderRecord(
        bot_id=bot_id,
        user_id="u",
        id=f"order{number}",
        cycle_number=1,
        exchange_order_id=str(number),
        symbol="GALA-USDT",
        side=Side.SELL,
        order_type=OrderType.MARKET,
        purpose=Purpose.ENTRY,
        price=Decimal("0.0000002"),
        amount=Decimal("5000"),
        filled_amount=Decimal("5000"),
        cost=Decimal("100"),
        fee=Decimal("0.05"),
        status=OrderStatus.CLOSED,
        dca_level=1,
        reason="",
        created_at=NOW,
        updated_at=NOW,
        filled_at=None,
    )


def test_orders_come_page_by_page_newest_first(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.orders.rows = [order(bot_id, number) for number in range(5)]
    found = pages(ada, f"/bots/{bot_id}/orders", 2)
    assert [[each["id"] for each in page] for page in found] == [
        ["order4", "order3"],
        ["order2", "order1"],
        ["order0"],
    ]
    assert found[0][0]["price"] == "0.0000002"
    assert found[0][0]["created_at"] == "2026-06-01T12:00:00.000Z"
    assert found[0][0]["filled_at"] is None


def test_an_open_position_is_shown_at_the_last_prices(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    def leg(number: int, symbol: str, side: str, is_open: bool) -> PositionRecord:
        return PositionRecord(
            bot_id, 1, number, symbol, side, Decimal(10), Decimal(2), is_open, NOW, NOW
        )

    world.positions.rows = [
        leg(0, "GALA-USDT", "short", True),
        leg(1, "CHZ-USDT", "long", True),
        leg(1, "CHZ-USDT", "long", False),
    ]
    world.bots.edit(bot_id, last_price1=Decimal("1.5"), last_price2=Decimal("2.5"))
    closed, bought, sold = ada("GET", f"/bots/{bot_id}/positions").json()["items"]
    assert (sold["current_price"], sold["unrealized_pnl"]) == ("1.5", "5")
    assert (bought["current_price"], bought["unrealized_pnl"]) == ("2.5", "5")
    assert (closed["current_price"], closed["unrealized_pnl"]) == (None, None)


def test_cycles_and_log(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    money = Decimal("1.5")
    world.cycles.rows = [
        CycleRecord(
            bot_id,
            "u",
            1,
            -1,
            2,
            1.0,
            1.8,
            0.1,
            money,
            money,
            money,
            money,
            money,
            "take_profit",
            NOW,
            NOW,
        )
    ]
    world.logs.rows.append(
        LogRecord(bot_id, "1", LogType.TRADE, "opened", {"level": 1, "spread": 1.2}, NOW)
    )
    (cycle,) = ada("GET", f"/bots/{bot_id}/cycles").json()["items"]
    assert (cycle["market1_side"], cycle["market2_side"]) == ("buy", "sell")
    assert (cycle["net_pnl"], cycle["reason"]) == ("1.5", "take_profit")
    (line,) = ada("GET", f"/bots/{bot_id}/logs").json()["items"]
    assert line["details"] == {"level": 1, "spread": 1.2}


def point(at: int) -> SpreadPoint:
    return SpreadPoint(at, Decimal("0.02"), Decimal("0.08"), 1.25)


def test_the_current_minute_follows_the_history_without_doubles(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.points.points = [point(NOW - 120_000), point(NOW - 60_000)]
    world.bots.edit(bot_id, points=(point(NOW - 60_000), point(NOW - 5_000), point(NOW)))

    def times(**query: Any) -> list[str]:
        path = f"/bots/{bot_id}/spread-history"
        window = {"until": "2026-06-01T12:00:01Z", **query}
        found: list[str] = []
        while True:
            page = ada("GET", path, params=window).json()
            found += [item["recorded_at"][11:19] for item in page["items"]]
            if page["cursor"] is None:
                return found
            window["cursor"] = page["cursor"]

    assert times() == ["11:58:00", "11:59:00", "11:59:55", "12:00:00"]
    assert times(limit=1) == times()
    assert times(resolution="minute") == ["11:58:00", "11:59:00", "12:00:00"]
    assert times(since="2026-06-01T11:59:30Z") == ["11:59:55", "12:00:00"]
    assert times(until="2026-06-01T12:00:00Z") == ["11:58:00", "11:59:00", "11:59:55"]
    assert times(since="2026-06-01T13:59:30+02:00") == ["11:59:55", "12:00:00"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"since": "2026-06-01T12:00:00"}, ["since"]),
        ({"until": "yesterday"}, ["until"]),
        ({"since": "2026-06-01T12:00:00Z", "until": "2026-06-01T11:00:00Z"}, ["until"]),
        ({"resolution": "hour"}, ["resolution"]),
        ({"limit": "0"}, ["limit"]),
        ({"limit": "5001"}, ["limit"]),
    ],
)
def test_bad_questions_name_the_parameter(
    ada: Caller, bot_id: str, query: dict[str, str], named: list[str]
) -> None:
    answer = ada("GET", f"/bots/{bot_id}/spread-history", params=query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == named
