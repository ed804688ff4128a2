"""Orders and closed cycles over all bots, as JSON and as rows of a spreadsheet."""

from collections.abc import Callable
from typing import TypeVar

from functions.api.records.ledger import NamedRows
from functions.api.schemas.pages import PageResponse
from functions.api.schemas.records import CycleResponse, OrderResponse
from functions.api.web.spreadsheets import Cell, Moment, csv_text
from pairtrader.model.account import AccountMode
from pairtrader.model.records import CycleRecord, OrderRecord
from pairtrader.views.bots import sides_of

_R = TypeVar("_R", OrderRecord, CycleRecord)
_T = TypeVar("_T")


class NamedOrderResponse(OrderResponse):
    """A settled order of one of the user's bots."""

    bot_name: str | None
    """What the bot is called; null where it is not known any more."""

    @classmethod
    def named(cls, order: OrderRecord, name: str | None) -> "NamedOrderResponse":
        """Return the answer that shows `order` of the bot of this name."""
        return cls(**dict(OrderResponse.of(order)), bot_name=name)


class NamedCycleResponse(CycleResponse):
    """A closed cycle of one of the user's bots."""

    bot_name: str | None
    """What the bot is called; null where it is not known any more."""
    mode: AccountMode
    """Of the account that it was traded on."""
    market1_symbol: str
    market2_symbol: str

    @classmethod
    def named(cls, cycle: CycleRecord, name: str | None) -> "NamedCycleResponse":
        """Return the answer that shows `cycle` of the bot of this name."""
        return cls(
            **dict(CycleResponse.of(cycle)),
            bot_name=name,
            mode=cycle.mode,
            market1_symbol=cycle.market1_symbol,
            market2_symbol=cycle.market2_symbol,
        )


def named_page(found: NamedRows[_R], named: Callable[[_R, str | None], _T]) -> PageResponse[_T]:
    """Return the page as JSON shows it."""
    items = [named(row, found.names.get(row.bot_id)) for row in found.rows]
    return PageResponse(items=items, cursor=found.cursor)


ORDER_COLUMNS = (
    "created_at",
    "filled_at",
    "bot_id",
    "bot_name",
    "cycle_number",
    "dca_level",
    "purpose",
    "reason",
    "symbol",
    "side",
    "order_type",
    "status",
    "amount",
    "filled_amount",
    "price",
    "cost",
    "fee",
    "currency",
    "id",
    "exchange_order_id",
)


def orders_csv(found: NamedRows[OrderRecord]) -> str:
    """Return the rows as CSV: amounts in base coins; price, cost and fee in quote currency."""
    return csv_text(ORDER_COLUMNS, [_order_row(o, found.names.get(o.bot_id)) for o in found.rows])


def _order_row(order: OrderRecord, name: str | None) -> tuple[Cell, ...]:
    return (
        Moment(order.created_at),
        _moment(order.filled_at),
        order.bot_id,
        name,
        order.cycle_number,
        order.dca_level,
        order.purpose,
        order.reason,
        order.symbol,
        order.side,
        order.order_type,
        order.status,
        order.amount,
        order.filled_amount,
        order.price,
        order.cost,
        order.fee,
        _quote_currency(order.symbol),
        order.id,
        order.exchange_order_id,
    )


CYCLE_COLUMNS = (
    "opened_at",
    "closed_at",
    "bot_id",
    "bot_name",
    "cycle_number",
    "mode",
    "market1_symbol",
    "market1_side",
    "market2_symbol",
    "market2_side",
    "levels",
    "invested",
    "realised",
    "fees",
    "funding",
    "net_pnl",
    "currency",
    "reason",
    "first_spread",
    "last_spread",
    "close_spread",
)


def cycles_csv(found: NamedRows[CycleRecord]) -> str:
    """Return the rows as CSV: money in quote currency, spreads in percentage points."""
    return csv_text(CYCLE_COLUMNS, [_cycle_row(c, found.names.get(c.bot_id)) for c in found.rows])


def _cycle_row(cycle: CycleRecord, name: str | None) -> tuple[Cell, ...]:
    side1, side2 = sides_of(cycle.direction)
    return (
        Moment(cycle.opened_at),
        _moment(cycle.closed_at),
        cycle.bot_id,
        name,
        cycle.cycle_number,
        cycle.mode,
        cycle.market1_symbol,
        side1,
        cycle.market2_symbol,
        side2,
        cycle.levels,
        cycle.invested,
        cycle.realised,
        cycle.fees,
        cycle.funding,
        cycle.net_pnl,
        _quote_currency(cycle.market1_symbol),
        cycle.reason,
        cycle.first_spread,
        cycle.last_spread,
        cycle.close_spread,
    )


def _moment(at: int | None) -> Moment | None:
    return None if at is None else Moment(at)


def _quote_currency(symbol: str) -> str:
    return symbol.partition("-")[2]
