"""Entry point of the notify function: lines just written to bots' logs that tell of events."""

from functools import lru_cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from functions.notify.announcement import Announcement
from functions.notify.settings import settings
from pairtrader.model.records import LogRecord
from pairtrader.observability import logger, metrics
from pairtrader.storage.bots import BotRepository
from pairtrader.storage.notification_channels import NotificationChannelRepository
from pairtrader.storage.notification_queue import NotificationQueue
from pairtrader.storage.trade_logs import LogItem


@lru_cache
def announcement() -> Announcement:
    """Return the process's announcement, over real tables and the queue."""
    queue = NotificationQueue(settings().queue_url)
    return Announcement(BotRepository(), NotificationChannelRepository(), queue)


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Queue the messages of every line; answers from which line on they are to come again."""
    for record in event["Records"]:
        try:
            _announce(record)
        except Exception:
            logger.exception("event not announced")
            sequence = record["dynamodb"]["SequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": sequence}]}
    return {"batchItemFailures": []}


def _announce(record: dict[str, Any]) -> None:
    line = _line(record["dynamodb"].get("NewImage") or {})
    if line is None:
        return
    queued = announcement().announce(line)
    metrics.add_metric("NotificationsQueued", MetricUnit.Count, queued)
    logger.info("announced", bot_id=line.bot_id, log_id=line.id, kind=line.event, channels=queued)


def _line(image: dict[str, Any]) -> LogRecord | None:
    """The line in a record; what can't be read never will be, and must not hold up the others."""
    try:
        return LogItem.from_raw_data(image).body
    except (KeyError, TypeError, ValueError, ValidationError):
        logger.exception("not a line of a log")
        return None
