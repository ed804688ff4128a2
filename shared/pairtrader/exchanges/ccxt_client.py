"""One CCXT client: its address, its answers checked, its errors translated."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

from pairtrader.exchanges.ccxt_errors import AnswerDetails, answer_details, translate
from pairtrader.exchanges.ccxt_slim import exchange_class
from pairtrader.exchanges.ccxt_venue import CcxtVenue
from pairtrader.exchanges.errors import ExchangeError, RetryLater
from pairtrader.exchanges.hosts import replace_host

_T = TypeVar("_T")

TIMEOUT_MS = 4_000
LIST_TIMEOUT_MS = 10_000
"""For an exchange's whole list of markets, a megabyte or two."""
_ADDRESSES = ("api", "test", "demo", "demotrading")
"""CCXT's tables of REST addresses."""
_MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What CCXT's parsers raise on an answer of another shape than they expect."""


class CcxtClient:
    """A CCXT exchange object that speaks our errors."""

    def __init__(self, venue: CcxtVenue, hosts: Mapping[str, str]) -> None:
        self.venue = venue
        self.raw: Any = _checked_class(venue)(
            {
                "timeout_on_exit": 0,
                # Limits are the address's, not this object's: what the exchange answers counts.
                "enableRateLimit": False,
                "userAgent": "pairtrader",
                # Numbers stay the text that the exchange sent.
                "number": str,
                "options": dict(venue.options),
            }
        )
        if host := hosts.get(venue.name):
            for table in _ADDRESSES:
                if table in self.raw.urls:
                    self.raw.urls[table] = replace_host(self.raw.urls[table], host)

    async def call(self, ask: Callable[[Any], Awaitable[_T]], timeout_ms: int = TIMEOUT_MS) -> _T:
        """Return what `ask` gets from the CCXT object, each request within `timeout_ms`.

        Raises:
            RetryLater: the exchange did not answer, or not with what it should.
            UserMustAct: it never will until something changes.
        """
        self.raw.timeout = timeout_ms
        try:
            return await ask(self.raw)
        except ExchangeError:
            raise
        except _MALFORMED as error:
            raise RetryLater(f"{self.venue.name}: the answer could not be read") from error
        except Exception as error:
            if not _is_ccxt_error(error):
                raise
            details: AnswerDetails | None = getattr(error, "details", None)
            raise translate(error, self.venue, details) from error

    def knows(self, unified: str) -> bool:
        """Return whether the market with CCXT's symbol `unified` has been taken in."""
        return unified in (self.raw.markets or {})

    def take_markets(self, markets: Sequence[Mapping[str, Any]]) -> None:
        """Take in CCXT markets beside those taken in before."""
        self.raw.set_markets([*(self.raw.markets or {}).values(), *markets])

    async def close(self) -> None:
        """Give up connections."""
        with suppress(Exception):
            await self.raw.close()


def _is_ccxt_error(error: Exception) -> bool:
    return any(cls.__name__ == "BaseError" for cls in type(error).__mro__)


@cache
def _checked_class(venue: CcxtVenue) -> Any:
    """Return the venue's CCXT class with answers checked at the one place all of them pass."""
    base = exchange_class(venue.class_name)

    def handle_errors(
        self: Any, status: int, reason: str, url: str, method: str, headers: Mapping[str, str],
        body: str, answer: Any, *sent: Any,
    ) -> None:  # fmt: skip
        try:
            base.handle_errors(self, status, reason, url, method, headers, body, answer, *sent)
            self.handle_http_status_code(status, reason, url, method, body)
        except Exception as error:
            error.__dict__["details"] = answer_details(status, headers, answer)
            raise
        if not venue.is_whole(answer):
            # CCXT reads a cut-off answer as one with nothing in it.
            raise RetryLater(f"{venue.name}: the answer is not whole")

    return type(base.__name__, (base,), {"handle_errors": handle_errors})
