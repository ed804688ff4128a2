"""Each rule of the strategy, and what must hold whatever the numbers are."""

from dataclasses import asdict, dataclass, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pairtrader.strategy import decision as d

ACTIONS = {
    d.OPEN,
    d.ADD,
    d.CLOSE_LIQUIDATION,
    d.CLOSE_STOP_LOSS,
    d.CLOSE_TAKE_PROFIT,
    d.CLOSE_REGRESSION,
}
CLOSES = ACTIONS - {d.OPEN, d.ADD}


@dataclass(frozen=True)
class Situation:
    """Arguments of `decide`: flat, ladder of 1.0 / 0.8 / 0.5 points, 100 a leg, cap 1000."""

    spread: float = 0.0
    pnl_percent: float = 0.0
    level: int = 0
    direction: int = 0
    first_spread: float = 0.0
    last_spread: float = 0.0
    invested: float = 0.0
    entries_allowed: bool = True
    liquidation_near: bool = False
    disarmed: int = 0
    cooling: bool = False
    row_spreads: tuple[float, ...] = (1.0, 0.8, 0.5)
    row_notionals: tuple[float, ...] = (100.0, 100.0, 200.0)
    max_position_value: float = 1000.0
    fixed_direction: int = 0
    profit_mode: int = d.POSITION
    profit_ratio: float = 1.0
    stop_loss_ratio: float = 10.0
    regression_requires_profit: bool = True

    def decide(self) -> int:
        return d.decide(**asdict(self))


FLAT = Situation()
SHORT1 = Situation(
    level=1, direction=1, first_spread=1.2, last_spread=1.2, invested=200, spread=1.2
)
LONG1 = Situation(
    level=1, direction=-1, first_spread=-1.2, last_spread=-1.2, invested=200, spread=-1.2
)
BACK = replace(SHORT1, profit_mode=d.REGRESSION, profit_ratio=0.5)


RULES: list[tuple[str, Situation, int]] = [
    ("flat below row 1 waits", replace(FLAT, spread=0.99), d.HOLD_BELOW_LADDER),
    ("flat at row 1 opens", replace(FLAT, spread=1.0), d.OPEN),
    ("flat at minus row 1 opens", replace(FLAT, spread=-1.0), d.OPEN),
    ("not allowed to enter", replace(FLAT, spread=5, entries_allowed=False), d.HOLD_NO_ENTRIES),
    ("cooling after a close", replace(FLAT, spread=5, cooling=True), d.HOLD_COOLDOWN),
    ("same direction disarmed", replace(FLAT, spread=5, disarmed=1), d.HOLD_DISARMED),
    ("other direction disarmed", replace(FLAT, spread=5, disarmed=-1), d.OPEN),
    ("fixed direction matches", replace(FLAT, spread=5, fixed_direction=1), d.OPEN),
    ("fixed direction differs", replace(FLAT, spread=5, fixed_direction=-1), d.HOLD_DIRECTION),
    ("first row over the cap", replace(FLAT, spread=5, max_position_value=199), d.HOLD_CAP),
    ("first row at the cap", replace(FLAT, spread=5, max_position_value=200), d.OPEN),
    ("row 2 not reached", replace(SHORT1, spread=1.9), d.HOLD_BELOW_LADDER),
    ("row 2 reached", replace(SHORT1, spread=2.1), d.ADD),
    ("row 2 from below", replace(LONG1, spread=-2.1), d.ADD),
    ("converging never adds", replace(SHORT1, spread=-3.0), d.HOLD_BELOW_LADDER),
    ("row 2 over the cap", replace(SHORT1, spread=3, max_position_value=399), d.HOLD_CAP),
    ("ladder done", replace(SHORT1, level=3, spread=9), d.HOLD_LADDER_DONE),
    ("paused adds nothing", replace(SHORT1, spread=3, entries_allowed=False), d.HOLD_NO_ENTRIES),
    ("profit reached", replace(SHORT1, pnl_percent=1.0), d.CLOSE_TAKE_PROFIT),
    ("profit just missed", replace(SHORT1, pnl_percent=0.999), d.HOLD_BELOW_LADDER),
    ("stop reached", replace(SHORT1, pnl_percent=-10.0), d.CLOSE_STOP_LOSS),
    ("stop just missed", replace(SHORT1, pnl_percent=-9.99), d.HOLD_BELOW_LADDER),
    (
        "paused still stops",
        replace(SHORT1, pnl_percent=-10, entries_allowed=False),
        d.CLOSE_STOP_LOSS,
    ),
    (
        "liquidation before all",
        replace(SHORT1, pnl_percent=-50, liquidation_near=True),
        d.CLOSE_LIQUIDATION,
    ),
    ("exit before entry", replace(SHORT1, spread=5, pnl_percent=-10), d.CLOSE_STOP_LOSS),
    ("spread back, with profit", replace(BACK, spread=0.7, pnl_percent=0.1), d.CLOSE_REGRESSION),
    ("spread back, no profit", replace(BACK, spread=0.7, pnl_percent=0.0), d.HOLD_BELOW_LADDER),
    (
        "spread back, profit not asked",
        replace(BACK, spread=0.7, regression_requires_profit=False),
        d.CLOSE_REGRESSION,
    ),
    ("spread through zero", replace(BACK, spread=-2.0, pnl_percent=0.1), d.CLOSE_REGRESSION),
    ("spread not yet back", replace(BACK, spread=0.8, pnl_percent=5.0), d.HOLD_BELOW_LADDER),
    (
        "measured from the first entry",
        replace(BACK, level=2, last_spread=2.0, spread=1.4, pnl_percent=5),
        d.HOLD_BELOW_LADDER,
    ),
]


