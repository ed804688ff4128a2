"""Rows of a bot's history, named and written as in the API's lists."""

from decimal import Decimal
from typing import Any

from pairtrader.model.bot import BotState
from pairtrader.model.records import LogRecord, OrderRecord, PositionRecord
from pairtrader.views.texts import iso, iso_or_none, plain, plain_or_none


def order_row(order: OrderRecord) -> dict[str, Any]:
    """Return a settled order: amounts in base coins, money in quote currency."""
    return {
        "id": order.id,
        "bot_id": order.bot_id,
        "cycle_number": order.cycle_number,
        "exchange_order_id": order.exchange_order_id,
        "symbol": order.symbol,
        "side": str(order.side),
        "order_type": str(order.order_type),
        "purpose": str(order.purpose),
        "reason": order.reason,
        "price": plain_or_none(order.price),
        "amount": plain(order.amount),
        "filled_amount": plain(order.filled_amount),
        "cost": plain(order.cost),
        "fee": plain(order.fee),
        "status": str(order.status),
        "dca_level": order.dca_level,
        "created_at": iso(order.created_at),
        "updated_at": iso(order.updated_at),
        "filled_at": iso_or_none(order.filled_at),
    }


def current_price(position: PositionRecord, state: BotState) -> Decimal | None:
    """Return the price of an open leg at the bot's last tick, None once it is closed."""
    return (state.last_price1, state.last_price2)[position.leg] if position.is_open else None


def unrealised_pnl(position: PositionRecord, current: Decimal | None) -> Decimal | None:
    """Return what an open leg has gained at the price `current`, quote currency."""
    if current is None:
        return None
    gain = (current - position.entry_price) * position.amount
    return gain if position.side == "long" else -gain


def position_row(position: PositionRecord, state: BotState) -> dict[str, Any]:
    """Return one leg of one cycle, an open one at the bot's last prices."""
    current = current_price(position, state)
    return {
        "bot_id": position.bot_id,
        "cycle_number": position.cycle_number,
        "symbol": position.symbol,
        "side": position.side,
        "amount": plain(position.amount),
        "entry_price": plain(position.entry_price),
        "current_price": plain_or_none(current),
        "unrealized_pnl": plain_or_none(unrealised_pnl(position, current)),
        "exit_price": plain_or_none(position.exit_price),
        "realised_pnl": plain(position.realised_pnl),
        "is_open": position.is_open,
        "created_at": iso(position.created_at),
        "updated_at": iso(position.updated_at),
        "closed_at": iso_or_none(position.closed_at),
    }


def log_row(log: LogRecord) -> dict[str, Any]:
    """Return one line of a bot's log."""
    return {
        "id": log.id,
        "log_type": str(log.log_type),
        "message": log.message,
        "details": log.details,
        "created_at": iso(log.created_at),
    }
