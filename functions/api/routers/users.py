"""The user behind the request."""

from functions.api.dependencies import CurrentUser, ServicesDependency, SignedInUser
from functions.api.schemas.users import UserResponse, UserUpdate
from functions.api.web.audited import audited
from functions.api.web.problems import documented
from functions.api.web.routes import Routes

router = Routes(prefix="/users", tags=["users"], responses=documented(401))


@router.get("/me", summary="Who am I")
def get_me(user: CurrentUser) -> UserResponse:
    """Return the user."""
    return UserResponse.of(user)


@router.patch(
    "/me",
    summary="Change my data",
    responses=documented(403, 409),
    dependencies=[audited("user.change")],
)
def update_me(body: UserUpdate, user: SignedInUser, services: ServicesDependency) -> UserResponse:
    """Change what users may change of themselves."""
    return UserResponse.of(services.users.update(user, body))
