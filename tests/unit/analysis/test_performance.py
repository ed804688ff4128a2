"""Figures of round trips, against plain recomputations."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairtrader.analysis.performance import (
    Drawdown,
    RoundTrip,
    Summary,
    by_day,
    equity_curve,
    holding,
    max_drawdown,
    reasons_of,
    round_trips,
    summarise,
)
from pairtrader.model.records import CycleRecord
from pairtrader.model.risk import DAY_MS, day_begin, day_of
from pairtrader.views.texts import plain

D = Decimal
BEGIN = day_begin("2026-06-01")
HOUR = 3_600_000


def trip(net: str | Decimal, closed_at: int = BEGIN, **changes: Any) -> RoundTrip:
    fields: dict[str, Any] = {
        "number": 1,
        "invested": D(200),
        "gross": D(net),
        "fees": D(0),
        "funding": D(0),
        "net": D(net),
        "reason": "take_profit",
        "opened_at": closed_at - HOUR,
        "closed_at": closed_at,
    }
    return RoundTrip(**{**fields, **changes})


def cycle(net_pnl: Decimal, closed_at: int | None, **changes: Any) -> CycleRecord:
    fields: dict[str, Any] = {
        "bot_id": "b",
        "user_id": "u",
        "cycle_number": 1,
        "direction": 1,
        "levels": 1,
        "first_spread": 1.0,
        "last_spread": 1.0,
        "close_spread": 0.1,
        "invested": D(200),
        "realised": net_pnl,
        "fees": D(0),
        "funding": D(0),
        "net_pnl": net_pnl,
        "reason": "take_profit",
        "opened_at": BEGIN,
        "closed_at": closed_at,
    }
    return CycleRecord(**{**fields, **changes})


# The whole range of a stored amount: up to 28 digits, such as quotients have.
amounts = st.decimals(-(10**9), 10**9, allow_nan=False, places=18)
moments = st.integers(BEGIN, BEGIN + 20 * DAY_MS)
trips = st.lists(st.builds(trip, st.decimals(-(10**9), 10**9, places=12), moments), max_size=40)


def in_order(found: list[RoundTrip]) -> list[RoundTrip]:
    return sorted(found, key=lambda each: each.closed_at)


def exactly(found: Any) -> Fraction:
    return sum((Fraction(each) for each in found), Fraction(0))


def test_an_open_cycle_is_no_round_trip() -> None:
    rows = [cycle(D(1), BEGIN + 5), cycle(D(7), None), cycle(D(2), BEGIN)]
    assert [each.net for each in round_trips(rows)] == [D(2), D(1)]


@given(st.lists(amounts, max_size=30))
def test_a_total_is_the_sum_of_what_the_table_shows(nets: list[Decimal]) -> None:
    rows = [cycle(net, BEGIN) for net in nets]
    shown = exactly(D(plain(row.net_pnl)) for row in rows)
    assert Fraction(summarise(round_trips(rows)).net) == shown


@given(trips)
def test_days_add_up_to_the_total(found: list[RoundTrip]) -> None:
    days = by_day(found, day_of(BEGIN), day_of(BEGIN + 20 * DAY_MS))
    total = summarise(found)
    assert len(days) == 21
    assert [day.day for day in days] == sorted(day.day for day in days)
    assert sum(day.summary.cycles for day in days) == total.cycles
    for name in ("net", "gross", "fees", "funding", "invested", "won", "lost"):
        parts = exactly(getattr(day.summary, name) for day in days)
        assert parts == Fraction(getattr(total, name))


@given(trips)
def test_wins_and_losses_make_up_the_net(found: list[RoundTrip]) -> None:
    total = summarise(found)
    assert Fraction(total.won) - Fraction(total.lost) == Fraction(total.net)
    assert total.wins + total.losses <= total.cycles == len(found)


@given(trips, st.lists(moments, max_size=10))
def test_the_curve_is_what_had_closed_before(found: list[RoundTrip], at: list[int]) -> None:
    points = equity_curve(in_order(found), sorted(at))
    for point in points:
        before = exactly(each.net for each in found if each.closed_at < point.at)
        assert Fraction(point.net) == before


@given(trips)
def test_the_drawdown_is_the_largest_fall(found: list[RoundTrip]) -> None:
    ordered = in_order(found)
    levels = [Fraction(0)]
    for each in ordered:
        levels.append(levels[-1] + Fraction(each.net))
    falls = [high - low for i, high in enumerate(levels) for low in levels[i:]]
    assert Fraction(max_drawdown(ordered).amount) == max(falls)


def test_a_drawdown_says_from_where_to_where() -> None:
    nets = ("5", "-2", "3", "-4", "-1", "9", "-3")
    found = [trip(net, BEGIN + i) for i, net in enumerate(nets)]
    assert max_drawdown(found) == Drawdown(D(5), D(6), BEGIN + 2, BEGIN + 4)


def test_a_curve_that_only_falls_falls_from_zero() -> None:
    found = [trip("-1", BEGIN), trip("-2", BEGIN + 1)]
    assert max_drawdown(found) == Drawdown(D(3), D(0), None, BEGIN + 1)
    assert max_drawdown([]) == Drawdown()


def test_ratios_are_what_their_names_say() -> None:
    found = [trip("6"), trip("2"), trip("-4"), trip("0")]
    total = summarise(found)
    assert (total.cycles, total.wins, total.losses) == (4, 2, 1)
    assert total.win_rate == 50.0
    assert total.profit_factor == D(2)
    assert total.expectancy == D(1)
    assert total.return_on_invested == 0.5


def test_of_nothing_there_is_no_ratio() -> None:
    nothing = Summary()
    assert nothing == summarise([])
    assert nothing.win_rate is nothing.profit_factor is None
    assert nothing.expectancy is nothing.return_on_invested is None
    assert holding([]) is None


def test_sums_stay_exact_beyond_the_usual_digits() -> None:
    large, small = D("123456789012345678"), D("0.000000000001")
    with localcontext(prec=60):
        assert summarise([trip(large), trip(small), trip(large)]).net == 2 * large + small


def test_time_in_the_market_is_of_the_time_since_the_first_entry() -> None:
    found = [
        trip("1", BEGIN + HOUR, opened_at=BEGIN),
        trip("1", BEGIN + 10 * HOUR, opened_at=BEGIN + 8 * HOUR),
    ]
    held = holding(found)
    assert held is not None
    assert (held.average_ms, held.longest_ms) == (3 * HOUR // 2, 2 * HOUR)
    assert (held.in_market_ms, held.span_ms) == (3 * HOUR, 10 * HOUR)
    assert held.time_in_market == pytest.approx(30.0)


def test_reasons_come_the_most_frequent_first() -> None:
    found = [trip("1", reason=reason) for reason in ("user", "stop_loss", "stop_loss")]
    assert list(reasons_of(found).items()) == [("stop_loss", 2), ("user", 1)]
