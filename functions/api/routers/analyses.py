"""Analyses: statistics of a pair, and the search for pairs."""

from typing import Annotated

from fastapi import Query

from functions.api.dependencies import CurrentUser, ServicesDependency, TradingUser
from functions.api.schemas.analyses import AnalysisCreate, AnalysisResponse, Kind
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.schemas.research import NameRequest, ResultResponse
from functions.api.web.audited import audited
from functions.api.web.keyed_routes import KEYED, KEYED_RESPONSES, KeyedRoute
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.model.research import JobKind, JobStatus

router = Routes(
    prefix="/analyses",
    tags=["analyses"],
    responses=documented(401, 403),
    route_class=KeyedRoute,
)
KINDS = frozenset({JobKind.PAIR, JobKind.FINDER})


@router.post(
    "",
    status_code=201,
    summary="Run an analysis",
    responses={**documented(404, 429, 502), **KEYED_RESPONSES},
    dependencies=[KEYED, audited("analysis.create")],
)
def create_analysis(
    body: AnalysisCreate, user: TradingUser, services: ServicesDependency
) -> AnalysisResponse:
    """Have history looked at. The answer is the analysis, queued: ask for it until done.

    Live push tells how far it is. Two backtests and analyses of a user run at a time, and 200 are
    kept, for 90 days each. What comes out is statistics of the past.
    """
    return AnalysisResponse.of(services.research.analysis(user.id, body))


@router.get("", summary="List analyses", responses=documented(400))
def list_analyses(
    user: CurrentUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[JobStatus | None, Query(description="Those alone.")] = None,
    kind: Annotated[Kind | None, Query(description="Those alone.")] = None,
) -> PageResponse[AnalysisResponse]:
    """Return the user's analyses, newest first."""
    page = services.research.list(user.id, _kinds(kind), status, limit, cursor)
    return page_of(page, AnalysisResponse.of)


@router.get("/{analysis_id}", summary="Show an analysis", responses=documented(404))
def get_analysis(
    analysis_id: str, user: CurrentUser, services: ServicesDependency
) -> AnalysisResponse:
    """Return one analysis: how far it is, or its most important figures."""
    return AnalysisResponse.of(services.research.get(user.id, analysis_id, KINDS))


@router.get(
    "/{analysis_id}/result",
    summary="Find an analysis's result",
    responses=documented(404, 409),
)
def get_analysis_result(
    analysis_id: str, user: CurrentUser, services: ServicesDependency
) -> ResultResponse:
    """Return an address, good for a few minutes, at which the whole result lies.

    It holds all statistics of the pair, or the pairs found with the matrix of correlations.
    """
    return ResultResponse.of(services.research.result(user.id, analysis_id, KINDS))


@router.patch(
    "/{analysis_id}",
    summary="Rename an analysis",
    responses=documented(404, 409),
    dependencies=[audited("analysis.rename", "analysis_id")],
)
def rename_analysis(
    analysis_id: str, body: NameRequest, user: TradingUser, services: ServicesDependency
) -> AnalysisResponse:
    """Give it another name."""
    job = services.research.rename(user.id, analysis_id, KINDS, body.name)
    return AnalysisResponse.of(job)


@router.post(
    "/{analysis_id}/cancel",
    summary="Cancel an analysis",
    responses=documented(404, 409),
    dependencies=[audited("analysis.cancel", "analysis_id")],
)
def cancel_analysis(
    analysis_id: str, user: TradingUser, services: ServicesDependency
) -> AnalysisResponse:
    """Stop it: at once while it waits, within seconds while it runs (`cancel_requested` is true).

    One that was cancelled before stays so; one that has ended otherwise can't be cancelled.
    """
    return AnalysisResponse.of(services.research.cancel(user.id, analysis_id, KINDS))


@router.delete(
    "/{analysis_id}",
    status_code=204,
    summary="Delete an analysis",
    responses=documented(404, 409),
    dependencies=[audited("analysis.delete", "analysis_id")],
)
def delete_analysis(analysis_id: str, user: TradingUser, services: ServicesDependency) -> None:
    """Remove it with its result; not while it waits or runs: cancel it first."""
    services.research.delete(user.id, analysis_id, KINDS)


def _kinds(kind: Kind | None) -> frozenset[JobKind]:
    return KINDS if kind is None else frozenset({JobKind(kind)})
