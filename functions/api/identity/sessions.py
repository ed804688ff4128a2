"""Sessions: who is in, by which refresh token, until when."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from functions.api.identifiers import is_id, new_id
from functions.api.identity.access_tokens import (
    LIFETIME_SECONDS,
    AccessTokens,
    InvalidToken,
    KeySource,
)
from functions.api.identity.devices import device_name
from functions.api.ports import FamilyStore, UserStore
from functions.api.web.client_address import Client
from functions.api.web.problems import Problem, not_found, unauthorized
from pairtrader.storage.cursor import Page
from pairtrader.storage.errors import Superseded
from pairtrader.storage.refresh_tokens import TokenFamily
from pairtrader.storage.users import User

REFRESH_SECONDS = 30 * 86_400
"""Life of a refresh token; every refresh starts it anew."""
GRACE_MS = 10_000
"""How long the token just used up is still good: two tabs refresh at the same time."""
SWEPT = 100
"""Families that are looked at when a user's old ones are removed."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login or a refresh gives."""

    access_token: str
    refresh_token: str
    expires_in: int = LIFETIME_SECONDS

    def __repr__(self) -> str:
        return "TokenPair(...)"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Sessions:
    """Begins sessions, keeps them and ends them.

    A session is one family of refresh tokens. Its access tokens name it and end with it: each
    request looks up both the session and the user, whose `epoch` ends all sessions at once.
    """

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

    def begin(self, user: User, client: Client) -> TokenPair:
        """Begin a session of a user who has proven to be that user."""
        secret, now = secrets.token_urlsafe(32), self._now()
        family = TokenFamily(
            family_id=new_id(),
            user_id=user.id,
            current_hash=_digest(secret),
            previous_hash="",
            rotated_at=now,
            created_at=now,
            expires_at=now // 1000 + REFRESH_SECONDS,
            epoch=user.epoch,
            device=device_name(client.user_agent),
            address=client.address,
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
        _, family = self._live(family_id)
        if hmac.compare_digest(_digest(secret), family.current_hash):
            successor = self._successor(family_id, secret)
            try:
                family = self._rotate(family, successor)
            except Superseded:
                _, family = self._live(family_id)
            else:
                return self._pair(family, successor)
        return self._repeat(family, secret)

    def log_out(self, token: str) -> None:
        """End the session that the token belongs to; an unknown token is success."""
        family_id, _, _ = token.partition(".")
        if is_id(family_id):
            self._families.revoke(family_id)

    def authenticate(self, access_token: str) -> tuple[User, TokenFamily]:
        """Return who sent the request, and the session it belongs to.

        Raises:
            Problem: 401 ``invalid_token``.
        """
        try:
            claims = self._tokens.verify(access_token, self._now())
        except InvalidToken:
            found = None
        else:
            found = self._find(claims.session_id)
            if found is not None and found[0].id != claims.user_id:
                found = None
        if found is None:
            raise unauthorized("invalid_token", "The access token is not valid (any more).")
        return found

    def list(self, user: User, limit: int, cursor: str | None) -> Page[TokenFamily]:
        """Return the user's sessions, oldest first; a page may hold fewer than asked for.

        One that has just ended may be among them for a moment.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        page = self._families.list(user.id, limit, cursor)
        return Page([f for f in page.items if self._is_alive(f, user)], page.cursor)

    def end(self, user: User, session_id: str) -> None:
        """End one of the user's sessions.

        Raises:
            Problem: 404 ``session_not_found``.
        """
        family = self._families.get(session_id) if is_id(session_id) else None
        if family is None or family.user_id != user.id or not self._is_alive(family, user):
            raise not_found("session")
        self._families.revoke(session_id)

    def sweep(self, user: User) -> None:
        """Remove what the user's sessions have left that are over: tidiness, not safety."""
        for family in self._families.list(user.id, SWEPT, None).items:
            if not self._is_alive(family, user):
                self._families.revoke(family.family_id)

    def _parts(self, token: str) -> tuple[str, str]:
        family_id, _, secret = token.partition(".")
        if not is_id(family_id) or not secret:
            raise _invalid_refresh_token()
        return family_id, secret

    def _live(self, family_id: str) -> tuple[User, TokenFamily]:
        found = self._find(family_id)
        if found is None:
            raise _invalid_refresh_token()
        return found

    def _find(self, family_id: str) -> tuple[User, TokenFamily] | None:
        """Return the session and its user, if the session is not over."""
        family = self._families.get(family_id) if is_id(family_id) else None
        user = self._users.get(family.user_id) if family is not None else None
        if family is None or user is None or not self._is_alive(family, user):
            return None
        return user, family

    def _is_alive(self, family: TokenFamily, user: User) -> bool:
        in_time = self._now() // 1000 < family.expires_at
        return in_time and user.is_active and family.epoch == user.epoch

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
        access_token = self._tokens.issue(family.user_id, family.family_id, self._now())
        return TokenPair(access_token, f"{family.family_id}.{secret}")


def _invalid_refresh_token() -> Problem:
    return unauthorized("invalid_refresh_token", "The refresh token is not valid (any more).")