@pytest.mark.parametrize(("rule", "situation", "expected"), RULES, ids=[rule[0] for rule in RULES])
def test_rule(rule: str, situation: Situation, expected: int) -> None:
    assert situation.decide() == expected


@pytest.mark.parametrize(
    ("story", "disarmed", "spread", "close_spread", "expected"),
    [
        ("nothing disarmed", 0, 5.0, 5.0, 0),
        ("still out there", 1, 1.5, 1.2, 1),
        ("came below row 1", 1, 0.99, 1.2, 0),
        ("went to the other side", 1, -3.0, 1.2, 0),
        ("widened by row 1 since the close", 1, 2.2, 1.2, 0),
        ("the other direction, still out", -1, -1.5, -1.2, -1),
        ("the other direction, widened", -1, -2.2, -1.2, 0),
    ],
)
def test_a_direction_comes_back(
    story: str, disarmed: int, spread: float, close_spread: float, expected: int
) -> None:
    assert d.rearm(disarmed, spread, close_spread, 1.0) == expected


points = st.floats(-20, 20)
percents = st.floats(-50, 50)
rows = st.integers(1, 10).flatmap(
    lambda n: st.tuples(st.tuples(*[st.floats(0.01, 5)] * n), st.tuples(*[st.floats(1, 1000)] * n))
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    spreads, notionals = draw(rows)
    level = draw(st.integers(0, len(spreads)))
    direction = draw(st.sampled_from((-1, 1))) if level else 0
    return Situation(
        spread=draw(points),
        pnl_percent=draw(percents) if level else 0.0,
        level=level,
        direction=direction,
        first_spread=draw(points) if level else 0.0,
        last_spread=draw(points) if level else 0.0,
        invested=draw(st.floats(0, 20_000)) if level else 0.0,
        entries_allowed=draw(st.booleans()),
        liquidation_near=draw(st.booleans()),
        disarmed=draw(st.sampled_from((-1, 0, 1))),
        cooling=draw(st.booleans()),
        row_spreads=spreads,
        row_notionals=notionals,
        max_position_value=draw(st.floats(1, 20_000)),
        fixed_direction=draw(st.sampled_from((-1, 0, 1))),
        profit_mode=draw(st.sampled_from((d.POSITION, d.REGRESSION))),
        profit_ratio=draw(st.floats(0.01, 20)),
        stop_loss_ratio=draw(st.floats(0.01, 40)),
        regression_requires_profit=draw(st.booleans()),
    )


@given(situations())
def test_one_answer_and_a_known_one(s: Situation) -> None:
    holds = {d.HOLD, *range(d.HOLD_LADDER_DONE, 0)}
    assert s.decide() in ACTIONS | holds


@given(situations())
def test_never_an_add_on_a_converging_spread(s: Situation) -> None:
    if s.decide() == d.ADD:
        assert (s.spread - s.last_spread) * s.direction >= s.row_spreads[s.level] > 0


@given(situations())
def test_never_over_the_cap(s: Situation) -> None:
    if s.decide() in (d.OPEN, d.ADD):
        assert s.invested + 2 * s.row_notionals[s.level] <= s.max_position_value


@given(situations())
def test_exits_come_before_entries(s: Situation) -> None:
    assume(s.level > 0 and (s.liquidation_near or s.pnl_percent <= -s.stop_loss_ratio))
    assert s.decide() in CLOSES


@given(situations())
def test_nothing_that_forbids_entries_forbids_an_exit(s: Situation) -> None:
    forbidden = replace(
        s, entries_allowed=False, disarmed=s.direction, cooling=True, max_position_value=0.0
    )
    if s.decide() in CLOSES:
        assert forbidden.decide() == s.decide()
    else:
        assert forbidden.decide() not in ACTIONS


@given(situations())
def test_flat_never_closes_and_open_never_opens(s: Situation) -> None:
    assert s.decide() not in (CLOSES if s.level == 0 else {d.OPEN})


@given(situations())
def test_symmetric_under_swapping_the_markets(s: Situation) -> None:
    swapped = replace(
        s,
        spread=-s.spread,
        direction=-s.direction,
        first_spread=-s.first_spread,
        last_spread=-s.last_spread,
        disarmed=-s.disarmed,
        fixed_direction=-s.fixed_direction,
    )
    assert swapped.decide() == s.decide()
