"""Delayed messages from the tick function to itself."""

import json
from collections.abc import Sequence

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 3})
MAX_BATCH = 10
"""Messages SQS takes at once."""


class SqsSlotQueue:
    """Sends one message for each slot, delayed until it is due."""

    def __init__(self, queue_url: str, client: "SQSClient | None" = None) -> None:
        self._url = queue_url
        self._client = client or boto3.client("sqs", config=CONFIG)

    def send(self, bot_id: str, generation: int, dues: Sequence[int], now: int) -> None:
        """Queue one tick for each due time (ms UTC)."""
        for batch in _batches(dues):
            self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(due),
                        "DelaySeconds": max(0, -(-(due - now) // 1000)),
                        "MessageBody": json.dumps(
                            {"bot_id": bot_id, "generation": generation, "due": due}
                        ),
                    }
                    for due in batch
                ],
            )


def _batches(dues: Sequence[int]) -> list[Sequence[int]]:
    return [dues[i : i + MAX_BATCH] for i in range(0, len(dues), MAX_BATCH)]
