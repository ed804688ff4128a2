"""Registration, logins and their second factor, sessions, API tokens."""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from functions.api.dependencies import CurrentCaller, ServicesDependency, SignedInUser
from functions.api.identity.callers import Scope
from functions.api.schemas.pages import Cursor, Limit, PageResponse, page_of
from functions.api.schemas.users import (
    ApiTokenRequest,
    ApiTokenResponse,
    BootstrapRequest,
    LoginOptions,
    MfaLogin,
    NewApiTokenResponse,
    PasswordChange,
    RecoveryCodesResponse,
    RefreshRequest,
    Registration,
    SessionResponse,
    TokenResponse,
    TotpCode,
    TotpEnrolRequest,
    TotpEnrolResponse,
    TotpProof,
    UserResponse,
)
from functions.api.web.audited import Note, audited, noted
from functions.api.web.client_address import CurrentClient
from functions.api.web.problems import documented, unauthorized
from functions.api.web.refresh_cookie import CookieToken, WantedWay, hand_out, take_away, take_in
from functions.api.web.routes import Routes

router = Routes(prefix="/auth", tags=["auth"])
_GUESSED = documented(401, 403, 429, 503)
_PROVEN = documented(401, 403, 409, 429, 503)


@router.get("/options", summary="What a login page offers")
def get_login_options(services: ServicesDependency) -> LoginOptions:
    """Tell whether registration is open, and whether there is a first administrator yet."""
    return LoginOptions(
        registration_open=services.users.registration_open,
        bootstrapped=services.bootstrap.is_done(),
    )


@router.post(
    "/bootstrap",
    status_code=201,
    summary="Make the first administrator",
    responses=documented(403, 409, 429, 503),
)
def bootstrap(
    body: BootstrapRequest,
    client: CurrentClient,
    services: ServicesDependency,
    note: Annotated[Note, noted("user.bootstrap")],
) -> UserResponse:
    """Make the first administrator with the stack's one-time token: once for ever.

    It works with registration closed.
    """
    token = body.token.get_secret_value()
    user = services.bootstrap.make_admin(token, body, client.address, lambda: note.of(None))
    return UserResponse.of(user)


@router.post(
    "/register", status_code=201, summary="Register", responses=documented(403, 409, 429, 503)
)
def register(
    body: Registration,
    client: CurrentClient,
    services: ServicesDependency,
    note: Annotated[Note, noted("user.register")],
) -> UserResponse:
    """Make a new user. Names and addresses are unique whatever their case."""
    services.throttle.registration(client.address)
    note.of(None)
    return UserResponse.of(services.users.register(body))


@router.post("/login", summary="Log in", responses=_GUESSED)
def login(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    client: CurrentClient,
    response: Response,
    services: ServicesDependency,
    note: Annotated[Note, noted("auth.login")],
    way: WantedWay = "body",
) -> TokenResponse:
    """Exchange user name (or e-mail address) and password for tokens.

    A user with a second factor is answered 401 `totp_required` with an `mfa_token`:
    `POST /auth/login/totp` finishes the login.
    """
    tokens = services.logins.log_in(form.username, form.password, client, note.of)
    return hand_out(tokens, way, response)


@router.post("/login/totp", summary="Finish a login", responses=documented(401, 409, 429, 503))
def finish_login(
    body: MfaLogin,
    client: CurrentClient,
    response: Response,
    services: ServicesDependency,
    note: Annotated[Note, noted("auth.login_totp")],
    way: WantedWay = "body",
) -> TokenResponse:
    """Exchange the `mfa_token` of a login and a code for tokens. Each code works once."""
    mfa_token, code = body.mfa_token.get_secret_value(), body.code.get_secret_value()
    tokens = services.logins.finish(mfa_token, code, client, note.of)
    return hand_out(tokens, way, response)


@router.post("/refresh", summary="Renew the tokens", responses=documented(401, 403))
def refresh(
    request: Request,
    response: Response,
    services: ServicesDependency,
    body: RefreshRequest | None = None,
    cookie: CookieToken = None,
) -> TokenResponse:
    """Exchange a refresh token, from the body or the cookie, for new tokens.

    The new refresh token goes back the way the old one came. Each is good once (and for 10 seconds
    more); one that is used again later ends the whole session. The cookie is taken from the
    stack's own pages alone: the request must say its `Origin`.
    """
    token, way = take_in(request, body, cookie)
    if token is None:
        raise unauthorized("not_authenticated", "Log in first.")
    return hand_out(services.sessions.refresh(token), way, response)


@router.post("/logout", status_code=204, summary="Log out", responses=documented(403))
def logout(
    request: Request,
    response: Response,
    services: ServicesDependency,
    body: RefreshRequest | None = None,
    cookie: CookieToken = None,
) -> None:
    """End the session of the refresh token, access tokens included; having none is success."""
    token, _ = take_in(request, body, cookie)
    if token is not None:
        services.sessions.log_out(token)
    take_away(response)


@router.post(
    "/logout-everywhere",
    status_code=204,
    summary="Log out everywhere",
    responses=documented(401, 403, 409),
    dependencies=[audited("auth.logout_everywhere")],
)
def log_out_everywhere(
    user: SignedInUser, response: Response, services: ServicesDependency
) -> None:
    """End all sessions of the user, this one too, and all API tokens."""
    services.logins.log_out_everywhere(user.id)
    take_away(response)


