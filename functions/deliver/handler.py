"""Entry point of the deliver function: queued messages to traders."""

import time
from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from functions.deliver.delivery import Delivery, Fate, Outcome
from functions.deliver.email import EmailSender
from functions.deliver.public_hosts import resolve
from functions.deliver.settings import settings
from functions.deliver.telegram import TelegramSender
from functions.deliver.webhook import WebhookSender
from pairtrader.model.notification import ChannelKind
from pairtrader.observability import logger, metrics
from pairtrader.storage.notification_channels import NotificationChannelRepository
from pairtrader.storage.notification_queue import (
    CLIENT_CONFIG,
    NotANotification,
    parse_notification,
)
from pairtrader.storage.sealing import Seal

MAX_WAIT_SECONDS = 36_000
"""SQS hides a message for 12 hours at most, the time it was taken included."""
_COMES_AGAIN = frozenset({Fate.DELAYED, Fate.GIVEN_UP})


@lru_cache
def delivery() -> Delivery:
    """Return the process's delivery, over real tables and networks."""
    told = settings()
    return Delivery(
        NotificationChannelRepository(),
        Seal(told.sealing_secret_arn),
        {
            ChannelKind.EMAIL: EmailSender(told.mail_from),
            ChannelKind.TELEGRAM: TelegramSender(told.telegram_url, resolve),
            ChannelKind.WEBHOOK: WebhookSender(
                resolve, _now, allow_loopback=told.allow_private_webhooks
            ),
        },
        told.retry_seconds,
        _now,
    )


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Deliver every message in `event`; answers with those that are to come again."""
    failed = [r["messageId"] for r in event["Records"] if _must_come_again(r)]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


def _must_come_again(record: dict[str, Any]) -> bool:
    try:
        outcome = _delivered(record)
    except NotANotification:
        logger.error("message dropped: it can't be read", message_id=record["messageId"])
        return False
    except Exception:
        logger.exception("delivery crashed")
        metrics.add_metric("DeliveriesCrashed", MetricUnit.Count, 1)
        return True
    if outcome.fate in _COMES_AGAIN:
        _put_off(record, outcome.wait_seconds)
        return True
    return False


def _delivered(record: dict[str, Any]) -> Outcome:
    notification = parse_notification(record["body"])
    attempt = int(record["attributes"]["ApproximateReceiveCount"])
    outcome = delivery().deliver(notification, attempt)
    metrics.add_metric(outcome.fate, MetricUnit.Count, 1)
    logger.info(
        "delivery", notification_id=notification.id, kind=notification.kind, fate=outcome.fate,
        attempt=attempt,
    )  # fmt: skip
    return outcome


def _put_off(record: dict[str, Any], seconds: int) -> None:
    """Hide the message for the wait; one that can't be hidden comes after the queue's own time.

    After the last try it waits no longer: the queue lays it aside at once.
    """
    try:
        _queue_client().change_message_visibility(
            QueueUrl=settings().queue_url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=min(seconds, MAX_WAIT_SECONDS),
        )
    except (ClientError, BotoCoreError):
        logger.exception("a message could not be put off")


@lru_cache
def _queue_client() -> Any:
    return boto3.client("sqs", config=CLIENT_CONFIG)


def _now() -> int:
    return time.time_ns() // 1_000_000
