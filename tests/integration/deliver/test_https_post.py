"""One POST over real sockets on loopback: certificates, redirects, slow and long answers."""

import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.deliver import https_post
from functions.deliver.https_post import post
from functions.deliver.public_hosts import resolve
from functions.deliver.sending import CannotDeliver, Parcel, TryLater
from functions.deliver.telegram import TelegramSender
from functions.deliver.webhook import WebhookSender, sign
from pairtrader.model.notification import ChannelKind
from pairtrader.model.webhook_target import WebhookTarget
from tests.fakes.notifications import NOW, a_channel, a_notification

HOST = "hooks.example.com"
Handle = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers POSTs by `handle`, and remembers them."""

    def __init__(self, handle: Handle, context: ssl.SSLContext | None = None) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                server.got.append((self.path, dict(self.headers), self.rfile.read(length)))
                handle(self)

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(handle: Handle, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(handle, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def answer(status: int, body: bytes = b"", **headers: str) -> Handle:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return handle


def certified(path: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate for `host`, and the file of whom to trust for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = path / f"{host}.pem", path / f"{host}.key"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


def trust(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
    def context() -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.load_verify_locations(certificate)
        return made

    monkeypatch.setattr(https_post.ssl, "create_default_context", context)


def test_tls_is_that_of_the_name_at_the_address_that_was_judged(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = certified(tmp_path, HOST)
    trust(monkeypatch, certificate)
    server = serve(answer(200, b"fine"), context)
    target = WebhookTarget("https", HOST, server.port, "/in?a=b")

    said = post(target, ["127.0.0.1"], {"X-One": "1"}, b"{}")

    assert (said.status, said.body) == (200, b"fine")
    [(path, headers, body)] = server.got
    assert (path, body, headers["X-One"]) == ("/in?a=b", b"{}", "1")
    assert headers["Host"] == f"{HOST}:{server.port}"


def test_a_certificate_of_another_name_gets_nothing(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = certified(tmp_path, "other.example.com")
    trust(monkeypatch, certificate)
    server = serve(answer(200), context)
    with pytest.raises(TryLater, match="certificate"):
        post(WebhookTarget("https", HOST, server.port, "/"), ["127.0.0.1"], {}, b"secret")
    assert server.got == []


def test_a_certificate_of_nobody_s_trust_gets_nothing(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    context, _ = certified(tmp_path, HOST)
    server = serve(answer(200), context)
    with pytest.raises(TryLater, match="certificate"):
        post(WebhookTarget("https", HOST, server.port, "/"), ["127.0.0.1"], {}, b"secret")
    assert server.got == []


def local(port: int, path: str = "/") -> WebhookTarget:
    return WebhookTarget("http", "127.0.0.1", port, path)


def parcel(url: str, secret: str = "whsec_key") -> Parcel:
    return Parcel(a_notification(), a_channel(), "subject", "body", url, secret)


def test_no_redirect_is_followed(serve: Callable[..., Server]) -> None:
    inside = serve(answer(200))
    outside = serve(answer(302, Location=f"http://127.0.0.1:{inside.port}/meta-data"))
    sender = WebhookSender(lambda h, _p: [h], lambda: NOW, allow_loopback=True)
    with pytest.raises(CannotDeliver, match="redirects"):
        sender.send(parcel(f"http://127.0.0.1:{outside.port}/in"))
    assert (len(outside.got), len(inside.got)) == (1, 0)


def test_no_proxy_of_the_environment_is_asked(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(answer(200)), serve(answer(200))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert post(local(server.port), ["127.0.0.1"], {}, b"{}").status == 200
    assert (len(server.got), len(proxy.got)) == (1, 0)


def test_little_is_read_of_a_long_answer(serve: Callable[..., Server]) -> None:
    server = serve(answer(500, b"x" * 5_000_000, Retry_After="17"))
    said = post(local(server.port), ["127.0.0.1"], {}, b"{}")
    assert (said.status, len(said.body)) == (500, https_post.READ_BYTES)
    assert said.retry_after_seconds == 17


def test_whoever_trickles_is_cut_off(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https_post, "TOTAL_SECONDS", 0.5)
    done = threading.Event()

    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not done.wait(0.1):
            try:
                request.wfile.write(b"X-More: 1\r\n")
            except OSError:
                return

    server = serve(trickle)
    began = time.monotonic()
    with pytest.raises(TryLater):
        post(local(server.port), ["127.0.0.1"], {}, b"{}")
    done.set()
    assert time.monotonic() - began < 3


def test_whoever_says_nothing_is_left(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https_post, "STEP_SECONDS", 0.3)
    done = threading.Event()
    server = serve(lambda _: done.wait(5) and None)
    with pytest.raises(TryLater, match="no answer"):
        post(local(server.port), ["127.0.0.1"], {}, b"{}")
    done.set()


def test_the_second_address_is_tried_when_the_first_takes_nobody(
    serve: Callable[..., Server],
) -> None:
    server = serve(answer(200))
    said = post(local(server.port), ["127.0.0.77", "127.0.0.1"], {}, b"{}")
    assert said.status == 200
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(TryLater, match="connection failed"):
            post(local(closed.getsockname()[1]), ["127.0.0.1"], {}, b"{}")


def test_what_is_no_http_is_tried_later(serve: Callable[..., Server]) -> None:
    server = serve(lambda request: request.wfile.write(b"\x00\x01garbage\r\n\r\n"))
    with pytest.raises(TryLater):
        post(local(server.port), ["127.0.0.1"], {}, b"{}")


def test_a_webhook_arrives_signed(serve: Callable[..., Server]) -> None:
    server = serve(answer(204))
    sender = WebhookSender(resolve, lambda: NOW, allow_loopback=True)
    sender.send(parcel(f"http://localhost:{server.port}/in"))
    [(path, headers, body)] = server.got
    made = sign("whsec_key", headers["X-Pairtrader-Timestamp"], body)
    assert (path, headers["X-Pairtrader-Signature"]) == ("/in", made)
    assert json.loads(body)["id"] == a_notification().id


def test_a_webhook_to_this_machine_is_refused_by_any_other_stack(
    serve: Callable[..., Server],
) -> None:
    server = serve(answer(204))
    sender = WebhookSender(lambda _h, _p: ["127.0.0.1"], lambda: NOW)
    for url in (f"http://localhost:{server.port}/in", "https://hooks.example.com/in"):
        with pytest.raises(CannotDeliver):
            sender.send(parcel(url))
    assert server.got == []


def test_telegram_is_spoken_to_as_it_wants(serve: Callable[..., Server]) -> None:
    server = serve(answer(200, b'{"ok": true}'))
    sender = TelegramSender(f"http://127.0.0.1:{server.port}", resolve)
    channel = a_channel(kind=ChannelKind.TELEGRAM, target="42")
    sender.send(Parcel(a_notification(), channel, "subject", "body", "", "1:token"))
    [(path, headers, body)] = server.got
    assert (path, headers["Content-Type"]) == ("/bot1:token/sendMessage", "application/json")
    assert json.loads(body)["text"] == "subject\n\nbody"


def test_names_are_resolved_to_all_their_addresses() -> None:
    found = resolve("localhost", 443)
    assert found
    assert all(ipaddress.ip_address(each).is_loopback for each in found)
