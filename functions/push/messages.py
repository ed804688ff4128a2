"""The messages that a change makes, without the number that each topic's audience sees."""

from dataclasses import dataclass
from typing import Any

from functions.push.changes import Row, StateChange
from pairtrader.model.bot import BotConfig, BotState
from pairtrader.model.records import LogRecord, OrderRecord, PositionRecord
from pairtrader.model.research import Job
from pairtrader.views.bots import live_bot, percent_of
from pairtrader.views.records import log_row, order_row, position_row
from pairtrader.views.texts import iso, plain_or_none

MOVING = ("last_price1", "last_price2", "spread", "last_tick_at", "pnl", "pnl_percent")
"""What every tick changes and `spread_update` tells."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to whoever watches a bot."""

    type: str
    bot_id: str
    at: int
    """When the news were made, ms UTC."""
    values: dict[str, Any]

    def numbered(self, subscription: str, number: int) -> dict[str, Any]:
        """Return what is sent to those who subscribed to `subscription`: the bot's id or "*"."""
        head = {"type": self.type, "bot_id": self.bot_id, "subscription": subscription}
        return head | {"seq": number, "at": iso(self.at)} | self.values


@dataclass(frozen=True, slots=True)
class JobMessage:
    """One message to a user about a backtest or an analysis."""

    job: Job
    at: int
    """When the news were made, ms UTC."""

    def numbered(self, subscription: str, number: int) -> dict[str, Any]:
        """Return what is sent to those who subscribed to `subscription`."""
        job, failure = self.job, self.job.failure
        return {
            "type": "backtest_update",
            "subscription": subscription,
            "seq": number,
            "at": iso(self.at),
            "id": job.id,
            "kind": job.kind.value,
            "status": job.status.value,
            "stage": job.stage.value,
            "progress": job.progress,
            "cancel_requested": job.cancel_requested,
            "error": {"code": failure.code, "detail": failure.detail} if failure else None,
        }


def state_messages(change: StateChange, config: BotConfig) -> list[Message]:
    """Return the messages that a change of the state makes, prices first."""
    old, new = change.old, change.new
    looked = old is None or new.last_tick_at != old.last_tick_at
    messages = []
    if looked and new.last_spread is not None:
        messages.append(Message("spread_update", new.bot_id, new.last_tick_at, _look(config, new)))
    if old is None or _is_of_api(old, new, config) or _stands_otherwise(old, new, config):
        live = live_bot(config, new)
        messages.append(Message("bot_update", new.bot_id, _news_of(config, new), live))
    return messages


def _is_of_api(old: BotState, new: BotState, config: BotConfig) -> bool:
    """Whether the write may have changed settings, which the state does not show.

    A tick writes what it has looked at, or holds the lease; beside a lease the settings' own time
    tells.
    """
    if new.revision == old.revision or new.last_tick_at != old.last_tick_at:
        return False
    return not (old.lease_owner or new.lease_owner) or config.updated_at >= new.last_tick_at


def _look(config: BotConfig, state: BotState) -> dict[str, Any]:
    return {
        "spread": state.last_spread,
        "market1_price": plain_or_none(state.last_price1),
        "market2_price": plain_or_none(state.last_price2),
        "pnl": plain_or_none(state.last_pnl),
        "pnl_percent": percent_of(config, state),
    }


def _stands_otherwise(old: BotState, new: BotState, config: BotConfig) -> bool:
    return _standing(config, old) != _standing(config, new)


def _standing(config: BotConfig, state: BotState) -> dict[str, Any]:
    """Return what is shown of the bot apart from what moves with the prices."""
    shown = live_bot(config, state)
    for name in MOVING:
        del shown[name]
    if shown["position"] is not None:
        del shown["position"]["drift"]
    return shown


def _news_of(config: BotConfig, state: BotState) -> int:
    return max(config.updated_at, state.last_tick_at)


def row_message(row: Row, state: BotState | None) -> Message:
    """Return the message that a row makes; open positions are shown at the state's prices."""
    match row:
        case OrderRecord():
            return Message("order_update", row.bot_id, row.updated_at, order_row(row))
        case PositionRecord():
            state = state or BotState(row.bot_id)
            return Message("position_update", row.bot_id, row.updated_at, position_row(row, state))
        case LogRecord():
            return Message("log", row.bot_id, row.created_at, log_row(row))
