"""Tickets that open a WebSocket connection: good once, and for seconds."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from functions.api.identity.callers import Caller
from functions.api.ports import TicketStore
from pairtrader.storage.connections import Holder

LIFETIME_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket and where it is good for."""

    ticket: str
    url: str
    """Address of the WebSocket, the ticket left out."""
    expires_in: int = LIFETIME_SECONDS

    def __repr__(self) -> str:
        return f"Ticket(url={self.url!r})"


class LiveTickets:
    """Hands tickets out."""

    def __init__(self, store: TicketStore, endpoint: str, now: Callable[[], int]) -> None:
        self._store = store
        scheme, _, place = endpoint.partition("://")
        self._url = f"{'wss' if scheme == 'https' else 'ws'}://{place}"
        self._now = now

    def issue(self, caller: Caller) -> Ticket:
        """Return a new ticket for the caller; only its digest is stored."""
        ticket = secrets.token_urlsafe(32)
        digest = hashlib.sha256(ticket.encode()).hexdigest()
        holder = Holder(caller.user.id, caller.credential_id, caller.scope)
        self._store.add_ticket(digest, holder, self._now() // 1000 + LIFETIME_SECONDS)
        return Ticket(ticket, self._url)
