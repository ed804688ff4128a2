"""What administrators do with users: find them, give and take rights, let them in again."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from functions.api.bots.risk import LimitChanges, RiskStore
from functions.api.identifiers import is_id
from functions.api.identity.passwords import hash_password, require_strong
from functions.api.identity.sessions import Sessions
from functions.api.ports import AdministeredUsers, BotStore
from functions.api.web.problems import Problem, conflict, not_found, unauthorized
from pairtrader.model.bot import Bot
from pairtrader.observability import logger
from pairtrader.storage.cursor import Page
from pairtrader.storage.risk import RiskUnknown, user_owner
from pairtrader.storage.users import (
    ListedUser,
    NoLongerAdmin,
    Role,
    User,
    UserFilter,
    amended,
    ended,
)

RESET_MS = 24 * 3_600_000
"""How long a reset token is good."""
DISABLED = "user disabled"
"""Why the entries of a disabled user's bots are held; no other halt is lifted later."""


@dataclass(frozen=True, slots=True)
class ResetToken:
    """Lets its bearer set a user's password, once."""

    text: str
    expires_at: int
    """ms UTC."""

    def __repr__(self) -> str:
        return "ResetToken(...)"


class Administration:
    """Changes users on behalf of an administrator, never the administrator's own user.

    As nobody changes themselves, and whoever changes somebody must be an active administrator at
    the moment of writing, one active administrator always remains.
    """

    def __init__(
        self,
        users: AdministeredUsers,
        sessions: Sessions,
        risk: RiskStore,
        bots: BotStore,
        now: Callable[[], int],
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._risk = risk
        self._bots = bots
        self._now = now

    def list(self, wanted: UserFilter, limit: int, cursor: str | None) -> Page[ListedUser]:
        """Return users by name; a page may be short while its cursor goes on."""
        return self._users.list(wanted, limit, cursor)

    def get(self, user_id: str) -> User:
        """Return any user.

        Raises:
            Problem: 404 ``user_not_found``.
        """
        user = self._users.get(user_id) if is_id(user_id) else None
        if user is None:
            raise not_found("user")
        return user

    def bots(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        """Return the user's bots, oldest first.

        Raises:
            Problem: 404 ``user_not_found``.
        """
        self.get(user_id)
        return self._bots.list_by_user(user_id, limit, cursor)

    def change(self, admin: User, user_id: str, role: Role | None, is_active: bool | None) -> User:
        """Give another user a role, or disable or enable them; None leaves things as they are.

        Whoever is disabled is out of every session and API token at once, and the entries of all
        their bots are held; exits go on being watched. Enabling lifts that halt, no other.

        Raises:
            Problem: 404 ``user_not_found``, 409 ``own_user``, 403 ``admin_required``, 503
                ``risk_unknown``: the user is changed, the entries may not be; ask again.
            Superseded: somebody else changed the user at the same time.
        """
        user = self._other(admin, user_id)
        changed = self._changed(user, role or user.role, is_active)
        if changed != user:
            self._write(admin, user, changed)
        if is_active is False:
            self._hold_entries(user_id)
            self._sessions.sweep(changed)
        elif is_active is True:
            self._release_entries(user_id)
        return changed

    def reset(self, admin: User, user_id: str, *, clear_totp: bool) -> ResetToken:
        """End another user's sessions, API tokens and password; return what sets a new password.

        Raises:
            Problem: 404 ``user_not_found``, 409 ``own_user``, 403 ``admin_required``.
            Superseded: somebody else changed the user at the same time.
        """
        user, now = self._other(admin, user_id), self._now()
        secret = secrets.token_urlsafe(32)
        changed = ended(
            user,
            now,
            # A hash like any other, of what nobody knows: a login must take as long as before.
            password_hash=hash_password(secrets.token_urlsafe(32)),
            reset_digest=_digest(secret),
            reset_expires_at=now + RESET_MS,
        )
        if clear_totp:
            changed = amended(changed, now, totp_secret="", totp_enabled=False, recovery_digests=())
        self._write(admin, user, changed)
        self._sessions.sweep(changed)
        return ResetToken(f"{user.id}.{secret}", changed.reset_expires_at)

    def bearer_of(self, token: str) -> User:
        """Return the user whose password a reset token sets.

        Raises:
            Problem: 401 ``invalid_reset_token``: unknown, used, too old, or the user is disabled.
        """
        user_id, _, secret = token.partition(".")
        user = self._users.get(user_id) if is_id(user_id) else None
        given, stored = _digest(secret), user.reset_digest if user else ""
        is_right = hmac.compare_digest(given, stored)
        if user is None or not is_right or not user.is_active:
            raise _invalid_reset_token()
        if self._now() >= user.reset_expires_at:
            raise _invalid_reset_token()
        return user

    def redeem(self, user: User, password: str) -> None:
        """Set the password of a user whom `bearer_of` has returned; the token is used up.

        Raises:
            Problem: 422 ``weak_password``: the token is still good.
            Superseded: somebody else changed the user at the same time, or used the token.
        """
        require_strong(password, user.username, "new_password")
        changed = ended(
            user,
            self._now(),
            password_hash=hash_password(password),
            reset_digest="",
            reset_expires_at=0,
        )
        self._users.replace(user, changed)
        self._sessions.sweep(changed)

    def _other(self, admin: User, user_id: str) -> User:
        user = self.get(user_id)
        if user.id == admin.id:
            raise conflict("own_user", "Have another administrator do this to your own user.")
        return user

    def _changed(self, user: User, role: Role, is_active: bool | None) -> User:
        now = self._now()
        if is_active is False and user.is_active:
            return ended(user, now, role=role, is_active=False, reset_digest="")
        active = user.is_active if is_active is None else is_active
        if (role, active) == (user.role, user.is_active):
            return user
        return amended(user, now, role=role, is_active=active)

    def _write(self, admin: User, old: User, new: User) -> None:
        try:
            self._users.administer(old, new, admin.id)
        except NoLongerAdmin as error:
            detail = "You are no administrator any more: nothing was changed."
            raise Problem(403, "admin_required", detail) from error

    def _hold_entries(self, user_id: str) -> None:
        """Halt the user's entries, unless they are halted: the other reason must not get lost."""
        try:
            if not self._risk.limits_of(user_owner(user_id)).halted:
                halt: LimitChanges = {"halted": True, "halted_reason": DISABLED}
                self._risk.change_limits(user_owner(user_id), halt)
        except RiskUnknown as error:
            raise _entries_unknown("disabled, but their bots may still enter") from error

    def _release_entries(self, user_id: str) -> None:
        try:
            limits = self._risk.limits_of(user_owner(user_id))
            if limits.halted and limits.halted_reason == DISABLED:
                freed: LimitChanges = {"halted": False, "halted_reason": ""}
                self._risk.change_limits(user_owner(user_id), freed)
        except RiskUnknown as error:
            raise _entries_unknown("enabled, but their bots may still be held") from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _invalid_reset_token() -> Problem:
    return unauthorized("invalid_reset_token", "The reset token is not valid (any more).")


def _entries_unknown(state: str) -> Problem:
    logger.exception("the risk table does not answer")
    detail = f"The user is {state}: send the same request again."
    return Problem(503, "risk_unknown", detail, headers={"Retry-After": "5"})
