"""What clients may say, and what they are told."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

MAX_FRAME = 4096
"""Characters of the longest frame that is read."""
ALL_BOTS = "*"
"""Stands for every bot of the user."""

BACKTESTS = "backtests"
"""Stands for every backtest and analysis of the user."""

Name = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9_-]{1,64})$")]


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Subject(_Frame):
    """What somebody wants to hear of: a bot, all of them, or backtests and analyses."""

    bot_id: Name | None = None
    topic: Literal["backtests"] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Subject":
        if (self.bot_id is None) is (self.topic is None):
            raise PydanticCustomError("subject", "bot_id or topic, not both")
        return self

    @property
    def named(self) -> dict[str, str]:
        """Return it as answers name it."""
        if self.bot_id is None:
            return {"topic": BACKTESTS}
        return {"bot_id": self.bot_id}


class Subscribe(Subject):
    """Tell me of this."""

    action: Literal["subscribe"]


class Unsubscribe(Subject):
    """Tell me of this no more."""

    action: Literal["unsubscribe"]


class Ping(_Frame):
    """I am still here."""

    action: Literal["ping"]


Request = Subscribe | Unsubscribe | Ping
_requests: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="action")])


class BadFrame(Exception):
    """The client has to send something else; the message says what."""


def parse(text: str) -> Request:
    """Return what the client wants.

    Raises:
        BadFrame: it can't be told.
    """
    if len(text) > MAX_FRAME:
        raise BadFrame(f"A frame may have {MAX_FRAME} characters.")
    try:
        return _requests.validate_json(text)
    except ValidationError as error:
        raise BadFrame(
            'Send {"action": "subscribe" or "unsubscribe", "bot_id": an id or "*"}, the same with '
            '"topic": "backtests" in place of "bot_id", or {"action": "ping"}.'
        ) from error


def frame(type_: str, **values: Any) -> str:
    """Return the text of one message to a client."""
    return json.dumps({"type": type_, **values}, separators=(",", ":"))


def error_frame(code: str, message: str, **values: Any) -> str:
    """Return the message that something was not done; `code` is stable."""
    return frame("error", code=code, message=message, **values)
