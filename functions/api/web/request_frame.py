"""What surrounds every request: its id, its log line, headers, and an answer even to a crash."""

import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.api.web.problems import problem_response, to_problem
from pairtrader.observability import logger

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def request_id_of(scope: Scope) -> str:
    """Return the gateway's id of the request; elsewhere a new one."""
    event = scope.get("aws.event") or {}
    given = event.get("requestContext", {}).get("requestId")
    return str(given or uuid.uuid4())


def without_trailing_slash(path: str) -> str:
    """Return the path as the routes spell it: a slash at the end means the same."""
    return path.rstrip("/") or "/"


class RequestFrame:
    """Pure ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; no exception leaves."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        scope["path"] = without_trailing_slash(scope["path"])
        status, began = 0, time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            logger.exception("Unexpected error")
            if status:
                raise
            answer = problem_response(to_problem(error), request_id)
            await answer(scope, receive, send_with_headers)
        finally:
            milliseconds = round((time.perf_counter() - began) * 1000)
            logger.info(
                "Request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                milliseconds=milliseconds,
            )
