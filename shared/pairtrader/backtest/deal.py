"""Settings and terms as the numbers that a run counts with."""

import math

from pairtrader.backtest.bounds import NEVER_ABOVE, NEVER_BELOW
from pairtrader.backtest.config import BacktestConfig, FillAt, MarketSteps
from pairtrader.backtest.course import Deal
from pairtrader.backtest.preparation import Prepared
from pairtrader.model.account import MarginMode
from pairtrader.model.order import OrderType
from pairtrader.model.settings import ProfitBasis, SpreadMode
from pairtrader.strategy.ladder import Rules

Starts = tuple[float, float]
"""Start prices of both markets."""


def deal_of(prepared: Prepared, config: BacktestConfig, first: int, starts: Starts) -> Deal:
    """Return what `config` stands for, counted from bar `first` and its prices."""
    settings, terms = config.settings, config.terms
    rules = Rules.of(settings)
    closes1, closes2 = prepared.closes(first)
    steps1, steps2 = (
        terms.markets.get(symbol) for symbol in (settings.market1_symbol, settings.market2_symbol)
    )
    slack = prepared.spreads(first, settings.spread_mode, starts).slack
    row1, fixed = rules.row_spreads[0], rules.fixed_direction
    lots1, lots2 = _lots(steps1, terms.lot_steps), _lots(steps2, terms.lot_steps)
    price_step1, price_step2 = _price_step(steps1), _price_step(steps2)
    return Deal(
        row_spreads=rules.row_spreads,
        row_notionals=rules.row_notionals,
        max_position_value=rules.max_position_value,
        fixed_direction=rules.fixed_direction,
        profit_mode=rules.profit_mode,
        profit_ratio=rules.profit_ratio,
        stop_loss_ratio=rules.stop_loss_ratio,
        requires_profit=rules.regression_requires_profit,
        logarithmic=settings.spread_mode is SpreadMode.LOG_RATIO,
        start1=starts[0],
        start2=starts[1],
        slack=slack,
        enter_low=slack - row1 if fixed <= 0 else NEVER_BELOW,
        enter_high=row1 - slack if fixed >= 0 else NEVER_ABOVE,
        top1=float(closes1.high.max()),
        top2=float(closes2.high.max()),
        basis=float(settings.leverage) if settings.profit_basis is ProfitBasis.MARGIN else 1.0,
        timeframe=prepared.series.timeframe_ms,
        cooldown=settings.cooldown_seconds * 1000,
        jumps=bool(prepared.jumps(first, settings.max_price_jump).any()),
        fills_at_close=terms.fill_at is FillAt.SIGNAL_CLOSE,
        rests_to_open=settings.order_type_open is OrderType.LIMIT,
        rests_to_close=settings.order_type_close is OrderType.LIMIT,
        slippage=terms.slippage,
        taker_fee=terms.taker_fee,
        maker_fee=terms.maker_fee,
        has_lots=terms.lot_steps,
        step1=lots1[0],
        step2=lots2[0],
        per_unit1=_per_unit(lots1[0]),
        per_unit2=_per_unit(lots2[0]),
        min_amount1=lots1[1],
        min_amount2=lots2[1],
        max_amount1=lots1[2],
        max_amount2=lots2[2],
        min_notional1=lots1[3],
        min_notional2=lots2[3],
        at_worst=1.0 - settings.max_slippage / 100.0,
        max_imbalance=settings.max_leg_imbalance,
        price_step1=price_step1,
        price_step2=price_step2,
        prices_per_unit1=_per_unit(price_step1),
        prices_per_unit2=_per_unit(price_step2),
        is_guarded=settings.liquidation_guard,
        isolated=float(settings.leverage) if settings.margin_mode is MarginMode.ISOLATED else 0.0,
        buffer=settings.liquidation_buffer,
        capital=config.initial_capital,
        pauses=terms.honour_pause and settings.pause_after_close,
    )


def _lots(steps: MarketSteps | None, counted: bool) -> tuple[float, float, float, float]:
    """Step, least and largest amount, and least notional; none of them where lots do not count."""
    if steps is None or not counted:
        return 0.0, 0.0, math.inf, 0.0
    most = steps.max_market_amount
    return (
        float(steps.amount_step),
        float(steps.min_amount),
        math.inf if most is None else float(most),
        float(steps.min_notional),
    )


def _price_step(steps: MarketSteps | None) -> float:
    return 0.0 if steps is None or steps.price_step is None else float(steps.price_step)


def _per_unit(step: float) -> float:
    """Return how many steps make a whole, where that is a whole number; else 0."""
    if step == 0.0:
        return 0.0
    steps = float(round(1.0 / step))
    return steps if steps >= 1.0 and 1.0 / steps == step else 0.0
