"""Recorded months through an exchange's wire format, held against the simulated exchange."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pairtrader.model.market import Market
from pairtrader.model.order import OrderType, Purpose, Side
from tests.fakes.scripted_feed import ScriptedFeed
from tests.fakes.trading_desk import TradingDesk
from tests.fakes.wire_desk import WireDesk, listed
from tests.recorded import candles

SETTINGS: dict[str, Any] = {
    "dca_config": [
        {"times": 1, "spread": 0.8, "multiplier": 1},
        {"times": 2, "spread": 0.5, "multiplier": 1},
        {"times": 3, "spread": 0.4, "multiplier": 1.5},
    ],
    "profit_ratio": 0.3,
    "stop_loss_ratio": 1.2,
    "pause_after_close": False,
    "investment_per_order": "300",
}


@dataclass(frozen=True)
class Traded:
    """One order, by the bar that decided it."""

    bar: int
    purpose: Purpose
    reason: str
    symbol: str
    side: Side
    type: OrderType
    amount: Decimal
    price: Decimal | None


class SimulatedTwin(TradingDesk):
    """The simulated exchange with another exchange's markets: the same steps and contracts."""

    def __init__(self, name: str, **changes: Any) -> None:
        self._name = name
        super().__init__(**changes)

    def open_market(self) -> tuple[Market, Market]:
        known = listed(self._name)
        markets = (known[self.settings.market1_symbol], known[self.settings.market2_symbol])
        self.feed = ScriptedFeed(markets, self.clock)
        return markets


@dataclass
class Replay:
    """What one desk made of a recording."""

    trades: list[Traded]
    profits: list[Decimal]


def closes(dataset: str, coins: tuple[str, str]) -> list[tuple[Decimal, Decimal]]:
    """Both closes of every bar."""
    first, second = (candles(dataset, coin) for coin in coins)
    assert [row["timestamp"] for row in first] == [row["timestamp"] for row in second]
    return [
        (Decimal(one["close"]), Decimal(two["close"]))
        for one, two in zip(first, second, strict=True)
    ]


def replay(desk: TradingDesk, bars: list[tuple[Decimal, Decimal]]) -> Replay:
    """Tick once at every bar's close."""
    desk.with_state(start_price1=bars[0][0], start_price2=bars[0][1])
    trades: list[Traded] = []
    known: set[str] = set()
    for bar, (first, second) in enumerate(bars):
        desk.see(str(first), str(second))
        desk.tick()
        fresh = [order for id_, order in desk.store.orders.items() if id_ not in known]
        known |= {order.id for order in fresh}
        trades += [
            Traded(
                bar, o.purpose, o.reason, o.symbol, o.side, o.order_type, o.filled_amount, o.price
            )
            for o in sorted(fresh, key=lambda order: order.symbol)
        ]
    rows = sorted(desk.store.cycles.items())
    return Replay(trades, [row.net_pnl for _, row in rows if row.closed_at])


def compare(name: str, dataset: str, coins: tuple[str, str], count: int | None = None) -> int:
    """Assert that both exchanges see the same trades; return how many there were."""
    bars = closes(dataset, coins)[:count]
    settings = {
        **SETTINGS,
        "market1_symbol": f"{coins[0]}-USDT",
        "market2_symbol": f"{coins[1]}-USDT",
    }
    wire = replay(WireDesk(name, **settings), bars)
    simulated = replay(SimulatedTwin(name, **settings), bars)
    assert wire.trades == simulated.trades
    assert len(wire.profits) == len(simulated.profits)
    for ours, theirs in zip(wire.profits, simulated.profits, strict=True):
        assert abs(ours - theirs) <= abs(theirs) * Decimal("1e-9")
    return len(wire.trades)
