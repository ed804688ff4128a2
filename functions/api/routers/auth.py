"""Registration, login, refresh, logout."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Cookie, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from functions.api.dependencies import ServicesDependency
from functions.api.problems import Problem, documented
from functions.api.schemas.users import RefreshRequest, Registration, TokenResponse, UserResponse
from functions.api.sessions import REFRESH_SECONDS, TokenPair, unauthorized

COOKIE = "refresh_token"
COOKIE_PATH = "/api/v1/auth"

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/register", status_code=201, summary="Register", responses=documented(403, 409))
def register(body: Registration, services: ServicesDependency) -> UserResponse:
    """Make a new user. Names and addresses are unique whatever their case."""
    return UserResponse.of(services.users.register(body))


@router.post("/login", summary="Log in", responses=documented(401, 403))
def login(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    response: Response,
    services: ServicesDependency,
) -> TokenResponse:
    """Exchange user name (or e-mail address) and password for tokens."""
    return _answer(services.sessions.log_in(form.username, form.password), response)


@router.post("/refresh", summary="Renew the tokens", responses=documented(401, 403))
def refresh(
    request: Request,
    response: Response,
    services: ServicesDependency,
    body: RefreshRequest | None = None,
    cookie: Annotated[str | None, Cookie(alias=COOKIE)] = None,
) -> TokenResponse:
    """Exchange a refresh token, from the body or the cookie, for new tokens.

    Each refresh token is good once (and for 10 seconds more); one that is used again later ends
    the whole session.
    """
    token = _refresh_token(request, body, cookie)
    if token is None:
        raise unauthorized("not_authenticated", "Log in first.")
    return _answer(services.sessions.refresh(token), response)


@router.post("/logout", status_code=204, summary="Log out", responses=documented(403))
def logout(
    request: Request,
    response: Response,
    services: ServicesDependency,
    body: RefreshRequest | None = None,
    cookie: Annotated[str | None, Cookie(alias=COOKIE)] = None,
) -> None:
    """End the session of the refresh token; having none is success."""
    token = _refresh_token(request, body, cookie)
    if token is not None:
        services.sessions.log_out(token)
    response.delete_cookie(COOKIE, path=COOKIE_PATH, secure=True, httponly=True, samesite="strict")


def _answer(tokens: TokenPair, response: Response) -> TokenResponse:
    response.set_cookie(
        COOKIE,
        tokens.refresh_token,
        max_age=REFRESH_SECONDS,
        path=COOKIE_PATH,
        secure=True,
        httponly=True,
        samesite="strict",
    )
    return TokenResponse(
        access_token=tokens.access_token,
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
    )


def _refresh_token(request: Request, body: RefreshRequest | None, cookie: str | None) -> str | None:
    if body is not None and body.refresh_token is not None:
        return body.refresh_token
    if cookie is not None:
        _require_own_origin(request)
    return cookie


def _require_own_origin(request: Request) -> None:
    """Refuse a cookie that another site's page made the browser send."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    expected = request.app.state.ui_origin
    own = origin == expected if expected else urlsplit(origin).netloc == request.headers.get("host")
    if not own:
        raise Problem(403, "foreign_origin", "This page may not use the session.")
