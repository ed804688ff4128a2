"""Users in the hands of an administrator, and the reset that users finish themselves."""

from typing import Annotated

from fastapi import Query

from functions.api.dependencies import AdminUser, ServicesDependency
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.schemas.user_administration import (
    AdminBotResponse,
    AdminUserResponse,
    AdminUserUpdate,
    PasswordResetRequest,
    UserResetRequest,
    UserResetResponse,
)
from functions.api.web.audited import Note, audited, noted
from functions.api.web.client_address import CurrentClient
from functions.api.web.problems import documented
from functions.api.web.routes import Routes
from pairtrader.storage.users import Role, UserFilter

router = Routes(prefix="/users", tags=["users"], responses=documented(401, 403))
reset_router = Routes(prefix="/auth", tags=["auth"])


@router.get("", summary="List users", responses=documented(400))
def list_users(
    admin: AdminUser,
    services: ServicesDependency,
    query: Annotated[
        str,
        Query(
            max_length=50,
            pattern=r"^[a-zA-Z0-9_.-]*$",
            description="Beginning of the name, whatever its case.",
        ),
    ] = "",
    role: Annotated[Role | None, Query(description="Only users of this role.")] = None,
    is_active: Annotated[
        bool | None, Query(description="true: only those who may log in; false: only others.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[AdminUserResponse]:
    """Return all users by name. With filters a page may be short while its cursor goes on."""
    wanted = UserFilter(query, role, is_active)
    return page_of(services.administration.list(wanted, limit, cursor), AdminUserResponse.of)


@router.get("/{user_id}", summary="Show a user", responses=documented(404))
def get_user(user_id: str, admin: AdminUser, services: ServicesDependency) -> AdminUserResponse:
    """Return one user."""
    return AdminUserResponse.of(services.administration.get(user_id))


@router.patch(
    "/{user_id}",
    summary="Give a role, disable, enable",
    responses=documented(404, 409, 503),
    dependencies=[audited("user.change", "user_id")],
)
def change_user(
    user_id: str, body: AdminUserUpdate, admin: AdminUser, services: ServicesDependency
) -> AdminUserResponse:
    """Change another user's role, or disable or enable them.

    Whoever is disabled is out at once, of sessions and API tokens alike. Their bots go on watching
    the exits of open positions; their entries are held until the user is enabled again.
    """
    changed = services.administration.change(admin, user_id, body.role, body.is_active)
    return AdminUserResponse.of(changed)


@router.post(
    "/{user_id}/reset",
    summary="Reset a login",
    responses=documented(404, 409, 503),
    dependencies=[audited("user.reset", "user_id")],
)
def reset_user(
    user_id: str, body: UserResetRequest, admin: AdminUser, services: ServicesDependency
) -> UserResetResponse:
    """End the password, sessions and API tokens of another user.

    The token in the answer is shown this once; within 24 hours it sets a new password by
    `POST /auth/reset`. Without `clear_totp` the user still needs the second factor to log in.
    """
    token = services.administration.reset(admin, user_id, clear_totp=body.clear_totp)
    return UserResetResponse.of(token)


@router.get("/{user_id}/bots", summary="List a user's bots", responses=documented(400, 404))
def list_bots_of_user(
    user_id: str,
    admin: AdminUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[AdminBotResponse]:
    """Return what another user's bots are and how they stand: no settings, no money, no keys."""
    return page_of(services.administration.bots(user_id, limit, cursor), AdminBotResponse.of)


@reset_router.post(
    "/reset",
    status_code=204,
    summary="Set a new password after a reset",
    responses=documented(401, 409, 429, 503),
)
def redeem_reset(
    body: PasswordResetRequest,
    client: CurrentClient,
    services: ServicesDependency,
    note: Annotated[Note, noted("auth.reset")],
) -> None:
    """Set the password of the user for whom an administrator has made the token; then log in."""
    attempt = services.throttle.attempt_from(client.address)
    user = services.administration.bearer_of(body.token.get_secret_value())
    note.of(user)
    services.administration.redeem(user, body.new_password.get_secret_value())
    attempt.succeeded()
