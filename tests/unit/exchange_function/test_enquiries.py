"""The exchange function answers what the API asks, and refuses with stable codes."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter

from functions.exchange import handler as entry
from functions.exchange.answers import respond
from functions.exchange.settings import ExchangeSettings
from functions.exchange.shelf import ExchangeShelf
from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import RetryLater
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.simulated.prices import synthetic_quote
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.model.account import (
    AccountIdentity,
    AccountMode,
    ExchangeAccount,
    ExchangeName,
    Position,
    PositionMode,
    Simulation,
)
from pairtrader.model.market import Candle, Market
from pairtrader.model.order import OrderRequest, OrderType, Side
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.memory_api_stores import MemoryBots

MINUTE = 60_000
NOW = 1_790_000_040_000
ASK = {"user_id": "user", "account_id": "acc"}


def stored_account(**changes: Any) -> ExchangeAccount:
    account = ExchangeAccount(
        account_id="acc",
        user_id="user",
        exchange_name=ExchangeName.SIMULATED,
        mode=AccountMode.PAPER,
        label="demo",
        is_active=True,
        created_at=NOW,
        updated_at=NOW,
        uid="acc",
        simulation=Simulation(seed=7),
    )
    return replace(account, **changes)


class Desk:
    """The function with accounts in memory."""

    def __init__(self, *accounts: ExchangeAccount, files: dict[str, bytes] | None = None) -> None:
        self.accounts = {(a.user_id, a.account_id): a for a in accounts}
        self.clock = FakeClock(NOW)
        self.store = MemoryAccountStore()
        self.recordings = Recordings(MemoryFiles(files or {}))
        self.made: list[BaseExchange] = []
        self.shelf = ExchangeShelf(self, self.create, self.clock.now)
        self.bots = MemoryBots()

    def get(self, user_id: str, account_id: str) -> ExchangeAccount | None:
        return self.accounts.get((user_id, account_id))

    def create(self, account: ExchangeAccount) -> BaseExchange:
        exchange = create_exchange(
            account,
            clock=self.clock.now,
            account_store=self.store,
            candle_source=self.recordings,
        )
        self.made.append(exchange)
        return exchange

    def ask(self, action: str, **parameters: Any) -> dict[str, Any]:
        answer = asyncio.run(
            respond({**ASK, "action": action, **parameters}, self.shelf, self.bots)
        )
        assert json.loads(json.dumps(answer)) == answer, "must travel as JSON"
        return answer

    def result(self, action: str, **parameters: Any) -> Any:
        answer = self.ask(action, **parameters)
        assert answer["ok"], answer
        return answer["result"]

    def refusal(self, action: str, **parameters: Any) -> tuple[str, str]:
        answer = self.ask(action, **parameters)
        assert not answer["ok"], answer
        return answer["error"]["code"], answer["error"]["message"]


@pytest.fixture
def desk() -> Desk:
    return Desk(stored_account())


def test_a_test_says_who_the_account_is(desk: Desk) -> None:
    assert desk.result("test") == {
        "uid": "acc",
        "position_mode": "one_way",
        "can_trade": True,
        "can_withdraw": False,
        "ip_bound": None,
        "expires_at": None,
        "warnings": [],
    }


def test_a_test_of_a_replay_without_candles_warns() -> None:
    simulation = Simulation(source="replay", dataset="may")
    desk = Desk(stored_account(simulation=simulation))
    (warning,) = desk.result("test")["warnings"]
    assert "may" in warning


DAY = 86_400_000


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, []),
        ({"position_mode": PositionMode.HEDGE}, []),
        ({"ip_bound": False}, ["not bound"]),
        ({"can_withdraw": True}, ["withdraw"]),
        ({"expires_at": NOW + 14 * DAY}, []),
        ({"expires_at": NOW + 14 * DAY - 1}, ["ends on 2026-10-05"]),
        ({"expires_at": NOW - 1}, ["has ended on 2026-09-21"]),
        ({"ip_bound": False, "can_withdraw": True}, ["withdraw", "not bound"]),
    ],
)
def test_a_key_that_is_not_as_it_should_be_is_warned_about(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], warned: list[str]
) -> None:
    told = AccountIdentity("acc", PositionMode.ONE_WAY, True, False, True)

    async def identity(self: object) -> AccountIdentity:
        return replace(told, **changes)

    desk.result("test")
    monkeypatch.setattr(type(desk.made[0]), "identity", identity)
    result = desk.result("test")
    assert result["expires_at"] == changes.get("expires_at")
    assert len(result["warnings"]) == len(warned)
    for words, warning in zip(warned, result["warnings"], strict=True):
        assert words in warning


def test_named_markets_come_as_the_model_reads_them(desk: Desk) -> None:
    found = desk.result("symbols", symbols=["CHZ-USDT", "GALA-USDT"])["markets"]
    markets = TypeAdapter(list[Market]).validate_python(found)
    assert [m.symbol for m in markets] == ["CHZ-USDT", "GALA-USDT"]
    assert markets[1].contract_size == 10


def test_markets_are_searched_by_part_of_their_symbol(desk: Desk) -> None:
    def found(**parameters: Any) -> list[str]:
        return [m["symbol"] for m in desk.result("symbols", **parameters)["markets"]]

    assert found(query="gal") == ["GALA-USDT"]
    assert found(query="zzz") == []
    everything = found()
    assert everything == sorted(everything)
    assert len(everything) > 15
    assert found(limit=3) == everything[:3]


def test_unknown_symbols_are_all_named(desk: Desk) -> None:
    code, message = desk.refusal("symbols", symbols=["NO-USDT", "GALA-USDT", "NIX-USDT"])
    assert code == "unknown_symbol"
    assert "NO-USDT, NIX-USDT" in message
    assert "GALA" not in message


def test_the_list_of_markets_is_kept_for_an_hour(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    desk.result("symbols")
    load = desk.made[0].load_markets

    async def counted() -> Any:
        loads.append(desk.clock.now())
        return await load()

    monkeypatch.setattr(desk.made[0], "load_markets", counted)
    desk.result("symbols", symbols=["GALA-USDT"])
    assert loads == []
    desk.clock.advance(30)
    desk.refusal("symbols", symbols=["NO-USDT"])
    assert loads == []
    desk.clock.advance(60)
    desk.refusal("symbols", symbols=["NO-USDT"])
    assert len(loads) == 1
    desk.clock.advance(3_600)
    desk.result("symbols")
    assert len(loads) == 2


def test_balance_and_positions_show_what_was_traded(desk: Desk) -> None:
    assert desk.result("balance") == {"currency": "USDT", "total": "10000", "free": "10000"}
    buy(desk, "GALA-USDT", Decimal(5_000))
    positions = desk.result("positions", symbols=["CHZ-USDT", "GALA-USDT"])["positions"]
    flat, held = TypeAdapter(list[Position]).validate_python(positions)
    assert (flat.symbol, flat.amount) == ("CHZ-USDT", Decimal(0))
    assert (held.symbol, held.amount) == ("GALA-USDT", Decimal(5_000))
    balance = desk.result("balance")
    assert Decimal(balance["free"]) < Decimal(balance["total"]) < 10_000


def test_open_orders_are_counted_by_symbol(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def open_orders(self: object, market: Market) -> list[str]:
        return ["", "mine"] if market.symbol == "GALA-USDT" else []

    desk.result("balance")
    monkeypatch.setattr(type(desk.made[0]), "open_orders", open_orders)
    result = desk.result("positions", symbols=["CHZ-USDT", "GALA-USDT"])
    assert result["open_orders"] == {"CHZ-USDT": 0, "GALA-USDT": 2}


def buy(desk: Desk, symbol: str, amount: Decimal) -> None:
    async def place() -> None:
        opened = await desk.shelf.open("user", "acc")
        (market,) = await opened.named((symbol,))
        await opened.exchange.place(OrderRequest("c1", market, Side.BUY, OrderType.MARKET, amount))

    asyncio.run(place())


def test_the_start_price_is_the_open_of_that_minute(desk: Desk) -> None:
    at = NOW - 7 * 24 * 3_600_000 + 17_345
    minute = at - at % MINUTE
    mid = synthetic_quote(7, "GALA-USDT", minute).mid
    result = desk.result("start_price", symbol="GALA-USDT", at=at)
    assert result == {"open_time": minute, "open": format(mid, "f")}


def recorded(*minutes: int) -> dict[str, bytes]:
    """Candles opening at these minutes after NOW's."""
    start = NOW - NOW % MINUTE
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [f"{start + m * MINUTE},1{m},30,5,12,1" for m in minutes]
    return {"candles/may/LTC-USDT.csv": "\n".join(lines).encode()}


