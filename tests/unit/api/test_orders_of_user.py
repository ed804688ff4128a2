"""Orders and closed cycles over all bots: lists, filters and spreadsheets."""

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from functions.api.web.spreadsheets import MOST_ROWS
from pairtrader.model.account import AccountMode
from pairtrader.model.order import OrderStatus, Purpose, Side
from pairtrader.model.records import OrderRecord
from pairtrader.storage import paging
from tests.fakes.api_world import NOW, ApiWorld, Caller
from tests.fakes.ledger_rows import cycle_row, order_row

DAY = 86_400_000


def id_of(ada: Caller) -> str:
    return str(ada("GET", "/users/me").json()["id"])


@pytest.fixture
def ada_id(ada: Caller) -> str:
    return id_of(ada)


@pytest.fixture
def bots(ada: Caller) -> tuple[str, str]:
    account = ada.account()
    return (
        ada.bot(account, bot_name="first"),
        ada.bot(account, bot_name="second"),
    )


def walk(ada: Caller, path: str, **query: Any) -> list[list[Any]]:
    found: list[list[Any]] = []
    while True:
        answer = ada("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found.append(page["items"])
        if page["cursor"] is None:
            return found
        query["cursor"] = page["cursor"]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_orders_of_all_bots_come_newest_first_with_their_bots_names(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str]
) -> None:
    world.orders.rows = [order_row(ada_id, bots[n % 2], n, NOW + n) for n in range(5)]
    found = walk(ada, "/orders", limit=2)
    assert [[(each["id"], each["bot_name"]) for each in page] for page in found] == [
        [("order00004", "first"), ("order00003", "second")],
        [("order00002", "first"), ("order00001", "second")],
        [("order00000", "first")],
    ]


def test_others_orders_are_nobody_elses(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str]
) -> None:
    bob = world.user("bob")
    bobs = bob.bot(bob.account())
    world.orders.rows = [order_row(id_of(bob), bobs, 1, NOW)]
    world.cycles.rows = [cycle_row(id_of(bob), bobs, 1, NOW, "1")]
    assert walk(ada, "/orders") == [[]]
    assert walk(ada, "/cycles", mode="paper") == [[]]
    for path in ("/orders", "/orders/export", "/cycles", "/cycles/export"):
        for bot_id in (bobs, "nobody", "not an id"):
            answer = ada("GET", path, params={"bot_id": bot_id})
            assert answer.status_code == 404
            assert answer.json()["code"] == "bot_not_found"
    page = bob("GET", "/orders", params={"limit": 1}).json()
    assert len(page["items"]) == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"symbol": "CHZ-USDT"}, [1]),
        ({"side": "buy"}, [2]),
        ({"purpose": "close"}, [3]),
        ({"status": "rejected"}, [4]),
        ({"since": "2026-06-01T12:00:00.003Z"}, [4, 3]),
        ({"until": "2026-06-01T12:00:00.002Z"}, [1, 0]),
        ({"since": "2026-06-01T14:00:00.001+02:00", "until": "2026-06-01T12:00:00.003Z"}, [2, 1]),
        ({"since": "1900-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}, [4, 3, 2, 1, 0]),
    ],
)
def test_filters(
    world: ApiWorld,
    ada: Caller,
    ada_id: str,
    bots: tuple[str, str],
    query: dict[str, str],
    expected: list[int],
) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"symbol": "CHZ-USDT"},
        {"side": Side.BUY},
        {"purpose": Purpose.CLOSE},
        {"status": OrderStatus.REJECTED, "price": None, "filled_at": None},
    ]
    world.orders.rows = [
        order_row(ada_id, bots[0], n, NOW + n, **each) for n, each in enumerate(changes)
    ]
    for asked in (query, {**query, "bot_id": bots[0]}):
        (page,) = walk(ada, "/orders", **asked)
        assert [int(each["exchange_order_id"]) for each in page] == expected
        exported = rows_of(ada("GET", "/orders/export", params=asked).text)
        assert [int(each["exchange_order_id"]) for each in exported] == expected
    assert walk(ada, "/orders", **{**query, "bot_id": bots[1]}) == [[]]


