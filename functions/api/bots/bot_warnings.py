"""Settings that are allowed but probably not meant."""

from collections.abc import Iterator
from decimal import Decimal

from functions.api.schemas.texts import WarningDetails
from pairtrader.model.account import MarginMode
from pairtrader.model.bot import Bot
from pairtrader.model.market import Market
from pairtrader.model.settings import (
    BotSettings,
    ProfitBasis,
    ProfitMode,
    SpreadMode,
)
from pairtrader.strategy.spread import LARGE_MOVE_PERCENT


def warnings_of(bot: Bot) -> list[WarningDetails]:
    """Return what the trader should know of the bot."""
    config = bot.config
    return [*settings_warnings(config.settings, config.markets), *_far_from_start(bot)]


def settings_warnings(
    settings: BotSettings, markets: tuple[Market, Market]
) -> list[WarningDetails]:
    """Return what the trader should know of these settings on these markets."""
    taker_fees = float(markets[0].taker_fee + markets[1].taker_fee)
    return [
        *_stop_beyond_liquidation(settings),
        *_target_beyond_regression(settings, taker_fees),
    ]


def _stop_beyond_liquidation(settings: BotSettings) -> Iterator[WarningDetails]:
    """Compare the stop with the loss, in percent of the notional, that uses up the margin.

    Isolated, one leg's margin backs that leg alone: half of the loss is enough.
    """
    stop = settings.stop_loss_ratio
    if settings.profit_basis is ProfitBasis.MARGIN:
        stop /= settings.leverage
    liquidation = 100 / settings.leverage
    if settings.margin_mode is MarginMode.ISOLATED:
        liquidation /= 2
    if stop >= liquidation:
        yield WarningDetails(
            code="stop_beyond_liquidation",
            field="stop_loss_ratio",
            message=(
                f"The stop is at a loss of {stop:g} % of the notional, but a loss of about "
                f"{liquidation:g} % uses up the position's margin at leverage {settings.leverage}: "
                "the exchange may liquidate first."
            ),
        )


def _target_beyond_regression(settings: BotSettings, taker_fees: float) -> Iterator[WarningDetails]:
    """Compare the target with what row 1 earns when its spread goes back to zero."""
    row1 = settings.dca_config[0].spread
    if settings.profit_mode is ProfitMode.REGRESSION:
        reachable, unit = row1, "points"
    else:
        # The spread is earned on one leg's notional, invested are two; each leg pays twice.
        reachable, unit = row1 / 2 - taker_fees * 100, "% of the notional"
        if settings.profit_basis is ProfitBasis.MARGIN:
            reachable, unit = reachable * settings.leverage, "% of the margin"
    if settings.profit_ratio > reachable:
        yield WarningDetails(
            code="target_beyond_regression",
            field="profit_ratio",
            message=(
                f"The target is {settings.profit_ratio:g} {unit}, but an entry at row 1 earns "
                f"about {max(reachable, 0.0):.2g} when its spread goes back to zero."
            ),
        )


def _far_from_start(bot: Bot) -> Iterator[WarningDetails]:
    state, settings = bot.state, bot.config.settings
    if settings.spread_mode is not SpreadMode.DIFFERENCE:
        return
    pairs = (
        (settings.market1_symbol, state.start_price1, state.last_price1),
        (settings.market2_symbol, state.start_price2, state.last_price2),
    )
    for symbol, start, last in pairs:
        moved = abs(last / start - 1) * 100 if start and last else Decimal(0)
        if moved > LARGE_MOVE_PERCENT:
            yield WarningDetails(
                code="far_from_start_price",
                field="start_time",
                message=(
                    f"{symbol} has moved {moved:.0f} % from its start price: the difference of "
                    "both changes now depends on common moves too."
                ),
            )
