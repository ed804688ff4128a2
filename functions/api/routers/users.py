"""The user behind the request."""

from fastapi import APIRouter

from functions.api.dependencies import CurrentUser, ServicesDependency
from functions.api.problems import documented
from functions.api.schemas.users import UserResponse, UserUpdate

router = APIRouter(prefix="/users", tags=["users"], responses=documented(401))


@router.get("/me", summary="Who am I")
def get_me(user: CurrentUser) -> UserResponse:
    """Return the user."""
    return UserResponse.of(user)


@router.patch("/me", summary="Change my data", responses=documented(409))
def update_me(body: UserUpdate, user: CurrentUser, services: ServicesDependency) -> UserResponse:
    """Change what users may change of themselves."""
    return UserResponse.of(services.users.update(user, body))
