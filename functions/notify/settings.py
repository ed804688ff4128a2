"""The notify function's environment, read once."""

import os
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field


class NotifySettings(BaseModel):
    """What the stack tells the function."""

    model_config = ConfigDict(frozen=True)

    queue_url: str = Field(alias="NOTIFICATION_QUEUE_URL", min_length=1)


@lru_cache
def settings() -> NotifySettings:
    """Return the settings.

    Raises:
        pydantic.ValidationError: a variable is missing.
    """
    return NotifySettings.model_validate(dict(os.environ))
