"""How all of a user's bots are doing on accounts of one mode; modes are never mixed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from functions.api.ports import BotStore, CycleLedger
from pairtrader.analysis.performance import (
    ZERO,
    Day,
    EquityPoint,
    RoundTrip,
    Summary,
    by_day,
    equity_curve,
    round_trips,
    summarise,
    total,
)
from pairtrader.model.account import AccountMode
from pairtrader.model.bot import Bot, Status
from pairtrader.model.records import CycleRecord
from pairtrader.model.risk import DAY_MS, day_begin, day_of
from pairtrader.storage.paging import Window
from pairtrader.trading.records import net_profit

HOUR_MS = 3_600_000
MOST_CYCLES = 10_000
"""Closed cycles that are read, the newest first."""
MOST_BOTS = 1000
BOTS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Exposure:
    """What open cycles hold at the last prices seen, quote currency."""

    cycles: int = 0
    market1: Decimal = ZERO
    """Notional on the first markets of the pairs, unsigned."""
    market2: Decimal = ZERO
    long: Decimal = ZERO
    short: Decimal = ZERO
    """Unsigned."""
    net_pnl: Decimal = ZERO
    """Net PnL were all closed at the last prices seen, fees of closing included."""
    looked_at: int | None = None
    """When the bot that was looked at longest ago was, ms UTC; None without an open cycle."""

    @property
    def total(self) -> Decimal:
        """Notional of both legs."""
        return self.market1 + self.market2


@dataclass(frozen=True, slots=True)
class BotLine:
    """What one bot has done in the period, and what it has open."""

    bot_id: str
    name: str
    """Empty where it is not known any more."""
    status: Status | None
    """None for a deleted bot."""
    summary: Summary
    open_net_pnl: Decimal | None
    """None while flat."""


@dataclass(frozen=True, slots=True)
class PairLine:
    """What a pair has brought in over all bots in the period, and what is open on it."""

    market1_symbol: str
    market2_symbol: str
    summary: Summary
    open_net_pnl: Decimal | None
    """None while flat."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All that a dashboard shows of one mode; a cycle counts whole when it closes."""

    mode: AccountMode
    since: int
    """Begin of the period, ms UTC."""
    at: int
    """Its end: now."""
    all_time: Summary
    period: Summary
    today: Summary
    """Of the UTC day."""
    exposure: Exposure
    statuses: dict[Status, int]
    curve: Sequence[EquityPoint]
    """Realised, since the first cycle counted; one point for each day's end (hour's end for a
    period of a day), from `since` to now."""
    equity: Decimal
    """Its last point with the open PnL."""
    days: Sequence[Day]
    bots: Sequence[BotLine]
    pairs: Sequence[PairLine]
    truncated: bool
    """Whether older cycles, or bots, were too many to be counted."""
    counted_since: int | None
    """When the oldest cycle counted closed, ms UTC; None without any."""


@dataclass(slots=True)
class _Line:
    """What gathers under one key of a table."""

    trips: list[RoundTrip] = field(default_factory=list)
    open: list[Decimal] = field(default_factory=list)

    def open_net_pnl(self) -> Decimal | None:
        return total(self.open) if self.open else None


@dataclass(frozen=True, slots=True)
class _Closed:
    """A closed cycle with its figures."""

    record: CycleRecord
    trip: RoundTrip


