"""How the refresh token travels: in a cookie that no script sees, or in the body for scripts."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Cookie, Header, Request, Response

from functions.api.identity.sessions import REFRESH_SECONDS, TokenPair
from functions.api.schemas.users import RefreshRequest, TokenResponse
from functions.api.web.problems import Problem

COOKIE = "refresh_token"
COOKIE_PATH = "/api/v1/auth"

Way = Literal["body", "cookie"]
WantedWay = Annotated[
    Way,
    Header(
        alias="X-Refresh-Token",
        description=(
            "How the refresh token is handed out: body (for scripts) or cookie (for browsers; no "
            "script of the page can read it)."
        ),
    ),
]
CookieToken = Annotated[
    str | None, Cookie(alias=COOKIE, description="Refresh token of a browser's session.")
]


def hand_out(tokens: TokenPair, way: Way, response: Response) -> TokenResponse:
    """Return the answer; the refresh token goes one way alone."""
    if way == "cookie":
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
        refresh_token=tokens.refresh_token if way == "body" else None,
    )


def take_away(response: Response) -> None:
    """Have the browser forget the cookie."""
    response.delete_cookie(COOKIE, path=COOKIE_PATH, secure=True, httponly=True, samesite="strict")


def take_in(
    request: Request, body: RefreshRequest | None, cookie: str | None
) -> tuple[str | None, Way]:
    """Return the refresh token that was sent, and the way it came.

    Raises:
        Problem: 403 ``foreign_origin`` for a cookie that no page of ours has sent.
    """
    if body is not None and body.refresh_token is not None:
        return body.refresh_token, "body"
    if cookie is not None:
        _require_own_origin(request)
    return cookie, "cookie"


def _require_own_origin(request: Request) -> None:
    """Refuse a cookie that another site's page, or no page at all, made the browser send."""
    origin = request.headers.get("origin", "")
    expected = request.app.state.ui_origin
    own = origin == expected if expected else _host_of(origin) == request.headers.get("host")
    if not own:
        raise Problem(403, "foreign_origin", "This page may not use the session.")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
