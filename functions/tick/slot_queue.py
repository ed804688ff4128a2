"""Delayed messages from the tick function to itself."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pairtrader.observability import logger, metrics

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 3})
MAX_BATCH = 10
"""Messages SQS takes at once."""


class SqsSlotQueue:
    """Sends one message for each slot, delayed until it is due."""

    def __init__(self, queue_url: str, client: "SQSClient | None" = None) -> None:
        self._url = queue_url
        self._client = client or boto3.client("sqs", config=CONFIG)

    def send(self, bot_id: str, generation: int, dues: Sequence[int], now: int) -> None:
        """Queue one tick for each due time (ms UTC).

        A queue that does not take them costs the minute's slots, never this tick: an exit must not
        wait for a message.
        """
        for batch in _batches(dues):
            try:
                self._client.send_message_batch(
                    QueueUrl=self._url,
                    Entries=[_entry(bot_id, generation, due, now) for due in batch],
                )
            except (ClientError, BotoCoreError):
                logger.exception("slots could not be queued", bot_id=bot_id, slots=len(batch))
                metrics.add_metric("SlotsNotQueued", MetricUnit.Count, len(batch))


def _entry(
    bot_id: str, generation: int, due: int, now: int
) -> "SendMessageBatchRequestEntryTypeDef":
    body = json.dumps({"bot_id": bot_id, "generation": generation, "due": due})
    delay = max(0, -(-(due - now) // 1000))
    return {"Id": str(due), "DelaySeconds": delay, "MessageBody": body}


def _batches(dues: Sequence[int]) -> list[Sequence[int]]:
    return [dues[i : i + MAX_BATCH] for i in range(0, len(dues), MAX_BATCH)]
