"""Entry point of the publish function: the web UI as a resource of the stack."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from functions.publish.answer import never_was, outcome, put, send_answer
from functions.publish.bucket import Bucket
from functions.publish.deployment import Deployment, Request
from functions.publish.publication import Publication, withdraw
from functions.publish.site import Site
from pairtrader.observability import logger

BUNDLE = Path(__file__).resolve().parents[2]
SITE = BUNDLE / "site"
VERSION = BUNDLE / "version"
"""Put into the bundle by `scripts/bundle.py`."""
CLIENT_CONFIG = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2}
)
RESERVE_MS = 50_000
"""Of the function's time: the longest request to AWS, and all tries to answer."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Do what CloudFormation asks for, and tell it the outcome whatever that is."""
    failure = None
    try:
        _carry_out(event, context)
    except Exception as error:
        logger.exception("the web UI was not published")
        failure = f"{type(error).__name__}: {error} (log: {context.log_stream_name})"
    send_answer(event["ResponseURL"], outcome(event, failure), put)


def _carry_out(event: dict[str, Any], context: LambdaContext) -> None:
    if never_was(event):
        return
    deployment = Deployment.model_validate(event)
    bucket = Bucket(_s3(), deployment.place.bucket)
    if deployment.request is Request.DELETE:
        logger.info("emptied", bucket=bucket.name, deleted=withdraw(bucket))
        return
    site = Site(SITE)
    publication = Publication(
        site,
        VERSION.read_text().strip(),
        _cloudfront(),
        lambda: context.get_remaining_time_in_millis() > RESERVE_MS,
    )
    deleted = publication.publish(bucket, deployment)
    logger.info(
        "published", bucket=bucket.name, digest=site.digest, files=len(site.files), deleted=deleted
    )


@lru_cache
def _s3() -> Any:
    return boto3.client("s3", config=CLIENT_CONFIG)


@lru_cache
def _cloudfront() -> Any:
    client: Any = boto3.client("cloudfront", config=CLIENT_CONFIG)
    return client
