"""Bots as the API shows them."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field

from functions.api.bots.bot_warnings import warnings_of
from functions.api.bots.effects import Applies, Effect
from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import DecimalText, Moment, WarningDetails
from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.bot import Bot, Status, cooldown_until
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.market import Market
from pairtrader.model.order import Side
from pairtrader.model.settings import BotSettings, ProfitBasis
from pairtrader.strategy.imbalance import drift, residual
from pairtrader.views.bots import percent_of, sides_of


class LegResponse(Schema):
    """One side of the open position."""

    symbol: str
    side: Literal["long", "short", "flat"]
    amount: DecimalText
    """Base coins, unsigned."""
    entry_price: DecimalText | None
    notional: DecimalText
    """Entry notional of what is held, quote currency."""
    liquidation_price: DecimalText | None
    """As the exchange last said; null where it named none."""

    @classmethod
    def of(cls, leg: Leg, market: Market) -> "LegResponse":
        """Return the answer that shows `leg`."""
        held = "long" if leg.amount > 0 else "short"
        return cls(
            symbol=market.symbol,
            side=held if leg.amount else "flat",  # type: ignore[arg-type]
            amount=abs(leg.amount),
            entry_price=leg.entry_price,
            notional=leg.cost,
            liquidation_price=leg.liquidation_price,
        )


class PositionSummary(Schema):
    """The open cycle; money in quote currency, spreads in percentage points."""

    cycle_number: int
    market1_side: Side
    market2_side: Side
    level: int
    """Ladder rows done."""
    first_spread: float
    last_spread: float
    invested: DecimalText
    """Summed entry notional of both legs."""
    realised: DecimalText
    fees: DecimalText
    funding: DecimalText
    opened_at: Moment
    legs: list[LegResponse]

    residual: DecimalText
    """By how much leg 1 cost more to enter than leg 2: what fills and lot steps have left."""
    drift: DecimalText | None
    """By how much leg 1 has outgrown leg 2 since, by prices alone."""

    @classmethod
    def of(cls, cycle: Cycle, bot: Bot) -> "PositionSummary":
        """Return the answer that shows the open cycle of `bot`."""
        side1, side2 = sides_of(cycle.direction)
        first, second = bot.state.last_price1, bot.state.last_price2
        return cls(
            cycle_number=bot.state.cycle_number,
            market1_side=side1,
            market2_side=side2,
            level=cycle.level,
            first_spread=cycle.first_spread,
            last_spread=cycle.last_spread,
            invested=cycle.invested,
            realised=cycle.realised,
            fees=cycle.fees,
            funding=cycle.funding,
            opened_at=cycle.opened_at,
            legs=_legs_of(cycle, bot),
            residual=residual(cycle),
            drift=None if first is None or second is None else drift(cycle, (first, second)),
        )


def _legs_of(cycle: Cycle, bot: Bot) -> list[LegResponse]:
    pairs = zip(cycle.legs, bot.config.markets, strict=True)
    return [LegResponse.of(leg, market) for leg, market in pairs]


class BotResponse(BotSettings):
    """A bot: its settings, where it stands and what it has earned."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    investment_per_order: DecimalText
    max_position_value: DecimalText

    id: str
    status: Status
    status_reason: str
    """Why it is paused or in error; empty otherwise."""
    pending_command: str | None
    """Asked for by the user, not carried out yet."""
    exchange_name: ExchangeName
    mode: AccountMode
    generation: int
    """Number of starts."""
    created_at: Moment
    updated_at: Moment
    deleted_at: Moment | None
    """null for a bot that exists."""

    start_price1: DecimalText | None
    start_price2: DecimalText | None
    last_price1: DecimalText | None
    last_price2: DecimalText | None
    spread: float | None
    """At the last tick, percentage points."""
    last_tick_at: Moment | None
    hold_reason: str
    """Why the last tick did nothing."""
    mismatch: str
    """What the exchange held instead of the books when last compared; empty when both agreed."""

    disarmed_side: Side | None
    """Side of market 1 that may not be opened until the spread has been away; None for neither."""
    cooldown_until: Moment | None
    """No entries before this; None without a cooldown after the last close."""

    level: int
    """Ladder rows done; 0 while flat."""
    position: PositionSummary | None
    handed_over: list[LegResponse] | None
    """What the last stop has left to the user and a start may adopt, at the mark of then."""
    pnl: DecimalText | None
    """Net PnL of the open cycle, quote currency."""
    pnl_percent: float | None
    """Of what `pnl_basis` names."""
    pnl_basis: ProfitBasis
    current_cycle: int
    """Cycles finished."""
    total_profit: DecimalText
    """Of all finished cycles, quote currency."""
    total_trades: int
    warnings: list[WarningDetails]

    @classmethod
    def of(cls, bot: Bot) -> "BotResponse":
        """Return the answer that shows `bot`."""
        # What is stored was checked when it was stored: no need to check it again.
        return cls.model_construct(**_values(bot))


