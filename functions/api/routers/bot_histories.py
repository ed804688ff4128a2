"""What a bot has done."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from functions.api.dependencies import CurrentUser, ServicesDependency
from functions.api.identifiers import now_ms
from functions.api.records.histories import Resolution
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.schemas.records import (
    CycleResponse,
    LogResponse,
    OrderResponse,
    PositionResponse,
    SpreadPointResponse,
)
from functions.api.schemas.windows import milliseconds
from functions.api.web.problems import FieldError, documented, invalid
from functions.api.web.routes import Routes

DAY_MS = 86_400_000

router = Routes(prefix="/bots/{bot_id}", tags=["bot history"], responses=documented(400, 401, 404))


@router.get("/orders", summary="Orders")
def list_orders(
    bot_id: str,
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[OrderResponse]:
    """Return the bot's settled orders, newest first."""
    services.bots.get_ever(user.id, bot_id)
    return page_of(services.histories.orders.list(bot_id, limit, cursor), OrderResponse.of)


@router.get("/positions", summary="Positions")
def list_positions(
    bot_id: str,
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[PositionResponse]:
    """Return the legs of the bot's cycles, those of the newest cycle first."""
    bot = services.bots.get_ever(user.id, bot_id)
    page = services.histories.positions.list(bot_id, limit, cursor)
    return page_of(page, lambda position: PositionResponse.of(position, bot))


@router.get("/cycles", summary="Cycles")
def list_cycles(
    bot_id: str,
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[CycleResponse]:
    """Return the bot's round trips, newest first."""
    services.bots.get_ever(user.id, bot_id)
    return page_of(services.histories.cycles.list(bot_id, limit, cursor), CycleResponse.of)


@router.get("/logs", summary="Log")
def list_logs(
    bot_id: str,
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[LogResponse]:
    """Return the lines of the bot's log, newest first."""
    services.bots.get_ever(user.id, bot_id)
    return page_of(services.histories.logs.list(bot_id, limit, cursor), LogResponse.of)


@router.get("/spread-history", summary="Spread history")
def list_spread_history(
    bot_id: str,
    user: CurrentUser,
    services: ServicesDependency,
    since: Annotated[datetime | None, Query(description="Default: a day before `until`.")] = None,
    until: Annotated[datetime | None, Query(description="Default: now.")] = None,
    resolution: Annotated[
        Resolution, Query(description="raw: every look of 7 days; minute: one a minute, 90 days.")
    ] = "raw",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    cursor: Cursor = None,
) -> PageResponse[SpreadPointResponse]:
    """Return looks at the pair from `since` to before `until`, oldest first."""
    bot = services.bots.get_ever(user.id, bot_id)
    last = milliseconds("until", until) or now_ms() + 1
    first = milliseconds("since", since)
    begin = last - DAY_MS if first is None else first
    if begin >= last:
        raise invalid([FieldError(field="until", message="must be later than since")])
    page = services.histories.spread(bot, resolution, begin, last, limit, cursor)
    return page_of(page, SpreadPointResponse.of)
