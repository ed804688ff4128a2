"""The WebSocket function's environment, read once."""

import os
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field


class SocketSettings(BaseModel):
    """What the stack tells the function."""

    model_config = ConfigDict(frozen=True)

    websocket_endpoint: str = Field(alias="WEBSOCKET_ENDPOINT", min_length=1)


@lru_cache
def settings() -> SocketSettings:
    """Return the settings.

    Raises:
        pydantic.ValidationError: a variable is missing.
    """
    return SocketSettings.model_validate(dict(os.environ))
