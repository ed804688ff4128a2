"""Entry point of the push function: the tables' streams tell what was written."""

import time
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.push.broadcast import Tally
from functions.push.changes import Change, JobChange, change_in
from functions.push.composition import broadcast, delivery
from functions.push.delivery import Delivery
from pairtrader.observability import logger, metrics

Record = dict[str, Any]


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Push the changes in `event` to those who watch; answer with the first that has to come again.

    Pushes are news, not data: what could not be delivered is not sent again, clients see from the
    numbers that something is missing. Only changes whose audience could not be found out come
    again, and what is told twice replaces itself.
    """
    sending = delivery()
    tally = Tally()
    failed: set[str] = set()
    for subject, changes in _by_subject(event["Records"]).items():
        try:
            told = _tell(subject, [change for _, change in changes], sending)
        except Exception:
            logger.exception("changes not told", subject=subject)
            failed |= {number for number, _ in changes}
        else:
            tally.unwatched += told.unwatched
            tally.moments += told.moments
    if sending.started:
        broadcast().settle(sending.finish(), tally)
        _measure(tally)
    again = [number for number in map(_number_of, event["Records"]) if number in failed]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in again[:1]]}


def _number_of(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def _tell(subject: str, changes: list[Change], sending: Delivery) -> Tally:
    jobs = [change for change in changes if isinstance(change, JobChange)]
    if jobs:
        return broadcast().tell_jobs(subject, jobs, sending)
    return broadcast().tell(subject, changes, sending)


def _by_subject(records: list[Record]) -> dict[str, list[tuple[str, Change]]]:
    """Return changes in order, each after its record's sequence number.

    They are those of each bot by its id, and those of each user's jobs by his.
    """
    found: dict[str, list[tuple[str, Change]]] = {}
    for record in records:
        number = _number_of(record)
        try:
            change = change_in(record)
        except Exception:
            # It would be no better understood the next time, and hold up all that follow.
            logger.exception("record dropped", sequence_number=number)
            continue
        if change is not None:
            subject = change.job.user_id if isinstance(change, JobChange) else change.bot_id
            found.setdefault(subject, []).append((number, change))
    return found


def _measure(tally: Tally) -> None:
    now = time.time_ns() // 1_000_000
    metrics.add_metric("Pushes", MetricUnit.Count, tally.delivered)
    for moment in tally.moments:
        metrics.add_metric("PushAge", MetricUnit.Milliseconds, max(0, now - moment))
    if tally.gone:
        metrics.add_metric("ConnectionsGone", MetricUnit.Count, tally.gone)
    if tally.failed:
        metrics.add_metric("PushesFailed", MetricUnit.Count, tally.failed)
    metrics.flush_metrics()
