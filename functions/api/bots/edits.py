"""Which settings may change when, and what a change causes."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from functions.api.web.problems import FieldError, conflict, field_errors, invalid
from pairtrader.model.bot import Bot, Status
from pairtrader.model.cycle import Cycle
from pairtrader.model.settings import LIVE_EDITABLE, BotSettings
from pairtrader.strategy.profit import pnl_percent
from pairtrader.trading.judgement import CLOSES, judge

PAIR_FIELDS = frozenset({"exchange_account_id", "market1_symbol", "market2_symbol", "start_time"})
"""A change of these makes a new pair: markets and start prices are fetched again."""
SIZE_FIELDS = frozenset({"leverage", "investment_per_order", "dca_config", "max_leg_imbalance"})
"""A change of these must be checked against what the exchange takes."""
LADDER_FIELDS = frozenset({"dca_config", "max_dca_times"})
CYCLE_FIELDS = PAIR_FIELDS | {
    "spread_mode",
    "leverage",
    "margin_mode",
    "market1_direction",
    "market2_direction",
}
"""A change of these makes a cycle of before another one: it can't be gone on with."""


def merge(settings: BotSettings, changes: Mapping[str, Any]) -> BotSettings:
    """Return `settings` with `changes`, judged as a whole.

    Raises:
        Problem: 422 naming the fields.
    """
    merged = {**settings.model_dump(), **changes}
    if "dca_config" in changes and "max_dca_times" not in changes:
        del merged["max_dca_times"]
    try:
        return BotSettings.model_validate(merged)
    except ValidationError as error:
        raise invalid(field_errors(error.errors(include_input=False))) from error


def changed_fields(old: BotSettings, new: BotSettings) -> frozenset[str]:
    """Return the names of the settings that differ."""
    names = BotSettings.model_fields
    return frozenset(name for name in names if getattr(old, name) != getattr(new, name))


def is_idle(bot: Bot) -> bool:
    """Whether the bot is stopped and holds nothing: then all of it may change."""
    return bot.state.status is Status.STOPPED and is_flat(bot)


def is_flat(bot: Bot) -> bool:
    """Whether no position is open and no order under way."""
    return bot.state.is_flat and not bot.intents


def rows_done(bot: Bot) -> int:
    """Return how many rows of the ladder are done or being done."""
    cycle, operation = bot.state.cycle, bot.state.operation
    return max(cycle.level if cycle else 0, operation.level if operation else 0)


def may_still_adopt(cycle: Cycle | None, old: BotSettings, new: BotSettings) -> bool:
    """Whether a cycle handed over under `old` settings means the same under `new` ones."""
    if cycle is None or changed_fields(old, new) & CYCLE_FIELDS:
        return False
    return new.dca_config[: cycle.level] == old.dca_config[: cycle.level]


def require_editable(bot: Bot, new: BotSettings) -> None:
    """Refuse changes that must wait until the bot is stopped and flat.

    Raises:
        Problem: 409 ``not_editable_now`` with the names of the fields.
    """
    if is_idle(bot):
        return
    old, done = bot.config.settings, rows_done(bot)
    locked = changed_fields(old, new) - LIVE_EDITABLE - LADDER_FIELDS
    errors = [
        FieldError(field=name, message="can change only while the bot is stopped and flat")
        for name in BotSettings.model_fields
        if name in locked
    ]
    if new.dca_config[:done] != old.dca_config[:done]:
        message = f"rows 1 to {done} are done: they can change only while the bot is flat"
        errors.append(FieldError(field="dca_config", message=message))
    if errors:
        detail = "Stop the bot and close its position first."
        raise conflict("not_editable_now", detail, errors)


def exit_triggered(bot: Bot) -> str | None:
    """Return the exit that the bot's settings call for at the last tick's prices, if any."""
    state, settings = bot.state, bot.config.settings
    cycle = state.cycle
    if state.status not in (Status.RUNNING, Status.PAUSED):
        return None  # nothing is decided
    if cycle is None or not cycle.level or state.last_spread is None or state.last_pnl is None:
        return None
    percent = pnl_percent(state.last_pnl, cycle.invested, settings)
    action = judge(settings, state, state.last_spread, percent, at=state.last_tick_at)
    return CLOSES.get(action)
