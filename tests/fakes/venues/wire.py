"""A fake exchange at the level of HTTP: requests in, answers out, faults in between."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.venues.account import ApiKey, FakeAccount, Reason, Refused
from tests.fakes.venues.markets import FakeMarkets


@dataclass(frozen=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    """Without the query."""
    query: str
    """As sent, without the question mark."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str = ""

    @property
    def params(self) -> dict[str, str]:
        """The query, decoded."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """A form body, decoded."""
        return dict(parse_qsl(self.body, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """A JSON body; an empty object where there is none."""
        return json.loads(self.body) if self.body else {}

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], body: str) -> "Request":
        split = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        return cls(method, split.path, split.query, lower, body)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, or none."""

    status: int = 200
    body: str = "{}"
    headers: tuple[tuple[str, str], ...] = ()
    hang_up: bool = False
    """The connection ends without an answer."""
    hang: bool = False
    """Nothing comes until the client gives up."""


@dataclass
class Fault:
    """Something that happens to requests; `answer` None cuts the right answer off."""

    answer: Answer | None
    processed: bool = False
    """Whether the request is carried out all the same."""
    matches: Callable[[Request], bool] = lambda _: True
    skip: int = 0
    """Requests that match and are left alone first."""
    times: int = 1


class Dialect(Protocol):
    """One exchange's REST API."""

    name: str

    def serves(self, path: str) -> bool:
        """Whether a request to this path is for this exchange."""

    def answer(self, venue: "FakeVenues", request: Request) -> Answer:
        """Carry a request out."""

    def sends_order(self, request: Request) -> bool:
        """Whether the request sends a new order."""


def answered(body: Any, status: int = 200) -> Answer:
    """An answer with this JSON body."""
    return Answer(status, json.dumps(body))


@dataclass
class FakeVenues:
    """All fake exchanges behind one address."""

    markets: FakeMarkets
    dialects: tuple[Dialect, ...]
    accounts: list[FakeAccount] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """The first one that matches happens."""
    requests: list[Request] = field(default_factory=list)
    arrivals: list[tuple[int, Request]] = field(default_factory=list)
    """When each request came (monotonic, ns), for who measures gaps."""
    clock_ahead: int = 0
    """How far the exchanges' clocks are ahead of ours, ms."""
    monotonic: Callable[[], int] = lambda: 0

    def now(self) -> int:
        """The exchanges' own time, ms UTC."""
        return self.markets.now() + self.clock_ahead

    def open_account(self, exchange: str, **kwargs: Any) -> FakeAccount:
        """A new account with a key of its own."""
        number = len(self.accounts) + 1
        key = ApiKey(f"key-{exchange}-{number}", f"secret-{exchange}-{number}")
        account = FakeAccount(exchange, self.markets, key, uid=f"{exchange}-uid-{number}", **kwargs)
        self.accounts.append(account)
        return account

    def account_of(self, exchange: str, api_key: str | None) -> FakeAccount | None:
        """The account that this key opens."""
        for account in self.accounts:
            if account.exchange == exchange and account.key.api_key == api_key:
                return account
        return None

    def move(self, base: str, bid: Decimal, ask: Decimal) -> None:
        """Set a market's prices; resting orders that are traded through fill."""
        self.markets.move(base, bid, ask)
        for account in self.accounts:
            account.on_prices(base)

    def handle(self, request: Request) -> Answer:
        """Carry a request out, or let a fault happen to it."""
        self.requests.append(request)
        self.arrivals.append((self.monotonic(), request))
        fault = self._fault(request)
        if fault is not None and not fault.processed:
            assert fault.answer is not None
            return fault.answer
        answer = self._answer(request)
        if fault is None:
            return answer
        if fault.answer is not None:
            return fault.answer
        cut = answer.body[: len(answer.body) // 2]
        return Answer(answer.status, cut, answer.headers)

    def dialect_of(self, request: Request) -> Dialect:
        for dialect in self.dialects:
            if dialect.serves(request.path):
                return dialect
        raise AssertionError(f"an unexpected request: {request}")

    def sends_order(self, request: Request) -> bool:
        """Whether the request sends a new order."""
        return self.dialect_of(request).sends_order(request)

    def _answer(self, request: Request) -> Answer:
        return self.dialect_of(request).answer(self, request)

    def _fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if not fault.matches(request):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self.faults.remove(fault)
            return fault
        return None


__all__ = [
    "Answer",
    "Dialect",
    "FakeVenues",
    "Fault",
    "Reason",
    "Refused",
    "Request",
    "answered",
]
