"""Entry point of the exchange function: the API waits for answers, the tick does not."""

import asyncio
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.exchange.answers import respond
from functions.exchange.composition import bots, shelf
from pairtrader.observability import logger

_runner = asyncio.Runner()
"""One event loop for the life of the process: exchange connections belong to it."""


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one enquiry: ``{"ok": true, "result": …}`` or ``{"ok": false, "error": …}``."""
    return _runner.run(respond(event, shelf(), bots()))
