"""Entry point of the WebSocket function: connections come, go and say what they want to hear."""

from contextlib import suppress
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.socket.composition import connections, sockets
from functions.socket.connections import SessionEnded
from functions.socket.frames import error_frame
from pairtrader.observability import logger
from pairtrader.storage.sockets import ConnectionGone, NotDelivered

DONE = {"statusCode": 200}


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle one event of API Gateway: CONNECT, MESSAGE or DISCONNECT.

    The event is never logged: that of CONNECT holds the ticket. Answers to messages are sent as
    pushes are, the returned status alone concerns the connection.
    """
    connection_id = event["requestContext"]["connectionId"]
    logger.append_keys(connection_id=connection_id)
    match event["requestContext"]["eventType"]:
        case "CONNECT":
            return _connect(connection_id, event.get("queryStringParameters") or {})
        case "DISCONNECT":
            connections().close(connection_id)
        case _:
            _reply(connection_id, event.get("body") or "")
    return DONE


def _connect(connection_id: str, query: dict[str, str]) -> dict[str, Any]:
    ticket = query.get("ticket")
    if not ticket or not connections().open(connection_id, ticket):
        logger.info("connection refused")
        return {"statusCode": 401}
    return DONE


def _reply(connection_id: str, text: str) -> None:
    try:
        answer = connections().answer(connection_id, text)
    except SessionEnded:
        _send(connection_id, error_frame("session_ended", "Log in and connect anew."))
        with suppress(NotDelivered):  # it ends by itself, and hears nothing till then
            sockets().close(connection_id)
    else:
        _send(connection_id, answer)


def _send(connection_id: str, text: str) -> None:
    try:
        sockets().send(connection_id, text)
    except ConnectionGone:
        connections().close(connection_id)
    except NotDelivered:
        logger.warning("answer not delivered")
