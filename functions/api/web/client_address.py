"""Where a request comes from: what logins are throttled by and sessions are shown with."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from fastapi import Depends, Request

VIEWER = "X-Viewer-Address"
"""Set by the CloudFront function of `infra/ui.yaml`, whatever the viewer sent."""
MAX_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class Client:
    """The program at the other end."""

    address: str = ""
    """Network address, such as ``198.51.100.10``; empty where nobody knows."""
    user_agent: str = ""
    """What the program calls itself: anything at all."""


def client_address(request: Request) -> str:
    """Return the network address that the request came from.

    It is the gateway's word. A request that has proven to have come through the stack's own
    CloudFront (``request.state.through_edge``) tells its viewer's address in a header; nobody
    else's header is believed.
    """
    if getattr(request.state, "through_edge", False):
        viewer = _address_in(request.headers.get(VIEWER, ""))
        if viewer:
            return viewer
    event = request.scope.get("aws.event") or {}
    source = event.get("requestContext", {}).get("http", {}).get("sourceIp")
    if source:
        return str(source)
    return request.client.host if request.client else ""


def network_of(address: str) -> str:
    """Return what attempts from `address` are counted by: one IPv6 line has 2^64 addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)


def client_of(request: Request) -> Client:
    """Return who is at the other end of the request."""
    agent = request.headers.get("user-agent", "")[:MAX_USER_AGENT]
    return Client(client_address(request), agent)


CurrentClient = Annotated[Client, Depends(client_of)]


def _address_in(text: str) -> str:
    """Return the address that `text` is; empty if it is none."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
