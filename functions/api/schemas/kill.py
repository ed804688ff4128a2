"""Kills: what is asked for, and one line for every bot."""

from collections import Counter
from typing import Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from functions.api.bots.kill_switch import Kill, KillLine, LineOutcome
from functions.api.schemas.risk import Reason
from functions.api.schemas.schema import Schema

Scope = Literal["mine", "user", "all"]


class BotKillRequest(Schema):
    """Why a bot is killed."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(
        default="",
        description="Told in the bot's log and beside the switch that holds entries back.",
        examples=["exchange misbehaves"],
    )
    position: Literal["close"] = Field(
        default="close", description="What becomes of open positions: there is no other choice."
    )


class KillRequest(BotKillRequest):
    """Whose bots are killed."""

    scope: Scope = Field(
        description="mine: all your bots; user: all of `user_id`; all: those of all users. "
        "The last two are for administrators.",
        examples=["mine"],
    )
    user_id: str | None = Field(
        default=None,
        max_length=64,
        description="Goes with the scope `user` only.",
        examples=["01KV3ZN0A7B5C3D1E9F8G6H4J2"],
        validate_default=True,
    )
    cursor: str | None = Field(
        default=None,
        max_length=4096,
        description="`cursor` of the answer before: goes on where that one has run out of time.",
        examples=[None],
    )

    @field_validator("user_id")
    @classmethod
    def _user_of_the_scope(cls, value: str | None, info: ValidationInfo) -> str | None:
        if (value is not None) is not (info.data.get("scope") == "user"):
            raise PydanticCustomError(
                "user_id", "user_id goes with the scope user: send both or neither"
            )
        return value


class KillLineResponse(Schema):
    """What has become of one bot."""

    bot_id: str
    user_id: str
    outcome: LineOutcome
    """commanded: its next tick closes what is open and stops it; stopped: it held nothing and is
    stopped now; failed: `code` says why."""
    code: str | None
    """Of the problem, as an endpoint would answer it; null unless the bot could not be killed."""

    @classmethod
    def of(cls, line: KillLine) -> "KillLineResponse":
        """Return the answer that shows `line`."""
        return cls(
            bot_id=line.bot_id, user_id=line.user_id, outcome=line.outcome, code=line.code or None
        )


class KillCounts(Schema):
    """How many bots of this answer have come to what."""

    commanded: int
    """Their next tick closes what is open and stops them."""
    stopped: int
    """Held nothing and were stopped at once."""
    already_stopped: int
    """Had been stopped before and held nothing."""
    failed: int
    """Could not be told: their lines say why."""


class KillResponse(Schema):
    """What a kill has done so far."""

    halted: bool
    """Whether entries are held back; false: that could not be stored, send the request again."""
    lifting: str
    """The request that allows entries again: nothing else does."""
    items: list[KillLineResponse]
    counts: KillCounts
    """The lines of this answer, counted."""
    cursor: str | None
    """Not null: time ran out, send the same request with it to go on with the other bots."""

    @classmethod
    def of(cls, kill: Kill, lifting: str) -> "KillResponse":
        """Return the answer that shows `kill`, which the request `lifting` takes back."""
        found = Counter(line.outcome for line in kill.lines)
        return cls(
            halted=kill.halted,
            lifting=lifting,
            items=[KillLineResponse.of(line) for line in kill.lines],
            counts=KillCounts(**{outcome.value: found[outcome] for outcome in LineOutcome}),
            cursor=kill.cursor,
        )
