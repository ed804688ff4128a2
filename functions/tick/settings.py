"""The tick function's environment, read once."""

import os
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field


class TickSettings(BaseModel):
    """What the stack tells the function."""

    model_config = ConfigDict(frozen=True)

    queue_url: str = Field(alias="TICK_QUEUE_URL", min_length=1)
    schedule_group: str = Field(alias="SCHEDULE_GROUP", min_length=1)
    secret_prefix: str = Field(alias="SECRET_PREFIX", min_length=1)
    data_bucket: str = Field(alias="DATA_BUCKET", min_length=1)
    exchange_function: str = Field(alias="EXCHANGE_FUNCTION", min_length=1)
    exchange_hosts: str = Field(alias="EXCHANGE_HOSTS", default="{}")


@lru_cache
def settings() -> TickSettings:
    """Return the settings.

    Raises:
        pydantic.ValidationError: a variable is missing.
    """
    return TickSettings.model_validate(dict(os.environ))
