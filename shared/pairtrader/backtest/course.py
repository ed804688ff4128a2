"""The course of a run, from one bar that may act to the next.

Written in plain scalars and tuples, so that a compiler can take it as it stands. In between nothing
can happen: the state is constant, and `bounds` say which spreads and prices change nothing.
"""

from typing import Any, NamedTuple

from pairtrader.backtest.bounds import (
    NEVER_ABOVE,
    NEVER_BELOW,
    TOLERANCE,
    harmless_move,
    liquidation_may_near,
    spread_at_stop,
    spread_at_target,
)
from pairtrader.backtest.legs import (
    ABOVE_MAXIMUM_1,
    ABOVE_MAXIMUM_2,
    BELOW_MINIMUM_1,
    BELOW_MINIMUM_2,
    FITS,
    LEGS_DIFFER,
    gross_pnl,
    imbalance,
    liquidation_near,
    lot,
    net_pnl,
    resting_price,
)
from pairtrader.backtest.search import (
    WINDOW,
    first_look_at,
    next_far_outside,
    next_flag,
    next_outside,
)
from pairtrader.strategy.decision import (
    ADD,
    CLOSE_REGRESSION,
    CLOSE_TAKE_PROFIT,
    HOLD,
    OPEN,
    POSITION,
    decide,
    rearm,
)
from pairtrader.strategy.spread import difference, log_ratio

PAUSED_AFTER_CLOSE = -1
"""Why nothing is entered any more, beside the results of `entry_problem`."""

Column = Any
"""Numbers by place: an array for the compiler; for the interpreter what it reads fastest."""


class Tape(NamedTuple):
    """Prices from the first bar on that is looked at, and what is known of them beforehand."""

    times: Column
    open1: Column
    open2: Column
    close1: Column
    close2: Column
    high1: Column
    low1: Column
    high2: Column
    low2: Column
    """Empty where no orders rest."""
    jumped: Column
    """By bar: whether nothing is decided on it."""
    entries: Column
    """By bar: 1 where the spread reaches the first row in an allowed direction. Bytes for the
    interpreter, which looks through them faster than through numbers; empty for the compiler."""
    settled_at: Column
    """Funding of both markets in order, ms UTC."""
    settled_bar: Column
    """The first bar whose close is no earlier."""
    settled_leg: Column
    """0 is market 1."""
    settled_pay: Column
    """What one coin held long pays: mark times rate, quote currency."""
    spreads: Column
    block_lows: Column
    block_highs: Column
    window_lows: Column
    window_highs: Column
    """Extremes of the spread; below, of the closes."""
    least1: Column
    most1: Column
    least2: Column
    most2: Column


class Deal(NamedTuple):
    """The settings and terms of a run, as numbers."""

    row_spreads: Column
    row_notionals: Column
    max_position_value: float
    fixed_direction: int
    profit_mode: int
    profit_ratio: float
    stop_loss_ratio: float
    requires_profit: bool
    logarithmic: bool
    start1: float
    start2: float
    slack: float
    """By how much `Tape.spreads` may miss the spread itself, points."""
    enter_low: float
    enter_high: float
    """Spreads within which nothing opens."""
    top1: float
    top2: float
    """Highest closes."""
    basis: float
    """What percentages of the notional are multiplied by: the leverage, on the margin."""
    timeframe: int
    cooldown: int
    """ms."""
    jumps: bool
    """Whether any bar has jumped."""
    fills_at_close: bool
    rests_to_open: bool
    rests_to_close: bool
    slippage: float
    taker_fee: float
    maker_fee: float
    has_lots: bool
    step1: float
    step2: float
    per_unit1: float
    per_unit2: float
    min_amount1: float
    min_amount2: float
    max_amount1: float
    max_amount2: float
    min_notional1: float
    min_notional2: float
    at_worst: float
    """A sale's bound as a share of the price: it is the bound that the exchange judges."""
    max_imbalance: float
    price_step1: float
    price_step2: float
    prices_per_unit1: float
    prices_per_unit2: float
    is_guarded: bool
    isolated: float
    buffer: float
    capital: float
    pauses: bool


