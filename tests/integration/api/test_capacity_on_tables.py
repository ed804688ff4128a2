"""Bots' loads on the table: never more than an exchange takes, however many start at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.api.identifiers import new_id
from functions.tick.retirement import TableRetirement
from pairtrader.model.account import ExchangeName
from pairtrader.model.bot import BotConfig, BotState, Status
from pairtrader.model.capacity import bots_of, capacity_of
from pairtrader.storage.bots import BotRepository, Guard
from pairtrader.storage.capacity import CapacityItem, CapacityRepository
from pairtrader.storage.claims import ClaimItem, ClaimRepository, claim
from pairtrader.storage.errors import CapacityReached, Superseded
from pairtrader.storage.schedules import Schedules
from pairtrader.storage.transactions import open_connection, together, transact
from tests.fakes.memory_api_stores import MemoryCapacity
from tests.fakes.trading_desk import TradingDesk

OKX = ExchangeName.OKX


@pytest.fixture(autouse=True)
def _empty(tables: str) -> None:
    for model in (CapacityItem, ClaimItem):
        for item in model.scan():
            item.delete()


def config_of(bot_id: str, interval: int = 5, exchange: ExchangeName = OKX) -> BotConfig:
    config = TradingDesk(tick_interval_seconds=interval).bot.config
    return replace(config, bot_id=bot_id, account_uid=bot_id, exchange_name=exchange)


@pytest.fixture(params=["memory", "table"])
def capacity(request: pytest.FixtureRequest) -> Any:
    return MemoryCapacity() if request.param == "memory" else CapacityRepository()


def commit(capacity: Any, part: Any) -> None:
    """Write `part`, on the table beside something else: there are no empty transactions."""
    if isinstance(capacity, MemoryCapacity):
        part(None)
    else:
        transact(open_connection(), together(claim("beside", "it", "all", 1), part))


def test_loads_are_counted_replaced_and_taken_out(capacity: Any) -> None:
    one, two = config_of("one"), config_of("two", interval=10)
    for config in (one, two, one):
        commit(capacity, capacity.take(config))
    assert capacity.loads(OKX) == {"one": 24, "two": 12}

    commit(capacity, capacity.take(config_of("one", interval=60)))
    assert capacity.loads(OKX) == {"one": 2, "two": 12}

    for _ in range(2):
        commit(capacity, capacity.give_up(one))
    assert capacity.loads(OKX) == {"two": 12}
    commit(capacity, capacity.give_up(two))
    assert capacity.loads(OKX) == {}


def test_what_does_not_fit_is_refused(capacity: Any) -> None:
    most = bots_of(OKX, 5) or 0
    for n in range(most):
        commit(capacity, capacity.take(config_of(f"bot{n}")))
    for too_much in (config_of("more"), config_of("bot0", interval=3)):
        with pytest.raises(CapacityReached):
            capacity.take(too_much)
    commit(capacity, capacity.take(config_of("bot0", interval=6)))
    commit(capacity, capacity.take(config_of("elsewhere", exchange=ExchangeName.BYBIT)))
    commit(capacity, capacity.take(config_of("nowhere", exchange=ExchangeName.SIMULATED)))
    assert capacity.loads(ExchangeName.BYBIT) == {"elsewhere": 27}
    assert capacity.loads(ExchangeName.SIMULATED) == {}


def test_a_bot_that_was_never_counted_gives_nothing_up(capacity: Any) -> None:
    commit(capacity, capacity.give_up(config_of("one")))
    commit(capacity, capacity.take(config_of("two")))
    commit(capacity, capacity.give_up(config_of("one")))
    assert capacity.loads(OKX) == {"two": 24}


class Starts:
    """Bots started as the API starts them: state, claims and load in one transaction."""

    def __init__(self, count: int) -> None:
        self.bots, self.claims = BotRepository(), ClaimRepository()
        self.capacity = CapacityRepository()
        self.configs = [config_of(f"start{n}-{new_id()}") for n in range(count)]
        for config in self.configs:
            self.bots.create(config, BotState(config.bot_id))

    def start(self, config: BotConfig) -> bool:
        while True:
            bot = self.bots.load(config.bot_id)
            assert bot is not None
            running = replace(bot.state, status=Status.RUNNING)
            try:
                extra = together(self.claims.take(config), self.capacity.take(config))
                self.bots.commit(bot.state, running, Guard.REVISION, extra=extra)
            except CapacityReached:
                return False
            except Superseded:
                continue
            return True


def test_many_starts_at_once_fill_the_room_and_no_more(tables: str) -> None:
    starts, most = Starts(16), bots_of(OKX, 5)

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(starts.start, starts.configs))

    assert sum(started) == most
    loads = starts.capacity.loads(OKX)
    names = {c.bot_id for c, ok in zip(starts.configs, started, strict=True) if ok}
    assert set(loads) == names
    assert sum(loads.values()) <= (capacity_of(OKX) or 0)
    assert len(list(ClaimItem.scan(ClaimItem.owner.exists()))) == 2 * len(names)


def test_a_start_that_fails_takes_no_room(tables: str) -> None:
    starts = Starts(1)
    (config,) = starts.configs
    stale = BotState(config.bot_id, revision=7)
    extra = together(starts.claims.take(config), starts.capacity.take(config))

    with pytest.raises(Superseded):
        starts.bots.commit(stale, stale, Guard.REVISION, extra=extra)

    assert starts.capacity.loads(OKX) == {}


def test_ticks_that_stop_at_once_give_everything_back(tables: str) -> None:
    starts = Starts(10)
    assert all(starts.start(config) for config in starts.configs)
    retirement = TableRetirement(Schedules("", "", "", ""), starts.claims, starts.capacity)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(retirement.release_claims, [*starts.configs, *starts.configs]))

    assert starts.capacity.loads(OKX) == {}
    assert not list(ClaimItem.scan(ClaimItem.owner.exists()))


def test_what_another_bot_has_taken_meanwhile_stays_its_own(tables: str) -> None:
    starts = Starts(2)
    one, two = (replace(config, account_uid="shared") for config in starts.configs)
    retirement = TableRetirement(Schedules("", "", "", ""), starts.claims, starts.capacity)
    assert starts.start(one)
    retirement.release_claims(one)
    assert starts.start(two)

    retirement.release_claims(one)

    assert starts.capacity.loads(OKX) == {two.bot_id: 24}
    assert {claim.owner for claim in starts.claims.holders(two)} == {two.bot_id}
