"""One look at the pair: prices, spread, profit, and whether they may be trusted."""

from dataclasses import dataclass
from decimal import Decimal

from pairtrader.model.bot import BotConfig, BotState
from pairtrader.model.cycle import Leg
from pairtrader.model.market import Quote
from pairtrader.model.records import SpreadPoint
from pairtrader.model.settings import BotSettings
from pairtrader.strategy.profit import net_pnl, pnl_percent
from pairtrader.strategy.spread import spread

Marks = tuple[Decimal | None, Decimal | None]
"""Mark prices of both markets, None where the exchange named none."""
NO_MARKS: Marks = (None, None)

MAX_QUOTES_APART_MS = 2_000
MAX_QUOTE_AHEAD_MS = 5_000
"""A quote further in the future tells of a clock that is wrong, and then nothing is fresh."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one tick saw."""

    at: int
    """ms UTC."""
    quotes: tuple[Quote, Quote]
    prices: tuple[Decimal, Decimal]
    """Mid prices."""
    spread: float
    """Points."""
    pnl: Decimal | None
    """Net PnL of the open cycle, quote currency; None while flat."""
    pnl_percent: float
    """Of invested, on the bot's basis; 0 while flat."""
    liquidation_near: bool

    @property
    def point(self) -> SpreadPoint:
        """The look as it goes into the history."""
        return SpreadPoint(self.at, self.prices[0], self.prices[1], self.spread)


def look(
    config: BotConfig,
    state: BotState,
    quotes: tuple[Quote, Quote],
    starts: tuple[Decimal, Decimal],
    now: int,
    marks: Marks = NO_MARKS,
) -> Look:
    """Return what `quotes` mean for the bot; `starts` are both start prices.

    The way to liquidation is judged by the mid prices and, where they have just been read, by the
    exchange's own `marks`.
    """
    settings, prices = config.settings, (quotes[0].mid, quotes[1].mid)
    points = spread(
        settings.spread_mode,
        float(prices[0]),
        float(starts[0]),
        float(prices[1]),
        float(starts[1]),
    )
    pnl, percent, near = None, 0.0, False
    if state.cycle is not None:
        pnl = net_pnl(state.cycle, config.markets, quotes)
        percent = pnl_percent(pnl, state.cycle.invested, settings)
        near = settings.liquidation_guard and any(
            price is not None and liquidation_near(leg, price, settings.liquidation_buffer)
            for each in (prices, marks)
            for leg, price in zip(state.cycle.legs, each, strict=True)
        )
    return Look(now, quotes, prices, points, pnl, percent, near)


def liquidation_near(leg: Leg, price: Decimal, buffer_percent: float) -> bool:
    """Whether `price` has used `buffer_percent` of the way from entry to liquidation."""
    entry, liquidation = leg.entry_price, leg.liquidation_price
    if entry is None or liquidation is None or entry == liquidation:
        return False
    used = (price - entry) / (liquidation - entry)
    return float(used) * 100.0 >= buffer_percent


def quotes_unfit(
    quotes: tuple[Quote, Quote], state: BotState, settings: BotSettings, now: int
) -> str | None:
    """Return why nothing may be decided on these quotes, None when they are fit.

    A jump is taken once the next fresh quotes confirm it: the caller stores the prices seen.
    """
    if any(quote.bid <= 0 or quote.ask <= 0 for quote in quotes):
        return "one_sided_quote"
    if any(quote.bid > quote.ask for quote in quotes):
        return "crossed_quote"
    if any(quote.timestamp - now > MAX_QUOTE_AHEAD_MS for quote in quotes):
        return "clock_skew"
    if any(now - quote.timestamp > settings.max_quote_age_seconds * 1000 for quote in quotes):
        return "stale_quote"
    if abs(quotes[0].timestamp - quotes[1].timestamp) > MAX_QUOTES_APART_MS:
        return "quotes_apart"
    for quote, last in zip(quotes, (state.last_price1, state.last_price2), strict=True):
        move = abs(float(quote.mid / last) - 1.0) * 100.0 if last is not None else 0.0
        if move > settings.max_price_jump:
            return "price_jump"
    return None
