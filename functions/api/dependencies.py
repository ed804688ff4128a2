"""What endpoints ask for: the services and the user behind the request."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from functions.api.services import Services
from functions.api.sessions import unauthorized
from pairtrader.storage.users import User

_bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login", auto_error=False)


def get_services(request: Request) -> Services:
    """Return the services the application was built with."""
    services: Services = request.app.state.services
    return services


ServicesDependency = Annotated[Services, Depends(get_services)]


def get_current_user(
    services: ServicesDependency, token: Annotated[str | None, Depends(_bearer)]
) -> User:
    """Return the user who sent the request.

    Raises:
        Problem: 401 without a valid access token.
    """
    if token is None:
        raise unauthorized("not_authenticated", "Log in first.")
    return services.sessions.user_of(token)


CurrentUser = Annotated[User, Depends(get_current_user)]
