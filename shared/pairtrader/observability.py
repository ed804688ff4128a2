"""The one place where logger, metrics and tracer are made."""

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()
"""Their namespace is the stack's name, from the environment."""
