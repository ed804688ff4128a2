from typing import Any

import pytest

from pairtrader.backtest.sweep.heat_map import axes_of, heat_map
from pairtrader.backtest.sweep.space import BadSpace, Listed, Ranged, Space
from pairtrader.backtest.sweep.sweep import Goal
from tests.unit.backtest.sweeps import answer


def test_a_grid_holds_all_combinations_the_last_changing_fastest() -> None:
    space = Space.of({"a": [1, 2], "b": {"from": 0.1, "to": 0.3, "step": 0.1}})
    assert [tuple(each.values()) for each in space.grid()] == [
        (1, 0.1), (1, 0.2), (1, 0.3), (2, 0.1), (2, 0.2), (2, 0.3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("described", "values"),
    [
        ({"from": 0.5, "to": 2, "step": 0.25}, (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)),
        ({"from": 1, "to": 10, "step": 4}, (1, 5, 9)),
        ({"from": 0, "to": 1, "step": 0.3}, (0.0, 0.3, 0.6, 0.9)),
        ([2, 1, 2, True, "x", [1], [1]], (2, 1, True, "x", [1])),
    ],
)
def test_values_are_counted_without_rounding_errors(described: Any, values: tuple[Any]) -> None:
    (parameter,) = Space.of({"a": described}).parameters
    assert isinstance(parameter, Listed)
    assert parameter.values == values
    assert [type(v) for v in parameter.values] == [type(v) for v in values]


@pytest.mark.parametrize(
    ("described", "low", "middle", "high"),
    [
        ({"from": 1, "to": 3}, 1.0, 2.0, 3.0),
        ({"from": 1, "to": 100, "log": True}, 1.0, 10.0, 100.0),
        ({"from": 1, "to": 9, "whole": True}, 1, 5, 9),
    ],
)
def test_a_range_is_drawn_from_evenly(
    described: Any, low: float, middle: float, high: float
) -> None:
    (parameter,) = Space.of({"a": described}).parameters
    found = [parameter.at(share) for share in (0.0, 0.5, 1 - 1e-12)]
    assert found == pytest.approx([low, middle, high])
    assert [type(v) for v in found] == [type(v) for v in (low, middle, high)]


def test_each_whole_number_of_a_range_is_equally_likely() -> None:
    dice = Ranged("a", 1, 6, whole=True)
    found = [dice.at((share + 0.5) / 600) for share in range(600)]
    assert [found.count(face) for face in range(1, 7)] == [100] * 6


@pytest.mark.parametrize(
    ("described", "text"),
    [
        ([], "a list of values"),
        (3, "a list of values"),
        ({"from": 1}, "needs the numbers from and to"),
        ({"from": "1", "to": 2}, "needs the numbers from and to"),
        ({"from": 2, "to": 1}, r"from \(2\) has to be below to \(1\)"),
        ({"from": 0, "to": 1, "log": True}, "begin above 0"),
        ({"from": 1, "to": 2, "step": 0}, "step has to be a number above 0"),
        ({"from": 1, "to": 2, "step": 1, "log": True}, "exclude one another"),
        ({"from": 0.5, "to": 2, "whole": True}, "whole bounds"),
        ({"from": 1, "to": 2, "setp": 1}, "setp: a range has from, to, step, log and whole"),
        ({"from": 0, "to": 1, "step": 1e-9}, "too many: widen the step"),
    ],
)
def test_a_space_that_makes_no_sense_names_the_parameter(described: Any, text: str) -> None:
    with pytest.raises(BadSpace, match=text) as caught:
        Space.of({"profit_ratio": described})
    assert "profit_ratio" in str(caught.value)


def test_a_grid_of_ranges_or_without_an_end_is_refused() -> None:
    with pytest.raises(BadSpace, match="needs values or a step"):
        Space.of({"a": {"from": 0, "to": 1}}).grid()
    with pytest.raises(BadSpace, match="combinations are too many"):
        Space.of({name: list(range(200)) for name in "abc"}).grid()
    with pytest.raises(BadSpace, match="nothing is varied"):
        Space.of({})


def test_the_heat_map_shows_the_best_of_each_pair_of_values() -> None:
    space = Space.of({"fixed": [1], "a": [1, 2], "b": ["x", "y"], "c": [1, 2]})
    axes = axes_of(space)
    assert axes is not None
    answers = [
        answer(0, {"net_pnl": 5.0, "cycles": 1}, a=1, b="x", c=1),
        answer(1, {"net_pnl": 7.0, "cycles": 1}, a=1, b="x", c=2),
        answer(2, {"net_pnl": -3.0, "cycles": 1}, a=2, b="y", c=1),
        answer(3, None, a=2, b="x", c=1),
    ]
    shown = heat_map(axes, answers, Goal("net_pnl"))
    assert (shown.rows.name, shown.columns.name) == ("a", "b")
    assert shown.cells == [[7.0, None], [None, -3.0]]


def test_the_heat_map_shows_ranges_in_parts() -> None:
    space = Space.of({"a": {"from": 0, "to": 6}, "b": {"from": 1, "to": 3, "whole": True}})
    axes = axes_of(space, ("b", "a"))
    assert axes is not None
    rows, columns = axes
    assert rows.labels == (1, 2, 3)
    assert columns.labels == pytest.approx((0.5, 1.5, 2.5, 3.5, 4.5, 5.5))
    assert [columns.place(value) for value in (0.0, 0.99, 1.01, 6.0)] == [0, 0, 1, 5]
    assert axes_of(Space.of({"a": [1, 2], "b": [1]})) is None
