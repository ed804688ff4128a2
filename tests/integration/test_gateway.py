"""The local stack's one address, in front of a scripted upstream, all on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestServer
from yarl import URL

from scripts import gateway_process
from scripts.gateway import Gateway, Upstreams, client_session, security_headers
from scripts.gateway_process import GatewayError
from scripts.loopback import free_port

RESULTS = "http://127.0.0.1:4566"
FACTS = {"stage": "local", "version": "1.2.3"}
STAGE = "/_aws/execute-api/abc/$default"


@dataclass
class Upstream:
    """An emulator that remembers what it was asked and answers as it is told."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    handshakes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    refuses_with: int | None = None

    def application(self) -> web.Application:
        app = web.Application(client_max_size=4_000_000)
        app.router.add_route("*", "/_aws/execute-api/sock/live", self.talk)
        app.router.add_route("*", "/{path:.*}", self.serve)
        return app

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((request.method, request.raw_path, dict(request.headers), body))
        return await self.answer(request) if self.answer else web.json_response({"status": "ok"})

    async def talk(self, request: web.Request) -> web.StreamResponse:
        self.handshakes.append((request.rel_url.raw_query_string, dict(request.headers)))
        if self.refuses_with is not None:
            return web.Response(status=self.refuses_with)
        socket = web.WebSocketResponse(protocols=("v1",))
        await socket.prepare(request)
        async for message in socket:
            if message.data == "leave":
                await socket.close(code=4001)
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data[::-1])
            else:
                await socket.send_str(f"heard {message.data}")
        return socket


@dataclass
class Place:
    """A browser in front of the gateway, and the upstream behind it."""

    browser: ClientSession
    upstream: Upstream
    server: TestServer

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"


@asynccontextmanager
async def place(dist: Path = Path("nowhere"), *, dead: bool = False) -> AsyncIterator[Place]:
    upstream = Upstream()
    async with TestServer(upstream.application()) as behind, client_session() as client:
        port = free_port() if dead else behind.port
        upstreams = Upstreams(
            f"http://127.0.0.1:{port}{STAGE}",
            f"ws://127.0.0.1:{port}/_aws/execute-api/sock/live",
            RESULTS,
        )
        app = Gateway(upstreams, FACTS, dist, client).application()
        async with TestServer(app) as server, ClientSession() as browser:
            yield Place(browser, upstream, server)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>page</title>")
    (folder / "assets" / "app-1a2b.js").write_text("run()")
    (tmp_path / "secret.txt").write_text("not for browsers")
    return folder


# The API


def test_a_request_reaches_the_api_as_it_was_sent() -> None:
    async def scene() -> None:
        async with place() as here:
            headers = {
                "Origin": here.url(""),
                "Cookie": "refresh_token=abc",
                "Connection": "keep-alive, X-Hop",
                "X-Hop": "1",
                "TE": "trailers",
            }
            url = URL(here.url("/api/v1/bots?limit=2&cursor=a%2Fb"), encoded=True)
            async with here.browser.post(url, data=b'{"a": 1}', headers=headers) as answer:
                assert await answer.json() == {"status": "ok"}
            [(method, path, sent, body)] = here.upstream.requests
            assert (method, path) == ("POST", f"{STAGE}/api/v1/bots?limit=2&cursor=a%2Fb")
            assert body == b'{"a": 1}'
            assert sent["Host"] == f"127.0.0.1:{here.server.port}"
            assert sent["Origin"] == here.url("")
            assert sent["Cookie"] == "refresh_token=abc"
            assert sent["X-Forwarded-For"] == "127.0.0.1"
            assert sent["X-Forwarded-Proto"] == "http"
            assert not {"X-Hop", "TE"} & set(sent)

    asyncio.run(scene())


def test_an_answer_comes_back_with_all_its_cookies_and_the_page_s_headers() -> None:
    async def answer(_: web.Request) -> web.Response:
        response = web.Response(status=409, text="no", headers={"Cache-Control": "no-store"})
        response.headers.add("Set-Cookie", "a=1; Secure; HttpOnly")
        response.headers.add("Set-Cookie", "b=2")
        return response

    async def scene() -> None:
        async with place() as here:
            here.upstream.answer = answer
            async with here.browser.get(here.url("/api/v1/x")) as got:
                assert (got.status, await got.text()) == (409, "no")
                assert got.headers.getall("Set-Cookie") == ["a=1; Secure; HttpOnly", "b=2"]
                assert got.headers["Cache-Control"] == "no-store"
                wanted = security_headers(f"ws://127.0.0.1:{here.server.port}", RESULTS)
                assert {name: got.headers[name] for name in wanted} == wanted

    asyncio.run(scene())


