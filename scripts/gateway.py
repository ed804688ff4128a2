"""One loopback address for the whole local stack: web UI, API, live push and config.json.

It stands where CloudFront stands on AWS, so that pages, cookies and scripts meet the same origin
and the same headers there and here.
"""

import argparse
import asyncio
import logging
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    TCPConnector,
    WSMessage,
    WSMsgType,
    WSServerHandshakeError,
    web,
)
from multidict import CIMultiDict
from yarl import URL

from scripts.emulator import ROOT
from scripts.loopback import HOST

DIST = ROOT / "frontend" / "dist"
HOST_NAMES = {"127.0.0.1", "localhost", "[::1]"}
"""Names that a browser on this machine knows the gateway by."""
PER_CONNECTION = {
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Headers that concern one connection and are not passed on."""
OF_A_HANDSHAKE = "sec-websocket-"
LONGEST_LINE = 16_384
LONGEST_FRAME = 128 * 1024
"""Bytes of one message, as API Gateway limits them."""
CHUNK = 64 * 1024
ANSWER_SECONDS = 60.0
"""Longer than the API's own time-out: it, not the gateway, says that it took too long."""
KEPT_FOR_EVER = "public, max-age=31536000, immutable"
NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>pairtrader</title></head>
<body>
<h1>pairtrader</h1>
<p>The web UI has not been built: there is nothing in <code>frontend/dist</code>.</p>
<p>The API is here: <a href="/api/v1/docs">/api/v1/docs</a></p>
</body>
</html>
"""

logger = logging.getLogger("gateway")
RESULTS_ORIGIN = web.AppKey("results_origin", str)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def security_headers(socket_origin: str, results_origin: str) -> dict[str, str]:
    """Return the headers of every answer, those of CloudFront's policy in `infra/ui.yaml`.

    Charts and tables set styles on elements, so styles may be inline; scripts never are.
    """
    content = (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' {socket_origin} {results_origin}; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": content,
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Where the emulator has what the gateway passes on."""

    api: str
    """What a path such as /api/v1/health is put behind."""
    socket: str
    """Address of the WebSocket API."""
    results: str
    """Origin at which signed addresses of results are read."""


class Gateway:
    """The web application."""

    def __init__(
        self, upstreams: Upstreams, facts: Mapping[str, str], dist: Path, client: ClientSession
    ) -> None:
        self._upstreams = upstreams
        self._facts = dict(facts)
        self._dist = dist
        self._client = client

    def application(self) -> web.Application:
        """Return the application, ready to be served."""
        app = web.Application(middlewares=[_frame])
        app[RESULTS_ORIGIN] = self._upstreams.results
        app.router.add_route("GET", "/config.json", self.describe)
        app.router.add_route("GET", "/ws", self.join)
        app.router.add_route("*", "/api", self.forward)
        app.router.add_route("*", "/api/{path:.*}", self.forward)
        app.router.add_route("*", "/{path:.*}", self.show)
        return app

    async def describe(self, request: web.Request) -> web.StreamResponse:
        """Answer config.json, which the UI reads when it starts."""
        facts = {
            "api_url": "/api/v1",
            "ws_url": f"{_socket_origin(request)}/ws",
            "features": ["backtest", "analysis"],
            **self._facts,
        }
        return web.json_response(facts, headers={"Cache-Control": "no-cache"})

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer a file of the UI; a path without a file's extension is a page of it."""
        if request.method not in {"GET", "HEAD"}:
            return problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "Only GET is.")
        if not (self._dist / "index.html").is_file():
            return web.Response(text=NOT_BUILT, content_type="text/html")
        file = _file_of(self._dist, request.path)
        if file is None:
            return problem(HTTPStatus.NOT_FOUND, "file_not_found", "The UI has no such file.")
        hashed = file.is_relative_to(self._dist.resolve() / "assets")
        return web.FileResponse(
            file, headers={"Cache-Control": KEPT_FOR_EVER if hashed else "no-cache"}
        )

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on to the API and its answer back, both as they come."""
        url = _behind(self._upstreams.api + request.rel_url.raw_path, request)
        try:
            async with self._client.request(
                request.method,
                url,
                headers=_passed_on(request),
                data=request.content if request.body_exists else None,
                allow_redirects=False,
            ) as answer:
                response = web.StreamResponse(
                    status=answer.status, reason=answer.reason, headers=_kept(answer.headers)
                )
                _secure(request, response)
                await response.prepare(request)
                try:
                    async for chunk in answer.content.iter_chunked(CHUNK):
                        await response.write(chunk)
                except (ClientError, TimeoutError):
                    # The status has left: only a broken connection tells that the rest is missing.
                    logger.warning("%s %s broke off", request.method, request.path)
                    if request.transport is not None:
                        request.transport.abort()
                    return response
                await response.write_eof()
                return response
        except TimeoutError:
            return problem(HTTPStatus.GATEWAY_TIMEOUT, "upstream_timeout", "The API took too long.")
        except ClientError as error:
            logger.warning("%s %s: %s", request.method, request.path, type(error).__name__)
            return problem(HTTPStatus.BAD_GATEWAY, "upstream_unreachable", UNREACHABLE)

    async def join(self, request: web.Request) -> web.StreamResponse:
        """Connect a client with the WebSocket API for as long as both stay."""
        if not web.WebSocketResponse().can_prepare(request):
            return problem(HTTPStatus.UPGRADE_REQUIRED, "not_a_websocket", "Connect a WebSocket.")
        offered = [
            name.strip()
            for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")
            if name.strip()
        ]
        try:
            upstream = await self._client.ws_connect(
                _behind(self._upstreams.socket, request),
                protocols=offered,
                headers=_passed_on(request),
                max_msg_size=LONGEST_FRAME,
            )
        except WSServerHandshakeError as error:
            status = HTTPStatus(error.status) if error.status in _STATUSES else _REFUSED
            return problem(status, "connection_refused", "Live push refused the connection.")
        except (ClientError, TimeoutError):
            return problem(HTTPStatus.BAD_GATEWAY, "upstream_unreachable", UNREACHABLE)
        async with upstream:
            chosen = (upstream.protocol,) if upstream.protocol else ()
            client = web.WebSocketResponse(protocols=chosen, max_msg_size=LONGEST_FRAME)
            await client.prepare(request)
            await _connect(client, upstream)
            return client


UNREACHABLE = "The emulator does not answer: `make up` starts it."
_STATUSES = set(HTTPStatus)
_REFUSED = HTTPStatus.BAD_GATEWAY


def problem(status: HTTPStatus, code: str, detail: str) -> web.Response:
    """Return an error as the API spells its own."""
    body = {
        "type": f"urn:pairtrader:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "request_id": str(uuid.uuid4()),
    }
    return web.json_response(body, status=status, content_type="application/problem+json")


@web.middleware
async def _frame(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer this machine's browsers alone, and put the security headers on every answer."""
    if _host_name(request) not in HOST_NAMES:
        # A page of a foreign name that is made to resolve to this machine must get nothing.
        detail = "The local stack is at http://127.0.0.1 and http://localhost alone."
        return problem(HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", detail)
    response = await handler(request)
    if not response.prepared:
        _secure(request, response)
    return response


def _behind(address: str, request: web.Request) -> URL:
    """Return the address with the request's query, both spelled as they came."""
    query = request.rel_url.raw_query_string
    return URL(f"{address}?{query}" if query else address, encoded=True)


def _host_name(request: web.Request) -> str:
    name, colon, port = request.host.rpartition(":")
    return name if colon and port.isdecimal() else request.host


def _socket_origin(request: web.Request) -> str:
    return f"ws://{request.host}"


def _secure(request: web.Request, response: web.StreamResponse) -> None:
    results_origin = request.app[RESULTS_ORIGIN]
    response.headers.update(security_headers(_socket_origin(request), results_origin))


def _file_of(dist: Path, path: str) -> Path | None:
    """Return the file that the path names; None if there is none, or it lies elsewhere."""
    name = path if "." in path.rpartition("/")[2] else "/index.html"
    try:
        file = (dist / name.lstrip("/")).resolve()
        return file if file.is_relative_to(dist.resolve()) and file.is_file() else None
    except (OSError, ValueError):  # too long for a name, or with a zero byte in it
        return None


def _passed_on(request: web.Request) -> CIMultiDict[str]:
    """Return the request's headers for the API, with the browser's own Host."""
    headers = _kept(request.headers)
    earlier = headers.get("X-Forwarded-For")
    peer = request.remote or HOST
    headers["X-Forwarded-For"] = f"{earlier}, {peer}" if earlier else peer
    headers["X-Forwarded-Proto"] = "http"
    return headers


def _kept(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return the headers that are meant for the other end, repeated ones included."""
    named: Iterable[str] = headers.get("Connection", "").split(",")
    dropped = PER_CONNECTION | {name.strip().lower() for name in named}
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in dropped and not name.lower().startswith(OF_A_HANDSHAKE)
    )


async def _connect(client: web.WebSocketResponse, upstream: ClientWebSocketResponse) -> None:
    """Carry messages both ways until either side closes; the other is told why."""
    ways = (
        asyncio.ensure_future(_carry(client, upstream)),
        asyncio.ensure_future(_carry(upstream, client)),
    )
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


Socket = web.WebSocketResponse | ClientWebSocketResponse


async def _carry(source: Socket, target: Socket) -> None:
    while True:
        message: WSMessage = await source.receive()
        match message.type:
            case WSMsgType.TEXT:
                await target.send_str(message.data)
            case WSMsgType.BINARY:
                await target.send_bytes(message.data)
            case _:
                await target.close(code=_told(source.close_code))
                return


def _told(code: int | None) -> int:
    """Return the close code to send on: those that only stand for its absence may not be sent."""
    return 1000 if code in {None, 1005, 1006} else code or 1000


async def serve(upstreams: Upstreams, facts: Mapping[str, str], dist: Path, port: int) -> None:
    """Serve on loopback until cancelled."""
    async with client_session() as client:
        app = Gateway(upstreams, facts, dist, client).application()
        # Without an access log: the queries of live push hold tickets.
        runner = web.AppRunner(
            app,
            access_log=None,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()


def client_session() -> ClientSession:
    """Return the client that talks to the emulator."""
    return ClientSession(
        # The emulator closes idle connections when it likes: a command must not meet one.
        connector=TCPConnector(limit=0, force_close=True),
        timeout=ClientTimeout(total=None, sock_connect=5, sock_read=ANSWER_SECONDS),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        trust_env=False,
    )


def main() -> int:
    """Serve what the command line names until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api", required=True, help="address that the API's paths follow")
    parser.add_argument("--socket", required=True, help="address of the WebSocket API")
    parser.add_argument("--results", required=True, help="origin of signed addresses of results")
    parser.add_argument("--stage", default="local")
    parser.add_argument("--version", default="0")
    given = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    upstreams = Upstreams(given.api, given.socket, given.results)
    facts = {"stage": given.stage, "version": given.version}
    try:
        asyncio.run(serve(upstreams, facts, DIST, given.port))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
