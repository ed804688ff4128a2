"""The audit log: who did what, written down before it is done."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from functions.api.identifiers import is_id
from functions.api.identity.callers import Caller, Scope
from functions.api.ports import AuditStore
from functions.api.web.client_address import Client
from functions.api.web.problems import Problem
from pairtrader.observability import logger
from pairtrader.storage.audit_log import (
    Actor,
    AuditEntry,
    AuditFilter,
    AuditRecord,
    AuditUnavailable,
    Outcome,
    entry_id,
)
from pairtrader.storage.cursor import Page
from pairtrader.storage.users import Role, User

DAY_MS = 86_400_000
UNDER_WAY_MS = 30_000
"""The function runs no longer: what has no outcome by then never gets one."""
RETRY_SECONDS = 5
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Act:
    """What a request asks for."""

    action: str
    """Such as ``bot.start``; the object's kind comes before the dot."""
    object_id: str
    details: Mapping[str, str]
    request_id: str


class Audit:
    """Writes and shows the audit log."""

    def __init__(self, store: AuditStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now

    def begin(self, act: Act, caller: Caller, owner_id: str) -> AuditEntry:
        """Write down what `caller` is about to do to things of the user `owner_id`.

        Raises:
            Problem: 503 ``audit_unavailable``: it must not be done.
        """
        is_session = caller.scope is Scope.SESSION
        actor = Actor(
            user_id=caller.user.id,
            name=caller.user.username,
            credential="session" if is_session else "api_token",
            credential_id=caller.credential_id,
            address=_printable(caller.address),
            user_agent=_printable(caller.user_agent),
        )
        return self._begin(act, actor, owner_id)

    def attempt(self, act: Act, caller: Caller, owner_id: str) -> AuditEntry | None:
        """Write down as `begin` does, or into the function's log where that fails: then None."""
        try:
            return self.begin(act, caller, owner_id)
        except Problem:
            logger.error(
                "Done without an entry in the audit log",
                action=act.action,
                actor_id=caller.user.id,
                credential_id=caller.credential_id,
                user_id=owner_id,
                object_id=act.object_id,
                details=dict(act.details),
                request_id=act.request_id,
            )
            return None

    def note(self, act: Act, user: User | None, client: Client) -> AuditEntry:
        """Write down what somebody who is not logged in is about to do as `user`, if known.

        Raises:
            Problem: 503 ``audit_unavailable``: it must not be done.
        """
        actor = Actor(
            name=user.username if user else "",
            address=_printable(client.address),
            user_agent=_printable(client.user_agent),
        )
        return self._begin(act, actor, user.id if user else "")

    def conclude(self, entry: AuditEntry, status: int, code: str, object_id: str) -> None:
        """Add what has become of it. It is done already: a failure is logged, no more."""
        made = object_id if is_id(object_id) else ""
        try:
            self._store.conclude(entry, Outcome(status, code, self._now(), made))
        except AuditUnavailable:
            logger.exception("An outcome is missing in the audit log", action=entry.action)

    def of_user(
        self, user_id: str, wanted: AuditFilter, limit: int, cursor: str | None
    ) -> Page[AuditRecord]:
        """Return what concerns the user, newest first; a page may be short."""
        if not is_id(user_id):
            return Page([], None)
        return self._store.of_user(user_id, wanted, limit, cursor)

    def of_all(self, wanted: AuditFilter, limit: int, cursor: str | None) -> Page[AuditRecord]:
        """Return what concerns anybody, newest first; a page may be short."""
        return self._store.of_all(wanted, limit, cursor)

    def span(self, since: int | None, until: int | None, action: str) -> AuditFilter:
        """Return the filter for these moments (ms UTC): by default all of the last 365 days."""
        end = self._now() + 1 if until is None else until
        return AuditFilter(end - 365 * DAY_MS if since is None else since, end, action)

    def is_under_way(self, record: AuditRecord) -> bool:
        """Whether the outcome may still come."""
        return record.outcome is None and self._now() - record.entry.at < UNDER_WAY_MS

    def _begin(self, act: Act, actor: Actor, owner_id: str) -> AuditEntry:
        at = self._now()
        entry = AuditEntry(
            id=entry_id(at),
            at=at,
            action=act.action,
            user_id=owner_id,
            actor=actor,
            object_kind=act.action.partition(".")[0],
            object_id=act.object_id,
            details=act.details,
            request_id=act.request_id,
        )
        try:
            self._store.add(entry)
        except AuditUnavailable as error:
            logger.exception("The audit log can't be written", action=act.action)
            raise _unavailable() from error
        return entry


def owner_of(caller: Caller, named: str) -> str:
    """Return whose things a request is about: an administrator may name somebody else's."""
    is_admin = caller.user.role is Role.ADMIN
    return named if is_admin and is_id(named) else caller.user.id


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)[:200]


def _unavailable() -> Problem:
    return Problem(
        503,
        "audit_unavailable",
        "What is asked for can't be written down at the moment, so it was not done: try again.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )
