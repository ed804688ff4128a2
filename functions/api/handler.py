"""Entry point of the API function."""

from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from mangum import Mangum

from functions.api.app import create_app
from functions.api.problems import MEDIA_TYPE
from functions.api.services import build_services
from functions.api.settings import get_settings
from pairtrader.observability import logger

_settings = get_settings()
_serve = Mangum(
    create_app(build_services(_settings), _settings.ui_origin),
    lifespan="off",
    text_mime_types=["text/", "application/json", MEDIA_TYPE],
)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of API Gateway (payload format 2.0)."""
    return _serve(event, context)
