"""Entry point of the tick function: the schedule, its queue, or a hand asks for a tick."""

import asyncio
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.tick.composition import engine
from functions.tick.events import BadEvent, parse, parse_record
from pairtrader.model.bot import Status
from pairtrader.observability import logger, metrics
from pairtrader.trading.metronome import TickRequest
from pairtrader.trading.report import TickReport, TickResult

_runner = asyncio.Runner()
"""One event loop for the life of the process: exchange connections belong to it."""


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run every tick in `event`.

    For the queue, answers with the messages that crashed; for others with the tick's report. A
    tick that crashes otherwise raises, so that the event ends in the dead-letter queue.
    """
    if "Records" in event:
        failed = [r["messageId"] for r in event["Records"] if not _survives(r)]
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
    return _answer(_tick(parse(event)))


def _survives(record: dict[str, Any]) -> bool:
    try:
        _tick(parse_record(record))
    except BadEvent as error:
        logger.error("message dropped", reason=str(error))
    except Exception:
        logger.exception("tick crashed")
        metrics.add_metric("TicksCrashed", MetricUnit.Count, 1)
        return False
    return True


def _tick(request: TickRequest) -> TickReport:
    logger.append_keys(bot_id=request.bot_id)
    report = _runner.run(engine().run(request))
    metrics.add_metric(f"Ticks{report.result.capitalize()}", MetricUnit.Count, 1)
    if report.reason == "deleted":
        metrics.add_metric("TicksOfDeletedBots", MetricUnit.Count, 1)
    if report.status == Status.ERROR:
        metrics.add_metric("TicksInError", MetricUnit.Count, 1)
    if report.skipped:
        metrics.add_metric("TicksSkippedInARow", MetricUnit.Count, report.skipped)
    for incident in report.incidents:
        metrics.add_metric(incident, MetricUnit.Count, 1)
    # An idle tick is told by its metric: half a million log lines a month would say no more.
    log = logger.debug if report.result is TickResult.IDLE else logger.info
    log(
        "tick", result=report.result, reason=report.reason, status=report.status,
        spread=report.spread, level=report.level, source=request.source,
    )  # fmt: skip
    return report


def _answer(report: TickReport) -> dict[str, Any]:
    return {
        "bot_id": report.bot_id,
        "result": report.result,
        "reason": report.reason,
        "status": report.status,
        "spread": report.spread,
        "level": report.level,
    }
