"""Rows of orders and cycles as ticks write them."""

from decimal import Decimal
from typing import Any

from pairtrader.model.account import AccountMode
from pairtrader.model.order import OrderStatus, OrderType, Purpose, Side
from pairtrader.model.records import CycleRecord, OrderRecord


def order_row(user_id: str, bot_id: str, number: int, at: int, **changes: Any) -> OrderRecord:
    fields: dict[str, Any] = {
        "bot_id": bot_id,
        "user_id": user_id,
        "id": f"order{number:05d}",
        "cycle_number": 1,
        "exchange_order_id": str(number),
        "symbol": "GALA-USDT",
        "side": Side.SELL,
        "order_type": OrderType.MARKET,
        "purpose": Purpose.ENTRY,
        "price": Decimal("0.02"),
        "amount": Decimal(5000),
        "filled_amount": Decimal(5000),
        "cost": Decimal(100),
        "fee": Decimal("0.05"),
        "status": OrderStatus.CLOSED,
        "dca_level": 1,
        "reason": "",
        "created_at": at,
        "updated_at": at,
        "filled_at": at,
    }
    return OrderRecord(**{**fields, **changes})


def cycle_row(
    user_id: str, bot_id: str, number: int, closed_at: int | None, net: str, **changes: Any
) -> CycleRecord:
    fields: dict[str, Any] = {
        "bot_id": bot_id,
        "user_id": user_id,
        "cycle_number": number,
        "direction": 1,
        "levels": 1,
        "first_spread": 1.2,
        "last_spread": 1.2,
        "close_spread": 0.1,
        "invested": Decimal(200),
        "realised": Decimal(net) + Decimal("0.2") - Decimal("-0.05"),
        "fees": Decimal("0.2"),
        "funding": Decimal("-0.05"),
        "net_pnl": Decimal(net),
        "reason": "take_profit",
        "opened_at": (closed_at or 0) - 600_000,
        "closed_at": closed_at,
        "mode": AccountMode.PAPER,
        "market1_symbol": "GALA-USDT",
        "market2_symbol": "CHZ-USDT",
        "bot_name": "as it was called",
    }
    return CycleRecord(**{**fields, **changes})
