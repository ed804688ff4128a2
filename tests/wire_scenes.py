"""One bot on an exchange's wire format: how things go wrong, and what must hold all the same."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from pairtrader.model.records import LogType
from pairtrader.trading.incidents import Incident
from pairtrader.trading.report import TickReport
from tests.fakes.venues.wire import Answer, Fault, Request
from tests.fakes.wire_desk import WireDesk

NAMES = ("okx", "binance", "bybit")
FIRST, SECOND = "AAA", "BBB"
LEGS = ((FIRST,), (SECOND,), (FIRST, SECOND))
SOLD, BOUGHT = Decimal("-0.98"), Decimal(1)
"""What row 1 holds of both, base coins."""
ZERO = Decimal(0)
FLAT = (ZERO, ZERO)
PAIR = (SOLD, BOUGHT)

Matcher = Callable[[Request], bool]


class Alone:
    """Measures on the desk's clock how long one leg is held without the other."""

    def __init__(self, desk: WireDesk) -> None:
        self._desk = desk
        self._since: int | None = None
        self.longest_ms = 0
        desk.step = self.look

    def look(self, _: str = "") -> None:
        """At any step."""
        now = self._desk.clock.now()
        first, second = self._desk.positions()
        if self._since is not None:
            self.longest_ms = max(self.longest_ms, now - self._since)
        if bool(first) is bool(second):
            self._since = None
        elif self._since is None:
            self._since = now

    @property
    def seconds(self) -> float:
        """Of the longest time that there was."""
        self.look()
        return self.longest_ms / 1000


def ready(name: str, **changes: Any) -> WireDesk:
    """Flat, its start prices known, the pair near them."""
    desk = WireDesk(name, **{"profit_ratio": 0.3, **changes})
    desk.tick_at(100.2)
    return desk


def opened(name: str, **changes: Any) -> WireDesk:
    """With row 1 done, books and account compared once."""
    desk = ready(name, **changes)
    desk.tick_at(101.5)
    desk.tick_at(101.4)
    assert desk.positions() == desk.books() == PAIR
    return desk


def quiet(desk: WireDesk, ticks: int = 8) -> list[TickReport]:
    """Tick while nothing more goes wrong."""
    return [desk.tick() for _ in range(ticks)]


def orders_of(desk: WireDesk, *bases: str) -> Matcher:
    """New orders of these markets."""

    def matches(request: Request) -> bool:
        said = request.query + request.body
        return desk.venues.sends_order(request) and any(base in said for base in bases)

    return matches


def asks(part: str, method: str = "GET") -> Matcher:
    """Requests whose path holds `part`."""
    return lambda request: request.method == method and part in request.path


def go_wrong(
    desk: WireDesk,
    answer: Answer | None,
    matches: Matcher,
    *,
    processed: bool = False,
    skip: int = 0,
    times: int = 1,
) -> None:
    """Have requests be answered so; `answer` None cuts the right answer off."""
    desk.venues.faults.append(Fault(answer, processed or answer is None, matches, skip, times))


def orders_fail(
    desk: WireDesk, answer: Answer | None, bases: Sequence[str], *, processed: bool = False
) -> None:
    """Have the next order of each of these markets be answered so."""
    for base in bases:
        go_wrong(desk, answer, orders_of(desk, base), processed=processed)


def at_the_first_order(desk: WireDesk, act: Callable[[], object]) -> None:
    """Have something happen just before the next order arrives."""
    done: list[object] = []

    def step(name: str) -> None:
        if name.startswith("before POST") and "leverage" not in name and not done:
            done.append(act())

    desk.step = step


def sent(desk: WireDesk) -> int:
    """How many requests for new orders have left."""
    return sum(map(desk.venues.sends_order, desk.venues.requests))


def incidents(reports: Sequence[TickReport]) -> list[Incident]:
    return [incident for report in reports for incident in report.incidents]


def lines(desk: WireDesk, log_type: LogType) -> list[str]:
    """Of the bot's log."""
    return [line.message for line in desk.store.logs if line.log_type is log_type]


def require_once_each(desk: WireDesk) -> None:
    """No order is doubled, and the bot knows all that were accepted."""
    ids = desk.exchange_orders()
    assert len(ids) == len(set(ids)), "an order was doubled"
    known = {*desk.store.orders, *(intent.client_order_id for intent in desk.bot.intents)}
    assert set(ids) <= known, "an order that nobody knows"


def require_sound(desk: WireDesk) -> None:
    """Books and exchange agree, and nothing is one-legged, doubled or left under way."""
    require_once_each(desk)
    assert desk.books() == desk.positions()
    first, second = desk.positions()
    assert bool(first) is bool(second), "a leg stays alone"
    assert desk.state.operation is None
    assert desk.bot.intents == ()
