"""Entry point of the research function: the API sends for one job, nobody waits for it."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.research.composition import worker
from pairtrader.observability import logger, metrics


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work on the job ``{"user_id", "job_id"}`` and say how it ended.

    A fault of ours raises, after the job was noted as failed. A job whose function is killed counts
    as failed when its lease has run out.
    """
    user_id, job_id = str(event["user_id"]), str(event["job_id"])
    logger.append_keys(job_id=job_id)
    status = worker().work(
        user_id, job_id, context.aws_request_id, context.get_remaining_time_in_millis
    )
    metrics.add_metric(f"Jobs{status.capitalize()}", MetricUnit.Count, 1)
    logger.info("Job ended", status=status)
    return {"status": status}