def test_a_compressed_answer_stays_compressed() -> None:
    async def answer(_: web.Request) -> web.Response:
        response = web.Response(text="a" * 5000)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async def scene() -> None:
        async with place() as here:
            here.upstream.answer = answer
            async with here.browser.get(here.url("/api/v1/x")) as got:
                assert got.headers["Content-Encoding"] == "gzip"
                assert await got.text() == "a" * 5000

    asyncio.run(scene())


def test_an_answer_is_passed_on_while_it_is_still_being_made() -> None:
    async def scene() -> None:
        seen = asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"first")
            await seen.wait()
            await response.write(b" last")
            return response

        async with place() as here:
            here.upstream.answer = answer
            async with here.browser.get(here.url("/api/v1/export")) as got:
                assert await got.content.readany() == b"first"
                seen.set()
                assert await got.content.read() == b" last"

    asyncio.run(scene())


def test_a_large_body_is_passed_on_piece_by_piece() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(64):
            yield bytes([number]) * 40_000

    async def scene() -> None:
        async with place() as here:
            async with here.browser.post(here.url("/api/v1/x"), data=pieces()) as got:
                assert got.status == 200
            [(_, _, _, body)] = here.upstream.requests
            assert body == b"".join(bytes([number]) * 40_000 for number in range(64))

    asyncio.run(scene())


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    async def scene() -> None:
        async with place() as here:
            here.upstream.answer = answer
            with pytest.raises(ClientError):
                async with here.browser.get(here.url("/api/v1/x")) as got:
                    await got.read()

    asyncio.run(scene())


def test_an_emulator_that_is_down_is_a_problem_the_api_s_clients_understand() -> None:
    async def scene() -> None:
        async with place(dead=True) as here:
            async with here.browser.get(here.url("/api/v1/health")) as got:
                assert got.status == 502
                assert got.content_type == "application/problem+json"
                body = json.loads(await got.text())
                assert body["code"] == "upstream_unreachable"
                assert "make up" in body["detail"]
                assert {"type", "title", "status", "detail", "request_id"} <= set(body)
            async with here.browser.get(here.url("/config.json")) as got:
                assert got.status == 200
            with pytest.raises(WSServerHandshakeError) as refused:
                await here.browser.ws_connect(here.url("/ws"))
            assert refused.value.status == 502

    asyncio.run(scene())


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
@pytest.mark.parametrize("path", ["/", "/config.json", "/api/v1/health"])
def test_a_foreign_name_that_resolves_to_this_machine_gets_nothing(host: str, path: str) -> None:
    async def scene() -> None:
        async with place() as here:
            async with here.browser.get(here.url(path), headers={"Host": host}) as got:
                assert got.status == 421
            assert here.upstream.requests == []

    asyncio.run(scene())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8080", "[::1]:8080"])
def test_this_machine_s_names_are_served(host: str) -> None:
    async def scene() -> None:
        async with (
            place() as here,
            here.browser.get(here.url("/config.json"), headers={"Host": host}) as got,
        ):
            assert (await got.json())["ws_url"] == f"ws://{host}/ws"

    asyncio.run(scene())


# The UI


def test_the_ui_is_told_where_everything_is() -> None:
    async def scene() -> None:
        async with place() as here, here.browser.get(here.url("/config.json")) as got:
            assert await got.json() == {
                "api_url": "/api/v1",
                "ws_url": f"ws://127.0.0.1:{here.server.port}/ws",
                "features": ["backtest", "analysis"],
                **FACTS,
            }
            assert got.headers["Cache-Control"] == "no-cache"

    asyncio.run(scene())


