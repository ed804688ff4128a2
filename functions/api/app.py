"""The FastAPI application."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from functions.api import problems
from functions.api.problems import ProblemDetails, documented
from functions.api.request_frame import RequestFrame
from functions.api.routers import auth, bot_histories, bots, exchanges, health, risk, users
from functions.api.services import Services

PREFIX = "/api/v1"
TAGS = [
    {"name": "auth", "description": "Registration and sessions."},
    {"name": "users", "description": "The user behind the request."},
    {"name": "exchanges", "description": "Exchange accounts; keys go in and never come out."},
    {"name": "bots", "description": "Pair-trading bots."},
    {"name": "bot history", "description": "What a bot has done."},
    {"name": "risk", "description": "Limits and switches that hold entries back, never a way out."},
    {"name": "health", "description": "Whether the API answers."},
]


def create_app(services: Services, ui_origin: str = "") -> FastAPI:
    """Return the application over `services`."""
    app = _Application(
        title="pairtrader",
        version="1",
        description="Pair trading of perpetual swaps: accounts, bots and what they have done.",
        openapi_tags=TAGS,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=f"{PREFIX}/docs",
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.services = services
    app.state.ui_origin = ui_origin
    api = APIRouter(prefix=PREFIX, responses=documented(422))
    for router in (auth, users, exchanges, bots, bot_histories, risk, health):
        api.include_router(router.router)
    app.include_router(api)
    app.add_middleware(RequestFrame)
    problems.install(app)
    return app


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the description of the API, that of problems included."""
        if self.openapi_schema is None:
            schemas = super().openapi()["components"]["schemas"]
            details = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(details.pop("$defs"))
            schemas["ProblemDetails"] = details
        return super().openapi()


def _operation_id(route: APIRoute) -> str:
    return route.name
