"""The tick function, woken without waiting for it."""

import json
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pairtrader.observability import logger

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


class TickGateway:
    """Asks for ticks; one that can't be asked for is left to the schedule."""

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

    def first_tick(self, bot_id: str, generation: int, at: int) -> None:
        """Tick as the schedule would at `at` (ms UTC): this minute's slots are queued too."""
        due = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._wake({"bot_id": bot_id, "generation": generation, "scheduled_time": due})

    def tick(self, bot_id: str) -> None:
        """Tick now, so that a command is carried out."""
        self._wake({"bot_id": bot_id})

    def _wake(self, event: dict[str, Any]) -> None:
        try:
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event)
            )
        except (ClientError, BotoCoreError):
            logger.exception("The tick function could not be woken", bot_id=event["bot_id"])
