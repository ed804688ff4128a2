"""Whether a request came through the stack's own CloudFront: it alone knows the origin secret."""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.web.problems import Problem, problem_response
from pairtrader.storage.rotating_keys import RotatingKeys, RotatingKeySource

HEADER = b"x-origin-secret"


class OriginProof:
    """Compares what a request brings with the secret, whose last key is good while it changes."""

    def __init__(self, keys: RotatingKeySource) -> None:
        self._keys = keys

    def is_given_by(self, presented: bytes) -> bool:
        """Return whether `presented` is the secret; one not known yet is looked for again."""
        return _holds(self._keys.current(), presented) or _holds(self._keys.recent(), presented)


def _holds(keys: RotatingKeys, presented: bytes) -> bool:
    """Compare with both keys, in a time that tells nothing about them."""
    known = [key.key.get_secret_value().encode() for key in (keys, keys.previous) if key]
    return any(hmac.compare_digest(presented, key) for key in known)


class OriginGate:
    """Pure ASGI middleware: nothing is answered to whoever goes around CloudFront.

    It marks what came through (``request.state.through_edge``), so that the viewer's address in a
    header is believed. A stack without CloudFront has no secret: then nothing is asked for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        proof: OriginProof | None = scope["app"].state.origin_proof
        if proof is not None:
            presented = next((v for name, v in scope["headers"] if name == HEADER), b"")
            if not proof.is_given_by(presented):
                refusal = Problem(403, "wrong_origin", "Use the address of the web UI.")
                answer = problem_response(refusal, scope["state"]["request_id"])
                await answer(scope, receive, send)
                return
            scope["state"]["through_edge"] = True
        await self._app(scope, receive, send)
