"""Two ways to a fake exchange: a real HTTP server on loopback, and a session without sockets."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import aiohttp

from tests.fakes.venues.wire import Answer, FakeVenues, Request


class VenueServer:
    """Serves `FakeVenues` on a loopback port, a free one by default."""

    def __init__(
        self, venues: FakeVenues, port: int = 0, delay: Callable[[], None] | None = None
    ) -> None:
        self.venues = venues
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(venues, delay))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(venues: FakeVenues, delay: Callable[[], None] | None) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # one packet an answer: two would wait for each other's receipt

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            request = Request.of(self.command, self.path, dict(self.headers), body)
            if delay is not None:
                delay()
            with lock:
                answer = venues.handle(request)
            if answer.hang_up or answer.hang:
                self.close_connection = True
                self.connection.close()
                return
            self._send(answer)

        do_GET = do_POST = do_DELETE = do_PUT = _do  # noqa: N815

        def _send(self, answer: Answer) -> None:
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


class InProcessSession:
    """Stands where CCXT has its HTTP session: the same requests, no sockets."""

    def __init__(
        self,
        venues: FakeVenues,
        step: Callable[[str], None] = lambda _: None,
        elapse: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self.venues = venues
        self.headers: Mapping[str, str] = {}
        """Sent with every request."""
        self._step = step
        """Called before and after each request: room for a process to die."""
        self._elapse = elapse
        """Lets the time pass that a request takes; given whether it hangs."""

    def get(self, url: Any, **kwargs: Any) -> "_Exchange":
        return _Exchange(self, "GET", url, kwargs)

    def post(self, url: Any, **kwargs: Any) -> "_Exchange":
        return _Exchange(self, "POST", url, kwargs)

    def put(self, url: Any, **kwargs: Any) -> "_Exchange":
        return _Exchange(self, "PUT", url, kwargs)

    def delete(self, url: Any, **kwargs: Any) -> "_Exchange":
        return _Exchange(self, "DELETE", url, kwargs)

    async def close(self) -> None:
        """There is nothing to close."""

    async def ask(self, request: Request) -> Answer:
        # Requests sent together interleave as they would on a network.
        await asyncio.sleep(0)
        self._step(f"before {request.method} {request.path}")
        answer = self.venues.handle(request)
        self._elapse(answer.hang)
        self._step(f"after {request.method} {request.path}")
        await asyncio.sleep(0)
        if answer.hang:
            raise TimeoutError
        if answer.hang_up:
            raise aiohttp.ServerDisconnectedError
        return answer


class _Exchange:
    """One request and its response, as aiohttp's context manager."""

    def __init__(
        self, session: InProcessSession, method: str, url: Any, kwargs: Mapping[str, Any]
    ) -> None:
        body = kwargs.get("data") or b""
        self._request = Request.of(method, str(url), kwargs.get("headers") or {}, body.decode())
        self._session = session

    async def __aenter__(self) -> "_Response":
        return _Response(await self._session.ask(self._request))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """There is nothing to release."""


class _Response:
    def __init__(self, answer: Answer) -> None:
        self.status, self.reason = answer.status, "OK" if answer.status < 400 else "Error"
        self.headers = {"Content-Type": "application/json", **dict(answer.headers)}
        self._body = answer.body

    async def text(self, errors: str = "strict") -> str:
        return self._body
