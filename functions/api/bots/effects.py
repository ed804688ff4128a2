"""When a change of a bot's settings is felt: what its ticks read, and when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from functions.api.bots.edits import changed_fields, is_idle
from pairtrader.model.bot import Bot
from pairtrader.model.settings import BotSettings


class Applies(StrEnum):
    """From when on a new setting counts."""

    NOW = "now"
    AT_NEXT_ENTRY = "at_next_entry"
    """With the next row of the ladder that is done."""
    AT_CLOSE = "at_close"
    """When the open cycle, or the next one, ends."""
    NEXT_CYCLE = "next_cycle"
    """With the next position that is opened."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A setting that was changed, and from when on it counts."""

    field: str
    applies: Applies


def _now(_: Bot) -> Applies:
    return Applies.NOW


def _at_next_entry(_: Bot) -> Applies:
    return Applies.AT_NEXT_ENTRY


def _at_close(_: Bot) -> Applies:
    return Applies.AT_CLOSE


def _exit(bot: Bot) -> Applies:
    """Exits are judged anew at every look, but only of an open cycle."""
    return Applies.NOW if bot.state.cycle is not None else Applies.NEXT_CYCLE


def _cooldown(bot: Bot) -> Applies:
    """A cooldown is counted from the last close: it may be longer or over at once."""
    waiting = bot.state.cycle is None and bot.state.closed_at
    return Applies.NOW if waiting else Applies.AT_CLOSE


_RULES: Mapping[str, Callable[[Bot], Applies]] = {
    "bot_name": _now,
    "profit_ratio": _exit,
    "stop_loss_ratio": _exit,
    "pause_after_close": _at_close,
    "cooldown_seconds": _cooldown,
    # Read at every tick, of orders that are under way as well.
    "tick_interval_seconds": _now,
    "limit_timeout_seconds": _now,
    "leg_timeout_seconds": _now,
    # A position over a lowered cap is not reduced, a ladder's rows done are not undone.
    "max_position_value": _at_next_entry,
    "dca_config": _at_next_entry,
    "max_dca_times": _at_next_entry,
}
"""Settings that may change while the bot is not stopped and flat."""


def effects_of(old: BotSettings, bot: Bot) -> tuple[Effect, ...]:
    """Return from when on each setting counts in which `bot` differs from `old`."""
    changed = changed_fields(old, bot.config.settings)
    names = [name for name in BotSettings.model_fields if name in changed]
    return tuple(Effect(name, _applies(name, bot)) for name in names)


def _applies(name: str, bot: Bot) -> Applies:
    if name != "bot_name" and is_idle(bot):
        return Applies.NEXT_CYCLE
    return _RULES[name](bot)
