"""Client order ids: the same order always gets the same id, no other order ever does."""

import base64
import hashlib

from pairtrader.model.order import Purpose


def client_order_id(
    bot_id: str, cycle: int, purpose: Purpose, level: int, leg: int, attempt: int
) -> str:
    """Return 26 lower-case alphanumerics, the first a letter: within every exchange's rules.

    OKX takes up to 32 alphanumerics, Bybit and Binance up to 36 characters.
    """
    text = f"{bot_id}|{cycle}|{purpose}|{level}|{leg}|{attempt}"
    digest = hashlib.sha256(text.encode()).digest()
    return "p" + base64.b32encode(digest).decode().lower()[:25]