@pytest.mark.parametrize(("minutes", "expected"), [((0, 1), "10"), ((2, 3), "12"), ((5, 6), "15")])
def test_a_missing_minute_is_replaced_by_the_next_within_five(
    minutes: tuple[int, ...], expected: str
) -> None:
    desk = Desk(
        stored_account(simulation=Simulation(source="replay", dataset="may")),
        files=recorded(*minutes),
    )
    assert desk.result("start_price", symbol="LTC-USDT", at=NOW)["open"] == expected


@pytest.mark.parametrize("minutes", [(6, 7), (60,)])
def test_no_candle_within_five_minutes_is_no_market_data(minutes: tuple[int, ...]) -> None:
    desk = Desk(
        stored_account(simulation=Simulation(source="replay", dataset="may")),
        files=recorded(*minutes),
    )
    assert desk.refusal("start_price", symbol="LTC-USDT", at=NOW)[0] == "no_market_data"


def test_a_start_price_in_the_future_is_no_market_data(desk: Desk) -> None:
    at = NOW + 10 * MINUTE
    assert desk.refusal("start_price", symbol="GALA-USDT", at=at)[0] == "no_market_data"


def test_prices_of_a_pair_come_side_by_side(desk: Desk) -> None:
    since = NOW - NOW % MINUTE - 10 * MINUTE
    found = desk.result("pair_prices", symbols=["GALA-USDT", "CHZ-USDT"], since=since)
    assert found["timeframe_ms"] == MINUTE
    assert len(found["points"]) == 11
    assert found["points"][-1][0] == NOW
    starts = [format(synthetic_quote(7, s, since).mid, "f") for s in ("GALA-USDT", "CHZ-USDT")]
    assert found["start_prices"] == starts


