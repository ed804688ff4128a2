"""The simulated exchange, on synthetic and on recorded prices, keeps the adapters' contract."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pairtrader.exchanges.simulated.exchange import SimulatedExchange
from pairtrader.exchanges.simulated.prices import synthetic_quote
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.exchanges.simulated.replay import RealtimeReplayFeed, StepReplayFeed
from pairtrader.exchanges.simulated.step_replay import StepReplayExchange
from pairtrader.exchanges.simulated.synthetic import SyntheticFeed
from pairtrader.model.account import Simulation
from pairtrader.model.market import Market
from pairtrader.model.order import Side
from tests.exchange_contract import ExchangeContract, Rig
from tests.fakes.clock import FakeClock
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore

NOW = 1_790_000_040_000
CANDLES_FROM = 1_746_374_400_000


def synthetic_rig() -> Rig:
    clock, simulation = FakeClock(NOW), Simulation(seed=7)
    feed = SyntheticFeed(simulation, clock.now)
    exchange = SimulatedExchange("acc", "uid-1", simulation, feed, MemoryAccountStore(), clock.now)

    def trade_through(market: Market, side: Side, price: Decimal) -> None:
        for _ in range(3_600):
            clock.advance(1)
            quote = synthetic_quote(7, market.symbol, clock.now())
            if quote.ask < price if side is Side.BUY else quote.bid > price:
                return
        raise AssertionError("the market never came there")

    symbols = ("GALA-USDT", "CHZ-USDT")
    return Rig(exchange, symbols, clock.now, trade_through, "uid-1", NOW - NOW % 60_000 - 600_000)


def wave(level: float) -> bytes:
    """Candles of a minute each that swing by up to two percent."""
    lines = ["timestamp,open,high,low,close,volume"]
    closes = [level * (1 + (0.0, 0.01, 0.02, -0.02)[i % 4]) for i in range(400)]
    for i, (first, last) in enumerate(zip([level, *closes], closes, strict=False)):
        high, low = max(first, last) * 1.001, min(first, last) * 0.999
        time = CANDLES_FROM + i * 60_000
        lines.append(f"{time},{first:.3f},{high:.3f},{low:.3f},{last:.3f},1")
    return "\n".join(lines).encode()


def recordings() -> Recordings:
    return Recordings(
        MemoryFiles(
            {"candles/may/LTC-USDT.csv": wave(90.0), "candles/may/ZZZ-USDT.csv": wave(15.0)}
        )
    )


def step_rig() -> Rig:
    clock = FakeClock(NOW)
    simulation = Simulation(source="replay", dataset="may")
    feed = StepReplayFeed(simulation, recordings(), clock.now)
    exchange = StepReplayExchange("acc", "uid-1", simulation, feed, MemoryAccountStore(), clock.now)
    symbols = ("LTC-USDT", "ZZZ-USDT")
    rig: Rig

    def trade_through(market: Market, side: Side, price: Decimal) -> None:
        for _ in range(4):
            rig.run(exchange.quote_pair(*rig.markets()))

    rig = Rig(exchange, symbols, clock.now, trade_through, "uid-1", CANDLES_FROM)
    rig.run(exchange.quote_pair(*rig.markets()))
    return rig


def realtime_rig() -> Rig:
    clock = FakeClock(NOW)
    simulation = Simulation(source="replay", dataset="may", pace="realtime")
    feed = RealtimeReplayFeed(simulation, recordings(), clock.now, NOW)
    exchange = SimulatedExchange("acc", "uid-1", simulation, feed, MemoryAccountStore(), clock.now)

    def trade_through(market: Market, side: Side, price: Decimal) -> None:
        clock.advance(240)

    symbols = ("LTC-USDT", "ZZZ-USDT")
    return Rig(exchange, symbols, clock.now, trade_through, "uid-1", CANDLES_FROM)


class TestSimulatedExchange(ExchangeContract):
    @pytest.fixture(params=[synthetic_rig, step_rig, realtime_rig])
    def rig(self, request: pytest.FixtureRequest) -> Iterator[Rig]:
        rig = request.param()
        yield rig
        rig.close()
