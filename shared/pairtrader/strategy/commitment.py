"""What a ladder commits its trader to: money bound, fees, and the spreads at which it would end.

The spreads are those of a pair whose prices are near its start prices: there one point of the
spread earns one percent of one leg's notional.
"""

from dataclasses import dataclass
from decimal import Decimal

from pairtrader.model.account import MarginMode
from pairtrader.model.market import Market
from pairtrader.model.settings import BotSettings, ProfitBasis, ProfitMode
from pairtrader.strategy.ladder import entry_amount

Pair = tuple[Market, Market]
Prices = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Level:
    """One row of the ladder, entered at its trigger while the spread widens steadily.

    Money in quote currency, amounts in base coins, spreads in points and unsigned.
    """

    times: int
    trigger: float
    """Spread that is traded at: the sum of the rows' spreads up to here."""
    reached: bool
    """False from the first row on that the cap leaves no room for; what follows of it is 0."""
    amounts: tuple[Decimal, Decimal]
    residual: Decimal
    """How much more one leg is worth than the other, both rounded to whole steps."""
    invested: Decimal
    """Summed entry notional of both legs up to here, as planned."""
    margin: Decimal
    average: float
    """Mean spread of the entries, weighted by their notional."""
    fees: Decimal
    """Of entering up to here and closing all of it, as taker."""
    break_even: float
    """Spread at which closing would cost nothing and earn nothing."""
    take_profit: float
    stop_loss: float
    liquidation: float
    """Where the loss has used up the margin; the exchange's maintenance margin comes before."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """The whole ladder."""

    levels: tuple[Level, ...]
    max_loss: Decimal
    """Net loss at the stop with every reachable row entered, quote currency; slippage is extra."""
    target: Decimal
    """Net profit at the target with row 1 alone, quote currency."""
    fee_share: float
    """Percent of row 1's price profit at the target that its fees eat up."""

    @property
    def deepest(self) -> Level | None:
        """The last row that is reached."""
        reached = [level for level in self.levels if level.reached]
        return reached[-1] if reached else None


def commitment(settings: BotSettings, markets: Pair, prices: Prices) -> Commitment:
    """Return what `settings` commit to at `prices` (quote currency)."""
    levels: list[Level] = []
    invested, weighted, trigger, is_reached = Decimal(0), 0.0, 0.0, True
    for row, step in enumerate(settings.dca_config):
        trigger += step.spread
        both = 2 * settings.row_notional(row)
        is_reached = is_reached and invested + both <= settings.max_position_value
        if not is_reached:
            levels.append(_unreached(step.times, trigger))
            continue
        invested += both
        weighted += trigger * float(both)
        average = weighted / float(invested)
        levels.append(
            _level(settings, markets, prices, row, trigger=trigger, invested=invested, mean=average)
        )
    deepest = max((level.invested for level in levels), default=Decimal(0))
    first = levels[0]
    target = _target(settings, first)
    earned = target + float(first.fees)
    return Commitment(
        levels=tuple(levels),
        max_loss=_share(settings, settings.stop_loss_ratio, deepest),
        target=Decimal(repr(target)),
        fee_share=float(first.fees) / earned * 100 if earned > 0 else 100.0,
    )


def _unreached(times: int, trigger: float) -> Level:
    none = Decimal(0)
    return Level(times, trigger, False, (none, none), none, none, none, 0, none, 0, 0, 0, 0)


def _level(
    settings: BotSettings,
    markets: Pair,
    prices: Prices,
    row: int,
    *,
    trigger: float,
    invested: Decimal,
    mean: float,
) -> Level:
    notional = settings.row_notional(row)
    first, second = (
        entry_amount(market, notional, price) for market, price in zip(markets, prices, strict=True)
    )
    leg = invested / 2
    fees = 2 * leg * (markets[0].taker_fee + markets[1].taker_fee)
    margin = invested / settings.leverage
    backing = margin / 2 if settings.margin_mode is MarginMode.ISOLATED else margin

    def where(pnl: Decimal) -> float:
        """Return the spread at which the net profit is `pnl`."""
        return mean - float((pnl + fees) / leg) * 100

    if settings.profit_mode is ProfitMode.REGRESSION:
        take_profit = settings.dca_config[0].spread - settings.profit_ratio
    else:
        take_profit = where(_share(settings, settings.profit_ratio, invested))
    return Level(
        times=row + 1,
        trigger=trigger,
        reached=True,
        amounts=(first, second),
        residual=abs(first * prices[0] - second * prices[1]),
        invested=invested,
        margin=margin,
        average=mean,
        fees=fees,
        break_even=where(Decimal(0)),
        take_profit=take_profit,
        stop_loss=where(-_share(settings, settings.stop_loss_ratio, invested)),
        liquidation=where(-backing),
    )


def _share(settings: BotSettings, percent: float, invested: Decimal) -> Decimal:
    """Return `percent` of the basis that the settings count profit on, quote currency."""
    basis = invested
    if settings.profit_basis is ProfitBasis.MARGIN:
        basis = invested / settings.leverage
    return basis * Decimal(repr(percent)) / 100


def _target(settings: BotSettings, first: Level) -> float:
    """Return the net profit of row 1 at its target, quote currency."""
    if not first.reached:
        return 0.0
    points = first.average - first.take_profit
    return points / 100 * float(first.invested) / 2 - float(first.fees)