def test_without_a_built_ui_a_page_says_so() -> None:
    async def scene() -> None:
        async with place() as here, here.browser.get(here.url("/bots/1")) as got:
            assert "not been built" in await got.text()
            assert "<script" not in await got.text()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("path", "status", "text", "caching"),
    [
        ("/", 200, "<title>page</title>", "no-cache"),
        ("/bots/01ABC", 200, "<title>page</title>", "no-cache"),
        ("/index.html", 200, "<title>page</title>", "no-cache"),
        ("/assets/app-1a2b.js", 200, "run()", "public, max-age=31536000, immutable"),
        ("/assets/app-old.js", 404, "file_not_found", None),
        ("/%2e%2e/secret.txt", 404, "file_not_found", None),
        ("/..%2fsecret.txt", 404, "file_not_found", None),
        ("/a%00.js", 404, "file_not_found", None),
        (f"/{'a' * 5000}.js", 404, "file_not_found", None),
    ],
)
def test_a_path_is_a_file_or_a_page(
    dist: Path, path: str, status: int, text: str, caching: str | None
) -> None:
    async def scene() -> None:
        async with (
            place(dist) as here,
            here.browser.get(URL(here.url(path), encoded=True)) as got,
        ):
            assert got.status == status
            assert text in await got.text()
            assert got.headers.get("Cache-Control") == caching
            assert "default-src 'self'" in got.headers["Content-Security-Policy"]

    asyncio.run(scene())


def test_a_ui_built_meanwhile_is_served(tmp_path: Path) -> None:
    async def scene() -> None:
        async with place(tmp_path) as here:
            async with here.browser.get(here.url("/")) as got:
                assert "not been built" in await got.text()
            (tmp_path / "index.html").write_text("<title>new</title>")
            async with here.browser.get(here.url("/")) as got:
                assert await got.text() == "<title>new</title>"
            async with here.browser.post(here.url("/")) as got:
                assert got.status == 405

    asyncio.run(scene())


# Live push


def test_messages_go_both_ways() -> None:
    async def scene() -> None:
        async with place() as here:
            address = URL(here.url("/ws?ticket=t%2F1"), encoded=True)
            socket = await here.browser.ws_connect(address, protocols=["v1"])
            assert socket.protocol == "v1"
            await socket.send_str("hello")
            assert await socket.receive_str() == "heard hello"
            await socket.send_bytes(b"ab")
            assert await socket.receive_bytes() == b"ba"
            [(query, headers)] = here.upstream.handshakes
            assert query == "ticket=t%2F1"
            assert headers["Host"] == f"127.0.0.1:{here.server.port}"
            await socket.send_str("leave")
            closed = await socket.receive()
            assert (closed.type, closed.data) == (WSMsgType.CLOSE, 4001)

    asyncio.run(scene())


def test_a_refused_connection_is_refused_with_the_same_status() -> None:
    async def scene() -> None:
        async with place() as here:
            here.upstream.refuses_with = 403
            with pytest.raises(WSServerHandshakeError) as refused:
                await here.browser.ws_connect(here.url("/ws"))
            assert refused.value.status == 403

    asyncio.run(scene())


def test_what_is_no_connection_is_told_so() -> None:
    async def scene() -> None:
        async with place() as here, here.browser.get(here.url("/ws")) as got:
            assert got.status == 426
            assert json.loads(await got.text())["code"] == "not_a_websocket"
            assert here.upstream.handshakes == []

    asyncio.run(scene())


# The process


UPSTREAMS = Upstreams("http://127.0.0.1:9/a", "ws://127.0.0.1:9/s", "http://127.0.0.1:9")


@pytest.fixture
def directory(tmp_path: Path) -> Any:
    yield tmp_path
    gateway_process.stop(tmp_path)


def test_it_is_started_once_and_anew_when_upstreams_change(directory: Path) -> None:
    first = gateway_process.start(directory, 0, UPSTREAMS, "1")
    assert gateway_process.start(directory, 0, UPSTREAMS, "1") == first
    moved = Upstreams("http://127.0.0.1:9/b", "ws://127.0.0.1:9/s", "http://127.0.0.1:9")
    second = gateway_process.start(directory, 0, moved, "1")
    assert second.pid != first.pid
    assert second.port == first.port
    assert gateway_process.stop(directory)
    assert gateway_process.running(directory) is None
    assert not gateway_process.stop(directory)


def test_a_taken_port_is_not_taken_over(directory: Path, tmp_path: Path) -> None:
    first = gateway_process.start(directory, 0, UPSTREAMS, "1")
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(GatewayError, match=f"UI_PORT={first.port + 1}"):
        gateway_process.start(other, first.port, UPSTREAMS, "1")