def test_a_rare_order_is_found_page_by_page_without_reading_for_ever(
    world: ApiWorld,
    ada: Caller,
    ada_id: str,
    bots: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "MOST_READ", 10)
    world.orders.rows = [order_row(ada_id, bots[0], n, NOW + n) for n in range(35)]
    world.orders.rows[3] = replace(world.orders.rows[3], side=Side.BUY)
    found = walk(ada, "/orders", side="buy", limit=5)
    assert [len(page) for page in found] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ({"since": "2026-06-01T12:00:00"}, 422, "since"),
        ({"since": "2026-06-01T12:00:00Z", "until": "2026-06-01T12:00:00Z"}, 422, "until"),
        ({"until": "1900-01-01T00:00:00Z"}, 422, "until"),
        ({"since": "9999-12-31T23:59:59Z", "until": "9999-12-31T23:59:59Z"}, 200, None),
        ({"symbol": "gala"}, 422, "symbol"),
        ({"side": "up"}, 422, "side"),
        ({"limit": "0"}, 422, "limit"),
        ({"cursor": "nonsense"}, 400, "cursor"),
    ],
)
def test_bad_questions_name_the_parameter(
    ada: Caller, query: dict[str, str], status: int, named: str | None
) -> None:
    answer = ada("GET", "/orders", params=query)
    assert answer.status_code == status, answer.text
    if named:
        assert [error["field"] for error in answer.json()["errors"]] == [named]


def test_a_cursor_does_not_lead_out_of_another_window(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str]
) -> None:
    world.orders.rows = [order_row(ada_id, bots[0], n, NOW + n) for n in range(3)]
    cursor = ada("GET", "/orders", params={"limit": 1}).json()["cursor"]
    query = {"cursor": cursor, "until": "2026-06-01T11:00:00Z"}
    answer = ada("GET", "/orders", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_the_orders_of_a_deleted_bot_keep_its_name(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str]
) -> None:
    world.orders.rows = [order_row(ada_id, bots[0], 1, NOW)]
    world.cycles.rows = [cycle_row(ada_id, bots[0], 1, NOW, "1")]
    assert ada("DELETE", f"/bots/{bots[0]}").status_code == 204
    for query in ({}, {"bot_id": bots[0]}):
        ((order,),) = walk(ada, "/orders", **query)
        assert order["bot_name"] == "first"
        ((cycle,),) = walk(ada, "/cycles", mode="paper", **query)
        assert cycle["bot_name"] == "first"
    assert ada("GET", f"/bots/{bots[0]}/stats").json()["totals"]["cycles"] == 1


def test_cycles_of_one_mode_come_newest_first(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str]
) -> None:
    live = AccountMode.LIVE
    world.cycles.rows = [
        cycle_row(ada_id, bots[0], 1, NOW, "1"),
        cycle_row(ada_id, bots[1], 1, NOW + 2, "-2", reason="stop_loss"),
        cycle_row(ada_id, "gone", 2, NOW + 1, "3", mode=live, bot_name="what it was"),
        cycle_row(ada_id, bots[0], 3, None, "4"),
    ]
    found = walk(ada, "/cycles", mode="paper", limit=1)
    assert [[each["net_pnl"] for each in page] for page in found] == [["-2"], ["1"]]
    ((only,),) = walk(ada, "/cycles")
    assert (only["mode"], only["bot_name"], only["net_pnl"]) == ("live", "what it was", "3")
    ((stopped,),) = walk(ada, "/cycles", mode="paper", reason="stop_loss")
    assert (stopped["market1_symbol"], stopped["market1_side"]) == ("GALA-USDT", "sell")
    ((first,),) = walk(ada, "/cycles", mode="paper", bot_id=bots[0])
    assert first["cycle_number"] == 1


# Spreadsheets


