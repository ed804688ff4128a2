"""Figures of closed round trips: the same for a bot's history and for a backtest.

Money is quote currency and exact: every amount is first rounded to the places that tables show it
with, so that a sum agrees to the last digit with the rows that it is the sum of. One unit of any
quote currency counts as one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from pairtrader.model.records import CycleRecord
from pairtrader.model.risk import DAY_MS, day_begin, day_of

ZERO = Decimal(0)
PLACES = 12
"""As amounts are shown, and as a day's results are summed up for the limit on its loss."""
DIGITS = 60
"""Enough for a sum of any number of amounts to be exact."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One closed cycle, its amounts in quote currency and rounded to `PLACES`."""

    number: int
    invested: Decimal
    """Summed entry notional of both legs."""
    gross: Decimal
    """Price profit, without fees and funding."""
    fees: Decimal
    """Paid."""
    funding: Decimal
    """Received less paid."""
    net: Decimal
    """What it has brought in, fees and funding included."""
    reason: str
    opened_at: int
    closed_at: int

    @property
    def held_ms(self) -> int:
        """How long it was open, milliseconds."""
        return max(0, self.closed_at - self.opened_at)


def round_trips(cycles: Iterable[CycleRecord]) -> list[RoundTrip]:
    """Return the closed ones of `cycles` in the order in which they closed."""
    with localcontext(prec=DIGITS):
        trips = [_round_trip(each, each.closed_at) for each in cycles if each.closed_at is not None]
    return sorted(trips, key=lambda trip: trip.closed_at)


def _round_trip(cycle: CycleRecord, closed_at: int) -> RoundTrip:
    return RoundTrip(
        number=cycle.cycle_number,
        invested=round(cycle.invested, PLACES),
        gross=round(cycle.realised, PLACES),
        fees=round(cycle.fees, PLACES),
        funding=round(cycle.funding, PLACES),
        net=round(cycle.net_pnl, PLACES),
        reason=cycle.reason,
        opened_at=cycle.opened_at,
        closed_at=closed_at,
    )


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum."""
    with localcontext(prec=DIGITS):
        return sum(amounts, ZERO)


@dataclass(frozen=True, slots=True)
class Summary:
    """Sums over round trips, quote currency, and what follows from them."""

    cycles: int = 0
    wins: int = 0
    """Those with a net profit."""
    losses: int = 0
    """Those with a net loss; one that brought in nothing is neither."""
    invested: Decimal = ZERO
    """Summed entry notional: money that came back and was invested again counts again."""
    gross: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    net: Decimal = ZERO
    won: Decimal = ZERO
    """Net profits of the wins."""
    lost: Decimal = ZERO
    """Net losses of the losses, unsigned."""

    @property
    def win_rate(self) -> float | None:
        """Wins in percent of all cycles, None without any."""
        return percent_of(Decimal(self.wins), Decimal(self.cycles))

    @property
    def profit_factor(self) -> Decimal | None:
        """Net profits of the wins ÷ net losses of the losses, None without a loss."""
        return self.won / self.lost if self.lost else None

    @property
    def expectancy(self) -> Decimal | None:
        """Net profit of a cycle in the mean (net ÷ cycles), None without any."""
        return self.net / self.cycles if self.cycles else None

    @property
    def return_on_invested(self) -> float | None:
        """Net profit in percent of `invested`, None where nothing was."""
        return percent_of(self.net, self.invested)


def percent_of(part: Decimal, basis: Decimal) -> float | None:
    """Return `part` in percent of `basis`, None of nothing."""
    return float(part / basis * 100) if basis else None


def summarise(trips: Sequence[RoundTrip]) -> Summary:
    """Return the sums over `trips`."""
    nets = [trip.net for trip in trips]
    return Summary(
        cycles=len(trips),
        wins=sum(net > 0 for net in nets),
        losses=sum(net < 0 for net in nets),
        invested=total(trip.invested for trip in trips),
        gross=total(trip.gross for trip in trips),
        fees=total(trip.fees for trip in trips),
        funding=total(trip.funding for trip in trips),
        net=total(nets),
        won=total(net for net in nets if net > 0),
        lost=-total(net for net in nets if net < 0),
    )


@dataclass(frozen=True, slots=True)
class Day:
    """What the round trips that closed on one UTC day have brought in."""

    day: str
    """Such as ``2026-11-24``."""
    summary: Summary


def by_day(trips: Iterable[RoundTrip], first: str, last: str) -> list[Day]:
    """Return every UTC day from `first` to `last`, those without a close as well.

    A round trip counts whole on the day that it closes; what closed on no day asked for is left
    out.
    """
    found: dict[str, list[RoundTrip]] = {
        day_of(at): [] for at in range(day_begin(first), day_begin(last) + DAY_MS, DAY_MS)
    }
    for trip in trips:
        day = day_of(trip.closed_at)
        if day in found:
            found[day].append(trip)
    return [Day(day, summarise(of_day)) for day, of_day in found.items()]


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Cumulative net profit at a moment, quote currency."""

    at: int
    """ms UTC; what closed before it is counted."""
    net: Decimal


