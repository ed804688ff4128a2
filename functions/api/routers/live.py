"""Live push: tickets for the WebSocket."""

from fastapi import Response

from functions.api.dependencies import CurrentCaller, ServicesDependency
from functions.api.schemas.live import TicketResponse
from functions.api.web.problems import documented
from functions.api.web.routes import Routes

router = Routes(prefix="/ws", tags=["live"], responses=documented(401))


@router.post("/ticket", status_code=201, summary="Get a ticket for live push")
def create_ticket(
    caller: CurrentCaller, services: ServicesDependency, response: Response
) -> TicketResponse:
    """Return a ticket that opens one WebSocket connection within 30 seconds.

    Connect to `url?ticket=…`, then send `{"action": "subscribe", "bot_id": "…"}`. The connection
    hears of the caller's own bots alone, and no more once the login or token has ended.
    """
    response.headers["Cache-Control"] = "no-store"
    return TicketResponse.of(services.live_tickets.issue(caller))
