"""The settings in the form the decision function takes, and the size of an entry."""

from dataclasses import dataclass
from decimal import Decimal

from pairtrader.model.market import Market
from pairtrader.model.settings import BotSettings, Direction, ProfitMode
from pairtrader.strategy import decision


@dataclass(frozen=True, slots=True)
class Rules:
    """What `decision.decide` needs to know of the settings."""

    row_spreads: tuple[float, ...]
    row_notionals: tuple[float, ...]
    max_position_value: float
    fixed_direction: int
    profit_mode: int
    profit_ratio: float
    stop_loss_ratio: float
    regression_requires_profit: bool

    @classmethod
    def of(cls, settings: BotSettings) -> "Rules":
        """Return the rules that `settings` stand for."""
        rows = range(len(settings.dca_config))
        return cls(
            row_spreads=tuple(row.spread for row in settings.dca_config),
            row_notionals=tuple(float(settings.row_notional(row)) for row in rows),
            max_position_value=float(settings.max_position_value),
            fixed_direction=fixed_direction(settings),
            profit_mode=(
                decision.REGRESSION
                if settings.profit_mode is ProfitMode.REGRESSION
                else decision.POSITION
            ),
            profit_ratio=settings.profit_ratio,
            stop_loss_ratio=settings.stop_loss_ratio,
            regression_requires_profit=settings.regression_requires_profit,
        )


def fixed_direction(settings: BotSettings) -> int:
    """Return the only direction the settings allow, 0 where both are open."""
    if settings.market1_direction is Direction.AUTO:
        return 0
    return 1 if settings.market1_direction is Direction.SELL else -1


def entry_amount(market: Market, notional: Decimal, price: Decimal) -> Decimal:
    """Return what `notional` (quote currency) buys at `price`, in base coins on the market's grid.

    Cut down, never up: an entry is not larger than what was asked for.
    """
    return market.round_amount(notional / price)


def leg_imbalance(notional1: Decimal, notional2: Decimal) -> float:
    """Return the gap between both legs' notionals in percent of the larger one."""
    larger = max(notional1, notional2)
    return float(abs(notional1 - notional2) / larger * 100) if larger else 0.0
