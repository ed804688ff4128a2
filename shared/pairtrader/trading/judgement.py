"""The bridge from a bot's state to the decision function and back to words."""

from pairtrader.model.bot import BotConfig, BotState, Status, cooldown_until
from pairtrader.model.cycle import CloseReason
from pairtrader.model.settings import BotSettings
from pairtrader.strategy import decision
from pairtrader.strategy.ladder import Rules
from pairtrader.trading.look import Look

CLOSES = {
    decision.CLOSE_LIQUIDATION: CloseReason.LIQUIDATION_GUARD,
    decision.CLOSE_STOP_LOSS: CloseReason.STOP_LOSS,
    decision.CLOSE_TAKE_PROFIT: CloseReason.TAKE_PROFIT,
    decision.CLOSE_REGRESSION: CloseReason.REGRESSION,
}
HOLDS = {
    decision.HOLD: "",
    decision.HOLD_NO_ENTRIES: "no_entries",
    decision.HOLD_BELOW_LADDER: "below_ladder",
    decision.HOLD_DIRECTION: "other_direction",
    decision.HOLD_DISARMED: "disarmed",
    decision.HOLD_COOLDOWN: "cooldown",
    decision.HOLD_CAP: "over_cap",
    decision.HOLD_LADDER_DONE: "ladder_done",
}


def judge(
    settings: BotSettings,
    state: BotState,
    spread: float,
    pnl_percent: float,
    *,
    at: int,
    liquidation_near: bool = False,
) -> int:
    """Return what `decision.decide` makes of the bot at a look at the pair.

    Args:
        settings: of the bot.
        state: of the bot.
        spread: points.
        pnl_percent: net PnL in percent of invested, on the bot's basis; 0 while flat.
        at: time of the look, ms UTC.
        liquidation_near: whether a leg has used up its way to liquidation.
    """
    cycle, rules = state.cycle, Rules.of(settings)
    until = cooldown_until(settings, state)
    return decision.decide(
        spread=spread,
        pnl_percent=pnl_percent,
        level=cycle.level if cycle else 0,
        direction=cycle.direction if cycle else 0,
        first_spread=cycle.first_spread if cycle else 0.0,
        last_spread=cycle.last_spread if cycle else 0.0,
        invested=float(cycle.invested) if cycle else 0.0,
        entries_allowed=state.status is Status.RUNNING and state.command is None,
        liquidation_near=liquidation_near,
        disarmed=state.disarmed,
        cooling=until is not None and at < until,
        row_spreads=rules.row_spreads,
        row_notionals=rules.row_notionals,
        max_position_value=rules.max_position_value,
        fixed_direction=rules.fixed_direction,
        profit_mode=rules.profit_mode,
        profit_ratio=rules.profit_ratio,
        stop_loss_ratio=rules.stop_loss_ratio,
        regression_requires_profit=rules.regression_requires_profit,
    )


def judge_look(settings: BotSettings, state: BotState, seen: Look) -> int:
    """Return what the decision is at `seen`."""
    return judge(
        settings,
        state,
        seen.spread,
        seen.pnl_percent,
        at=seen.at,
        liquidation_near=seen.liquidation_near,
    )


def still_disarmed(config: BotConfig, state: BotState, spread: float) -> int:
    """Return the direction that may not open after a look at `spread` (points)."""
    if state.cycle is not None:
        return state.disarmed
    first_row = config.settings.dca_config[0].spread
    return decision.rearm(state.disarmed, spread, state.close_spread, first_row)
