"""Whether the login behind a connection is still good."""

from typing import Protocol

from pairtrader.storage.api_tokens import ApiToken
from pairtrader.storage.connections import Holder
from pairtrader.storage.refresh_tokens import TokenFamily
from pairtrader.storage.users import User

SESSION = "session"
"""Scope of a connection that a login has opened; API tokens have others."""


class Users(Protocol):
    """Users."""

    def get(self, user_id: str) -> User | None:
        """Return the user of this id."""


class Families(Protocol):
    """Logins."""

    def get(self, family_id: str) -> TokenFamily | None:
        """Return the family of refresh tokens."""


class ApiTokens(Protocol):
    """API tokens."""

    def get(self, token_id: str) -> ApiToken | None:
        """Return the token of this id."""


class Credentials:
    """Looks up what a connection was opened by."""

    def __init__(self, users: Users, families: Families, tokens: ApiTokens) -> None:
        self._users = users
        self._families = families
        self._tokens = tokens

    def are_good(self, holder: Holder, now: int) -> bool:
        """Whether the holder may still listen at `now` (seconds UTC).

        No more once the user is disabled, or the login or token is over or has been ended.
        """
        user = self._users.get(holder.user_id)
        if user is None or not user.is_active:
            return False
        if holder.scope == SESSION:
            return self._session_lives(holder, user, now)
        return self._token_lives(holder, user, now)

    def _session_lives(self, holder: Holder, user: User, now: int) -> bool:
        family = self._families.get(holder.credential_id)
        return (
            family is not None
            and family.user_id == user.id
            and family.epoch == user.epoch
            and family.expires_at > now
        )

    def _token_lives(self, holder: Holder, user: User, now: int) -> bool:
        token = self._tokens.get(holder.credential_id)
        return (
            token is not None
            and token.user_id == user.id
            and token.epoch == user.token_epoch
            and (token.expires_at is None or token.expires_at > now)
        )
