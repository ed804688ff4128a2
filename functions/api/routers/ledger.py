"""Orders and closed cycles over all bots, as pages of JSON and as CSV."""

from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.responses import Response

from functions.api.dependencies import CurrentUser, ServicesDependency
from functions.api.identifiers import now_ms
from functions.api.records.ledger import CycleQuery, OrderQuery
from functions.api.schemas.ledger import (
    NamedCycleResponse,
    NamedOrderResponse,
    cycles_csv,
    named_page,
    orders_csv,
)
from functions.api.schemas.pages import Cursor, Limit, PageResponse
from functions.api.schemas.windows import AskedWindow
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from functions.api.web.spreadsheets import MOST_ROWS
from pairtrader.model.account import AccountMode
from pairtrader.model.cycle import CloseReason
from pairtrader.model.order import OrderStatus, Purpose, Side
from pairtrader.model.risk import day_of
from pairtrader.model.settings import Symbol

router = Routes(tags=["ledger"], responses=documented(400, 401, 404))

MostRows = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of this answer at most.")]
BotId = Annotated[
    str | None, Query(max_length=64, description="Of this bot alone, which may be deleted.")
]
_CURSOR_HEADER = "Cursor"


class CsvResponse(Response):
    """A table, to be kept as a file."""

    media_type = "text/csv"


_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Rows after a header row (RFC 4180): times in ISO 8601 UTC, plain decimals. "
        "Texts that a spreadsheet would take for a formula begin with an apostrophe.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "headers": {
            _CURSOR_HEADER: {
                "description": "There only while more rows may follow: ask for them with it as "
                "`cursor`. Every answer begins with the header row.",
                "schema": {"type": "string"},
            },
            "Content-Disposition": {
                "description": "Suggests a name for the file.",
                "schema": {"type": "string"},
            },
        },
    }
}


def order_query(
    window: AskedWindow,
    bot_id: BotId = None,
    symbol: Annotated[Symbol | None, Query(description="Of this market alone.")] = None,
    side: Annotated[Side | None, Query(description="Of this side alone.")] = None,
    purpose: Annotated[Purpose | None, Query(description="Of this purpose alone.")] = None,
    status: Annotated[OrderStatus | None, Query(description="Of this status alone.")] = None,
) -> OrderQuery:
    """Return which orders are asked for."""
    return OrderQuery(window, bot_id, symbol, side, purpose, status)


def cycle_query(
    window: AskedWindow,
    mode: Annotated[
        AccountMode, Query(description="Of accounts of this mode: modes are never mixed.")
    ] = AccountMode.LIVE,
    bot_id: BotId = None,
    reason: Annotated[
        CloseReason | None, Query(description="Of those closed for this reason alone.")
    ] = None,
) -> CycleQuery:
    """Return which cycles are asked for."""
    return CycleQuery(mode, window, bot_id, reason)


AskedOrders = Annotated[OrderQuery, Depends(order_query)]
AskedCycles = Annotated[CycleQuery, Depends(cycle_query)]


@router.get("/orders", summary="Orders of all bots")
def list_all_orders(
    query: AskedOrders,
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[NamedOrderResponse]:
    """Return settled orders of all the user's bots, newest first, deleted bots included.

    With filters a page may be short, even empty: as long as it has a cursor there may be more.
    """
    return named_page(
        services.ledger.orders(user.id, query, limit, cursor), NamedOrderResponse.named
    )


@router.get("/orders/export", summary="Orders as CSV", response_class=CsvResponse, responses=_CSV)
def export_orders(
    query: AskedOrders,
    user: CurrentUser,
    services: ServicesDependency,
    limit: MostRows = MOST_ROWS,
    cursor: Cursor = None,
) -> Response:
    """Return what the list of orders shows as CSV; the header `Cursor` leads to further rows."""
    found = services.ledger.orders(user.id, query, limit, cursor)
    return _file("orders", orders_csv(found), found.cursor)


@router.get("/cycles", summary="Closed cycles of all bots")
def list_all_cycles(
    query: AskedCycles,
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[NamedCycleResponse]:
    """Return what the user's bots have closed, newest first, deleted bots included.

    `since` and `until` speak of the close. With filters a page may be short, even empty: as long
    as it has a cursor there may be more. A cycle is listed about a second after it has closed.
    """
    return named_page(
        services.ledger.cycles(user.id, query, limit, cursor), NamedCycleResponse.named
    )


@router.get(
    "/cycles/export", summary="Closed cycles as CSV", response_class=CsvResponse, responses=_CSV
)
def export_cycles(
    query: AskedCycles,
    user: CurrentUser,
    services: ServicesDependency,
    limit: MostRows = MOST_ROWS,
    cursor: Cursor = None,
) -> Response:
    """Return what the list of cycles shows as CSV; the header `Cursor` leads to further rows."""
    found = services.ledger.cycles(user.id, query, limit, cursor)
    return _file(f"cycles-{query.mode}", cycles_csv(found), found.cursor)


def _file(name: str, text: str, cursor: str | None) -> Response:
    file_name = f"{name}-{day_of(now_ms())}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    if cursor is not None:
        headers[_CURSOR_HEADER] = cursor
    return CsvResponse(text, headers=headers)