def test_candles_travel_as_the_model_reads_them(desk: Desk) -> None:
    since = NOW - NOW % MINUTE - 10 * MINUTE
    found = desk.result("candles", symbol="GALA-USDT", since=since, limit=4)["candles"]
    candles = TypeAdapter(list[Candle]).validate_python(found)
    assert [c.open_time for c in candles] == [since + i * MINUTE for i in range(4)]


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"action": "trade"}, "action"),
        ({}, "action"),
        ({"action": "positions", "symbols": []}, "symbols"),
        ({"action": "positions", "symbols": ["GALAUSDT"]}, "symbols"),
        ({"action": "start_price", "symbol": "GALA-USDT"}, "at"),
        ({"action": "start_price", "symbol": "GALA-USDT", "at": -1}, "at"),
        ({"action": "candles", "symbol": "GALA-USDT", "since": 0, "limit": 0}, "limit"),
        ({"action": "balance", "extra": 1}, "extra"),
        ({"action": "balance", "user_id": ""}, "user_id"),
        ({"action": "refresh_markets"}, "bot_id"),
    ],
)
def test_a_malformed_enquiry_is_a_bad_request_naming_the_field(
    desk: Desk, event: dict[str, Any], field: str
) -> None:
    answer = asyncio.run(respond({**ASK, **event}, desk.shelf, desk.bots))
    assert answer["error"]["code"] == "bad_request"
    assert field in answer["error"]["message"]


@pytest.mark.parametrize("who", [{"user_id": "other"}, {"account_id": "other"}])
def test_somebody_elses_account_is_not_found(desk: Desk, who: dict[str, str]) -> None:
    assert desk.refusal("balance", **who)[0] == "account_not_found"


def test_a_failing_exchange_is_a_refusal_with_its_code(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise RetryLater("the exchange sleeps")

    desk.result("balance")
    monkeypatch.setattr(desk.made[0], "balance", fail)
    assert desk.refusal("balance") == ("retry_later", "the exchange sleeps")


@pytest.mark.parametrize("mode", [AccountMode.LIVE, AccountMode.SANDBOX])
@pytest.mark.parametrize("name", [name for name in ExchangeName if name != "simulated"])
def test_an_account_without_keys_is_refused_clearly(name: ExchangeName, mode: AccountMode) -> None:
    desk = Desk(stored_account(exchange_name=name, mode=mode))
    code, message = desk.refusal("test")
    assert code == "user_must_act"
    assert "keys" in message


def test_the_exchange_object_is_kept_until_the_account_changes(desk: Desk) -> None:
    desk.result("balance")
    desk.result("balance")
    assert len(desk.made) == 1
    desk.accounts["user", "acc"] = stored_account(updated_at=NOW + 1)
    desk.result("balance")
    assert len(desk.made) == 2


def test_the_handler_answers_on_one_event_loop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "shelf", lambda: desk.shelf)
    monkeypatch.setattr(entry, "bots", lambda: desk.bots)
    loops = []
    context = SimpleNamespace(
        function_name="exchange",
        memory_limit_in_mb=1024,
        invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:exchange",
        aws_request_id="request",
    )
    for _ in range(2):
        answer = entry.handler({**ASK, "action": "balance"}, context)  # type: ignore[arg-type]
        assert answer["ok"]
        loops.append(entry._runner.get_loop())
    assert loops[0] is loops[1]


def test_settings_name_what_is_missing() -> None:
    with pytest.raises(ValueError, match="SECRET_PREFIX"):
        ExchangeSettings.model_validate({"DATA_BUCKET": "b"})
