"""The one decision function, live and in backtests.

It takes plain scalars and small tuples and returns a number, so that a compiler can take it as it
stands: no classes, no enums, no exceptions. Directions: +1 sells market 1 and buys market 2, -1 is
the reverse, 0 is none.
"""

# Results. Those above HOLD act; the others say why nothing is done.
OPEN = 1
ADD = 2
CLOSE_LIQUIDATION = 3
CLOSE_STOP_LOSS = 4
CLOSE_TAKE_PROFIT = 5
CLOSE_REGRESSION = 6
HOLD = 0
HOLD_NO_ENTRIES = -1
HOLD_BELOW_LADDER = -2
HOLD_DIRECTION = -3
HOLD_DISARMED = -4
HOLD_COOLDOWN = -5
HOLD_CAP = -6
HOLD_LADDER_DONE = -7

# Values of `profit_mode`.
POSITION = 0
REGRESSION = 1


def rearm(disarmed: int, spread: float, close_spread: float, first_row: float) -> int:
    """Return the direction still disarmed after a look at `spread` (points) while flat.

    A direction comes back once the spread has been below the first row, or has widened by the
    first row's spread since the close.
    """
    if disarmed == 0:
        return 0
    ahead = spread * disarmed
    if ahead < first_row or ahead - close_spread * disarmed >= first_row:
        return 0
    return disarmed


# One body, however many branches: a compiler takes it whole, and so does a reader.
def decide(  # noqa: C901, PLR0911, PLR0912
    spread: float,
    pnl_percent: float,
    level: int,
    direction: int,
    first_spread: float,
    last_spread: float,
    invested: float,
    entries_allowed: bool,
    liquidation_near: bool,
    disarmed: int,
    cooling: bool,
    row_spreads: tuple[float, ...],
    row_notionals: tuple[float, ...],
    max_position_value: float,
    fixed_direction: int,
    profit_mode: int,
    profit_ratio: float,
    stop_loss_ratio: float,
    regression_requires_profit: bool,
) -> int:
    """Return the one thing to do at this look at the pair.

    Args:
        spread: points.
        pnl_percent: net PnL in percent of invested, on the bot's basis; 0 while flat.
        level: ladder rows done; 0 while flat.
        direction: of the open cycle; 0 while flat.
        first_spread: spread of the tick that decided the first entry, points.
        last_spread: spread of the tick that decided the last entry, points.
        invested: summed entry notional of both legs, quote currency.
        entries_allowed: whether the bot's status and guards let exposure rise.
        liquidation_near: whether a leg has used up its way to liquidation.
        disarmed: direction that may not open yet, 0 for none.
        cooling: whether the cooldown after a close still runs.
        row_spreads: the ladder's spreads, points.
        row_notionals: notional of one leg of each row, quote currency.
        max_position_value: cap on `invested`, quote currency.
        fixed_direction: the only direction allowed, 0 for both.
        profit_mode: POSITION or REGRESSION.
        profit_ratio: percent of invested or points, by `profit_mode`.
        stop_loss_ratio: percent of invested.
        regression_requires_profit: whether a regression closes with a net profit only.
    """
    if level > 0:
        if liquidation_near:
            return CLOSE_LIQUIDATION
        if pnl_percent <= -stop_loss_ratio:
            return CLOSE_STOP_LOSS
        if profit_mode == POSITION:
            if pnl_percent >= profit_ratio:
                return CLOSE_TAKE_PROFIT
        elif (first_spread - spread) * direction >= profit_ratio and (
            pnl_percent > 0.0 or not regression_requires_profit
        ):
            return CLOSE_REGRESSION

    if not entries_allowed:
        return HOLD_NO_ENTRIES
    if level >= len(row_spreads):
        return HOLD_LADDER_DONE
    if level > 0:
        if (spread - last_spread) * direction < row_spreads[level]:
            return HOLD_BELOW_LADDER
    else:
        if abs(spread) < row_spreads[0]:
            return HOLD_BELOW_LADDER
        wanted = 1 if spread > 0.0 else -1
        if fixed_direction not in (0, wanted):
            return HOLD_DIRECTION
        if disarmed == wanted:
            return HOLD_DISARMED
        if cooling:
            return HOLD_COOLDOWN
    if invested + 2.0 * row_notionals[level] > max_position_value:
        return HOLD_CAP
    return ADD if level > 0 else OPEN
