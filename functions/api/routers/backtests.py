"""Backtests: a bot's settings, tried on history."""

from typing import Annotated

from fastapi import Query

from functions.api.dependencies import CurrentUser, ServicesDependency, TradingUser
from functions.api.schemas.backtests import BacktestCreate, BacktestResponse
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.schemas.research import NameRequest, ResultResponse
from functions.api.web.audited import audited
from functions.api.web.keyed_routes import KEYED, KEYED_RESPONSES, KeyedRoute
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.model.research import JobKind, JobStatus

router = Routes(
    prefix="/backtests",
    tags=["backtests"],
    responses=documented(401, 403),
    route_class=KeyedRoute,
)
KINDS = frozenset({JobKind.BACKTEST})


@router.post(
    "",
    status_code=201,
    summary="Run a backtest",
    responses={**documented(404, 429, 502), **KEYED_RESPONSES},
    dependencies=[KEYED, audited("backtest.create")],
)
def create_backtest(
    body: BacktestCreate, user: TradingUser, services: ServicesDependency
) -> BacktestResponse:
    """Have settings tried on history. The answer is the backtest, queued: ask for it until done.

    Live push tells how far it is. Two backtests and analyses of a user run at a time, and 200 are
    kept, for 90 days each. Without fees those are taken that the account pays.
    """
    return BacktestResponse.of(services.research.backtest(user.id, body))


@router.get("", summary="List backtests", responses=documented(400))
def list_backtests(
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[JobStatus | None, Query(description="Those alone.")] = None,
) -> PageResponse[BacktestResponse]:
    """Return the user's backtests, newest first."""
    page = services.research.list(user.id, KINDS, status, limit, cursor)
    return page_of(page, BacktestResponse.of)


@router.get("/{backtest_id}", summary="Show a backtest", responses=documented(404))
def get_backtest(
    backtest_id: str, user: CurrentUser, services: ServicesDependency
) -> BacktestResponse:
    """Return one backtest: how far it is, or its most important figures."""
    return BacktestResponse.of(services.research.get(user.id, backtest_id, KINDS))


@router.get(
    "/{backtest_id}/result",
    summary="Find a backtest's result",
    responses=documented(404, 409),
)
def get_backtest_result(
    backtest_id: str, user: CurrentUser, services: ServicesDependency
) -> ResultResponse:
    """Return an address, good for a few minutes, at which the whole result lies.

    It holds metrics, every cycle and order, the equity and spread curves, and what was asked for.
    """
    return ResultResponse.of(services.research.result(user.id, backtest_id, KINDS))


@router.patch(
    "/{backtest_id}",
    summary="Rename a backtest",
    responses=documented(404, 409),
    dependencies=[audited("backtest.rename", "backtest_id")],
)
def rename_backtest(
    backtest_id: str, body: NameRequest, user: TradingUser, services: ServicesDependency
) -> BacktestResponse:
    """Give it another name."""
    job = services.research.rename(user.id, backtest_id, KINDS, body.name)
    return BacktestResponse.of(job)


@router.post(
    "/{backtest_id}/cancel",
    summary="Cancel a backtest",
    responses=documented(404, 409),
    dependencies=[audited("backtest.cancel", "backtest_id")],
)
def cancel_backtest(
    backtest_id: str, user: TradingUser, services: ServicesDependency
) -> BacktestResponse:
    """Stop it: at once while it waits, within seconds while it runs (`cancel_requested` is true).

    One that was cancelled before stays so; one that has ended otherwise can't be cancelled.
    """
    return BacktestResponse.of(services.research.cancel(user.id, backtest_id, KINDS))


@router.delete(
    "/{backtest_id}",
    status_code=204,
    summary="Delete a backtest",
    responses=documented(404, 409),
    dependencies=[audited("backtest.delete", "backtest_id")],
)
def delete_backtest(backtest_id: str, user: TradingUser, services: ServicesDependency) -> None:
    """Remove it with its result; not while it waits or runs: cancel it first."""
    services.research.delete(user.id, backtest_id, KINDS)
