"""The live part of a bot: where it stands, without its settings."""

from decimal import Decimal
from typing import Any

from pairtrader.model.bot import BotConfig, BotState, cooldown_until
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.market import Market
from pairtrader.model.order import Side
from pairtrader.strategy.imbalance import drift, residual
from pairtrader.strategy.profit import pnl_percent
from pairtrader.views.texts import iso, iso_or_none, plain, plain_or_none


def sides_of(direction: int) -> tuple[Side, Side]:
    """Return what market 1 and market 2 were opened with: +1 sells market 1."""
    return (Side.SELL, Side.BUY) if direction > 0 else (Side.BUY, Side.SELL)


def percent_of(config: BotConfig, state: BotState) -> float | None:
    """Return the open cycle's net PnL in percent of what `profit_basis` names, None while flat."""
    if state.cycle is None or state.last_pnl is None:
        return None
    return pnl_percent(state.last_pnl, state.cycle.invested, config.settings)


def live_bot(config: BotConfig, state: BotState) -> dict[str, Any]:
    """Return where the bot stands, named and written as in the API's answer that shows a bot."""
    handed_over = state.handed_over
    return {
        "status": str(state.status),
        "status_reason": state.status_reason,
        "pending_command": str(state.command.kind) if state.command else None,
        "generation": state.generation,
        "updated_at": iso(config.updated_at),
        "start_price1": plain_or_none(state.start_price1),
        "start_price2": plain_or_none(state.start_price2),
        "last_price1": plain_or_none(state.last_price1),
        "last_price2": plain_or_none(state.last_price2),
        "spread": state.last_spread,
        "last_tick_at": iso_or_none(state.last_tick_at or None),
        "hold_reason": state.hold_reason,
        "mismatch": state.mismatch,
        "disarmed_side": str(sides_of(state.disarmed)[0]) if state.disarmed else None,
        "cooldown_until": iso_or_none(cooldown_until(config.settings, state)),
        "level": state.cycle.level if state.cycle else 0,
        "position": _position(state.cycle, config, state) if state.cycle else None,
        "handed_over": _legs(handed_over, config) if handed_over else None,
        "pnl": plain_or_none(state.last_pnl),
        "pnl_percent": percent_of(config, state),
        "pnl_basis": str(config.settings.profit_basis),
        "current_cycle": state.current_cycle,
        "total_profit": plain(state.total_profit),
        "total_trades": state.total_trades,
    }


def _position(cycle: Cycle, config: BotConfig, state: BotState) -> dict[str, Any]:
    side1, side2 = sides_of(cycle.direction)
    return {
        "cycle_number": state.cycle_number,
        "market1_side": str(side1),
        "market2_side": str(side2),
        "level": cycle.level,
        "first_spread": cycle.first_spread,
        "last_spread": cycle.last_spread,
        "invested": plain(cycle.invested),
        "realised": plain(cycle.realised),
        "fees": plain(cycle.fees),
        "funding": plain(cycle.funding),
        "opened_at": iso(cycle.opened_at),
        "legs": _legs(cycle, config),
        "residual": plain(residual(cycle)),
        "drift": plain_or_none(_drift(cycle, state.last_price1, state.last_price2)),
    }


def _drift(cycle: Cycle, first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return None if first is None or second is None else drift(cycle, (first, second))


def _legs(cycle: Cycle, config: BotConfig) -> list[dict[str, Any]]:
    return [_leg(leg, market) for leg, market in zip(cycle.legs, config.markets, strict=True)]


def _leg(leg: Leg, market: Market) -> dict[str, Any]:
    held = "long" if leg.amount > 0 else "short"
    return {
        "symbol": market.symbol,
        "side": held if leg.amount else "flat",
        "amount": plain(abs(leg.amount)),
        "entry_price": plain_or_none(leg.entry_price),
        "notional": plain(leg.cost),
        "liquidation_price": plain_or_none(leg.liquidation_price),
    }
