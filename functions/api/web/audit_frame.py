"""What surrounds audited actions: their outcome, whatever it is, goes into the audit log."""

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pairtrader.storage.audit_log import AuditEntry

CREATED = 201
REFUSED = 400


class AuditFrame:
    """Pure ASGI middleware: adds the outcome to the entry that the request's endpoint has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer()

        async def watched_send(message: Message) -> None:
            answer.see(message)
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Exception:
            await _conclude(scope, 500, "internal_error", "")
            raise
        told = answer.told()
        code, made = str(told.get("code", "")), str(told.get("id", ""))
        if answer.status >= REFUSED:
            await _conclude(scope, answer.status, code, "")
        else:
            await _conclude(scope, answer.status, "", made)


class _Answer:
    """What is seen of an answer: its status, and the body of a problem or of something new."""

    def __init__(self) -> None:
        self.status = 0
        self._body = b""

    def see(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self.status == CREATED or self.status >= REFUSED:
            self._body += message.get("body", b"")

    def told(self) -> dict[str, Any]:
        """Return the body, empty if it is no object."""
        try:
            body = json.loads(self._body or b"{}")
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


async def _conclude(scope: Scope, status: int, code: str, object_id: str) -> None:
    entry: AuditEntry | None = scope.get("state", {}).get("audit")
    if entry is not None:
        audit = scope["app"].state.services.audit
        await run_in_threadpool(audit.conclude, entry, status, code, object_id)