class Ledger(NamedTuple):
    """The columns of `Trades`, to be written."""

    signal: Column
    bar: Column
    action: Column
    direction: Column
    level: Column
    spread: Column
    amount1: Column
    amount2: Column
    price1: Column
    price2: Column
    fee1: Column
    fee2: Column
    maker1: Column
    maker2: Column
    funding: Column
    net: Column


class Ending(NamedTuple):
    """What is left at the end of a run."""

    trades: int
    is_open: bool
    net: float
    funding: float
    paused_at: int
    """-1: never."""
    pause_code: int
    pause_level: int
    pause_imbalance: float
    lapsed: int


def next_entry(tape: Tape, start: int, end: int, low: float, high: float) -> int:
    """Return the first bar from `start` on that may open, else `end`.

    The compiler takes another function of this name: it has no bytes to look through.
    """
    return next_flag(tape.entries, start, end)


def entry_problem(deal: Deal, amount1: float, amount2: float, price1: float, price2: float) -> int:
    """Return why an entry is impossible, `legs.FITS` where it is not: what the live bot checks."""
    value1, value2 = amount1 * price1, amount2 * price2
    for amount, value, least, most, notional, below, above in (
        (
            amount1,
            value1,
            deal.min_amount1,
            deal.max_amount1,
            deal.min_notional1,
            BELOW_MINIMUM_1,
            ABOVE_MAXIMUM_1,
        ),
        (
            amount2,
            value2,
            deal.min_amount2,
            deal.max_amount2,
            deal.min_notional2,
            BELOW_MINIMUM_2,
            ABOVE_MAXIMUM_2,
        ),
    ):
        if amount <= 0.0 or amount < least or value * deal.at_worst < notional:
            return below
        if amount > most:
            return above
    if imbalance(value1, value2) > deal.max_imbalance:
        return LEGS_DIFFER
    return FITS


def rested_fill(
    tape: Tape, deal: Deal, bar: int, way: int, factor1: float, factor2: float
) -> tuple[int, float, float, bool, bool]:
    """Return what became of both limit orders of `bar`: where, prices, whether each rested.

    They rest at the close, for one bar: whoever rests is filled if it trades through the price. A
    leg that is not goes to market at that bar's close if the other one is filled. The bar is -1
    where neither is, or no bar follows at once. `way` is +1 where market 1 is sold.
    """
    after = bar + 1
    if after >= len(tape.times) or tape.times[after] - tape.times[bar] != deal.timeframe:
        return -1, 0.0, 0.0, False, False
    price1 = resting_price(tape.close1[bar], deal.price_step1, deal.prices_per_unit1)
    price2 = resting_price(tape.close2[bar], deal.price_step2, deal.prices_per_unit2)
    if way > 0:
        rested1, rested2 = tape.high1[after] > price1, tape.low2[after] < price2
    else:
        rested1, rested2 = tape.low1[after] < price1, tape.high2[after] > price2
    if not rested1 and not rested2:
        return -1, 0.0, 0.0, False, False
    if not rested1:
        price1 = tape.close1[after] * factor1
    if not rested2:
        price2 = tape.close2[after] * factor2
    return after, price1, price2, rested1, rested2


