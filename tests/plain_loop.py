"""The plainest bot there can be: one loop over candles, the decision function, a few sums.

What the deployed bot does in a step replay is compared with it, order for order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from pairtrader.model.market import Market
from pairtrader.model.settings import BotSettings, ProfitBasis
from pairtrader.strategy import decision
from pairtrader.strategy.ladder import Rules, entry_amount
from pairtrader.strategy.spread import spread

CLOSES = {
    decision.CLOSE_STOP_LOSS: "stop_loss",
    decision.CLOSE_TAKE_PROFIT: "take_profit",
    decision.CLOSE_REGRESSION: "regression",
}
ZERO = Decimal(0)


@dataclass(frozen=True)
class Trade:
    """One order of the loop."""

    candle: int
    """Number of the candle that decided it, 0 is the first."""
    action: str
    symbol: str
    side: str
    amount: Decimal
    price: Decimal


@dataclass
class Ledger:
    """Both legs of the open cycle: signed base coins and entry notional."""

    amounts: list[Decimal] = field(default_factory=lambda: [ZERO, ZERO])
    costs: list[Decimal] = field(default_factory=lambda: [ZERO, ZERO])
    fees: Decimal = ZERO
    level: int = 0
    direction: int = 0
    first: float = 0.0
    last: float = 0.0


@dataclass
class PlainLoop:
    """Runs settings over (close 1, close 2) pairs; fills at the close, worse by `slippage`."""

    settings: BotSettings
    markets: tuple[Market, Market]
    starts: tuple[Decimal, Decimal]
    slippage: Decimal
    trades: list[Trade] = field(default_factory=list)
    profits: list[Decimal] = field(default_factory=list)
    spreads: list[float] = field(default_factory=list)

    def run(self, closes: Iterable[tuple[Decimal, Decimal]]) -> "PlainLoop":
        """Return the loop after the last candle."""
        rules, book = Rules.of(self.settings), Ledger()
        disarmed, close_spread = 0, 0.0
        for candle, prices in enumerate(closes):
            now = self._spread(prices)
            self.spreads.append(now)
            if not book.level:
                disarmed = decision.rearm(disarmed, now, close_spread, rules.row_spreads[0])
            action = self._decide(rules, book, prices, now, disarmed)
            if action in CLOSES:
                disarmed, close_spread = book.direction, now
                self._close(candle, CLOSES[action], book, prices)
                book = Ledger()
            elif action in (decision.OPEN, decision.ADD):
                self._enter(candle, book, prices, now)
        return self

    def _spread(self, prices: tuple[Decimal, Decimal]) -> float:
        return spread(
            self.settings.spread_mode,
            float(prices[0]),
            float(self.starts[0]),
            float(prices[1]),
            float(self.starts[1]),
        )

    def _decide(
        self,
        rules: Rules,
        book: Ledger,
        prices: tuple[Decimal, Decimal],
        now: float,
        disarmed: int,
    ) -> int:
        invested = sum(book.costs, ZERO)
        pnl = -book.fees
        for amount, cost, price, market in zip(
            book.amounts, book.costs, prices, self.markets, strict=True
        ):
            value = abs(amount) * price
            pnl += (value - cost if amount > 0 else cost - value) - value * market.taker_fee
        percent = float(pnl / invested) * 100.0 if invested else 0.0
        if self.settings.profit_basis is ProfitBasis.MARGIN:
            percent *= self.settings.leverage
        return decision.decide(
            now, percent, book.level, book.direction, book.first, book.last, float(invested),
            True, False, disarmed, False, rules.row_spreads, rules.row_notionals,
            rules.max_position_value, rules.fixed_direction, rules.profit_mode,
            rules.profit_ratio, rules.stop_loss_ratio, rules.regression_requires_profit,
        )  # fmt: skip

    def _enter(
        self, candle: int, book: Ledger, prices: tuple[Decimal, Decimal], now: float
    ) -> None:
        notional = self.settings.row_notional(book.level)
        book.direction = book.direction or (1 if now > 0 else -1)
        for leg, (market, price) in enumerate(zip(self.markets, prices, strict=True)):
            sign = -book.direction if leg == 0 else book.direction
            amount = entry_amount(market, notional, price)
            cost = self._fill(candle, f"level {book.level + 1}", market, sign, amount, price, book)
            book.amounts[leg] += sign * amount
            book.costs[leg] += cost
        book.level += 1
        book.first = now if book.level == 1 else book.first
        book.last = now

    def _close(
        self, candle: int, action: str, book: Ledger, prices: tuple[Decimal, Decimal]
    ) -> None:
        realised = ZERO
        for leg, (market, price) in enumerate(zip(self.markets, prices, strict=True)):
            amount, entry = book.amounts[leg], book.costs[leg]
            sign = -1 if amount > 0 else 1
            value = self._fill(candle, action, market, sign, abs(amount), price, book)
            realised += value - entry if amount > 0 else entry - value
        self.profits.append(realised - book.fees)

    def _fill(
        self,
        candle: int,
        action: str,
        market: Market,
        sign: int,
        amount: Decimal,
        price: Decimal,
        book: Ledger,
    ) -> Decimal:
        filled_at = price * (1 + sign * self.slippage)
        book.fees += amount * filled_at * market.taker_fee
        side = "buy" if sign > 0 else "sell"
        self.trades.append(Trade(candle, action, market.symbol, side, amount, filled_at))
        return amount * filled_at
