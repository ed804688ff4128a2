"""Tickets for live push, as the API shows them."""

from pydantic import Field

from functions.api.messages.live_tickets import Ticket
from functions.api.schemas.schema import Schema


class TicketResponse(Schema):
    """What opens one WebSocket connection."""

    ticket: str = Field(
        description="Good once: connect to `url` with `?ticket=` and this.",
        examples=["bJ0rU1n5sX3uCkq2Qm7mSg0e4f9p8yH6t1zWwVdKxYo"],
    )
    expires_in: int = Field(description="Seconds the ticket is good for.", examples=[30])
    url: str = Field(
        description="Address of the WebSocket, without the ticket.",
        examples=["wss://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/live"],
    )

    @classmethod
    def of(cls, ticket: Ticket) -> "TicketResponse":
        """Return the answer that hands `ticket` out."""
        return cls(ticket=ticket.ticket, expires_in=ticket.expires_in, url=ticket.url)
