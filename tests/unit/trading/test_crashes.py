"""The tick's process dies between any two steps; the next one finds books and exchange in order."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pairtrader.model.bot import Status
from pairtrader.storage.bots import Guard
from pairtrader.storage.errors import Superseded
from tests.crash_scenes import (
    LEASE_SECONDS,
    SCENES,
    Scene,
    about_to_open,
    about_to_open_with_limit_orders,
    check_books,
    run_until,
    steps_of,
    told_to_hand_over,
)
from tests.fakes.fuse import Fuse
from tests.fakes.trading_desk import BOT


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_killed_at_any_step_the_next_tick_puts_the_books_right(scene: Scene) -> None:
    unharmed = scene()
    unharmed.tick()
    steps = steps_of(scene)
    assert len(steps) > 10
    for number in range(1, len(steps) + 1):
        where = f"{scene.__name__}: killed at step {number}, {steps[number - 1]}"
        desk = scene()
        assert run_until(desk, Fuse(number)), where

        desk.tick(after=LEASE_SECONDS + 1)

        check_books(desk, where)
        for _ in range(4):
            desk.tick()
        check_books(desk, where)
        assert desk.books() == unharmed.books() or scene is about_to_open_with_limit_orders, where


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_killed_twice_in_a_row(scene: Scene) -> None:
    steps = len(steps_of(scene))
    for first in range(1, steps + 1, 3):
        for second in range(1, steps + 1, 5):
            where = f"{scene.__name__}: killed at steps {first} and {second}"
            desk = scene()
            run_until(desk, Fuse(first))
            desk.clock.advance(LEASE_SECONDS)
            run_until(desk, Fuse(second))
            desk.tick(after=LEASE_SECONDS + 1)
            desk.tick()
            check_books(desk, where)


def test_killed_while_handing_over_the_position_stays_the_users() -> None:
    steps = len(steps_of(told_to_hand_over))
    for number in range(1, steps + 1):
        desk = told_to_hand_over()
        held = desk.positions()
        run_until(desk, Fuse(number))
        desk.tick(after=LEASE_SECONDS + 1)
        assert desk.positions() == held != (Decimal(0), Decimal(0))
        assert desk.state.status is Status.STOPPED
        assert desk.state.cycle is None
        assert desk.store.cycles[BOT, 1].reason == "handed_over"


def test_a_dead_holders_lease_is_respected_until_it_ends() -> None:
    desk = about_to_open()
    run_until(desk, Fuse(steps_of(about_to_open).index("before account.write") + 1))

    busy = desk.tick(after=1)
    taken = desk.tick(after=LEASE_SECONDS)

    assert busy.reason == "busy"
    assert taken.result == "settled"


def test_a_holder_that_wakes_up_late_can_write_nothing() -> None:
    desk = about_to_open()
    stale = replace(desk.state, fence=desk.state.fence + 1, lease_owner="sleeper")
    desk.with_state(fence=desk.state.fence + 2, lease_owner="another")

    with pytest.raises(Superseded):
        desk.store.commit(stale, replace(stale, order_rounds=1), Guard.FENCE)