class EffectResponse(Schema):
    """From when on a changed setting counts."""

    field: str = Field(examples=["profit_ratio"])
    applies: Applies
    """now: from the next tick on; at_next_entry: with the next row that is done; at_close: when the
    open cycle, or the next one, ends; next_cycle: with the next position that is opened."""


class BotUpdateResponse(BotResponse):
    """A bot after a change of its settings."""

    triggers_exit: Literal["stop_loss", "take_profit", "regression"] | None
    """The exit that the new settings cause at the last tick's prices, if any."""
    effects: list[EffectResponse]
    """One for every setting that was changed by this request."""

    @classmethod
    def after(
        cls, bot: Bot, triggers_exit: str | None, effects: Sequence[Effect]
    ) -> "BotUpdateResponse":
        """Return the answer that shows `bot` and what the change causes."""
        shown = [EffectResponse(field=each.field, applies=each.applies) for each in effects]
        return cls.model_construct(**_values(bot), triggers_exit=triggers_exit, effects=shown)


def _values(bot: Bot) -> dict[str, Any]:
    config, state = bot.config, bot.state
    return {
        **dict(config.settings),
        "id": config.bot_id,
        "status": state.status,
        "status_reason": state.status_reason,
        "pending_command": state.command.kind if state.command else None,
        "exchange_name": config.exchange_name,
        "mode": config.mode,
        "generation": state.generation,
        "created_at": config.created_at,
        "updated_at": config.updated_at,
        "deleted_at": bot.deleted_at or None,
        "start_price1": state.start_price1,
        "start_price2": state.start_price2,
        "last_price1": state.last_price1,
        "last_price2": state.last_price2,
        "spread": state.last_spread,
        "last_tick_at": state.last_tick_at or None,
        "hold_reason": state.hold_reason,
        "mismatch": state.mismatch,
        "disarmed_side": sides_of(state.disarmed)[0] if state.disarmed else None,
        "cooldown_until": cooldown_until(config.settings, state),
        "level": state.cycle.level if state.cycle else 0,
        "position": PositionSummary.of(state.cycle, bot) if state.cycle else None,
        "handed_over": _legs_of(state.handed_over, bot) if state.handed_over else None,
        "pnl": state.last_pnl,
        "pnl_percent": percent_of(config, state),
        "pnl_basis": config.settings.profit_basis,
        "current_cycle": state.current_cycle,
        "total_profit": state.total_profit,
        "total_trades": state.total_trades,
        "warnings": warnings_of(bot),
    }


class ResolveRequest(Schema):
    """How to end an error."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["accept_exchange", "close"] = Field(
        description="accept_exchange: the books take over what the exchange holds; close: what is "
        "left of the position is closed first.",
    )


class StopRequest(Schema):
    """What to do with an open position."""

    model_config = ConfigDict(extra="forbid")

    position: Literal["close", "leave"] | None = Field(
        default=None,
        description="close: close both legs, then stop; leave: hand the position over and stop.",
    )
