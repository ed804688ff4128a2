"""The bot as a callback of somebody else's engine: the project's decision function as it stands.

A peer asks `look` at each bar and places the orders it returns; orders, fills, fees and accounts
are the peer's. Plain functions over one mutable row of numbers, so that Numba takes them too.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pairtrader.strategy import decision

REFERENCE = Path(__file__).with_name("reference.json")

LEVEL, DIRECTION, FIRST, LAST = 0, 1, 2, 3
AMOUNT1, AMOUNT2, COST1, COST2, FEES = 4, 5, 6, 7, 8
DISARMED, CLOSE_SPREAD = 9, 10
ORDER1, ORDER2 = 11, 12
"""What to trade now: base coins, negative to sell."""
ENTRIES, CLOSES = 13, 14
"""How often so far."""
FIELDS = 15


def reference(changes: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return the settings that everybody runs, changed as a sweep names it.

    Of the paths that a sweep knows these are enough: names of fields, and `ladder.step`, the spread
    of all rows but the first.
    """
    document: dict[str, Any] = json.loads(REFERENCE.read_text())
    for path, value in (changes or {}).items():
        if path == "ladder.step":
            for row in document["dca_config"][1:]:
                row["spread"] = value
        else:
            document[path] = value
    return document


def rules(document: Mapping[str, Any], start1: float, start2: float) -> tuple[Any, ...]:
    """Return the arguments that `look` takes behind the prices."""
    rows = document["dca_config"]
    investment = float(document["investment_per_order"])
    return (
        start1,
        start2,
        tuple(float(row["spread"]) for row in rows),
        tuple(investment * row["multiplier"] for row in rows),
        float(document["max_position_value"]),
        float(document["profit_ratio"]),
        float(document["stop_loss_ratio"]),
        float(document["leverage"]),
        float(document["taker_fee"]),
    )


def looking(decide: Callable[..., int], rearm: Callable[..., int]) -> Callable[..., int]:
    """Return `look`, which asks the given functions: the project's, compiled or not."""

    def look(
        state: Any,
        price1: float,
        price2: float,
        start1: float,
        start2: float,
        row_spreads: tuple[float, ...],
        row_notionals: tuple[float, ...],
        cap: float,
        profit_ratio: float,
        stop_loss_ratio: float,
        leverage: float,
        fee: float,
    ) -> int:
        spread = (price1 / start1 - 1.0) * 100.0 - (price2 / start2 - 1.0) * 100.0
        level = int(state[LEVEL])
        percent = 0.0
        invested = state[COST1] + state[COST2]
        if level > 0:
            value1, value2 = abs(state[AMOUNT1]) * price1, abs(state[AMOUNT2]) * price2
            gained = (state[COST1] - value1 + value2 - state[COST2]) * state[DIRECTION]
            pnl = gained - state[FEES] - (value1 + value2) * fee
            percent = pnl / invested * 100.0 * leverage
        else:
            state[DISARMED] = rearm(
                int(state[DISARMED]), spread, state[CLOSE_SPREAD], row_spreads[0]
            )
        action = decide(
            spread, percent, level, int(state[DIRECTION]), state[FIRST], state[LAST], invested,
            True, False, int(state[DISARMED]), False, row_spreads, row_notionals, cap, 0,
            decision.POSITION, profit_ratio, stop_loss_ratio, True,
        )  # fmt: skip
        if action == decision.OPEN:
            state[DIRECTION] = 1.0 if spread > 0.0 else -1.0
            state[FIRST] = spread
        if action in (decision.OPEN, decision.ADD):
            state[ORDER1] = -state[DIRECTION] * row_notionals[level] / price1
            state[ORDER2] = state[DIRECTION] * row_notionals[level] / price2
            state[AMOUNT1] += state[ORDER1]
            state[AMOUNT2] += state[ORDER2]
            cost1, cost2 = abs(state[ORDER1]) * price1, abs(state[ORDER2]) * price2
            state[COST1] += cost1
            state[COST2] += cost2
            state[FEES] += (cost1 + cost2) * fee
            state[LEVEL] += 1.0
            state[LAST] = spread
            state[ENTRIES] += 1.0
        elif action > decision.ADD:
            state[ORDER1], state[ORDER2] = -state[AMOUNT1], -state[AMOUNT2]
            state[DISARMED], state[CLOSE_SPREAD] = state[DIRECTION], spread
            state[CLOSES] += 1.0
            for field in range(AMOUNT1, FEES + 1):
                state[field] = 0.0
            state[LEVEL], state[DIRECTION] = 0.0, 0.0
        return action

    return look