def equity_curve(trips: Sequence[RoundTrip], moments: Iterable[int]) -> list[EquityPoint]:
    """Return the net profit of all that closed before each of `moments` (ms UTC, rising).

    `trips` are in the order in which they closed.
    """
    points, net, done = [], ZERO, 0
    with localcontext(prec=DIGITS):
        for moment in moments:
            while done < len(trips) and trips[done].closed_at < moment:
                net += trips[done].net
                done += 1
            points.append(EquityPoint(moment, net))
    return points


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The largest fall of the cumulative net profit from its highest value until then."""

    amount: Decimal = ZERO
    """Unsigned, quote currency."""
    peak: Decimal = ZERO
    """Cumulative net profit that it fell from; the curve begins at zero."""
    peak_at: int | None = None
    """When that was reached, ms UTC; None: at the beginning."""
    bottom_at: int | None = None
    """When the lowest value was reached, ms UTC; None where it never fell."""


def max_drawdown(trips: Sequence[RoundTrip]) -> Drawdown:
    """Return the largest of (highest cumulative net until then) - (cumulative net) of all closes.

    `trips` are in the order in which they closed. What an open cycle was down in between is not
    seen.
    """
    worst, net, peak = Drawdown(), ZERO, ZERO
    peak_at: int | None = None
    with localcontext(prec=DIGITS):
        for trip in trips:
            net += trip.net
            if net > peak:
                peak, peak_at = net, trip.closed_at
            elif peak - net > worst.amount:
                worst = Drawdown(peak - net, peak, peak_at, trip.closed_at)
    return worst


@dataclass(frozen=True, slots=True)
class Holding:
    """How long the round trips of one bot were open; they never overlap."""

    average_ms: int
    longest_ms: int
    in_market_ms: int
    """Of all together."""
    span_ms: int
    """From the first entry to the last close."""

    @property
    def time_in_market(self) -> float | None:
        """`in_market_ms` in percent of `span_ms`, None of no time at all."""
        return percent_of(Decimal(self.in_market_ms), Decimal(self.span_ms))


def holding(trips: Sequence[RoundTrip]) -> Holding | None:
    """Return how long `trips`, all of one bot, were open; None without any."""
    if not trips:
        return None
    held = [trip.held_ms for trip in trips]
    span = max(trip.closed_at for trip in trips) - min(trip.opened_at for trip in trips)
    return Holding(
        average_ms=sum(held) // len(held),
        longest_ms=max(held),
        in_market_ms=sum(held),
        span_ms=max(0, span),
    )


def reasons_of(trips: Iterable[RoundTrip]) -> dict[str, int]:
    """Return how often each reason has closed a cycle, the most frequent first."""
    return dict(Counter(trip.reason for trip in trips).most_common())
