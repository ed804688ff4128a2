"""Names resolved, and what they lead to judged, before anything connects."""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong

from functions.deliver.sending import CannotDeliver, TryLater
from pairtrader.model.webhook_target import WebhookTarget, address_of, is_public

RESOLVE_SECONDS = 5.0
Resolver = Callable[[str, int], Sequence[str]]
"""Returns all addresses of a name, or raises OSError."""

_pool = ThreadPoolExecutor(8, thread_name_prefix="resolve")


def resolve(host: str, port: int) -> list[str]:
    """Return all addresses that `host` has, those of IPv4 first: functions often have no other.

    Raises:
        OSError: it has none, or the answer did not come in time.
    """
    asked = _pool.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = asked.result(RESOLVE_SECONDS)
    except TookTooLong as error:
        raise TimeoutError("the name was not resolved in time") from error
    found.sort(key=lambda each: each[0] != socket.AF_INET)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def public_addresses(
    target: WebhookTarget, resolver: Resolver, *, allow_loopback: bool = False
) -> list[str]:
    """Return the addresses of `target`, each of them checked: connect to these, not to the name.

    A name may lead elsewhere at the next question, so the answer that was judged is the one used.

    Raises:
        CannotDeliver: one of them is not of the public internet.
        TryLater: the name has no address at the moment.
    """
    try:
        found = list(resolver(target.host, target.port))
    except (OSError, UnicodeError):
        raise TryLater("the host's name can't be resolved") from None
    if not found:
        raise TryLater("the host's name can't be resolved")
    for address in found:
        if not _may_be_reached(address, allow_loopback=allow_loopback):
            raise CannotDeliver("the host's name leads to an address that is not public")
    return found


def _may_be_reached(text: str, *, allow_loopback: bool) -> bool:
    address = address_of(text)
    if address is None:
        return False
    return is_public(address) or (allow_loopback and address.is_loopback)
