"""CCXT's errors by what the caller must do about them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pairtrader.exchanges.ccxt_venue import CcxtVenue
from pairtrader.exchanges.errors import ExchangeError, RetryLater, UnknownSymbol, UserMustAct

_GEO_BLOCKED = {403, 451}
_RATE_LIMITED = {418, 429}
_TOO_FREQUENT = re.compile(r"too (frequent|many|much)|rate limit|\bWAF\b", re.IGNORECASE)
"""Bybit and Binance answer 403, too, to an address that asks too often."""
_BAN_SECONDS = 600.0

_USER_MUST_ACT = (
    "AuthenticationError",
    "RestrictedLocation",
    "ManualInteractionNeeded",
    "NotSupported",
    "ArgumentsRequired",
    "BadRequest",
)
"""CCXT classes, subclasses included. Names: importing the classes would import all of CCXT."""


@dataclass(frozen=True, slots=True)
class AnswerDetails:
    """What an error's HTTP answer said."""

    status: int
    code: str
    """The exchange's own code, empty where it gave none."""
    retry_after_seconds: float | None


def answer_details(status: int, headers: Mapping[str, str], answer: Any) -> AnswerDetails:
    """Return the details of an HTTP answer; `answer` is its parsed body."""
    code = ""
    if isinstance(answer, dict):
        code = str(answer.get("code", answer.get("retCode", "")))
    return AnswerDetails(status, code, _retry_after(headers))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return max(float(value), 0.0)
            except ValueError:
                return None
    return None


def translate(error: Exception, venue: CcxtVenue, details: AnswerDetails | None) -> ExchangeError:
    """Return what the failure of a call that places no order means for the caller.

    The exchange's code and the HTTP status count more than CCXT's class: with other hosts CCXT
    picks the wrong table of codes, and it takes a blocked region for an outage.
    """
    status = details.status if details else 0
    code = details.code if details else ""
    wait = details.retry_after_seconds if details else None
    classes = {cls.__name__ for cls in type(error).__mro__}
    text = f"{venue.name}: {_shown(error)}"
    if code in venue.unknown_symbol_codes or "BadSymbol" in classes:
        return UnknownSymbol(text, exchange_code=code)
    if status in _GEO_BLOCKED:
        return _blocked(venue, status, text, wait)
    if status in _RATE_LIMITED or classes & {"RateLimitExceeded", "DDoSProtection"}:
        return RetryLater(
            f"{venue.name} limits our requests", exchange_code=code, retry_after_seconds=wait
        )
    if "OnMaintenance" in classes:
        return RetryLater(
            f"{venue.name} is under maintenance", exchange_code=code, retry_after_seconds=wait
        )
    if classes & set(_USER_MUST_ACT):
        return UserMustAct(text, exchange_code=code)
    return RetryLater(text, exchange_code=code, retry_after_seconds=wait)


def _blocked(venue: CcxtVenue, status: int, text: str, wait: float | None) -> ExchangeError:
    if _TOO_FREQUENT.search(text):
        return RetryLater(
            f"{venue.name} has banned our address for asking too often",
            exchange_code=str(status),
            retry_after_seconds=_BAN_SECONDS if wait is None else wait,
        )
    return UserMustAct(
        f"{venue.name} refuses requests from this region or address (HTTP {status})",
        exchange_code=str(status),
    )


def _shown(error: Exception) -> str:
    """Return the error's text without addresses, cut to a readable length."""
    text = re.sub(r"https?://\S+", "…", f"{type(error).__name__} {error}")
    return text if len(text) <= 300 else text[:300] + "…"  # noqa: PLR2004
