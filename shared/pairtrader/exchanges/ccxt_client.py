"""One CCXT client: its address, its keys, its answers checked, its errors translated."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

from pairtrader.exchanges.base import BaseExchange, Clock
from pairtrader.exchanges.ccxt_errors import (
    AnswerDetails,
    answer_details,
    translate,
    translate_sent,
)
from pairtrader.exchanges.ccxt_slim import exchange_class
from pairtrader.exchanges.ccxt_venue import CcxtVenue
from pairtrader.exchanges.errors import ClockSkew, ExchangeError, OutcomeUnknown, RetryLater
from pairtrader.exchanges.hosts import replace_host
from pairtrader.model.account import Credentials

_T = TypeVar("_T")
Translate = Callable[[Exception, CcxtVenue, AnswerDetails | None], ExchangeError]

TIMEOUT_MS = 4_000
LIST_TIMEOUT_MS = 10_000
"""For an exchange's whole list of markets, a megabyte or two."""
CLOCK_KEPT_MS = 1_800_000
"""How long a comparison of clocks holds."""
_ADDRESSES = ("api", "test", "demo", "demotrading")
"""CCXT's tables of REST addresses."""
_MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError, ArithmeticError)
"""What CCXT's parsers raise on an answer of another shape than they expect."""


class CcxtClient:
    """A CCXT exchange object that speaks our errors.

    Public calls are made without keys; the first private one fetches them.
    """

    def __init__(
        self,
        venue: CcxtVenue,
        hosts: Mapping[str, str],
        clock: Clock,
        *,
        keys: Callable[[], Credentials] | None = None,
        sandbox: bool = False,
        session: Any = None,
    ) -> None:
        self.venue = venue
        self._keys = keys
        self._measured_at: int | None = None
        """When our clock was last compared with the exchange's, ms UTC."""
        self.raw: Any = _checked_class(venue)(
            {
                "timeout_on_exit": 0,
                # Limits are the address's, not this object's: what the exchange answers counts.
                "enableRateLimit": False,
                "userAgent": "pairtrader",
                # Numbers stay the text that the exchange sent.
                "number": str,
                "options": {**venue.options, "recvWindow": BaseExchange.request_expiry_ms},
                # A session of somebody else's brings its own certificates.
                **({} if session is None else {"session": session, "verify": False}),
            }
        )
        # CCXT stamps requests with it.
        self.raw.milliseconds = clock
        if sandbox:
            venue.enter_sandbox(self.raw)
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
        return await self._call(ask, translate, RetryLater)

    async def private(self, ask: Callable[[Any], Awaitable[_T]]) -> _T:
        """Return what `ask` gets with the account's keys; raises as `call`."""
        self._take_keys()
        if self.venue.stamps_need_its_clock and self._clock_is_old():
            await self._measure_clock()
        try:
            return await self.call(ask)
        except ClockSkew:
            await self._measure_clock()
            raise

    async def send(self, ask: Callable[[Any], Awaitable[_T]]) -> _T:
        """Return what `ask` gets from sending an order.

        Raises:
            OrderRefused: it does not and will not exist.
            RetryLater: it does not exist; another may be sent later.
            OutcomeUnknown: anything else.
        """
        self._take_keys()
        self.raw.timeout = TIMEOUT_MS
        signed_at: int = self.raw.milliseconds()
        try:
            return await self._call(ask, translate_sent, OutcomeUnknown)
        except OutcomeUnknown as error:
            # CCXT signs before it waits for anything.
            error.sent_at = signed_at
            raise
        except ClockSkew:
            await self._measure_clock()
            raise

    async def _call(
        self,
        ask: Callable[[Any], Awaitable[_T]],
        meaning: Translate,
        unreadable: type[ExchangeError],
    ) -> _T:
        try:
            return await ask(self.raw)
        except ExchangeError as error:
            if unreadable is OutcomeUnknown and isinstance(error, RetryLater):
                raise OutcomeUnknown(str(error)) from error
            raise
        except _MALFORMED as error:
            raise unreadable(f"{self.venue.name}: the answer could not be read") from error
        except Exception as error:
            if not _is_ccxt_error(error):
                raise
            details: AnswerDetails | None = getattr(error, "details", None)
            raise meaning(error, self.venue, details) from error

    def _clock_is_old(self) -> bool:
        measured = self._measured_at
        return measured is None or self.raw.milliseconds() - measured >= CLOCK_KEPT_MS

    async def _measure_clock(self) -> None:
        """Have later requests bear the exchange's time; without an answer they bear ours."""
        with suppress(ExchangeError):
            now = await self.call(self.venue.server_time)
            self._measured_at = self.raw.milliseconds()
            self.raw.options["timeDifference"] = self._measured_at - now

    def _take_keys(self) -> None:
        if self._keys is None or self.raw.apiKey:
            return
        keys = self._keys()
        self.raw.apiKey, self.raw.secret, self.raw.password = (
            keys.api_key,
            keys.api_secret,
            keys.passphrase,
        )

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
    """Return the venue's CCXT class with answers checked at the one place all of them pass.

    Requests pass one place, too, where the venue's own headers are added.
    """
    base = exchange_class(venue.class_name)

    def sign(self: Any, path: str, api: Any, method: str, params: Any) -> Any:
        request = base.sign(self, path, api, method, params)
        extra = venue.headers(self, path, method)
        return {**request, "headers": {**(request["headers"] or {}), **extra}} if extra else request

    def handle_errors(
        self: Any, status: int, reason: str, url: str, method: str, headers: Mapping[str, str],
        body: str, answer: Any, *sent: Any,
    ) -> None:  # fmt: skip
        try:
            base.handle_errors(self, status, reason, url, method, headers, body, answer, *sent)
            self.handle_http_status_code(status, reason, url, method, body)
        except Exception as error:
            error.__dict__["details"] = answer_details(venue, status, headers, answer)
            raise
        if not venue.is_whole(answer):
            # CCXT reads a cut-off answer as one with nothing in it.
            raise RetryLater(f"{venue.name}: the answer is not whole")

    return type(base.__name__, (base,), {"sign": sign, "handle_errors": handle_errors})
