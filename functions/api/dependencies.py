"""What endpoints ask for: the services and the user behind the request, by what they may do."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from functions.api.identity.api_tokens import PREFIX
from functions.api.identity.callers import Caller, Scope
from functions.api.services import Services
from functions.api.web.client_address import CurrentClient
from functions.api.web.problems import Problem, unauthorized
from pairtrader.storage.users import Role, User

_bearer = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/login", auto_error=False)


def get_services(request: Request) -> Services:
    """Return the services the application was built with."""
    services: Services = request.app.state.services
    return services


ServicesDependency = Annotated[Services, Depends(get_services)]


def get_caller(
    services: ServicesDependency,
    client: CurrentClient,
    token: Annotated[str | None, Depends(_bearer)],
) -> Caller:
    """Return who sent the request, and by what credential: an access token or an API token.

    Raises:
        Problem: 401 without a valid credential.
    """
    if token is None:
        raise unauthorized("not_authenticated", "Log in first.")
    if token.startswith(PREFIX):
        user, api_token = services.api_tokens.authenticate(token)
        scope, credential_id = Scope(api_token.scope), api_token.id
    else:
        user, session = services.sessions.authenticate(token)
        scope, credential_id = Scope.SESSION, session.family_id
    return Caller(user, scope, credential_id, client.address, client.user_agent)


CurrentCaller = Annotated[Caller, Depends(get_caller)]


def get_current_user(caller: CurrentCaller) -> User:
    """Return the user, whatever they may do: for what is only looked at."""
    return caller.user


def get_trading_user(caller: CurrentCaller) -> User:
    """Return a user who may move bots and money.

    Raises:
        Problem: 403 ``read_only`` for a read-only user, or an API token that only reads.
    """
    if caller.user.role is Role.READ_ONLY or caller.scope is Scope.READ:
        raise Problem(403, "read_only", "This user or token may look, not change anything.")
    return caller.user


def get_signed_in_user(caller: CurrentCaller) -> User:
    """Return a user who has logged in: API tokens may not touch what concerns the login.

    Raises:
        Problem: 403 ``session_required``.
    """
    if caller.scope is not Scope.SESSION:
        raise Problem(403, "session_required", "An API token may not do this: log in.")
    return caller.user


def get_key_holder(caller: CurrentCaller) -> User:
    """Return a user who has logged in and may trade: exchange keys are theirs to give.

    Raises:
        Problem: 403 ``session_required`` or ``read_only``.
    """
    get_signed_in_user(caller)
    return get_trading_user(caller)


def get_admin(caller: CurrentCaller) -> User:
    """Return an administrator who has logged in.

    Raises:
        Problem: 403 ``session_required`` or ``admin_required``.
    """
    user = get_signed_in_user(caller)
    if user.role is not Role.ADMIN:
        raise Problem(403, "admin_required", "Only an administrator may do this.")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
TradingUser = Annotated[User, Depends(get_trading_user)]
SignedInUser = Annotated[User, Depends(get_signed_in_user)]
KeyHolder = Annotated[User, Depends(get_key_holder)]
AdminUser = Annotated[User, Depends(get_admin)]
