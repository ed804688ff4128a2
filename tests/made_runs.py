"""Runs made up trade by trade, without any strategy, and the plainest way to value them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pairtrader.backtest.config import BacktestConfig
from pairtrader.backtest.series import Bars, FundingRates, PairSeries
from pairtrader.backtest.trades import OpenCycle, Outcome, Trades
from pairtrader.strategy import decision

MINUTE = 60_000
BEGIN = int(datetime(2025, 5, 4, 16, tzinfo=UTC).timestamp()) * 1000

ROWS = 3
RESTING = ((True, True), (True, False), (False, True))
"""Which legs rested where not both took."""
CONFIG: dict[str, Any] = {
    "market1_symbol": "LTC-USDT",
    "market2_symbol": "LINK-USDT",
    "investment_per_order": "100",
    "max_position_value": "1000",
    "dca_config": [{"times": n, "spread": 1.0, "multiplier": 1.0} for n in range(1, ROWS + 1)],
    "leverage": 5,
    "taker_fee": 0.0005,
}


@dataclass(frozen=True)
class MadeRun:
    """A run, and the equity that it must have at each bar."""

    series: PairSeries
    config: BacktestConfig
    outcome: Outcome
    equity: list[float]


def prices(seed: int, bars: int, gaps: int = 0, frame: int = MINUTE) -> PairSeries:
    """Return two random walks, `gaps` stretches of bars cut out."""
    random = np.random.default_rng(seed)
    times = BEGIN + np.arange(bars + 40 * gaps) * frame
    keep = np.ones(len(times), dtype=bool)
    for _ in range(gaps):
        at = int(random.integers(1, len(times) - 39))
        keep[at : at + int(random.integers(1, 40))] = False
    times = times[keep][:bars]
    walks = 100 * np.exp(np.cumsum(random.normal(0, 0.002, (2, bars)), axis=1))
    opens = walks * (1 + random.normal(0, 0.0005, walks.shape))
    return PairSeries(times, frame, *(Bars(o, c) for o, c in zip(opens, walks, strict=True)))


def rates(seed: int, series: PairSeries, hours: int) -> FundingRates:
    """Return settlements every `hours`, from before the first bar to after the last one."""
    random = np.random.default_rng(seed)
    step = hours * 3_600_000
    times = np.arange(int(series.times[0]) // step - 1, int(series.times[-1]) // step + 3) * step
    return FundingRates(times, random.normal(0, 0.0003, len(times)))


def made_run(
    seed: int,
    bars: int = 400,
    *,
    gaps: int = 0,
    funding_hours: int = 0,
    leave_open: bool = True,
    first_bar: int = 0,
    pace: float = 0.1,
    size: float = 100.0,
    frame: int = MINUTE,
    **terms: Any,
) -> MadeRun:
    """Return a run of random entries and closes, valued bar by bar.

    `pace` is how often a bar decides something, `size` the notional of a leg.
    """
    series = prices(seed, bars, gaps, frame)
    if funding_hours:
        paid = (rates(seed + leg, series, funding_hours) for leg in (1, 2))
        series = PairSeries(series.times, frame, series.market1, series.market2, *paid)
    config = BacktestConfig.of({**CONFIG, "funding": bool(funding_hours), **terms})
    account = Account(series, config, np.random.default_rng(seed + 3), size)
    equity = []
    for bar in range(first_bar, bars):
        account.fill_pending(bar)
        account.look(bar, pace)
        if not leave_open and bar == bars - 2:
            account.want_flat(bar)
        equity.append(config.initial_capital + account.banked + account.mark(bar))
    start = (float(series.market1.open[first_bar]), float(series.market2.open[first_bar]))
    left = OpenCycle(account.mark(bars - 1), account.funding) if account.level else None
    return MadeRun(series, config, Outcome(trades_of(account.rows), start, first_bar, left), equity)


@dataclass
class Account:
    """Plain accounts of one run: one cycle, two legs, orders one after the other."""

    series: PairSeries
    config: BacktestConfig
    random: np.random.Generator
    size: float
    rows: list[dict[str, Any]] = field(default_factory=list)
    entries: list[tuple[int, float, float]] = field(default_factory=list)
    """Of the open cycle: when each was filled, and the base coins of both legs."""
    held: list[float] = field(default_factory=lambda: [0.0, 0.0])
    spent: list[float] = field(default_factory=lambda: [0.0, 0.0])
    direction: int = 0
    level: int = 0
    paid: float = 0.0
    funding: float = 0.0
    banked: float = 0.0
    settled: int = 0
    pending: tuple[int, int] | None = None

    @property
    def markets(self) -> tuple[Bars, Bars]:
        return self.series.market1, self.series.market2

    @property
    def at_close(self) -> bool:
        return self.config.terms.fill_at == "signal_close"

    def known_at(self, bar: int) -> int:
        return int(self.series.times[bar]) + self.series.timeframe_ms

    def mark(self, bar: int) -> float:
        """Return the net of the open cycle at the closes of `bar`."""
        if not self.level:
            return 0.0
        values = [h * float(m.close[bar]) for h, m in zip(self.held, self.markets, strict=True)]
        return (
            self.gain(values)
            - self.paid
            - sum(values) * self.config.terms.taker_fee
            + (self.funding)
        )

    def gain(self, values: list[float]) -> float:
        """Return the price profit if both legs fetch `values`."""
        return self.direction * (self.spent[0] - values[0] + values[1] - self.spent[1])

    def fill_pending(self, bar: int) -> None:
        """Fill what an earlier bar decided: at the open, or resting by the close."""
        if self.pending is None:
            return
        rested = self.config.settings.order_type_open == "limit"
        self.settle(self.known_at(bar) if rested else int(self.series.times[bar]), bar)
        self.fill(bar, *self.pending, rested)
        self.pending = None

    def look(self, bar: int, pace: float) -> None:
        """Decide something now and then."""
        self.settle(self.known_at(bar), bar)
        if self.random.random() >= pace:
            return
        if self.level and (self.level == ROWS or self.random.random() < 0.5):
            action = int(self.random.integers(decision.CLOSE_LIQUIDATION, 7))
        else:
            action = decision.ADD if self.level else decision.OPEN
        if self.at_close:
            self.fill(bar, bar, action, rested=False)
        elif bar < len(self.series) - 1:
            self.pending = (bar, action)

    def want_flat(self, bar: int) -> None:
        """Decide to close what is open, unless something else was decided."""
        if self.level and self.pending is None and not self.at_close:
            self.pending = (bar, decision.CLOSE_TAKE_PROFIT)

    def settle(self, upto: int, bar: int) -> None:
        """Book the funding of settlements up to a moment, which lies in or at the end of `bar`."""
        for at, *both in _settlements(self.series, self.settled, upto):
            marked = bar if self.known_at(bar) <= at else bar - 1
            for leg, (rate, market) in enumerate(zip(both, self.markets, strict=True)):
                amount = sum(entry[1 + leg] for entry in self.entries if entry[0] < at)
                sign = -self.direction if leg == 0 else self.direction
                if amount:
                    self.funding -= sign * amount * float(market.close[marked]) * rate
        self.settled = max(self.settled, upto)

    def fill(self, bar: int, signal: int, action: int, rested: bool) -> None:
        """Fill a pair of orders."""
        by_close = self.at_close or rested
        base = [float((m.close if by_close else m.open)[bar]) for m in self.markets]
        closing = action >= decision.CLOSE_LIQUIDATION
        if action == decision.OPEN:
            self.direction = 1 if self.random.random() < 0.5 else -1
        amounts = list(self.held) if closing else [self.size / price for price in base]
        values = [amount * price for amount, price in zip(amounts, base, strict=True)]
        fees = [value * self.config.terms.taker_fee for value in values]
        net = self.gain(values) - self.paid - sum(fees) + self.funding if closing else 0.0
        self.level += not closing
        makers = RESTING[int(self.random.integers(3))] if rested else (False, False)
        self.rows.append(
            {
                "signal": signal,
                "bar": bar,
                "action": action,
                "direction": self.direction,
                "level": self.level,
                "spread": float(self.random.normal()),
                "amount1": amounts[0],
                "amount2": amounts[1],
                "price1": base[0],
                "price2": base[1],
                "fee1": fees[0],
                "fee2": fees[1],
                "maker1": makers[0],
                "maker2": makers[1],
                "funding": self.funding if closing else 0.0,
                "net": net,
            }
        )
        if closing:
            self.banked += net
            self.held, self.spent = [0.0, 0.0], [0.0, 0.0]
            self.level, self.paid, self.funding = 0, 0.0, 0.0
            self.entries.clear()
            return
        self.held = [h + amount for h, amount in zip(self.held, amounts, strict=True)]
        self.spent = [s + value for s, value in zip(self.spent, values, strict=True)]
        self.paid += sum(fees)
        self.entries.append(
            (self.known_at(bar) if by_close else int(self.series.times[bar]), *amounts)
        )


def _settlements(series: PairSeries, after: int, upto: int) -> list[tuple[int, float, float]]:
    if series.funding1 is None or series.funding2 is None:
        return []
    rows = zip(
        series.funding1.times.tolist(), series.funding1.rates, series.funding2.rates, strict=True
    )
    return [row for row in rows if after < row[0] <= upto]


INTEGERS = ("signal", "bar", "action", "direction", "level")
FLAGS = ("maker1", "maker2")


def trades_of(rows: list[dict[str, Any]]) -> Trades:
    """Return rows as columns."""
    return Trades(
        **{
            name: np.array(
                [row[name] for row in rows],
                dtype=np.int64 if name in INTEGERS else bool if name in FLAGS else np.float64,
            )
            for name in Trades.__dataclass_fields__
        }
    )
