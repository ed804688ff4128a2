"""Entries of the audit log."""

from enum import StrEnum
from typing import Annotated

from fastapi import Query
from pydantic import Field

from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import Moment
from pairtrader.storage.audit_log import Actor, AuditRecord, Outcome

REFUSED = 400
FAILED = 500
Action = Annotated[
    str,
    Query(
        max_length=40,
        pattern=r"^[a-z_.]*$",
        description="Beginning of the action, such as `bot.` or `bot.start`.",
    ),
]


class Result(StrEnum):
    """What has become of an action."""

    DONE = "done"
    REFUSED = "refused"
    """Nothing was changed."""
    FAILED = "failed"
    """Something went wrong; it may be done in part."""
    UNDER_WAY = "under_way"
    UNKNOWN = "unknown"
    """The function died before it could tell."""


class ActorResponse(Schema):
    """Who did it."""

    user_id: str
    """Empty where nobody had logged in."""
    name: str
    """Of the user; empty where nobody knows."""
    credential: str = Field(examples=["session"])
    """`session`, `api_token`, or empty where none was needed."""
    credential_id: str
    """Of the session or the API token; empty in what others did, as is the rest."""
    address: str
    """Network address that the request came from."""
    user_agent: str
    """What the program called itself."""

    @classmethod
    def of(cls, actor: Actor, *, is_shown_whole: bool) -> "ActorResponse":
        """Return the answer that shows `actor`: of others no more than the name."""
        return cls(
            user_id=actor.user_id,
            name=actor.name,
            credential=actor.credential,
            credential_id=actor.credential_id if is_shown_whole else "",
            address=actor.address if is_shown_whole else "",
            user_agent=actor.user_agent if is_shown_whole else "",
        )


class AuditResponse(Schema):
    """One action."""

    id: str
    at: Moment
    action: str = Field(examples=["bot.start"])
    """What was done: kind of object and verb."""
    user_id: str
    """Whose things it was about; empty if nobody's who is known."""
    actor: ActorResponse
    """Who did it."""
    object_kind: str = Field(examples=["bot"])
    """Kind of what it was done to."""
    object_id: str
    """Empty where there is none."""
    made_id: str
    """Of what was made; empty where nothing was."""
    details: dict[str, str] = Field(examples=[{"fields": "leverage, profit_ratio"}])
    """Names of the fields that were sent, and values of a few; never a secret."""
    request_id: str
    """To be quoted when asking for help."""
    result: Result
    """How it ended."""
    status: int | None
    """Of the answer, as in HTTP; null while it is not known."""
    code: str
    """Of the problem that was answered; empty otherwise."""
    concluded_at: Moment | None
    """When it was answered, UTC; null while it is not known."""

    @classmethod
    def of(cls, record: AuditRecord, *, is_under_way: bool, viewer: str | None) -> "AuditResponse":
        """Return the answer that shows `record` to the user `viewer`, None: to an administrator."""
        entry, outcome = record.entry, record.outcome
        is_shown_whole = viewer is None or entry.actor.user_id in ("", viewer)
        return cls(
            id=entry.id,
            at=entry.at,
            action=entry.action,
            user_id=entry.user_id,
            actor=ActorResponse.of(entry.actor, is_shown_whole=is_shown_whole),
            object_kind=entry.object_kind,
            object_id=entry.object_id,
            made_id=outcome.object_id if outcome else "",
            details=dict(entry.details),
            request_id=entry.request_id,
            result=_result(outcome, is_under_way),
            status=outcome.status if outcome else None,
            code=outcome.code if outcome else "",
            concluded_at=outcome.at if outcome else None,
        )


def _result(outcome: Outcome | None, is_under_way: bool) -> Result:
    if outcome is None:
        return Result.UNDER_WAY if is_under_way else Result.UNKNOWN
    if outcome.status >= FAILED:
        return Result.FAILED
    return Result.REFUSED if outcome.status >= REFUSED else Result.DONE
