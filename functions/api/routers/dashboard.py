"""How all bots are doing."""

from typing import Annotated

from fastapi import Query

from functions.api.dependencies import CurrentUser, ServicesDependency
from functions.api.schemas.dashboard import DashboardResponse
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.model.account import AccountMode

router = Routes(tags=["dashboard"], responses=documented(401))


@router.get("/dashboard", summary="Show how all bots are doing")
def get_dashboard(
    user: CurrentUser,
    services: ServicesDependency,
    mode: Annotated[
        AccountMode, Query(description="Accounts of this mode alone: modes are never mixed.")
    ] = AccountMode.LIVE,
    days: Annotated[
        int, Query(ge=1, le=365, description="UTC days of the period, today being one of them.")
    ] = 30,
) -> DashboardResponse:
    """Return totals, equity curve and tables over all the user's bots, deleted ones included.

    A cycle is counted about a second after it has closed.
    """
    return DashboardResponse.of(services.dashboard.of(user.id, mode, days))
