"""The research function's environment, read once."""

import os
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field


class ResearchSettings(BaseModel):
    """What the stack tells the function."""

    model_config = ConfigDict(frozen=True)

    data_bucket: str = Field(alias="DATA_BUCKET", min_length=1)
    exchange_hosts: str = Field(alias="EXCHANGE_HOSTS", default="")


@lru_cache
def settings() -> ResearchSettings:
    """Return the settings.

    Raises:
        pydantic.ValidationError: a variable is missing.
    """
    return ResearchSettings.model_validate(dict(os.environ))
