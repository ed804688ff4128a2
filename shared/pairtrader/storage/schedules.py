"""EventBridge schedules: one for every ticking bot, named by bot and generation."""

import json
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pairtrader.storage.errors import StorageError

if TYPE_CHECKING:
    from types_boto3_scheduler import EventBridgeSchedulerClient
    from types_boto3_scheduler.type_defs import TargetTypeDef

CLIENT_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 3}
)
MAX_EVENT_AGE_SECONDS = 60


class SchedulesUnavailable(StorageError):
    """The scheduler did not answer or refused; what was asked for may or may not be done."""


def schedule_name(bot_id: str, generation: int) -> str:
    """Return the name of the schedule of one start of the bot."""
    return f"{bot_id}-{generation}"


class Schedules:
    """Creates and deletes bots' schedules in one group."""

    def __init__(
        self,
        group: str,
        target_arn: str,
        role_arn: str,
        dead_letter_arn: str,
        client: "EventBridgeSchedulerClient | None" = None,
    ) -> None:
        self._group = group
        self._target_arn = target_arn
        self._role_arn = role_arn
        self._dead_letter_arn = dead_letter_arn
        self._given = client

    @cached_property
    def _client(self) -> "EventBridgeSchedulerClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - 50 ms that most invocations do without

        return boto3.client("scheduler", config=CLIENT_CONFIG)

    def create(self, bot_id: str, generation: int, first_at: datetime) -> None:
        """Tick the bot once a minute from `first_at` on; a schedule already there is success.

        Raises:
            SchedulesUnavailable: the schedule may or may not exist.
        """
        try:
            self._client.create_schedule(
                Name=schedule_name(bot_id, generation),
                GroupName=self._group,
                ScheduleExpression="rate(1 minute)",
                StartDate=first_at,
                FlexibleTimeWindow={"Mode": "OFF"},
                Target=self._target(bot_id, generation),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise SchedulesUnavailable(bot_id) from error
        except BotoCoreError as error:
            raise SchedulesUnavailable(bot_id) from error

    def delete(self, bot_id: str, generation: int) -> None:
        """Delete exactly this schedule; one that is gone already is success.

        Raises:
            SchedulesUnavailable: the schedule may still exist.
        """
        try:
            self._client.delete_schedule(
                Name=schedule_name(bot_id, generation), GroupName=self._group
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise SchedulesUnavailable(bot_id) from error
        except BotoCoreError as error:
            raise SchedulesUnavailable(bot_id) from error

    def _target(self, bot_id: str, generation: int) -> "TargetTypeDef":
        event = {
            "bot_id": bot_id,
            "generation": generation,
            "scheduled_time": "<aws.scheduler.scheduled-time>",
        }
        return {
            "Arn": self._target_arn,
            "RoleArn": self._role_arn,
            "Input": json.dumps(event),
            "DeadLetterConfig": {"Arn": self._dead_letter_arn},
            "RetryPolicy": {
                "MaximumRetryAttempts": 0,
                "MaximumEventAgeInSeconds": MAX_EVENT_AGE_SECONDS,
            },
        }
