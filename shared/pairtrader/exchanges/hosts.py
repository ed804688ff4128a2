"""Other addresses for exchanges: regional domains, proxies, test servers."""

import json
import re
from collections.abc import Mapping
from typing import Any

_SCHEME_AND_HOST = re.compile(r"^[a-z]+://[^/]+")
_ADDRESS = re.compile(r"^https?://[^/\s]+$")


def parse_hosts(text: str) -> Mapping[str, str]:
    """Return scheme and host by exchange name from JSON such as ``{"okx": "http://…:9100"}``.

    Raises:
        ValueError: it is not that; the text says what is wrong.
    """
    if not text.strip():
        return {}
    try:
        hosts = json.loads(text)
    except ValueError as error:
        raise ValueError(f"EXCHANGE_HOSTS is not JSON: {error}") from error
    if not isinstance(hosts, dict):
        raise ValueError("EXCHANGE_HOSTS is not a JSON object of exchange names and addresses")
    for name, address in hosts.items():
        if not isinstance(address, str) or not _ADDRESS.match(address.rstrip("/")):
            raise ValueError(f"EXCHANGE_HOSTS: {name} needs scheme and host alone")
    return {name: address.rstrip("/") for name, address in hosts.items()}


def replace_host(urls: Any, host: str) -> Any:
    """Return CCXT's table of addresses with scheme and host of each replaced, paths kept."""
    if isinstance(urls, dict):
        return {key: replace_host(value, host) for key, value in urls.items()}
    return _SCHEME_AND_HOST.sub(host, urls) if isinstance(urls, str) else urls
