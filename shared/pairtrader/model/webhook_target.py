"""Addresses that webhooks may go to: the public internet, and nothing behind our own walls."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

HTTPS_PORT = 443
PORTS = frozenset({HTTPS_PORT, 8443})
MAX_LENGTH = 1000
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,62}")
_INSIDE = ("localhost", "local", "internal", "home.arpa", "intranet", "lan")
"""Ends of names that only have a meaning inside of some network."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        # Python's own tables know these in its newest versions only.
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "2001:db8::/32",
        "3fff::/20",
    )
)

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadTarget(ValueError):
    """A webhook may not go there; the text says why."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where a webhook goes."""

    scheme: str
    host: str
    """A name in lower case, or an address without brackets."""
    port: int
    path: str
    """Path and query."""

    @property
    def origin(self) -> str:
        """Scheme, host and port: what may be shown; a path often holds a password."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port as a request names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": HTTPS_PORT, "http": 80}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def parse_target(url: str, *, allow_loopback: bool = False) -> WebhookTarget:
    """Return the parts of a webhook's URL.

    Nothing is asked of the network: whether a name leads to the public internet is only known when
    it is resolved, each time anew.

    Args:
        url: https, port 443 or 8443, without user and password.
        allow_loopback: also take http and https on any port of this machine.

    Raises:
        BadTarget: it is no such URL.
    """
    if len(url) > MAX_LENGTH:
        raise BadTarget(f"the URL is longer than {MAX_LENGTH} characters")
    if not _VISIBLE.fullmatch(url):
        raise BadTarget("the URL holds spaces or characters beyond ASCII: encode them")
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError:
        raise BadTarget("this is no URL") from None
    if parts.scheme not in ("https", "http") or not host:
        raise BadTarget("a URL that begins with https:// is needed")
    if "@" in parts.netloc or "\\" in parts.netloc:
        raise BadTarget("the URL must not hold a user or a password")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = address_of(host)
    if allow_loopback and (host == "localhost" or (address and address.is_loopback)):
        return WebhookTarget(parts.scheme, host, port or _usual_port(parts.scheme), path)
    if parts.scheme != "https":
        raise BadTarget("a URL that begins with https:// is needed")
    if (port or HTTPS_PORT) not in PORTS:
        raise BadTarget("only the ports 443 and 8443 are allowed")
    _require_public_host(host, address)
    return WebhookTarget("https", host, port or HTTPS_PORT, path)


def _usual_port(scheme: str) -> int:
    return HTTPS_PORT if scheme == "https" else 80


def _require_public_host(host: str, address: IpAddress | None) -> None:
    if address is not None:
        if not is_public(address):
            raise BadTarget("the address is not one of the public internet")
        return
    # What ends in a number is an address to resolvers, in forms such as 127.1 or 0x7f000001.
    if not _NAME.fullmatch(host):
        raise BadTarget("the URL needs the whole name of a public host, or its address")
    if any(host == end or host.endswith(f".{end}") for end in _INSIDE):
        raise BadTarget("the host is not one of the public internet")


def address_of(host: str) -> IpAddress | None:
    """Return the address that `host` spells out, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: IpAddress) -> bool:
    """Whether `address` is one host on the public internet, by whatever form it is written in.

    An IPv6 address that stands for one of IPv4 is judged as that one.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL_UNICAST:
            return False
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets to `address` end up at, where it has one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
