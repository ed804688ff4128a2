"""Net profit of an open cycle, at the prices both legs could be closed at."""

from decimal import Decimal

from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.market import Market, Quote
from pairtrader.model.settings import BotSettings, ProfitBasis

ZERO = Decimal(0)


def closing_price(leg: Leg, quote: Quote) -> Decimal:
    """Return what closing `leg` would fetch: the bid for a long, the ask for a short."""
    return quote.bid if leg.amount > 0 else quote.ask


def unrealised(leg: Leg, quote: Quote) -> Decimal:
    """Return the price profit of what `leg` still holds, quote currency."""
    value = abs(leg.amount) * closing_price(leg, quote)
    return value - leg.cost if leg.amount > 0 else leg.cost - value


def net_pnl(cycle: Cycle, markets: tuple[Market, Market], quotes: tuple[Quote, Quote]) -> Decimal:
    """Return what the cycle would have earned were it closed now, quote currency.

    Price profit of both legs, what was realised, fees paid, funding, and the taker fees that
    closing would still cost.
    """
    total = cycle.realised + cycle.funding - cycle.fees
    for leg, market, quote in zip(cycle.legs, markets, quotes, strict=True):
        total += unrealised(leg, quote)
        total -= abs(leg.amount) * closing_price(leg, quote) * market.taker_fee
    return total


def pnl_percent(pnl: Decimal, invested: Decimal, settings: BotSettings) -> float:
    """Return `pnl` in percent of invested: of the notional, or of the margin behind it."""
    if invested == ZERO:
        return 0.0
    percent = float(pnl / invested) * 100.0
    if settings.profit_basis is ProfitBasis.MARGIN:
        return percent * settings.leverage
    return percent
