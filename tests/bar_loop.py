"""The plainest backtest there can be: every bar is looked at, orders wait for their bar.

What the engine does by skipping bars is compared with it, bit for bit. It shares the decision
function and the scalar sums with the engine, and nothing of its search.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pairtrader.backtest import legs
from pairtrader.backtest.config import BacktestConfig, FillAt, MarketSteps
from pairtrader.backtest.engine import start_bar
from pairtrader.backtest.series import FundingRates, PairSeries
from pairtrader.model.account import MarginMode
from pairtrader.model.order import OrderType
from pairtrader.model.settings import ProfitBasis
from pairtrader.strategy import decision
from pairtrader.strategy.ladder import Rules
from pairtrader.strategy.spread import spread

COLUMNS = (
    "signal", "bar", "action", "direction", "level", "spread", "amount1", "amount2",
    "price1", "price2", "fee1", "fee2", "maker1", "maker2", "funding", "net",
)  # fmt: skip
CLOSES_BY_LIMIT = (decision.CLOSE_TAKE_PROFIT, decision.CLOSE_REGRESSION)


@dataclass
class Cycle:
    direction: int = 0
    level: int = 0
    first: float = 0.0
    last: float = 0.0
    amounts: list[float] = field(default_factory=lambda: [0.0, 0.0])
    costs: list[float] = field(default_factory=lambda: [0.0, 0.0])
    fees: float = 0.0
    funding: float = 0.0

    @property
    def invested(self) -> float:
        return self.costs[0] + self.costs[1]


@dataclass
class Order:
    signal: int
    action: int
    way: int
    """+1: market 1 is sold."""
    sizes: tuple[float, float]
    spread: float

    @property
    def enters(self) -> bool:
        return self.action in (decision.OPEN, decision.ADD)


class BarLoop:
    def __init__(self, series: PairSeries, config: BacktestConfig) -> None:
        self.series, self.settings, self.terms = series, config.settings, config.terms
        self.capital = config.initial_capital
        self.rules = Rules.of(config.settings)
        self.first = start_bar(series, config.settings)
        self.closes = (series.market1.close.tolist(), series.market2.close.tolist())
        self.opens = (series.market1.open.tolist(), series.market2.open.tolist())
        self.starts = (self.opens[0][self.first], self.opens[1][self.first])
        self.times = series.times.tolist()
        self.steps = [
            config.terms.markets.get(s)
            for s in (config.settings.market1_symbol, config.settings.market2_symbol)
        ]
        self.due = self._funding() if config.terms.funding else []
        self.rows: list[tuple[Any, ...]] = []
        self.cycle = Cycle()
        self.order: Order | None = None
        self.allowed, self.paused_at, self.reason = True, None, ""
        self.disarmed, self.close_spread, self.cool_until = 0, 0.0, 0
        self.jumps = self.lapsed = 0

    def run(self) -> "BarLoop":
        for bar in range(self.first, len(self.times)):
            self._fill(bar)
            self._settle(self._look_time(bar))
            if self._jumped(bar):
                self.jumps += 1
                continue
            self._look(bar)
        if self.order is not None and self.order.enters:
            self.lapsed += 1
        return self

    def columns(self) -> dict[str, list[Any]]:
        by_row = list(zip(*self.rows, strict=True)) or [()] * len(COLUMNS)
        return {name: list(column) for name, column in zip(COLUMNS, by_row, strict=True)}

    def open_cycle(self) -> tuple[float, float] | None:
        if not self.cycle.level:
            return None
        return self._pnl((self.closes[0][-1], self.closes[1][-1])), self.cycle.funding

    # Looks

    def _look_time(self, bar: int) -> int:
        return self.times[bar] + self.series.timeframe_ms

    def _jumped(self, bar: int) -> bool:
        if bar == self.first:
            return False
        return any(
            abs(closes[bar] / closes[bar - 1] - 1.0) * 100.0 > self.settings.max_price_jump
            for closes in self.closes
        )

    def _look(self, bar: int) -> None:
        prices = self.closes[0][bar], self.closes[1][bar]
        (start1, start2), rules, cycle = self.starts, self.rules, self.cycle
        now = spread(self.settings.spread_mode, prices[0], start1, prices[1], start2)
        percent, near = 0.0, False
        if cycle.level:
            percent = self._pnl(prices) / cycle.invested * 100.0
            if self.settings.profit_basis is ProfitBasis.MARGIN:
                percent *= self.settings.leverage
            near = self.settings.liquidation_guard and self._near(prices)
        else:
            self.disarmed = decision.rearm(
                self.disarmed, now, self.close_spread, rules.row_spreads[0]
            )
        action = decision.decide(
            now, percent, cycle.level, cycle.direction, cycle.first, cycle.last, cycle.invested,
            self.allowed, near, self.disarmed, self._look_time(bar) < self.cool_until,
            rules.row_spreads, rules.row_notionals, rules.max_position_value,
            rules.fixed_direction, rules.profit_mode, rules.profit_ratio, rules.stop_loss_ratio,
            rules.regression_requires_profit,
        )  # fmt: skip
        if action <= decision.HOLD:
            return
        if action in (decision.OPEN, decision.ADD):
            self._enter(bar, action, prices, now)
        else:
            sizes = (cycle.amounts[0], cycle.amounts[1])
            self.order = Order(bar, action, -cycle.direction, sizes, now)
        at_once = self.terms.fill_at is FillAt.SIGNAL_CLOSE
        if self.order is not None and at_once and not self._rests(self.order):
            self._market(self.order, bar, self._look_time(bar), self.closes)

    def _pnl(self, prices: tuple[float, float]) -> float:
        c = self.cycle
        return legs.net_pnl(
            c.direction, c.amounts[0], c.costs[0], c.amounts[1], c.costs[1],
            prices[0], prices[1], c.funding - c.fees, self.terms.taker_fee,
        )  # fmt: skip

    def _near(self, prices: tuple[float, float]) -> bool:
        c, settings = self.cycle, self.settings
        isolated = settings.leverage if settings.margin_mode is MarginMode.ISOLATED else 0
        return legs.liquidation_near(
            c.direction, c.amounts[0], c.costs[0], c.amounts[1], c.costs[1],
            prices[0], prices[1], self.capital + (c.funding - c.fees), float(isolated),
            settings.liquidation_buffer,
        )  # fmt: skip

    # Orders

    def _enter(self, bar: int, action: int, prices: tuple[float, float], now: float) -> None:
        notional = self.rules.row_notionals[self.cycle.level]
        sizes = [notional / price for price in prices]
        if self.terms.lot_steps:
            symbols = (self.settings.market1_symbol, self.settings.market2_symbol)
            for leg, (steps, price) in enumerate(zip(self.steps, prices, strict=True)):
                assert steps is not None
                sizes[leg] = legs.lot(
                    notional, price, float(steps.amount_step), per_unit(steps.amount_step)
                )
            self.reason = self._problem(symbols, sizes, prices)
            if self.reason:
                self.allowed, self.paused_at = False, bar
                return
        way = self.cycle.direction or (1 if now > 0 else -1)
        self.order = Order(bar, action, way, (sizes[0], sizes[1]), now)

    def _problem(
        self, symbols: tuple[str, str], sizes: list[float], prices: tuple[float, float]
    ) -> str:
        row = self.cycle.level + 1
        for symbol, steps, size, price in zip(symbols, self.steps, sizes, prices, strict=True):
            assert isinstance(steps, MarketSteps)
            at_worst = size * price * (1.0 - self.settings.max_slippage / 100.0)
            if size <= 0 or size < float(steps.min_amount) or at_worst < float(steps.min_notional):
                return f"row {row} is below the minimum of {symbol}"
            if steps.max_market_amount is not None and size > float(steps.max_market_amount):
                return f"row {row} is above the maximum of {symbol}"
        differs = legs.imbalance(sizes[0] * prices[0], sizes[1] * prices[1])
        if differs > self.settings.max_leg_imbalance:
            return f"the legs differ by {differs:.1f} % after rounding to lot steps"
        return ""

    def _rests(self, order: Order) -> bool:
        if order.enters:
            return self.settings.order_type_open is OrderType.LIMIT
        limit = self.settings.order_type_close is OrderType.LIMIT
        return limit and order.action in CLOSES_BY_LIMIT

    def _fill(self, bar: int) -> None:
        """What waits since the bar before meets this bar."""
        order, self.order = self.order, None
        if order is None:
            return
        follows = self.times[bar] - self.times[bar - 1] == self.series.timeframe_ms
        if self._rests(order):
            if not follows or not self._rested(order, bar):
                self.lapsed += order.enters
        elif order.enters and not follows:
            self.lapsed += 1
        else:
            self._market(order, bar, self.times[bar], self.opens)

    def _rested(self, order: Order, bar: int) -> bool:
        prices, rested = [], []
        for leg, market in enumerate((self.series.market1, self.series.market2)):
            assert market.high is not None
            assert market.low is not None
            steps, sells = self.steps[leg], (order.way > 0) == (leg == 0)
            price = self.closes[leg][order.signal]
            if steps is not None and steps.price_step is not None:
                step = steps.price_step
                price = legs.resting_price(price, float(step), per_unit(step))
            hit = float(market.high[bar]) > price if sells else float(market.low[bar]) < price
            factor = 1.0 - self.terms.slippage if sells else 1.0 + self.terms.slippage
            prices.append(price if hit else self.closes[leg][bar] * factor)
            rested.append(hit)
        if not any(rested):
            return False
        self._book(order, bar, self._look_time(bar), prices, rested)
        return True

    def _market(self, order: Order, bar: int, at: int, bases: tuple[list[float], ...]) -> None:
        down, up = 1.0 - self.terms.slippage, 1.0 + self.terms.slippage
        factors = (down, up) if order.way > 0 else (up, down)
        prices = [base[bar] * factor for base, factor in zip(bases, factors, strict=True)]
        self.order = None
        self._book(order, bar, at, prices, [False, False])

    def _book(
        self, order: Order, bar: int, at: int, prices: list[float], rested: list[bool]
    ) -> None:
        self._settle(at)
        cycle, terms = self.cycle, self.terms
        values = [size * price for size, price in zip(order.sizes, prices, strict=True)]
        fees = [
            value * (terms.maker_fee if rests else terms.taker_fee)
            for value, rests in zip(values, rested, strict=True)
        ]
        cycle.fees = cycle.fees + fees[0] + fees[1]
        funding = net = 0.0
        if order.enters:
            cycle.direction = order.way
            cycle.level += 1
            cycle.first = order.spread if cycle.level == 1 else cycle.first
            cycle.last = order.spread
            for leg in (0, 1):
                cycle.amounts[leg] += order.sizes[leg]
                cycle.costs[leg] += values[leg]
        else:
            gross = legs.gross_pnl(
                cycle.direction, values[0], cycle.costs[0], values[1], cycle.costs[1]
            )
            funding, net = cycle.funding, cycle.funding - cycle.fees + gross
        self.rows.append(
            (order.signal, bar, order.action, cycle.direction, cycle.level, order.spread,
             *order.sizes, *prices, *fees, *rested, funding, net)
        )  # fmt: skip
        if not order.enters:
            self._closed(order, bar, at)

    def _closed(self, order: Order, bar: int, at: int) -> None:
        self.disarmed, self.close_spread = self.cycle.direction, order.spread
        if self.settings.cooldown_seconds:
            self.cool_until = at + self.settings.cooldown_seconds * 1000
        self.cycle = Cycle()
        if self.terms.honour_pause and self.settings.pause_after_close and self.allowed:
            self.allowed, self.paused_at, self.reason = False, bar, "pause_after_close"

    # Funding

    def _funding(self) -> list[tuple[int, int, float]]:
        due = []
        for leg, rates in enumerate((self.series.funding1, self.series.funding2)):
            assert isinstance(rates, FundingRates)
            for time, rate in zip(rates.times.tolist(), rates.rates.tolist(), strict=True):
                closed = int(np.sum(self.series.times + self.series.timeframe_ms <= time))
                if closed > self.first:
                    due.append((time, leg, self.closes[leg][closed - 1] * rate))
        return sorted(due, key=lambda each: each[:2])

    def _settle(self, until: int) -> None:
        cycle = self.cycle
        while self.due and self.due[0][0] <= until:
            _, leg, pay = self.due.pop(0)
            sign = -cycle.direction if leg == 0 else cycle.direction
            if cycle.level:
                cycle.funding += -(sign * cycle.amounts[leg]) * pay


def per_unit(step: Any) -> float:
    """How many steps make a whole, 0 where that is no whole number."""
    whole = 1 / step
    return float(whole) if whole == whole.to_integral_value() else 0.0
