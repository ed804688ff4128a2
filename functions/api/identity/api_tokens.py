"""API tokens: what scripts send instead of logging in."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.api.identifiers import is_id, new_id
from functions.api.identity.callers import Scope
from functions.api.ports import UserStore
from functions.api.web.problems import conflict, not_found, unauthorized
from pairtrader.storage.api_tokens import ApiToken
from pairtrader.storage.cursor import Page
from pairtrader.storage.users import User

PREFIX = "pt_"
MAX_TOKENS = 20
NOTED_MS = 3_600_000
"""The last use is written down at most this often."""
DAY_SECONDS = 86_400


class ApiTokenStore(Protocol):
    """API tokens."""

    def get(self, token_id: str) -> ApiToken | None:
        """Return the token, strongly consistent."""

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[ApiToken]:
        """Return the user's tokens, oldest first."""

    def add(self, token: ApiToken) -> None:
        """Store a new token."""

    def delete(self, token_id: str) -> None:
        """End the token."""

    def note_use(self, token: ApiToken, at: int) -> None:
        """Write down that the token was used at `at` (ms UTC), or don't; never fails."""


@dataclass(frozen=True, slots=True)
class NewApiToken:
    """A token just made."""

    token: ApiToken
    text: str
    """What scripts send; nobody can tell it again."""

    def __repr__(self) -> str:
        return f"NewApiToken({self.token!r})"


class ApiTokens:
    """Makes, lists, ends and recognises API tokens."""

    def __init__(self, tokens: ApiTokenStore, users: UserStore, now: Callable[[], int]) -> None:
        self._tokens = tokens
        self._users = users
        self._now = now

    def create(self, user: User, name: str, scope: Scope, days: int | None) -> NewApiToken:
        """Make a token of the user's, good for `days`, or until it is deleted.

        Raises:
            Problem: 409 ``too_many_tokens`` beyond `MAX_TOKENS`.
        """
        stored = self._tokens.list(user.id, MAX_TOKENS * 5, None).items
        dead = [token for token in stored if not self._is_alive(token, user)]
        for token in dead:
            self._tokens.delete(token.id)
        if len(stored) - len(dead) >= MAX_TOKENS:
            raise conflict("too_many_tokens", f"More than {MAX_TOKENS} tokens: delete one first.")
        secret, now = secrets.token_urlsafe(32), self._now()
        token = ApiToken(
            id=new_id(),
            user_id=user.id,
            name=name,
            scope=scope,
            digest=_digest(secret),
            epoch=user.token_epoch,
            created_at=now,
            expires_at=now // 1000 + days * DAY_SECONDS if days is not None else None,
        )
        self._tokens.add(token)
        return NewApiToken(token, f"{PREFIX}{token.id}_{secret}")

    def list(self, user: User, limit: int, cursor: str | None) -> Page[ApiToken]:
        """Return the user's tokens that are good, oldest first; a page may hold fewer than asked.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        page = self._tokens.list(user.id, limit, cursor)
        return Page([each for each in page.items if self._is_alive(each, user)], page.cursor)

    def delete(self, user: User, token_id: str) -> None:
        """End a token.

        Raises:
            Problem: 404 ``token_not_found``.
        """
        token = self._tokens.get(token_id) if is_id(token_id) else None
        if token is None or token.user_id != user.id:
            raise not_found("token")
        self._tokens.delete(token_id)

    def authenticate(self, text: str) -> tuple[User, ApiToken]:
        """Return whose token `text` is.

        Raises:
            Problem: 401 ``invalid_token``.
        """
        token_id, _, secret = text.removeprefix(PREFIX).partition("_")
        token = self._tokens.get(token_id) if is_id(token_id) else None
        is_right = hmac.compare_digest(_digest(secret), token.digest if token else "")
        user = self._users.get(token.user_id) if token is not None and is_right else None
        if token is None or user is None or not user.is_active or not self._is_alive(token, user):
            raise unauthorized("invalid_token", "The API token is not valid (any more).")
        now = self._now()
        if token.last_used_at is None or now - token.last_used_at >= NOTED_MS:
            self._tokens.note_use(token, now)
        return user, token

    def _is_alive(self, token: ApiToken, user: User) -> bool:
        in_time = token.expires_at is None or self._now() // 1000 < token.expires_at
        return in_time and token.epoch == user.token_epoch


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
