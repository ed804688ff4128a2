"""A tick's process dies before or after any request or write; the next one puts things right."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pairtrader.model.bot import Status
from tests.crash_scenes import (
    LEASE_SECONDS,
    SCENES,
    Scene,
    about_to_open,
    about_to_open_with_limit_orders,
    check_books,
    run_until,
)
from tests.fakes.fuse import Fuse
from tests.fakes.wire_desk import WireDesk
from tests.wire_scenes import (
    FIRST,
    FLAT,
    NAMES,
    PAIR,
    SOLD,
    ZERO,
    Alone,
    quiet,
    require_once_each,
    require_sound,
)

LONGEST_ALONE = 50
"""Seconds: a dead holder's lease, an order's expiry, the proof that it never came, another try."""


def with_one_limit_order_filled(make: Callable[..., WireDesk], **changes: Any) -> WireDesk:
    desk = make(order_type_open="limit", **changes)
    desk.tick_at(100.2)
    desk.tick_at(101.5)
    desk.see(101.4, 99.9)
    return desk


def beside_a_broken_pair(make: Callable[..., WireDesk], **changes: Any) -> WireDesk:
    """Its first leg is gone, and the next look will be the second to say so."""
    desk = make(**changes)
    for price in (100.2, 101.5, 101.4):
        desk.tick_at(price)
    desk.account.take_away(FIRST)
    desk.clock.advance(60)
    desk.tick()
    assert desk.state.mismatch
    return desk


AT_TIMES_FRUITLESS = (about_to_open_with_limit_orders, with_one_limit_order_filled)
"""Scenes of entries whose one try to complete a leg may die with its process."""
BELOW_THE_LADDER = (100.9, 100)

each_exchange = pytest.mark.parametrize("name", NAMES)
each_scene = pytest.mark.parametrize(
    "scene", [*SCENES, with_one_limit_order_filled], ids=lambda scene: scene.__name__
)


def set_up(scene: Scene, name: str, *, hedge: bool = False) -> WireDesk:
    desk = scene(partial(WireDesk, name, hedge=hedge))
    assert isinstance(desk, WireDesk)
    return desk


def steps_of(scene: Scene, name: str) -> list[str]:
    """Every request and every call of a store, in the order of an unharmed tick."""
    fuse = Fuse()
    run_until(set_up(scene, name), fuse)
    assert any("POST" in step or "DELETE" in step for step in fuse.steps)
    return fuse.steps


@each_exchange
@each_scene
def test_killed_at_any_step_the_next_tick_puts_books_and_exchange_right(
    name: str, scene: Scene
) -> None:
    unharmed = set_up(scene, name)
    unharmed.tick()
    unharmed_end = PAIR if scene in AT_TIMES_FRUITLESS else unharmed.positions()
    steps = steps_of(scene, name)
    assert len(steps) > 20
    for number, step in enumerate(steps, 1):
        where = f"{name}, {scene.__name__}: killed at step {number}, {step}"
        desk = set_up(scene, name, hedge=number % 2 == 0)
        assert run_until(desk, Fuse(number)), where
        alone = Alone(desk)

        desk.tick(after=LEASE_SECONDS + 1)

        check_books(desk, where)
        require_once_each(desk)
        if scene is about_to_open_with_limit_orders:
            desk.see(101.6, 99.9)
            desk.tick()
            desk.see(*BELOW_THE_LADDER)
        quiet(desk, 10 if scene in AT_TIMES_FRUITLESS else 4)
        require_sound(desk)
        ends = (unharmed_end, FLAT) if scene in AT_TIMES_FRUITLESS else (unharmed_end,)
        assert desk.positions() in ends, where
        assert alone.seconds <= LONGEST_ALONE, where


@each_exchange
@each_scene
def test_killed_twice_in_a_row(name: str, scene: Scene) -> None:
    steps = len(steps_of(scene, name))
    for first in range(1, steps + 1, 9):
        for second in range(first % 5 + 1, steps + 1, 13):
            where = f"{name}, {scene.__name__}: killed at steps {first} and {second}"
            desk = set_up(scene, name)
            run_until(desk, Fuse(first))
            desk.clock.advance(LEASE_SECONDS)
            run_until(desk, Fuse(second))

            desk.tick(after=LEASE_SECONDS + 1)
            desk.tick()

            check_books(desk, where)
            require_once_each(desk)


@each_exchange
def test_killed_beside_a_broken_pair_the_other_leg_is_closed_once(name: str) -> None:
    steps = steps_of(beside_a_broken_pair, name)
    for number, step in enumerate(steps, 1):
        where = f"{name}: killed at step {number}, {step}"
        desk = set_up(beside_a_broken_pair, name)
        assert run_until(desk, Fuse(number)), where

        for _ in range(3):
            desk.tick(after=LEASE_SECONDS + 41)

        assert desk.positions() == FLAT, where
        assert desk.books() == (SOLD, ZERO), where
        assert desk.state.status is Status.ERROR, where
        require_once_each(desk)
        assert len([order for order in desk.account.orders if order.client_id]) == 3, where


@each_exchange
@pytest.mark.parametrize("hidden", [1, 2, 5, 8])
def test_killed_with_its_orders_out_the_next_tick_waits_until_they_are_shown(
    name: str, hidden: int
) -> None:
    steps = steps_of(about_to_open, name)
    sent_first = next(n for n, step in enumerate(steps, 1) if is_order(step))
    for number in range(sent_first + 2, len(steps) + 1):
        desk = set_up(about_to_open, name)
        run_until(desk, Fuse(number))
        desk.account.hidden_orders = hidden

        desk.tick(after=LEASE_SECONDS + 1)
        assert desk.account.orders[2:] == []
        quiet(desk, 6)

        require_sound(desk)
        assert desk.positions() == PAIR
        assert len(desk.account.orders) == 2
        assert desk.state.status in (Status.RUNNING, Status.PAUSED)


def is_order(step: str) -> bool:
    return step.startswith("after POST") and "leverage" not in step