# One body, as the decision function is: the state of a run is its local variables.
def course(tape: Tape, deal: Deal, ledger: Ledger) -> Ending:  # noqa: C901, PLR0912, PLR0915
    """Run `deal` over `tape`, write the trades to `ledger` and return what is left at the end."""
    times, close1, close2 = tape.times, tape.close1, tape.close2
    spreads, block_lows, block_highs = tape.spreads, tape.block_lows, tape.block_highs
    window_lows, window_highs = tape.window_lows, tape.window_highs
    jumped, settled_bar = tape.jumped, tape.settled_bar
    least1, most1, least2, most2 = tape.least1, tape.most1, tape.least2, tape.most2
    rows, notionals, cap = deal.row_spreads, deal.row_notionals, deal.max_position_value
    fixed, mode, basis = deal.fixed_direction, deal.profit_mode, deal.basis
    target, stop, requires_profit = deal.profit_ratio, deal.stop_loss_ratio, deal.requires_profit
    logarithmic, start1, start2 = deal.logarithmic, deal.start1, deal.start2
    slack, timeframe, taker = deal.slack, deal.timeframe, deal.taker_fee
    (
        signals, fills, actions, directions, levels, deciding, amounts1, amounts2,
        prices1, prices2, fees1, fees2, makers1, makers2, fundings, nets,
    ) = ledger  # fmt: skip
    open1, open2, at_close = tape.open1, tape.open2, deal.fills_at_close
    has_lots, to_open, to_close = deal.has_lots, deal.rests_to_open, deal.rests_to_close
    is_guarded, isolated, buffer = deal.is_guarded, deal.isolated, deal.buffer
    up, down = 1.0 + deal.slippage, 1.0 - deal.slippage
    bars, settlements, row1 = len(times), len(settled_bar), rows[0]
    # A number read from afar is what a compiled run waits for: those not needed stay unread.
    is_timed, jumps = settlements > 0 or deal.cooldown > 0, deal.jumps

    bar, count, lapsed, settled = 0, 0, 0, 0
    allowed, paused_at, pause_code, pause_level, pause_imbalance = True, -1, FITS, 0, 0.0
    disarmed, close_spread, cool_until = 0, 0.0, 0
    level, direction, first_spread, last_spread = 0, 0, 0.0, 0.0
    amount1, amount2, cost1, cost2, invested, fees, funding = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    fixed_profit, weight1, weight2, to_take, to_stop = 0.0, 0.0, 0.0, 0.0, 0.0
    low_fixed, high_fixed = NEVER_BELOW, NEVER_ABOVE
    calm_low1, calm_high1, calm_low2, calm_high2 = 0.0, 0.0, 0.0, 0.0
    is_new = False

    while bar < bars:
        near = False
        if level == 0:
            if not allowed:
                break
            if disarmed != 0:  # until it is not, nothing opens: the other side arms it as well
                if disarmed > 0:
                    low, high = row1 + slack, row1 + close_spread - slack
                else:
                    low, high = close_spread - row1 + slack, -row1 - slack
                if low < spreads[bar] < high:  # seldom: most spreads close on their way back
                    bar = next_far_outside(
                        spreads, block_lows, block_highs, window_lows, window_highs,
                        bar, bars, low, high,
                    )  # fmt: skip
                    if bar >= bars:
                        break
                if not (jumps and jumped[bar]):
                    if logarithmic:
                        spread = log_ratio(close1[bar], start1, close2[bar], start2)
                    else:
                        spread = difference(close1[bar], start1, close2[bar], start2)
                    disarmed = rearm(disarmed, spread, close_spread, row1)
                if disarmed != 0:
                    bar += 1
                    continue
            if cool_until > 0 and times[bar] + timeframe < cool_until:
                bar = first_look_at(times, timeframe, bar, cool_until)
            signal = next_entry(tape, bar, bars, deal.enter_low, deal.enter_high)
            bar = signal + 1
            if signal >= bars or (jumps and jumped[signal]):
                continue
            price1, price2, percent = close1[signal], close2[signal], 0.0
            if logarithmic:
                spread = log_ratio(price1, start1, price2, start2)
            else:
                spread = difference(price1, start1, price2, start2)
        else:
            while settled < settlements and settled_bar[settled] <= bar:
                pay = tape.settled_pay[settled]
                if tape.settled_leg[settled] == 0:
                    funding += direction * amount1 * pay
                else:
                    funding -= direction * amount2 * pay
                settled, is_new = settled + 1, True
            if is_new:  # the position has changed, and with it every bound
                is_new = False
                weight1 = -amount1 * (1.0 + taker) if direction > 0 else amount1 * (1.0 - taker)
                weight2 = amount2 * (1.0 - taker) if direction > 0 else -amount2 * (1.0 + taker)
                fixed_profit = funding - fees + direction * (cost1 - cost2)
                tolerance = TOLERANCE * (
                    invested + abs(funding) + amount1 * deal.top1 + amount2 * deal.top2
                )
                share = invested / 100.0 / basis
                to_stop = tolerance - stop * share - fixed_profit
                to_take = (target * share if mode == POSITION else 0.0) - tolerance - fixed_profit
                if logarithmic:
                    weight1 *= start1 / start2
                else:
                    weight2 += weight1 * start1 / start2
                    weight1 *= start1 / 100.0
                low_fixed, high_fixed = NEVER_BELOW, NEVER_ABOVE
                if allowed and level < len(rows) and invested + 2.0 * notionals[level] <= cap:
                    if direction > 0:
                        high_fixed = last_spread + rows[level] - slack
                    else:
                        low_fixed = last_spread - rows[level] + slack
                if is_guarded:
                    move = harmless_move(
                        cost1, cost2, deal.capital + (funding - fees), isolated, buffer
                    )
                    calm_low1 = cost1 / amount1 * (1.0 - move)
                    calm_high1 = cost1 / amount1 * (1.0 + move)
                    calm_low2 = cost2 / amount2 * (1.0 - move)
                    calm_high2 = cost2 / amount2 * (1.0 + move)
            # Bounds hold for a window, and until a settlement moves the profit.
            window = bar // WINDOW
            end = min(bars, (window + 1) * WINDOW)
            if settled < settlements and settled_bar[settled] < end:
                end = settled_bar[settled]
            lowest2, highest2 = least2[window], most2[window]
            if logarithmic:
                take = spread_at_target(to_take, weight1, weight2, lowest2, highest2)
                lose = spread_at_stop(to_stop, weight1, weight2, lowest2, highest2)
            elif weight2 > 0.0:
                take = (to_take - weight2 * highest2) / weight1
                lose = (to_stop - weight2 * lowest2) / weight1
            else:
                take = (to_take - weight2 * lowest2) / weight1
                lose = (to_stop - weight2 * highest2) / weight1
            if direction > 0:
                if mode != POSITION:
                    back = first_spread - target
                    take = min(take, back) if requires_profit else back
                low, high = take + slack, min(lose - slack, high_fixed)
            else:
                if mode != POSITION:
                    back = first_spread + target
                    take = max(take, back) if requires_profit else back
                low, high = max(lose + slack, low_fixed), take - slack
            may_near = is_guarded and (
                least1[window] < calm_low1
                or most1[window] > calm_high1
                or lowest2 < calm_low2
                or highest2 > calm_high2
            )
            if may_near:
                may_near = liquidation_may_near(
                    direction, amount1, cost1, amount2, cost2,
                    least1[window], most1[window], lowest2, highest2,
                    deal.capital + (funding - fees), isolated, buffer,
                )  # fmt: skip
                if may_near:
                    low = NEVER_ABOVE  # every bar is beyond it: each is looked at
            signal = next_outside(spreads, block_lows, block_highs, bar, end, low, high)
            if signal >= end:
                bar = end
                continue
            bar = signal + 1
            if jumps and jumped[signal]:
                continue
            price1, price2 = close1[signal], close2[signal]
            if logarithmic:
                spread = log_ratio(price1, start1, price2, start2)
            else:
                spread = difference(price1, start1, price2, start2)
            carried = funding - fees
            pnl = net_pnl(direction, amount1, cost1, amount2, cost2, price1, price2, carried, taker)
            percent = pnl / invested * 100.0 * basis
            if may_near:
                near = liquidation_near(
                    direction, amount1, cost1, amount2, cost2, price1, price2,
                    deal.capital + carried, isolated, buffer,
                )  # fmt: skip

        action = decide(
            spread, percent, level, direction, first_spread, last_spread, invested, allowed,
            near, 0, False, rows, notionals, cap, fixed, mode, target, stop, requires_profit,
        )  # fmt: skip
        if action <= HOLD:
            continue

        enters = action in (OPEN, ADD)
        if enters:
            side = way = direction if level > 0 else (1 if spread > 0.0 else -1)
            rests = to_open
            size1, size2 = notionals[level] / price1, notionals[level] / price2
            if has_lots:
                size1 = lot(notionals[level], price1, deal.step1, deal.per_unit1)
                size2 = lot(notionals[level], price2, deal.step2, deal.per_unit2)
                pause_code = entry_problem(deal, size1, size2, price1, price2)
                if pause_code != FITS:
                    allowed, paused_at, pause_level, is_new = False, signal, level + 1, True
                    pause_imbalance = imbalance(size1 * price1, size2 * price2)
                    continue
        else:
            side, way = direction, -direction
            rests = to_close and action in (CLOSE_TAKE_PROFIT, CLOSE_REGRESSION)
            size1, size2 = amount1, amount2
        factor1, factor2 = (down, up) if way > 0 else (up, down)
        fee_rate1, fee_rate2, rested1, rested2 = taker, taker, False, False
        if rests:
            filled, price1, price2, rested1, rested2 = rested_fill(
                tape, deal, signal, way, factor1, factor2
            )
            filled_at = times[filled] + timeframe if filled >= 0 else 0
            fee_rate1 = deal.maker_fee if rested1 else taker
            fee_rate2 = deal.maker_fee if rested2 else taker
        elif at_close:
            filled, filled_at = signal, times[signal] + timeframe if is_timed else 0
            price1, price2 = price1 * factor1, price2 * factor2
        else:
            filled, filled_at = -1, 0
            if bar < bars and not (enters and times[bar] - times[signal] != timeframe):
                filled, filled_at = bar, times[bar]
                price1, price2 = open1[bar] * factor1, open2[bar] * factor2
        if filled < 0:
            lapsed += 1 if enters else 0
            continue

        # What was held until the fill is charged first; while flat nothing is.
        while settled < settlements and tape.settled_at[settled] <= filled_at:
            if level > 0:
                pay = tape.settled_pay[settled]
                if tape.settled_leg[settled] == 0:
                    funding += direction * amount1 * pay
                else:
                    funding -= direction * amount2 * pay
            settled += 1
        value1, value2 = size1 * price1, size2 * price2
        fee1, fee2 = value1 * fee_rate1, value2 * fee_rate2
        fees = fees + fee1 + fee2
        if enters:
            level += 1
            direction, is_new = side, True
            amount1, amount2 = amount1 + size1, amount2 + size2
            cost1, cost2 = cost1 + value1, cost2 + value2
            invested = cost1 + cost2
            if level == 1:
                first_spread = spread
            last_spread = spread
        signals[count] = signal
        fills[count] = filled
        actions[count] = action
        directions[count] = side
        levels[count] = level
        deciding[count] = spread
        amounts1[count] = size1
        amounts2[count] = size2
        prices1[count] = price1
        prices2[count] = price2
        fees1[count] = fee1
        fees2[count] = fee2
        makers1[count] = rested1
        makers2[count] = rested2
        if enters:
            fundings[count], nets[count] = 0.0, 0.0
        else:
            gross = gross_pnl(direction, value1, cost1, value2, cost2)
            fundings[count], nets[count] = funding, funding - fees + gross
            disarmed, close_spread = direction, spread
            cool_until = filled_at + deal.cooldown if deal.cooldown else 0
            level, direction, first_spread, last_spread = 0, 0, 0.0, 0.0
            amount1, amount2, cost1, cost2, invested = 0.0, 0.0, 0.0, 0.0, 0.0
            fees, funding = 0.0, 0.0
            if deal.pauses and allowed:
                allowed, paused_at, pause_code = False, filled, PAUSED_AFTER_CLOSE
        count += 1

    net = 0.0
    if level > 0:
        while settled < settlements and settled_bar[settled] < bars:
            pay = tape.settled_pay[settled]
            if tape.settled_leg[settled] == 0:
                funding += direction * amount1 * pay
            else:
                funding -= direction * amount2 * pay
            settled += 1
        net = net_pnl(
            direction, amount1, cost1, amount2, cost2,
            close1[bars - 1], close2[bars - 1], funding - fees, taker,
        )  # fmt: skip
    return Ending(
        count, level > 0, net, funding, paused_at, pause_code, pause_level, pause_imbalance, lapsed
    )
