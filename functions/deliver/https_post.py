"""One POST to an address already chosen: no redirects, no proxies, little time, little answer."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout
from urllib3.util.ssl_match_hostname import CertificateError

from functions.deliver.sending import TryLater
from pairtrader.model.webhook_target import WebhookTarget

STEP_SECONDS = 5.0
"""To connect, and for each piece of the answer."""
TOTAL_SECONDS = 10.0
"""For everything after the connection stands: a receiver that trickles is cut off."""
ADDRESSES_TRIED = 2
READ_BYTES = 1024
"""Of the answer's body; nobody needs the rest."""
LONGEST_PAUSE = 6
"""Digits of a pause that is still believed."""

_Connection = HTTPConnection | HTTPSConnection


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said."""

    status: int
    body: bytes
    """At most `READ_BYTES` of it."""
    retry_after_seconds: int
    """0 where it named none."""


def post(
    target: WebhookTarget, addresses: Sequence[str], headers: Mapping[str, str], body: bytes
) -> Answer:
    """Send `body` to the first of `addresses` that takes a connection.

    The certificate must be that of the target's host, whatever address it was reached by.

    Raises:
        TryLater: nobody answered; the text names neither path nor headers.
    """
    reason = "the connection failed"
    for address in addresses[:ADDRESSES_TRIED]:
        connection = _connection(target, address)
        try:
            connection.connect()
        except (HTTPError, OSError, ValueError) as error:
            connection.close()
            reason = _why_unconnected(error)
            continue
        return _exchange(connection, target, headers, body)
    raise TryLater(reason)


def _connection(target: WebhookTarget, address: str) -> _Connection:
    timeout = Timeout(connect=STEP_SECONDS, read=STEP_SECONDS)
    if target.scheme == "http":
        return HTTPConnection(address, target.port, timeout=timeout.connect_timeout)
    return HTTPSConnection(
        address,
        target.port,
        timeout=timeout.connect_timeout,
        ssl_context=ssl.create_default_context(),
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _why_unconnected(error: Exception) -> str:
    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(each, ssl.SSLError | CertificateError) for each in causes):
        return "the host's certificate or its TLS is not acceptable"
    return "the connection failed"


def _exchange(
    connection: _Connection, target: WebhookTarget, headers: Mapping[str, str], body: bytes
) -> Answer:
    is_cut = threading.Event()
    ended_by = threading.Timer(TOTAL_SECONDS, _cut, [connection, is_cut])
    ended_by.daemon = True
    ended_by.start()
    try:
        connection.request(
            "POST",
            target.path,
            body=body,
            headers={"Host": target.authority, **headers},
            preload_content=False,
            decode_content=False,
        )
        response = connection.getresponse()
        if is_cut.is_set():  # to the library, headers that break off are whole
            raise TimeoutError
        read = response.read(READ_BYTES, decode_content=False)
        return Answer(response.status, read, _seconds(response.headers.get("Retry-After", "")))
    except (HTTPError, HTTPException, OSError, ValueError):
        raise TryLater("no answer came in time, or none that can be read") from None
    finally:
        ended_by.cancel()
        connection.close()


def _cut(connection: _Connection, is_cut: threading.Event) -> None:
    is_cut.set()
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _seconds(text: str) -> int:
    """A pause asked for in seconds; a date is as good as none."""
    readable = text.isascii() and text.isdigit() and len(text) <= LONGEST_PAUSE
    return int(text) if readable else 0
