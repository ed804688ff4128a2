"""What is pushed reads like what the API answers: one client reads both."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from functions.api.schemas.bots import BotResponse
from functions.api.schemas.records import LogResponse, OrderResponse, PositionResponse
from pairtrader.model.bot import Bot, Command, CommandKind
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.order import OrderStatus, OrderType, Purpose, Side
from pairtrader.model.records import LogRecord, LogType, OrderRecord, PositionRecord
from pairtrader.model.settings import ProfitBasis
from pairtrader.views.bots import live_bot
from pairtrader.views.records import log_row, order_row, position_row
from tests.fakes.trading_desk import BOT, TradingDesk, settings

AT = 1_767_225_600_123
NEVER_PUSHED = {"exchange_name", "mode", "id", "created_at", "deleted_at", "warnings"}
"""What a bot's answer shows beside its settings and never changes while it is watched."""


def answered(model: BaseModel) -> dict[str, Any]:
    return json.loads(model.model_dump_json())  # type: ignore[no-any-return]


def cycle() -> Cycle:
    legs = (
        Leg(amount=Decimal("-5000.50"), cost=Decimal("100.00"), entered=Decimal(5000),
            entry_cost=Decimal(100), liquidation_price=Decimal("0.0319960")),
        Leg(amount=Decimal(0), cost=Decimal(0)),
    )  # fmt: skip
    return Cycle(
        direction=-1,
        level=2,
        first_spread=-1.25,
        last_spread=-2.0000000001,
        legs=legs,
        invested=Decimal("200.10"),
        fees=Decimal("0.000000000000123"),
        funding=Decimal("-0.10"),
        opened_at=AT,
    )


def bot(**changes: Any) -> Bot:
    found = TradingDesk().bot
    return replace(found, state=replace(found.state, **changes))


BOTS = {
    "never ticked": bot(),
    "flat": bot(
        last_price1=Decimal("0.0245100"), last_price2=Decimal("1E-7"), last_spread=0.1,
        last_tick_at=AT, hold_reason="below_ladder", disarmed=1,
    ),
    "in a cycle": bot(
        cycle=cycle(), last_pnl=Decimal("-1.50"), last_price1=Decimal("0.02"),
        last_price2=Decimal(3), last_spread=-1.5, last_tick_at=AT, total_profit=Decimal("1E+2"),
        command=Command(CommandKind.CLOSE, "c", AT),
    ),
    "handed over": bot(handed_over=cycle(), status_reason="left to you", mismatch="2 instead of 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOTS)
def test_the_live_part_of_a_bot_is_that_of_the_api(name: str) -> None:
    found = BOTS[name]
    shown = answered(BotResponse.of(found))
    live = live_bot(found.config, found.state)
    assert live == {key: shown[key] for key in live}


def test_a_leg_tells_where_it_would_be_liquidated() -> None:
    found = BOTS["in a cycle"]
    legs = live_bot(found.config, found.state)["position"]["legs"]
    assert [leg["liquidation_price"] for leg in legs] == ["0.031996", None]


def test_all_but_settings_is_live() -> None:
    live = live_bot(BOTS["flat"].config, BOTS["flat"].state)
    settings_shown = set(type(BOTS["flat"].config.settings).model_fields)
    assert set(BotResponse.model_fields) - settings_shown - NEVER_PUSHED == set(live)


def test_percent_and_cooldown_follow_the_settings() -> None:
    found = BOTS["in a cycle"]
    changed = settings(profit_basis=ProfitBasis.MARGIN, cooldown_seconds=60)
    config = replace(found.config, settings=changed)
    state = replace(found.state, closed_at=AT)
    live = live_bot(config, state)
    shown = answered(BotResponse.of(Bot(config, state)))
    assert live["pnl_percent"] == shown["pnl_percent"] == pytest.approx(-1.5 / 200.1 * 1000)
    assert live["cooldown_until"] == shown["cooldown_until"] == "2026-01-01T00:01:00.123Z"


ORDER = OrderRecord(
    BOT, "user1", "o1", 3, "77", "AAA-USDT", Side.SELL, OrderType.LIMIT, Purpose.ENTRY,
    Decimal("0.0000002"), Decimal("5000.0"), Decimal("4999.9"), Decimal(100), Decimal("0.05"),
    OrderStatus.CLOSED, 2, "", AT, AT + 1, None,
)  # fmt: skip


@pytest.mark.parametrize(
    "order", [ORDER, replace(ORDER, price=None, filled_at=AT, side=Side.BUY)], ids=["open", "done"]
)
def test_an_order_is_that_of_the_api(order: OrderRecord) -> None:
    assert order_row(order) == answered(OrderResponse.of(order))


POSITION = PositionRecord(
    BOT, 3, 1, "BBB-USDT", "short", Decimal("12.50"), Decimal(3), True, AT, AT + 5
)
CLOSED = replace(
    POSITION, is_open=False, closed_at=AT, exit_price=Decimal("2.90"), realised_pnl=Decimal("1.25")
)


@pytest.mark.parametrize("position", [POSITION, replace(POSITION, side="long", leg=0), CLOSED])
@pytest.mark.parametrize("name", ["never ticked", "in a cycle"])
def test_a_position_is_that_of_the_api(position: PositionRecord, name: str) -> None:
    found = BOTS[name]
    assert position_row(position, found.state) == answered(PositionResponse.of(position, found))


def test_a_line_of_the_log_is_that_of_the_api() -> None:
    log = LogRecord(BOT, "l1", LogType.TRADE, "in", {"spread": 1.5, "left": None, "n": 2}, AT)
    assert log_row(log) == answered(LogResponse.of(log))
