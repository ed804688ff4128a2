"""One client of DynamoDB for all tables of a process.

The library makes one for each table: each reads the service's description anew (50 ms of processor
time) and opens connections of its own.
"""

import os
from threading import Lock
from typing import Any
from weakref import WeakSet

from pynamodb.connection import Connection

_clients: dict[tuple[Any, ...], Any] = {}
_holders: WeakSet[Connection] = WeakSet()
_lock = Lock()
_make: Any = Connection.__dict__["client"].fget
"""The library's own: keeps a client, or makes one, and another while one has no credentials."""


def share_clients() -> None:
    """Have all connections of the same settings use the same client from now on."""
    Connection.client = property(_client_of)  # type: ignore[method-assign,assignment]


def forget_clients() -> None:
    """Have clients made anew when they are next needed, also by connections made before."""
    with _lock:
        for connection in _holders:
            connection._client = None
        _holders.clear()
        _clients.clear()


def _client_of(connection: Connection) -> Any:
    if connection._client is None:
        with _lock:  # making clients is not safe in several threads
            settings = _settings_of(connection)
            connection._client = _clients.get(settings)
            _clients[settings] = _make(connection)
            _holders.add(connection)
    return _make(connection)


def _settings_of(connection: Connection) -> tuple[Any, ...]:
    return (
        connection.region,
        connection.host or os.environ.get("AWS_ENDPOINT_URL"),
        connection._connect_timeout_seconds,
        connection._read_timeout_seconds,
        connection._max_retry_attempts_exception,
    )
