"""History rows made of a bot's state: positions, cycles and lines of the log."""

import secrets
from decimal import Decimal

from pairtrader.model.bot import BotConfig, BotState
from pairtrader.model.cycle import Cycle
from pairtrader.model.events import EventKind
from pairtrader.model.records import CycleRecord, LogRecord, LogType, PositionRecord

Detail = str | int | float | bool | None


def log_record(
    bot_id: str,
    log_type: LogType,
    message: str,
    now: int,
    event: EventKind | None = None,
    **details: Detail | Decimal,
) -> LogRecord:
    """Return one line of the bot's log; its id sorts by time. One with an `event` is sent out."""
    plain: dict[str, Detail] = {
        key: format(value, "f") if isinstance(value, Decimal) else value
        for key, value in details.items()
    }
    line_id = f"{now:013d}-{secrets.token_hex(4)}"
    return LogRecord(bot_id, line_id, log_type, message, plain, now, event)


def position_records(
    config: BotConfig, state: BotState, cycle: Cycle, now: int
) -> tuple[PositionRecord, PositionRecord]:
    """Return both legs of the cycle as they stand."""
    rows = []
    for index, (leg, market) in enumerate(zip(cycle.legs, config.markets, strict=True)):
        sold = (cycle.direction > 0) == (index == 0)
        is_open = leg.amount != 0
        entry = leg.entry_cost / leg.entered if leg.entered else Decimal(0)
        cost_of_exited = leg.entry_cost - leg.cost
        realised = leg.proceeds - cost_of_exited
        rows.append(
            PositionRecord(
                bot_id=config.bot_id,
                cycle_number=state.cycle_number,
                leg=index,
                symbol=market.symbol,
                side="short" if sold else "long",
                amount=abs(leg.amount) if is_open else leg.entered,
                entry_price=(leg.entry_price or entry) if is_open else entry,
                is_open=is_open,
                created_at=cycle.opened_at,
                updated_at=now,
                closed_at=None if is_open else now,
                exit_price=leg.proceeds / leg.exited if leg.exited else None,
                realised_pnl=-realised if sold else realised,
            )
        )
    return rows[0], rows[1]


def cycle_record(
    config: BotConfig,
    state: BotState,
    cycle: Cycle,
    *,
    reason: str = "",
    close_spread: float | None = None,
    closed_at: int | None = None,
) -> CycleRecord:
    """Return the cycle's row; `reason`, `close_spread` and `closed_at` are for an ended one."""
    return CycleRecord(
        bot_id=config.bot_id,
        user_id=config.user_id,
        cycle_number=state.cycle_number,
        direction=cycle.direction,
        levels=cycle.level,
        first_spread=cycle.first_spread,
        last_spread=cycle.last_spread,
        close_spread=close_spread,
        invested=cycle.invested,
        realised=cycle.realised,
        fees=cycle.fees,
        funding=cycle.funding,
        net_pnl=net_profit(cycle),
        reason=reason,
        opened_at=cycle.opened_at,
        closed_at=closed_at,
        mode=config.mode,
        market1_symbol=config.market1.symbol,
        market2_symbol=config.market2.symbol,
        bot_name=config.settings.bot_name,
    )


def net_profit(cycle: Cycle) -> Decimal:
    """Return what the cycle has brought in so far, fees and funding included, quote currency."""
    return cycle.realised + cycle.funding - cycle.fees
