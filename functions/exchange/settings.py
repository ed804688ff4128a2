"""The exchange function's environment, read once."""

import os
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field


class ExchangeSettings(BaseModel):
    """What the stack tells the function."""

    model_config = ConfigDict(frozen=True)

    secret_prefix: str = Field(alias="SECRET_PREFIX", min_length=1)
    data_bucket: str = Field(alias="DATA_BUCKET", min_length=1)
    exchange_hosts: str = Field(alias="EXCHANGE_HOSTS", default="")


@lru_cache
def settings() -> ExchangeSettings:
    """Return the settings.

    Raises:
        pydantic.ValidationError: a variable is missing.
    """
    return ExchangeSettings.model_validate(dict(os.environ))