@router.post(
    "/password",
    summary="Change the password",
    responses=_PROVEN,
    dependencies=[audited("auth.password")],
)
def change_password(
    body: PasswordChange,
    user: SignedInUser,
    client: CurrentClient,
    response: Response,
    services: ServicesDependency,
    way: WantedWay = "body",
) -> TokenResponse:
    """Set a new password. All sessions end; the answer begins a new one. API tokens stay good."""
    current, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    return hand_out(services.logins.change_password(user, current, new, client), way, response)


@router.post(
    "/totp",
    summary="Begin with a second factor",
    responses=_PROVEN,
    dependencies=[audited("auth.totp_enrol")],
)
def enrol_totp(
    body: TotpEnrolRequest,
    user: SignedInUser,
    client: CurrentClient,
    services: ServicesDependency,
) -> TotpEnrolResponse:
    """Make a secret for an authenticator app. Logins ask for codes once one has been verified."""
    password = body.password.get_secret_value()
    enrolment = services.second_factor.enrol(user, password, client.address)
    return TotpEnrolResponse(secret=enrolment.secret, otpauth_uri=enrolment.uri)


@router.post(
    "/totp/verify",
    summary="Turn the second factor on",
    responses=_PROVEN,
    dependencies=[audited("auth.totp_verify")],
)
def verify_totp(
    body: TotpCode, user: SignedInUser, client: CurrentClient, services: ServicesDependency
) -> RecoveryCodesResponse:
    """Turn the second factor on by a code of the app; hand out recovery codes."""
    code = body.code.get_secret_value()
    codes = services.second_factor.confirm(user, code, client.address)
    return RecoveryCodesResponse(recovery_codes=list(codes))


@router.post(
    "/totp/recovery-codes",
    summary="Renew the recovery codes",
    responses=_PROVEN,
    dependencies=[audited("auth.recovery_codes")],
)
def renew_recovery_codes(
    body: TotpProof, user: SignedInUser, client: CurrentClient, services: ServicesDependency
) -> RecoveryCodesResponse:
    """Hand out new recovery codes, by password and a code of the app; the old ones end."""
    password, code = body.password.get_secret_value(), body.code.get_secret_value()
    codes = services.second_factor.renew_recovery_codes(user, password, code, client.address)
    return RecoveryCodesResponse(recovery_codes=list(codes))


@router.post(
    "/totp/disable",
    status_code=204,
    summary="Turn the second factor off",
    responses=_PROVEN,
    dependencies=[audited("auth.totp_disable")],
)
def disable_totp(
    body: TotpProof, user: SignedInUser, client: CurrentClient, services: ServicesDependency
) -> None:
    """Turn the second factor off, by password and a code of the app or a recovery code."""
    password, code = body.password.get_secret_value(), body.code.get_secret_value()
    services.second_factor.disable(user, password, code, client.address)


@router.get("/sessions", summary="List sessions", responses=documented(400, 401, 403))
def list_sessions(
    caller: CurrentCaller,
    user: SignedInUser,
    services: ServicesDependency,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageResponse[SessionResponse]:
    """Return the user's sessions, oldest first. A page may hold fewer than asked for."""
    page = services.sessions.list(user, limit, cursor)
    return page_of(page, lambda family: SessionResponse.of(family, caller.credential_id))


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    summary="End a session",
    responses=documented(401, 403, 404),
    dependencies=[audited("session.end", "session_id")],
)
def end_session(session_id: str, user: SignedInUser, services: ServicesDependency) -> None:
    """End one of the user's sessions; its access tokens end at once."""
    services.sessions.end(user, session_id)


@router.post(
    "/tokens",
    status_code=201,
    summary="Make an API token",
    responses=documented(401, 403, 409),
    dependencies=[audited("token.create")],
)
def create_api_token(
    body: ApiTokenRequest, user: SignedInUser, services: ServicesDependency
) -> NewApiTokenResponse:
    """Make a token for a script, shown this once. At most 20 are good at the same time."""
    scope = Scope(body.scope.value)
    made = services.api_tokens.create(user, body.name, scope, body.expires_in_days)
    return NewApiTokenResponse.made(made.token, made.text)


@router.get("/tokens", summary="List API tokens", responses=documented(400, 401, 403))
def list_api_tokens(
    user: SignedInUser, services: ServicesDependency, limit: Limit = 50, cursor: Cursor = None
) -> PageResponse[ApiTokenResponse]:
    """Return the user's API tokens, oldest first. A page may hold fewer than asked for."""
    return page_of(services.api_tokens.list(user, limit, cursor), ApiTokenResponse.of)


@router.delete(
    "/tokens/{token_id}",
    status_code=204,
    summary="Delete an API token",
    responses=documented(401, 403, 404),
    dependencies=[audited("token.delete", "token_id")],
)
def delete_api_token(token_id: str, user: SignedInUser, services: ServicesDependency) -> None:
    """End an API token at once."""
    services.api_tokens.delete(user, token_id)
