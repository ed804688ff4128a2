"""The research function, sent for without waiting for it."""

import json
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.api.web.problems import Problem
from pairtrader.model.research import Job
from pairtrader.observability import logger

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


class ResearchGateway:
    """Has jobs worked on."""

    def __init__(self, function: str, client: "LambdaClient | None" = None) -> None:
        self._function = function
        self._given = client

    @cached_property
    def _client(self) -> "LambdaClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - most requests need no Lambda client
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2}
        )
        return boto3.client("lambda", config=config)

    def begin(self, job: Job) -> None:
        """Have the job worked on. The function begins it once, however often it is sent for.

        Raises:
            Problem: 503 ``research_unavailable``: it may not have been sent for.
        """
        event = json.dumps({"user_id": job.user_id, "job_id": job.id})
        try:
            self._client.invoke(FunctionName=self._function, InvocationType="Event", Payload=event)
        except (ClientError, BotoCoreError) as error:
            logger.exception("The research function could not be sent for", job_id=job.id)
            raise unavailable() from error


def unavailable() -> Problem:
    """Return the problem of a job that could not be begun."""
    detail = "It could not be started: nothing is kept, try again in a moment."
    return Problem(503, "research_unavailable", detail, headers={"Retry-After": "5"})
