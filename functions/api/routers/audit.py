"""The audit log."""

from typing import Annotated

from fastapi import Query

from functions.api.dependencies import CurrentCaller, ServicesDependency, get_admin
from functions.api.schemas.audit import Action, AuditResponse
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.schemas.windows import Since, Until, milliseconds
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.storage.users import Role

router = Routes(tags=["audit"], responses=documented(400, 401, 403))


@router.get("/audit", summary="Show the audit log")
def list_audit(
    caller: CurrentCaller,
    services: ServicesDependency,
    user_id: Annotated[
        str | None,
        Query(max_length=64, description="Administrators: what concerns this user."),
    ] = None,
    everybody: Annotated[
        bool, Query(description="Administrators: what concerns anybody; not with `user_id`.")
    ] = False,
    action: Action = "",
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[AuditResponse]:
    """Return what was done, newest first: to things of the user's own, or as an administrator asks.

    By default that of the last 365 days. A page may be short, even empty, while its cursor goes on.
    """
    wanted = services.audit.span(milliseconds("since", since), milliseconds("until", until), action)
    asked_for = user_id or caller.user.id
    if everybody or asked_for != caller.user.id:
        get_admin(caller)
    if everybody and user_id is None:
        page = services.audit.of_all(wanted, limit, cursor)
    else:
        page = services.audit.of_user(asked_for, wanted, limit, cursor)
    viewer = None if caller.user.role is Role.ADMIN else caller.user.id
    return page_of(
        page,
        lambda record: AuditResponse.of(
            record, is_under_way=services.audit.is_under_way(record), viewer=viewer
        ),
    )
