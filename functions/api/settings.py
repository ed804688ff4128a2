"""The function's environment, read once."""

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """What the stack tells the function; names are those of the variables in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: Text
    table_prefix: Text
    """The stack's name; also the issuer of access tokens."""
    secret_prefix: Text
    tick_function: Text
    exchange_function: Text
    schedule_group: Text
    scheduler_role_arn: Text
    scheduler_dlq_arn: Text
    jwt_secret_arn: Text
    sealing_secret_arn: Text
    bootstrap_secret_arn: Text
    websocket_endpoint: Text
    """Address of the WebSocket API's stage; of a local stack its path alone."""
    notification_queue_url: Text
    research_function: Text
    data_bucket: Text
    """Where results of backtests and analyses lie."""
    research_jobs_a_day: Annotated[int, Field(ge=1)] = 100
    """Backtests and analyses that a user may begin on one day (UTC)."""
    mail_from: str = ""
    """Sender of all mail; empty: there is none."""
    allow_private_webhooks: bool = False
    """Whether webhooks may go to this machine: on a local stack only."""
    registration_open: bool = False
    origin_secret_arn: str = ""
    """Secret that CloudFront proves itself by; empty: requests come straight from clients."""
    ui_origin: str = ""
    """Origin the browser shows, such as https://bots.example.com; empty: the request's own host."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings.

        Raises:
            pydantic.ValidationError: a variable is missing; its name is in the message.
        """
        return cls.model_validate({name.lower(): value for name, value in environment.items()})


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process."""
    return Settings.from_environment()
