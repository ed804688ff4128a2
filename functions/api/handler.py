"""Entry point of the API function."""

from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from mangum import Mangum

from functions.api import snapshot
from functions.api.app import create_app
from functions.api.deployed_services import DeployedServices
from functions.api.settings import get_settings
from functions.api.web.origin import OriginProof
from functions.api.web.problems import MEDIA_TYPE
from pairtrader.observability import logger
from pairtrader.storage.rotating_keys import RotatingKeySource

_settings = get_settings()
_services = DeployedServices(_settings)
_origin_keys = RotatingKeySource(_settings.origin_secret_arn)
_proof = OriginProof(_origin_keys) if _settings.origin_secret_arn else None
_app = create_app(_services, _settings.ui_origin, _proof)
_serve = Mangum(_app, lifespan="off", text_mime_types=["text/", "application/json", MEDIA_TYPE])
snapshot.register(_app, (_services, _origin_keys))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of API Gateway (payload format 2.0)."""
    return _serve(event, context)
