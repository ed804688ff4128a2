"""Sends frames to many connections at once; a dead or slow one holds nobody else up."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from pairtrader.storage.sockets import ConnectionGone, NotDelivered

THREADS = 16
WAIT_SECONDS = 8.0
"""How long a batch waits for all its frames; those on their way then are given up."""


class Clients(Protocol):
    """The open ends of connections."""

    def send(self, connection_id: str, frame: str) -> None:
        """Send one frame, or raise `ConnectionGone` or `NotDelivered`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with one connection."""

    connection_id: str
    sent: int
    failed: int = 0
    gone: bool = False


LATE = Outcome("", sent=0, failed=1)


class Delivery:
    """Frames of one batch, on their way to their connections."""

    def __init__(self, clients: Clients, pool: ThreadPoolExecutor) -> None:
        self._clients = clients
        self._pool = pool
        self._sending: list[Future[Outcome]] = []

    def start(self, connection_id: str, frames: Sequence[str]) -> None:
        """Begin to send frames to a connection, one after the other."""
        self._sending.append(self._pool.submit(self._send, connection_id, tuple(frames)))

    def finish(self, seconds: float = WAIT_SECONDS) -> list[Outcome]:
        """Return how it went with each connection, in the order of `start`."""
        _, late = wait(self._sending, timeout=seconds)
        for each in late:
            each.cancel()
        return [LATE if each in late else each.result() for each in self._sending]

    @property
    def started(self) -> int:
        """Connections that frames are sent to."""
        return len(self._sending)

    def _send(self, connection_id: str, frames: tuple[str, ...]) -> Outcome:
        sent = 0
        for frame in frames:
            try:
                self._clients.send(connection_id, frame)
                sent += 1
            except ConnectionGone:
                return Outcome(connection_id, sent, gone=True)
            except NotDelivered:
                # The next would wait as long: the client finds numbers missing and asks anew.
                return Outcome(connection_id, sent, failed=len(frames) - sent)
        return Outcome(connection_id, sent)