def test_a_file_of_orders_says_plainly_what_happened(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str]
) -> None:
    world.orders.rows = [
        order_row(
            ada_id,
            bots[0],
            7,
            NOW,
            price=Decimal("1E-7"),
            fee=Decimal("-0.0100"),
            reason='he said "no", twice\nand left',
            filled_at=None,
        )
    ]
    answer = ada("GET", "/orders/export")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="orders-')
    assert disposition.endswith('.csv"')
    assert "Cursor" not in answer.headers
    assert answer.text.count("\r\n") == 2
    (row,) = rows_of(answer.text)
    assert row["created_at"] == "2026-06-01T12:00:00.000Z"
    assert (row["filled_at"], row["price"], row["fee"]) == ("", "0.0000001", "-0.01")
    assert row["reason"] == 'he said "no", twice\nand left'
    assert (row["bot_name"], row["currency"], row["cycle_number"]) == ("first", "USDT", "1")
    assert (row["side"], row["purpose"], row["status"]) == ("sell", "entry", "closed")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_is_never_a_formula(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str], start: str
) -> None:
    evil = f"{start}cmd|'/c calc'!A1"
    world.orders.rows = [order_row(ada_id, bots[0], 1, NOW, exchange_order_id=evil)]
    world.bots.bots[bots[0]] = replace(
        world.bots.bots[bots[0]],
        config=replace(
            world.bots.bots[bots[0]].config,
            settings=world.bots.bots[bots[0]].config.settings.model_copy(update={"bot_name": evil}),
        ),
    )
    (row,) = rows_of(ada("GET", "/orders/export").text)
    assert row["bot_name"] == row["exchange_order_id"] == f"'{evil}"


def test_a_file_goes_on_where_the_last_one_ended(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str]
) -> None:
    world.orders.rows = [order_row(ada_id, bots[0], n, NOW + n) for n in range(5)]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer = ada("GET", "/orders/export", params=query)
        seen += [row["id"] for row in rows_of(answer.text)]
        if "Cursor" not in answer.headers:
            break
        query["cursor"] = answer.headers["Cursor"]
    assert seen == [f"order{n:05d}" for n in (4, 3, 2, 1, 0)]


def test_the_longest_file_stays_below_what_lambda_may_answer(
    world: ApiWorld, ada: Caller, ada_id: str
) -> None:
    bot_id = ada.bot(ada.account(), bot_name="\U0001f911" * 100)

    def longest(n: int) -> OrderRecord:
        return order_row(
            ada_id,
            bot_id,
            n,
            NOW + n,
            id=f"{n:032d}",
            exchange_order_id="9" * 40,
            symbol="A" * 20 + "-USDT",
            reason="liquidation_guard",
            price=Decimal("12345678901234.123456789012"),
            cost=Decimal("12345678901234.123456789012"),
            fee=Decimal("12345678901234.123456789012"),
        )

    world.orders.rows = [longest(n) for n in range(MOST_ROWS + 1)]
    answer = ada("GET", "/orders/export")
    assert len(rows_of(answer.text)) == MOST_ROWS
    assert answer.headers["Cursor"]
    assert len(json.dumps({"body": answer.text})) < 6 * 1024 * 1024 - 10_000


def test_a_file_of_cycles_is_good_for_taxes(
    world: ApiWorld, ada: Caller, ada_id: str, bots: tuple[str, str]
) -> None:
    world.cycles.rows = [cycle_row(ada_id, bots[0], 1, NOW, "-1.25")]
    answer = ada("GET", "/cycles/export", params={"mode": "paper"})
    assert 'filename="cycles-paper-' in answer.headers["Content-Disposition"]
    (row,) = rows_of(answer.text)
    assert (row["net_pnl"], row["fees"], row["funding"], row["realised"]) == (
        "-1.25",
        "0.2",
        "-0.05",
        "-1",
    )
    assert (row["opened_at"], row["closed_at"]) == (
        "2026-06-01T11:50:00.000Z",
        "2026-06-01T12:00:00.000Z",
    )
    assert (row["market1_symbol"], row["market1_side"]) == ("GALA-USDT", "sell")
    assert (row["currency"], row["reason"], row["mode"]) == ("USDT", "take_profit", "paper")
