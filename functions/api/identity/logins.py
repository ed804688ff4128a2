"""Logging in, and what ends logins: a new password, logging out everywhere."""

from collections.abc import Callable
from contextlib import suppress

from functions.api.bots.retries import until_written
from functions.api.identity.access_tokens import AccessTokens, InvalidToken
from functions.api.identity.passwords import (
    MAX_LENGTH,
    hash_password,
    is_outdated,
    password_matches,
    require_strong,
)
from functions.api.identity.second_factor import SecondFactor
from functions.api.identity.sessions import Sessions, TokenPair
from functions.api.identity.throttling import Subject, Throttle
from functions.api.ports import UserStore
from functions.api.web.client_address import Client
from functions.api.web.problems import FieldError, Problem, invalid, unauthorized
from pairtrader.storage.errors import Superseded
from pairtrader.storage.users import User, amended, ended

Tell = Callable[[User | None], object]
"""Is told whom a login concerns, before anything is done."""
MAX_LOGIN = 100
"""Characters of the longest name or address."""


class Logins:
    """Logs users in, by one factor or two."""

    def __init__(
        self,
        users: UserStore,
        sessions: Sessions,
        second_factor: SecondFactor,
        tokens: AccessTokens,
        throttle: Throttle,
        now: Callable[[], int],
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._second_factor = second_factor
        self._tokens = tokens
        self._throttle = throttle
        self._now = now

    def log_in(self, login: str, password: str, client: Client, tell: Tell) -> TokenPair:
        """Begin a session for the user of this name or e-mail address.

        Whom the login concerns is told before the password is looked at; None: nobody.

        Raises:
            Problem: 401 ``invalid_credentials`` for a wrong name and a wrong password alike;
                401 ``totp_required``, with what `finish` wants; 403 ``user_disabled``; 429; 503.
        """
        attempt = self._throttle.attempt(Subject.LOGIN, login, client.address)
        user = self._users.find(login) if len(login) <= MAX_LOGIN else None
        tell(user)
        if not password_matches(password, user.password_hash if user else None):
            raise unauthorized("invalid_credentials", "The user name or the password is wrong.")
        assert user is not None  # noqa: S101 - nobody's password never matches
        attempt.succeeded()
        if not user.is_active:
            raise Problem(403, "user_disabled", "This user has been disabled.")
        self._renew_hash(user, password)
        if user.totp_enabled:
            raise self._totp_required(user)
        return self._sessions.begin(user, client)

    def finish(self, mfa_token: str, code: str, client: Client, tell: Tell) -> TokenPair:
        """Begin the session of a user whose password was right, by a code.

        Whom the login concerns is told before the code is looked at.

        Raises:
            Problem: 401 ``invalid_mfa_token`` or ``invalid_mfa_code``; 429; 503.
        """
        try:
            claims = self._tokens.verify_mfa(mfa_token, self._now())
        except InvalidToken:
            raise unauthorized(
                "invalid_mfa_token", "The password was proven too long ago: log in again."
            ) from None
        tell(self._users.get(claims.user_id))
        user = self._second_factor.spend(claims.user_id, claims.epoch, code, client.address)
        if user is None:
            raise unauthorized("invalid_mfa_code", "The code is wrong, or was used before.")
        return self._sessions.begin(user, client)

    def change_password(self, user: User, current: str, new: str, client: Client) -> TokenPair:
        """Set a new password, end all sessions of the user's, and begin a new one.

        API tokens stay good: they were given to scripts on purpose.

        Raises:
            Problem: 403 ``wrong_password``; 422 ``weak_password``; 429; 503.
        """
        self._second_factor.prove_password(user, current, client.address)
        if new == current:
            same = FieldError(field="new_password", message="is the current password")
            raise invalid([same], "weak_password")
        require_strong(new, user.username, "new_password")
        changes = {"password_hash": hash_password(new), "epoch": user.epoch + 1}
        changed = amended(user, self._now(), **changes)
        self._users.replace(user, changed)
        self._sessions.sweep(changed)
        return self._sessions.begin(changed, client)

    def log_out_everywhere(self, user_id: str) -> None:
        """End all sessions and all API tokens of the user.

        Raises:
            Problem: 409 ``changed_meanwhile``.
        """

        def write() -> User | None:
            user = self._users.get(user_id)
            out = ended(user, self._now()) if user is not None else None
            if user is not None and out is not None:
                self._users.replace(user, out)
            return out

        out = until_written(write)
        if out is not None:
            self._sessions.sweep(out)

    def _renew_hash(self, user: User, password: str) -> None:
        if is_outdated(user.password_hash) and len(password) <= MAX_LENGTH:
            renewed = amended(user, self._now(), password_hash=hash_password(password))
            with suppress(Superseded):  # somebody changes the user: the next login tries again
                self._users.replace(user, renewed)

    def _totp_required(self, user: User) -> Problem:
        token = self._tokens.issue_mfa(user.id, user.epoch, self._now())
        return Problem(
            401,
            "totp_required",
            "The password is right: send a code of the authenticator app to /auth/login/totp.",
            headers={"WWW-Authenticate": "Bearer"},
            extensions={"mfa_token": token},
        )