class Dashboard:
    """Sums up what a user's bots have done."""

    def __init__(self, bots: BotStore, cycles: CycleLedger, now: Callable[[], int]) -> None:
        self._bots = bots
        self._cycles = cycles
        self._now = now

    def of(self, user_id: str, mode: AccountMode, days: int) -> Overview:
        """Return the overview of the last `days` UTC days, today being one of them."""
        now = self._now()
        # A cycle that closes in between is read twice, then, and never missed.
        bots, more_bots = self._bots_of(user_id, mode)
        page = self._cycles.closed(user_id, mode, Window(), MOST_CYCLES, None)
        closed = [_Closed(each, round_trips([each])[0]) for each in reversed(page.items)]
        done = {(each.record.bot_id, each.record.cycle_number) for each in closed}
        opened = [bot for bot in bots if bot.state.cycle is not None and _key(bot) not in done]
        since = day_begin(day_of(now)) - (days - 1) * DAY_MS
        trips = [each.trip for each in closed]
        in_period = [each for each in closed if each.trip.closed_at >= since]
        today = [each.trip for each in in_period if each.trip.closed_at >= day_begin(day_of(now))]
        # Clocks of other functions may be a little ahead.
        end = max([now, *(trip.closed_at for trip in trips[-1:])])
        *earlier, last = equity_curve(trips, [*range(since, now, _step(days)), end + 1])
        curve = [*earlier, replace(last, at=now)]
        exposure = exposure_of(opened)
        return Overview(
            mode=mode,
            since=since,
            at=now,
            all_time=summarise(trips),
            period=summarise([each.trip for each in in_period]),
            today=summarise(today),
            exposure=exposure,
            statuses=dict(Counter(bot.state.status for bot in bots)),
            curve=curve,
            equity=total([last.net, exposure.net_pnl]),
            days=by_day([each.trip for each in in_period], day_of(since), day_of(end)),
            bots=_bot_lines(in_period, bots, opened),
            pairs=_pair_lines(in_period, opened),
            truncated=more_bots or page.cursor is not None,
            counted_since=trips[0].closed_at if trips else None,
        )

    def _bots_of(self, user_id: str, mode: AccountMode) -> tuple[list[Bot], bool]:
        """The user's bots on accounts of this mode, and whether there are more."""
        found: list[Bot] = []
        cursor, read = None, 0
        while read < MOST_BOTS:
            page = self._bots.list_by_user(user_id, BOTS_AT_ONCE, cursor)
            found += [bot for bot in page.items if bot.config.mode is mode]
            cursor, read = page.cursor, read + BOTS_AT_ONCE
            if cursor is None:
                return found, False
        return found, True


def exposure_of(bots: Iterable[Bot]) -> Exposure:
    """Return what the open cycles of `bots` hold."""
    summed = Exposure()
    for bot in bots:
        state, cycle = bot.state, bot.state.cycle
        if cycle is None:
            continue
        prices = (state.last_price1, state.last_price2)
        values = [
            leg.amount * (leg.entry_price or ZERO if price is None else price)
            for leg, price in zip(cycle.legs, prices, strict=True)
        ]
        looked_at = state.last_tick_at
        summed = replace(
            summed,
            cycles=summed.cycles + 1,
            market1=summed.market1 + abs(values[0]),
            market2=summed.market2 + abs(values[1]),
            long=summed.long + sum((value for value in values if value > 0), ZERO),
            short=summed.short - sum((value for value in values if value < 0), ZERO),
            net_pnl=total([summed.net_pnl, _open_pnl(bot)]),
            looked_at=looked_at if summed.looked_at is None else min(summed.looked_at, looked_at),
        )
    return summed


def _open_pnl(bot: Bot) -> Decimal:
    """Net PnL of the open cycle; where no tick has told one yet, what is booked."""
    state = bot.state
    if state.last_pnl is not None or state.cycle is None:
        return state.last_pnl or ZERO
    return net_profit(state.cycle)


def _key(bot: Bot) -> tuple[str, int]:
    return bot.config.bot_id, bot.state.cycle_number


def _step(days: int) -> int:
    """How far the points of the curve are apart, ms."""
    return HOUR_MS if days == 1 else DAY_MS


def _bot_lines(
    closed: Iterable[_Closed], bots: Iterable[Bot], opened: Iterable[Bot]
) -> list[BotLine]:
    lines: dict[str, _Line] = defaultdict(_Line)
    written: dict[str, str] = {}
    for each in closed:
        lines[each.record.bot_id].trips.append(each.trip)
        written[each.record.bot_id] = each.record.bot_name
    for bot in opened:
        lines[bot.config.bot_id].open.append(_open_pnl(bot))
    known = {bot.config.bot_id: bot for bot in bots}
    found = []
    for bot_id, line in lines.items():
        known_bot = known.get(bot_id)
        found.append(
            BotLine(
                bot_id=bot_id,
                name=known_bot.config.settings.bot_name if known_bot else written.get(bot_id, ""),
                status=known_bot.state.status if known_bot else None,
                summary=summarise(line.trips),
                open_net_pnl=line.open_net_pnl(),
            )
        )
    return sorted(found, key=lambda line: (-line.summary.net, line.bot_id))


def _pair_lines(closed: Iterable[_Closed], opened: Iterable[Bot]) -> list[PairLine]:
    lines: dict[tuple[str, str], _Line] = defaultdict(_Line)
    for each in closed:
        lines[each.record.market1_symbol, each.record.market2_symbol].trips.append(each.trip)
    for bot in opened:
        first, second = bot.config.markets
        lines[first.symbol, second.symbol].open.append(_open_pnl(bot))
    found = [
        PairLine(*symbols, summarise(line.trips), line.open_net_pnl())
        for symbols, line in lines.items()
    ]
    return sorted(found, key=lambda line: (-line.summary.net, line.market1_symbol))
