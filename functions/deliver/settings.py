"""The deliver function's environment, read once."""

import os
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _seconds(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


class DeliverSettings(BaseModel):
    """What the stack tells the function."""

    model_config = ConfigDict(frozen=True)

    queue_url: str = Field(alias="NOTIFICATION_QUEUE_URL", min_length=1)
    sealing_secret_arn: str = Field(alias="SEALING_SECRET_ARN", min_length=1)
    mail_from: str = Field(alias="MAIL_FROM", default="")
    """Sender of all mail; empty: there is none."""
    telegram_url: str = Field(alias="TELEGRAM_URL", default="https://api.telegram.org")
    allow_private_webhooks: bool = Field(alias="ALLOW_PRIVATE_WEBHOOKS", default=False)
    """Whether webhooks may go to this machine: on a local stack only."""
    retry_seconds: Annotated[
        tuple[Annotated[int, Field(ge=0, le=43_200)], ...], BeforeValidator(_seconds)
    ] = Field(alias="RETRY_SECONDS", default=(30, 120, 600, 3600), min_length=1)
    """How long a message waits after each failure; the last one is the last chance's wait."""


@lru_cache
def settings() -> DeliverSettings:
    """Return the settings.

    Raises:
        pydantic.ValidationError: a variable is missing.
    """
    return DeliverSettings.model_validate(dict(os.environ))
