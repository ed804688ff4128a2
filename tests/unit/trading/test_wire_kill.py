"""A kill on each exchange's wire format: sent once, whatever step its process dies at."""

from functools import partial

import pytest

from pairtrader.model.bot import CommandKind, Status
from tests.crash_scenes import LEASE_SECONDS, about_to_add, run_until
from tests.fakes.fuse import Fuse
from tests.fakes.trading_desk import BOT
from tests.fakes.wire_desk import WireDesk
from tests.wire_scenes import (
    FLAT,
    NAMES,
    at_the_first_order,
    opened,
    quiet,
    ready,
    require_once_each,
    require_sound,
)

each_exchange = pytest.mark.parametrize("name", NAMES)


def kill(desk: WireDesk) -> None:
    """As the API writes it."""
    desk.store.edit(BOT, status=Status.STOPPING)
    desk.command(CommandKind.KILL)


def about_to_be_killed(name: str) -> WireDesk:
    desk = about_to_add(partial(WireDesk, name))
    assert isinstance(desk, WireDesk)
    desk.tick()
    kill(desk)
    return desk


def require_killed(desk: WireDesk, where: str = "") -> None:
    assert desk.positions() == desk.books() == FLAT, where
    assert (desk.state.status, desk.state.command) == (Status.STOPPED, None), where
    assert BOT in desk.retirements.released, where


@each_exchange
def test_its_process_may_die_at_any_step(name: str) -> None:
    fuse = Fuse()
    run_until(about_to_be_killed(name), fuse)
    assert len(fuse.steps) > 10
    for number, step in enumerate(fuse.steps, 1):
        where = f"{name}: killed at step {number}, {step}"
        desk = about_to_be_killed(name)
        assert run_until(desk, Fuse(number)), where
        desk.tick(after=LEASE_SECONDS + 1)
        quiet(desk, 3)
        require_once_each(desk)
        require_sound(desk)
        require_killed(desk, where)


@each_exchange
@pytest.mark.parametrize("status", [Status.PAUSED, Status.ERROR])
def test_it_is_obeyed_in_any_status(name: str, status: Status) -> None:
    desk = opened(name)
    desk.store.edit(BOT, status=status)
    kill(desk)
    quiet(desk, 2)
    require_killed(desk)


@each_exchange
def test_an_entry_on_its_way_is_closed(name: str) -> None:
    desk = ready(name)
    at_the_first_order(desk, lambda: kill(desk))
    desk.tick_at(101.5)
    quiet(desk, 4)
    require_once_each(desk)
    require_sound(desk)
    require_killed(desk)
