"""The FastAPI application."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.routing import BaseRoute

from functions.api.services import Services
from functions.api.web import problems
from functions.api.web.audit_frame import AuditFrame
from functions.api.web.origin import OriginGate, OriginProof
from functions.api.web.problems import documented
from functions.api.web.request_frame import RequestFrame
from functions.api.web.routes import PREFIX, Subject

TAGS = [
    {"name": "auth", "description": "Registration and sessions."},
    {"name": "users", "description": "The user behind the request; all users, for administrators."},
    {"name": "exchanges", "description": "Exchange accounts; keys go in and never come out."},
    {"name": "bots", "description": "Pair-trading bots."},
    {"name": "bot history", "description": "What a bot has done."},
    {"name": "ledger", "description": "Orders and closed cycles over all bots."},
    {"name": "dashboard", "description": "How all bots are doing."},
    {"name": "settings", "description": "How things are shown, and what forms begin with."},
    {"name": "risk", "description": "Limits and switches that hold entries back, never a way out."},
    {"name": "live", "description": "Tickets for live push over a WebSocket."},
    {"name": "notifications", "description": "Where users are told what their bots do."},
    {"name": "backtests", "description": "Settings of bots, tried on history."},
    {"name": "analyses", "description": "Statistics of pairs, and the search for pairs."},
    {"name": "audit", "description": "Who has done what."},
    {"name": "health", "description": "Whether the API answers."},
]

SUBJECTS = (
    ("auth", "router", ("auth",)),
    ("users", "router", ("users",)),
    ("user_administration", "router", ("users",)),
    ("exchanges", "router", ("exchanges",)),
    ("bots", "router", ("bots",)),
    ("bot_documents", "router", ("bots",)),
    ("bot_histories", "router", ("bots",)),
    ("bot_stats", "router", ("bots",)),
    ("ledger", "router", ("orders", "cycles")),
    ("dashboard", "router", ("dashboard",)),
    ("preferences", "router", ("settings",)),
    ("risk", "router", ("risk", "bots")),
    ("kill", "router", ("kill", "bots")),
    ("live", "router", ("ws",)),
    ("notifications", "router", ("notifications",)),
    ("backtests", "router", ("backtests",)),
    ("analyses", "router", ("analyses",)),
    ("audit", "router", ("audit",)),
    ("health", "router", ("health",)),
    ("user_administration", "reset_router", ("auth",)),
)
"""Modules of endpoints, the name of their routes, and how the paths of these begin."""


def create_app(
    services: Services, ui_origin: str = "", origin_proof: OriginProof | None = None
) -> FastAPI:
    """Return the application over `services`; with a proof it answers CloudFront alone."""
    app = _Application(
        title="pairtrader",
        version="1",
        description="Pair trading of perpetual swaps: accounts, bots and what they have done.",
        openapi_tags=TAGS,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.ui_origin = ui_origin
    app.state.origin_proof = origin_proof
    common = documented(422)
    app.router.routes.extend(
        Subject(app, common, (f"functions.api.routers.{module}", name), heads)
        for module, name, heads in SUBJECTS
    )
    app.add_route(f"{PREFIX}/docs", _show_reference, include_in_schema=False)
    app.add_middleware(AuditFrame)
    app.add_middleware(OriginGate)
    app.add_middleware(RequestFrame)
    problems.install(app)
    return app


async def _show_reference(request: Request) -> HTMLResponse:
    from functions.api.web.reference import render  # noqa: PLC0415 - few requests need it

    return HTMLResponse(render(request.app.openapi(), request.app.openapi_url))


class _Application(FastAPI):
    @property
    def routes(self) -> list[BaseRoute]:
        """All routes, made by now."""
        return [made for route in self.router.routes for made in _made(route)]

    def openapi(self) -> dict[str, Any]:
        """Return the description of the API, completed by what the code says in words."""
        if self.openapi_schema is None:
            # Only whoever reads the description waits for what it is made with.
            from functions.api.web.openapi import complete  # noqa: PLC0415

            self.openapi_schema = complete(super().openapi(), self.routes)
        return self.openapi_schema


def _made(route: BaseRoute) -> Sequence[BaseRoute]:
    return [each.made for each in route.routes] if isinstance(route, Subject) else [route]
