"""The open ends of WebSocket connections: messages to clients go through API Gateway."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pairtrader.storage.errors import StorageError

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

POOL_SIZE = 32
"""Connections to API Gateway that are kept open."""
CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=POOL_SIZE,
)


class ConnectionGone(StorageError):
    """The client is not there any more: forget the connection."""


class NotDelivered(StorageError):
    """API Gateway did not take the message; the client finds a number missing and asks anew."""


def absolute_endpoint(endpoint: str, environment: Mapping[str, str]) -> str:
    """Return the address of a WebSocket API's stage, such as ``https://….amazonaws.com/live``.

    A local stack's template knows the path alone: where the emulator listens, the environment says.
    """
    return environment["AWS_ENDPOINT_URL"] + endpoint if endpoint.startswith("/") else endpoint


class Sockets:
    """Sends to connections and closes them."""

    def __init__(
        self, endpoint: str, client: "ApiGatewayManagementApiClient | None" = None
    ) -> None:
        self._endpoint = endpoint
        self._given = client

    @cached_property
    def _client(self) -> "ApiGatewayManagementApiClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - imported once, when first needed

        return boto3.client(
            "apigatewaymanagementapi", endpoint_url=self._endpoint, config=CLIENT_CONFIG
        )

    def connect(self) -> None:
        """Make the client now: threads that share it must not make it at the same time."""
        _ = self._client

    def send(self, connection_id: str, frame: str) -> None:
        """Send one text frame.

        Raises:
            ConnectionGone: nobody listens any more.
            NotDelivered: it may or may not have arrived.
        """
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=frame.encode())
        except ClientError as error:
            if error.response["Error"]["Code"] == "GoneException":
                raise ConnectionGone(connection_id) from error
            raise NotDelivered(connection_id) from error
        except BotoCoreError as error:
            raise NotDelivered(connection_id) from error

    def close(self, connection_id: str) -> None:
        """Close a connection; one that is gone already is success.

        Raises:
            NotDelivered: it may still be open.
        """
        try:
            self._client.delete_connection(ConnectionId=connection_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "GoneException":
                raise NotDelivered(connection_id) from error
        except BotoCoreError as error:
            raise NotDelivered(connection_id) from error
