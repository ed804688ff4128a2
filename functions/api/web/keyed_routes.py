"""Routes that take an `Idempotency-Key`.

A route declares it: its router makes `KeyedRoute`s and the route depends on `KEYED`, which begins
the attempt once the caller is known and before anything is done; `KeyedRoute` then keeps whatever
is answered. Answers that ask to try again are not kept.
"""

import hashlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from functions.api.dependencies import ServicesDependency, TradingUser
from functions.api.web.idempotency import HEADER, Idempotency, Replayed
from functions.api.web.problems import documented, problem_response, to_problem
from pairtrader.storage.idempotency import Attempt, KeptAnswer

REPLAYED = "Idempotency-Replayed"
MAX_KEY = 128
PASSING = frozenset({"changed_meanwhile"})
"""Codes below 500 that nothing was done for and that another try may cure."""
KEYED_RESPONSES = documented(409, 422, 503)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def begin_keyed(
    request: Request,
    user: TradingUser,
    services: ServicesDependency,
    key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            min_length=1,
            max_length=MAX_KEY,
            pattern=r"^[\x21-\x7e]+$",
            description="Made up by the sender, such as a UUID: for 24 hours the same request "
            "with the same key is not done again but answered as before, with the header "
            f"`{REPLAYED}: true`.",
            examples=["0f8fad5b-d9cb-469f-a165-70867728950e"],
        ),
    ] = None,
) -> None:
    """Begin the attempt of a request that carries a key.

    Raises:
        Replayed: it was made before.
        Problem: as `Idempotency.begin`.
    """
    if key is None:
        return
    place = f"{request.method} {request.url.path}"
    id_ = _digest(user.id.encode(), place.encode(), key.encode())
    digest = _digest(id_.encode(), request.url.query.encode(), request.state.raw_body)
    request.state.attempt = services.idempotency.begin(id_, digest)


KEYED = Depends(begin_keyed)
"""Makes a route of a `KeyedRoute` router take keys."""


class KeyedRoute(APIRoute):
    """A route whose answers are kept where it depends on `KEYED`."""

    def get_route_handler(self) -> Handler:
        """Return the handler, wrapped where the route takes keys."""
        handler = super().get_route_handler()
        if KEYED not in self.dependencies:
            return handler

        async def handle(request: Request) -> Response:
            if HEADER not in request.headers:
                return await handler(request)
            request.state.raw_body = await request.body()
            return await _answer(handler, request)

        return handle


async def _answer(handler: Handler, request: Request) -> Response:
    try:
        response = await handler(request)
    except Replayed as replayed:
        kept = replayed.answer
        return Response(
            kept.body, kept.status, headers={REPLAYED: "true"}, media_type=kept.media_type or None
        )
    except Exception as error:
        await _end_failed(request, error)
        raise
    await _end(request, _kept(response))
    return response


async def _end_failed(request: Request, error: Exception) -> None:
    """Keep what the sender will be told of `error`, unless another try may go better."""
    problem = to_problem(error)
    passing = problem.status == HTTPStatus.TOO_MANY_REQUESTS or problem.code in PASSING
    answer = None if passing else problem_response(problem, request.state.request_id)
    await _end(request, _kept(answer) if answer is not None else None)


async def _end(request: Request, answer: KeptAnswer | None) -> None:
    attempt: Attempt | None = getattr(request.state, "attempt", None)
    if attempt is not None:
        idempotency: Idempotency = request.app.state.services.idempotency
        await run_in_threadpool(idempotency.end, attempt, answer)


def _kept(response: Response) -> KeptAnswer | None:
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    media_type = response.headers.get("Content-Type", "")
    return KeptAnswer(response.status_code, media_type, bytes(response.body))


def _digest(*parts: bytes) -> str:
    """Return one digest of all parts, none of which can run into the next."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
