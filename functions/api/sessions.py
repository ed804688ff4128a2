"""Logins: who is in, by which refresh token, until when."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from functions.api.access_tokens import LIFETIME_SECONDS, AccessTokens, InvalidToken, KeySource
from functions.api.identifiers import is_id, new_id
from functions.api.passwords import hash_password, is_outdated, password_matches
from functions.api.ports import FamilyStore, UserStore
from functions.api.problems import Problem
from pairtrader.storage.errors import Superseded
from pairtrader.storage.refresh_tokens import TokenFamily
from pairtrader.storage.users import User

REFRESH_SECONDS = 30 * 86_400
"""Life of a refresh token; every refresh starts it anew."""
GRACE_MS = 10_000
"""How long the token just used up is still good: two tabs refresh at the same time."""


MAX_LOGIN = 100
"""Characters of the longest name or address."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login or a refresh gives."""

    access_token: str
    refresh_token: str
    expires_in: int = LIFETIME_SECONDS


def unauthorized(code: str, detail: str) -> Problem:
    """Return the problem of a request whose sender is not known."""
    return Problem(401, code, detail, headers={"WWW-Authenticate": "Bearer"})


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Sessions:
    """Logs users in and out and keeps them in."""

    def __init__(
        self,
        users: UserStore,
        families: FamilyStore,
        tokens: AccessTokens,
        keys: KeySource,
        now: Callable[[], int],
    ) -> None:
        self._users = users
        self._families = families
        self._tokens = tokens
        self._keys = keys
        self._now = now

    def log_in(self, login: str, password: str) -> TokenPair:
        """Start a session for the user of this name or e-mail address.

        Raises:
            Problem: 401 ``invalid_credentials`` for a wrong name and a wrong password alike.
        """
        user = self._users.find(login) if len(login) <= MAX_LOGIN else None
        if not password_matches(password, user.password_hash if user else None):
            raise unauthorized("invalid_credentials", "The user name or the password is wrong.")
        assert user is not None  # noqa: S101 - nobody's password never matches
        if not user.is_active:
            raise Problem(403, "user_disabled", "This user has been disabled.")
        self._renew_hash(user, password)
        secret, now = secrets.token_urlsafe(32), self._now()
        family = TokenFamily(
            family_id=new_id(),
            user_id=user.id,
            current_hash=_digest(secret),
            previous_hash="",
            rotated_at=now,
            created_at=now,
            expires_at=now // 1000 + REFRESH_SECONDS,
        )
        self._families.add(family)
        return self._pair(family, secret)

    def refresh(self, token: str) -> TokenPair:
        """Exchange a refresh token for new tokens.

        The token used before stays good for `GRACE_MS` and gives the same successor; used later it
        is taken for stolen, and the whole family is revoked.

        Raises:
            Problem: 401 ``invalid_refresh_token`` or ``refresh_token_reused``.
        """
        family_id, secret = self._parts(token)
        family = self._live_family(family_id)
        if hmac.compare_digest(_digest(secret), family.current_hash):
            successor = self._successor(family_id, secret)
            try:
                family = self._rotate(family, successor)
            except Superseded:
                family = self._live_family(family_id)
            else:
                return self._pair(family, successor)
        return self._repeat(family, secret)

    def log_out(self, token: str) -> None:
        """End the session that the token belongs to; an unknown token is success."""
        family_id, _, _ = token.partition(".")
        if is_id(family_id):
            self._families.revoke(family_id)

    def user_of(self, access_token: str) -> User:
        """Return the user who sent the request.

        Raises:
            Problem: 401 ``invalid_token``.
        """
        try:
            user = self._users.get(self._tokens.verify(access_token, self._now()))
        except InvalidToken:
            user = None
        if user is None or not user.is_active:
            raise unauthorized("invalid_token", "The access token is not valid (any more).")
        return user

    def _renew_hash(self, user: User, password: str) -> None:
        if is_outdated(user.password_hash):
            renewed = replace(user, password_hash=hash_password(password), updated_at=self._now())
            with suppress(Superseded):  # somebody changes the user: the next login tries again
                self._users.replace(user, renewed)

    def _parts(self, token: str) -> tuple[str, str]:
        family_id, _, secret = token.partition(".")
        if not is_id(family_id) or not secret:
            raise _invalid_refresh_token()
        return family_id, secret

    def _live_family(self, family_id: str) -> TokenFamily:
        family = self._families.get(family_id)
        if family is None or family.expires_at <= self._now() // 1000:
            raise _invalid_refresh_token()
        user = self._users.get(family.user_id)
        if user is None or not user.is_active:
            raise _invalid_refresh_token()
        return family

    def _rotate(self, family: TokenFamily, successor: str) -> TokenFamily:
        now = self._now()
        rotated = replace(
            family,
            current_hash=_digest(successor),
            previous_hash=family.current_hash,
            rotated_at=now,
            expires_at=now // 1000 + REFRESH_SECONDS,
        )
        self._families.rotate(family, rotated)
        return rotated

    def _repeat(self, family: TokenFamily, secret: str) -> TokenPair:
        """Give the tokens out once more to whoever used the token before at the same time."""
        is_previous = hmac.compare_digest(_digest(secret), family.previous_hash)
        if is_previous and self._now() - family.rotated_at <= GRACE_MS:
            successor = self._successor(family.family_id, secret)
            if hmac.compare_digest(_digest(successor), family.current_hash):
                return self._pair(family, successor)
            raise _invalid_refresh_token()  # the signing key has changed in these seconds
        self._families.revoke(family.family_id)
        raise unauthorized(
            "refresh_token_reused", "This refresh token was used before: log in again."
        )

    def _successor(self, family_id: str, secret: str) -> str:
        """Return the one token that follows `secret`: both tabs must end up with the same."""
        key = self._keys.current().key.get_secret_value()
        message = f"refresh\n{family_id}\n{secret}"
        return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()

    def _pair(self, family: TokenFamily, secret: str) -> TokenPair:
        access_token = self._tokens.issue(family.user_id, self._now())
        return TokenPair(access_token, f"{family.family_id}.{secret}")


def _invalid_refresh_token() -> Problem:
    return unauthorized("invalid_refresh_token", "The refresh token is not valid (any more).")
