"""Rows of a bot's history."""

from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import DecimalText, Moment
from pairtrader.model.bot import Bot
from pairtrader.model.order import OrderStatus, OrderType, Purpose, Side
from pairtrader.model.records import (
    CycleRecord,
    LogRecord,
    LogType,
    OrderRecord,
    PositionRecord,
    SpreadPoint,
)
from pairtrader.views.bots import sides_of
from pairtrader.views.records import current_price, unrealised_pnl


class OrderResponse(Schema):
    """A settled order: amounts in base coins, money in quote currency."""

    id: str
    bot_id: str
    cycle_number: int
    exchange_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    purpose: Purpose
    reason: str
    price: DecimalText | None
    """Mean fill price."""
    amount: DecimalText
    filled_amount: DecimalText
    cost: DecimalText
    fee: DecimalText
    status: OrderStatus
    dca_level: int
    created_at: Moment
    updated_at: Moment
    filled_at: Moment | None

    @classmethod
    def of(cls, order: OrderRecord) -> "OrderResponse":
        """Return the answer that shows `order`."""
        return cls(
            id=order.id,
            bot_id=order.bot_id,
            cycle_number=order.cycle_number,
            exchange_order_id=order.exchange_order_id,
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            purpose=order.purpose,
            reason=order.reason,
            price=order.price,
            amount=order.amount,
            filled_amount=order.filled_amount,
            cost=order.cost,
            fee=order.fee,
            status=order.status,
            dca_level=order.dca_level,
            created_at=order.created_at,
            updated_at=order.updated_at,
            filled_at=order.filled_at,
        )


class PositionResponse(Schema):
    """One leg of one cycle: amounts in base coins, money in quote currency."""

    bot_id: str
    cycle_number: int
    symbol: str
    side: str
    """long or short."""
    amount: DecimalText
    entry_price: DecimalText
    current_price: DecimalText | None
    """At the last tick; null once closed."""
    unrealized_pnl: DecimalText | None
    exit_price: DecimalText | None
    realised_pnl: DecimalText
    is_open: bool
    created_at: Moment
    updated_at: Moment
    closed_at: Moment | None

    @classmethod
    def of(cls, position: PositionRecord, bot: Bot) -> "PositionResponse":
        """Return the answer that shows `position` at the bot's last prices."""
        current = current_price(position, bot.state)
        return cls(
            bot_id=position.bot_id,
            cycle_number=position.cycle_number,
            symbol=position.symbol,
            side=position.side,
            amount=position.amount,
            entry_price=position.entry_price,
            current_price=current,
            unrealized_pnl=unrealised_pnl(position, current),
            exit_price=position.exit_price,
            realised_pnl=position.realised_pnl,
            is_open=position.is_open,
            created_at=position.created_at,
            updated_at=position.updated_at,
            closed_at=position.closed_at,
        )


class CycleResponse(Schema):
    """One round trip: spreads in percentage points, money in quote currency."""

    bot_id: str
    cycle_number: int
    market1_side: Side
    market2_side: Side
    levels: int
    first_spread: float
    last_spread: float
    close_spread: float | None
    invested: DecimalText
    realised: DecimalText
    fees: DecimalText
    funding: DecimalText
    net_pnl: DecimalText
    reason: str
    """Why it was closed; empty while open."""
    opened_at: Moment
    closed_at: Moment | None

    @classmethod
    def of(cls, cycle: CycleRecord) -> "CycleResponse":
        """Return the answer that shows `cycle`."""
        side1, side2 = sides_of(cycle.direction)
        return cls(
            bot_id=cycle.bot_id,
            cycle_number=cycle.cycle_number,
            market1_side=side1,
            market2_side=side2,
            levels=cycle.levels,
            first_spread=cycle.first_spread,
            last_spread=cycle.last_spread,
            close_spread=cycle.close_spread,
            invested=cycle.invested,
            realised=cycle.realised,
            fees=cycle.fees,
            funding=cycle.funding,
            net_pnl=cycle.net_pnl,
            reason=cycle.reason,
            opened_at=cycle.opened_at,
            closed_at=cycle.closed_at,
        )


class LogResponse(Schema):
    """One line of a bot's log."""

    id: str
    log_type: LogType
    message: str
    details: dict[str, str | int | float | bool | None]
    created_at: Moment

    @classmethod
    def of(cls, log: LogRecord) -> "LogResponse":
        """Return the answer that shows `log`."""
        return cls(
            id=log.id,
            log_type=log.log_type,
            message=log.message,
            details=log.details,
            created_at=log.created_at,
        )


class SpreadPointResponse(Schema):
    """One look at the pair."""

    recorded_at: Moment
    market1_price: DecimalText
    market2_price: DecimalText
    spread_percentage: float
    """Percentage points."""

    @classmethod
    def of(cls, point: SpreadPoint) -> "SpreadPointResponse":
        """Return the answer that shows `point`."""
        return cls(
            recorded_at=point.recorded_at,
            market1_price=point.market1_price,
            market2_price=point.market2_price,
            spread_percentage=point.spread,
        )
