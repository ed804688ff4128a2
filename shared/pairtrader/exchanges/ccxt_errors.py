"""CCXT's errors by what the caller must do about them.

The exchange's code counts first, then the HTTP status, CCXT's class last: with other hosts CCXT
picks the wrong table of codes, and it takes a blocked region for an outage.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pairtrader.exchanges.answer_codes import JUDGED, NOT_LOOKED_AT, Meaning
from pairtrader.exchanges.ccxt_venue import CcxtVenue
from pairtrader.exchanges.errors import (
    AlreadySet,
    ClockSkew,
    DuplicateOrder,
    ExchangeError,
    KeysRefused,
    Maintenance,
    NoSuchOrder,
    OrderRefused,
    OutcomeUnknown,
    RateLimited,
    RegionBlocked,
    RetryLater,
    StaleMarket,
    UnknownSymbol,
    UserMustAct,
)

_UNAUTHORISED = 401
_GEO_BLOCKED = {403, 451}
_RATE_LIMITED = {418, 429}
_TOO_FREQUENT = re.compile(r"too (frequent|many|much)|rate limit|\bWAF\b", re.IGNORECASE)
"""Bybit and Binance answer 403, too, to an address that asks too often."""
_BAN_SECONDS = 600.0
_MAX_TEXT = 300
_NOT_SHOWN = re.compile(r"https?://\S+|(?<=origin_string\[)[^\]]*")
"""Addresses bear signatures, and Bybit repeats what was signed, the key included."""

_CLASSES = {
    "BadSymbol": Meaning.UNKNOWN_SYMBOL,
    "RateLimitExceeded": Meaning.RATE_LIMIT,
    "DDoSProtection": Meaning.RATE_LIMIT,
    "OnMaintenance": Meaning.MAINTENANCE,
    "AuthenticationError": Meaning.KEYS,
    "RestrictedLocation": Meaning.REFUSED,
    "ManualInteractionNeeded": Meaning.REFUSED,
    "NotSupported": Meaning.REFUSED,
    "ArgumentsRequired": Meaning.REFUSED,
    "BadRequest": Meaning.REFUSED,
}
"""CCXT classes, subclasses included. Names: importing the classes would import all of CCXT."""


@dataclass(frozen=True, slots=True)
class AnswerDetails:
    """What an error's HTTP answer said."""

    status: int
    code: str
    """The exchange's own code, empty where it gave none."""
    retry_after_seconds: float | None
    words: str = ""
    """The exchange's own, empty where it gave none."""


def answer_details(
    venue: CcxtVenue, status: int, headers: Mapping[str, str], answer: object
) -> AnswerDetails:
    """Return the details of an HTTP answer; `answer` is its parsed body."""
    code, words = venue.code_of(answer), venue.words_of(answer)
    return AnswerDetails(status, code, _retry_after(headers), words)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return max(float(value), 0.0)
            except ValueError:
                return None
    return None


_NOTHING_SAID = AnswerDetails(0, "", None)


def translate(error: Exception, venue: CcxtVenue, details: AnswerDetails | None) -> ExchangeError:
    """Return what the failure of a call that places no order means for the caller."""
    said = details or _NOTHING_SAID
    blocked = _blocked(error, venue, said)
    if blocked is not None:
        return blocked
    meaning = venue.codes.get(said.code) or _by_status(said) or _by_class(error)
    return _error(meaning, f"{venue.name}: {_shown(error, said)}", venue, said)


def translate_sent(
    error: Exception, venue: CcxtVenue, details: AnswerDetails | None
) -> ExchangeError:
    """Return what the failure of sending an order means: refused, later, or unknown.

    Only an answer whose meaning is known counts as a refusal. CCXT's class proves nothing: it
    calls a time-out inside the exchange a bad request on some of them.
    """
    said = details or _NOTHING_SAID
    blocked = _blocked(error, venue, said)
    if isinstance(blocked, RetryLater):
        return blocked
    if blocked is not None:
        return OrderRefused(str(blocked), exchange_code=said.code)
    meaning = venue.codes.get(said.code) or _by_status(said)
    shown = f"{venue.name}: {_shown(error, said)}"
    if meaning is Meaning.DUPLICATE:
        return DuplicateOrder(shown, exchange_code=said.code)
    if meaning is Meaning.STALE_MARKET:
        return StaleMarket(shown, exchange_code=said.code)
    if meaning in JUDGED:
        return OrderRefused(shown, exchange_code=said.code)
    if meaning in NOT_LOOKED_AT:
        return _error(meaning, shown, venue, said)
    return OutcomeUnknown(shown, exchange_code=said.code)


def _by_status(said: AnswerDetails) -> Meaning | None:
    if said.status in _RATE_LIMITED:
        return Meaning.RATE_LIMIT
    return Meaning.KEYS if said.status == _UNAUTHORISED else None


def _by_class(error: Exception) -> Meaning | None:
    for cls in type(error).__mro__:
        if cls.__name__ in _CLASSES:
            return _CLASSES[cls.__name__]
    return None


def _error(  # noqa: PLR0911 - a table of constructors
    meaning: Meaning | None, text: str, venue: CcxtVenue, said: AnswerDetails
) -> ExchangeError:
    code, wait = said.code, said.retry_after_seconds
    match meaning:
        case Meaning.UNKNOWN_SYMBOL:
            return UnknownSymbol(text, exchange_code=code)
        case Meaning.KEYS:
            return KeysRefused(text, exchange_code=code)
        case Meaning.NO_ORDER:
            return NoSuchOrder(text, exchange_code=code)
        case Meaning.UNCHANGED:
            return AlreadySet(text, exchange_code=code)
        case Meaning.REFUSED | Meaning.STALE_MARKET | Meaning.POSITION_MODE:
            return UserMustAct(text, exchange_code=code)
        case Meaning.RATE_LIMIT:
            limited = f"{venue.name} limits our requests"
            return RateLimited(limited, exchange_code=code, retry_after_seconds=wait)
        case Meaning.CLOCK:
            return ClockSkew(f"{venue.name}: our clock is off", exchange_code=code)
        case Meaning.MAINTENANCE:
            closed = f"{venue.name} is under maintenance"
            return Maintenance(closed, exchange_code=code, retry_after_seconds=wait)
        case _:
            return RetryLater(text, exchange_code=code, retry_after_seconds=wait)


def _blocked(error: Exception, venue: CcxtVenue, said: AnswerDetails) -> ExchangeError | None:
    """Tell a blocked region from an address that is shut out for a while; None for neither."""
    if said.status not in _GEO_BLOCKED or said.code in venue.codes:
        return None
    if _TOO_FREQUENT.search(_shown(error, _NOTHING_SAID)):
        wait = said.retry_after_seconds
        return RateLimited(
            f"{venue.name} has banned our address for asking too often",
            exchange_code=str(said.status),
            retry_after_seconds=_BAN_SECONDS if wait is None else wait,
        )
    return RegionBlocked(
        f"{venue.name} refuses requests from this region or address (HTTP {said.status})",
        exchange_code=str(said.status),
    )


def _shown(error: Exception, said: AnswerDetails) -> str:
    """Return the exchange's words and code, without them CCXT's text, which holds the whole answer.

    Without addresses and keys, cut to a readable length.
    """
    text = f"{type(error).__name__} {error}"
    if said.words:
        text = f"{said.words.strip()} ({said.code})"
    text = _NOT_SHOWN.sub("…", text)
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
