"""The float64 sums against the exact ones that the live bot and the simulated exchange do."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pairtrader.backtest import legs
from pairtrader.backtest.bounds import harmless_move, liquidation_may_near
from pairtrader.exchanges.simulated.books import Books, Holding, LeverageSetting
from pairtrader.exchanges.simulated.margin import liquidation_price
from pairtrader.model.account import MarginMode
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.market import Market, Quote
from pairtrader.strategy.profit import net_pnl
from pairtrader.trading.look import liquidation_near

D = Decimal


def market(step: str = "0.001", price_step: str = "0.01") -> Market:
    return Market(
        "ONE-USDT", "ONE", "USDT", D(step), D(0), D(0), D(price_step), D("0.0005"), D("0.0002")
    )


def per_unit(step: str) -> float:
    whole = 1 / D(step)
    return float(whole) if whole == whole.to_integral_value() else 0.0


STEPS = st.sampled_from(["0.001", "0.1", "1", "10", "0.25", "0.3", "0.0000001"])


@given(
    notional=st.decimals(1, 100_000, places=2), price=st.decimals(1, 90_000, places=4), step=STEPS
)
def test_lots_are_those_of_the_market(notional: Decimal, price: Decimal, step: str) -> None:
    exact = market(step).round_amount(notional / price)
    count = notional / price / D(step)
    # One part in 10^12 short of a whole step counts as that step.
    assume(count % 1 == 0 or count * D("2e-15") < count % 1 < 1 - count * D("2e-12"))

    found = legs.lot(float(notional), float(price), float(step), per_unit(step))

    assert found == (float(exact) if per_unit(step) else pytest.approx(float(exact), rel=1e-15))


def test_a_whole_lot_is_not_lost_to_the_rounding_of_floats() -> None:
    assert 0.3 / 0.1 / 0.1 < 30
    assert legs.lot(0.3, 0.1, 0.1, 10.0) == 3.0


@given(price=st.decimals("0.01", 90_000, places=4), step=STEPS)
def test_limit_prices_are_those_of_the_market(price: Decimal, step: str) -> None:
    exact = market(price_step=step).round_price(price)

    found = legs.resting_price(float(price), float(step), per_unit(step))

    assert found == pytest.approx(float(exact), rel=1e-15)


@pytest.mark.parametrize(("price", "rounded"), [(0.125, 0.0), (0.375, 0.5), (0.3751, 0.5)])
def test_half_a_price_step_goes_to_the_even_one(price: float, rounded: float) -> None:
    assert legs.resting_price(price, 0.25, 4.0) == rounded


MONEY = st.floats(10, 10_000)
MOVE = st.floats(0.3, 2.5)


def legs_of(
    direction: int, costs: tuple[float, float], prices: tuple[float, float]
) -> tuple[Leg, Leg]:
    made = []
    for sign, cost, price in zip((-direction, direction), costs, prices, strict=True):
        amount = D(cost) / D(price)
        made.append(Leg(amount=sign * amount, cost=D(cost), entered=amount, entry_cost=D(cost)))
    return made[0], made[1]


@given(st.sampled_from([1, -1]), MONEY, MONEY, MOVE, MOVE, st.floats(-50, 50))
def test_net_pnl_is_the_live_bots(
    direction: int, cost1: float, cost2: float, move1: float, move2: float, carried: float
) -> None:
    both = legs_of(direction, (cost1, cost2), (100.0, 7.0))
    now = (100 * move1, 7 * move2)
    quotes = [Quote("X", D(price), D(price), 0) for price in now]
    cycle = Cycle(direction, legs=both, funding=D(carried))
    exact = net_pnl(cycle, (market(), market()), (quotes[0], quotes[1]))

    found = legs.net_pnl(
        direction, cost1 / 100, cost1, cost2 / 7, cost2, now[0], now[1], carried, 0.0005
    )

    assert found == pytest.approx(float(exact), rel=1e-9, abs=1e-9)


@given(
    st.sampled_from([1, -1]), MONEY, MONEY, MOVE, MOVE, st.floats(-10, 5_000),
    st.sampled_from([0, 1, 5, 20]), st.sampled_from([75.0, 20.0, 99.0]),
)  # fmt: skip
def test_the_guard_sees_the_liquidation_of_the_simulated_exchange(
    direction: int,
    cost1: float,
    cost2: float,
    move1: float,
    move2: float,
    capital: float,
    isolated: int,
    buffer: float,
) -> None:
    both, marks = legs_of(direction, (cost1, cost2), (100.0, 7.0)), {}
    setting = LeverageSetting(isolated or 10, MarginMode.ISOLATED if isolated else MarginMode.CROSS)
    books = Books(balance=D(capital))
    for symbol, leg, price in zip(("A", "B"), both, (100 * move1, 7 * move2), strict=True):
        books = books.hold(symbol, Holding(leg.amount, leg.cost))
        books = replace(books, settings={**books.settings, symbol: setting})
        marks[symbol] = D(price)
    shares = []
    for symbol, leg in zip(("A", "B"), both, strict=True):
        limit = liquidation_price(books, symbol, marks)
        assert leg.entry_price is not None
        if limit is not None and limit != leg.entry_price:
            shares.append((marks[symbol] - leg.entry_price) / (limit - leg.entry_price) * 100)
    # Where the two sums differ in their last digits, either answer will do.
    assume(all(abs(share - D(buffer)) > D("1e-6") for share in shares))
    assume(all(abs(share) < D("1e9") for share in shares))
    exact = any(share >= D(buffer) for share in shares)

    found = legs.liquidation_near(
        direction, cost1 / 100, cost1, cost2 / 7, cost2, 100 * move1, 7 * move2,
        capital, float(isolated), buffer,
    )  # fmt: skip

    assert found == exact
    assert found == any(
        liquidation_near(
            replace(leg, liquidation_price=liquidation_price(books, symbol, marks)),
            marks[symbol],
            buffer,
        )
        for symbol, leg in zip(("A", "B"), both, strict=True)
    )


@given(
    st.sampled_from([1, -1]), MONEY, MONEY, MOVE, MOVE, st.floats(0, 0.2), st.floats(-10, 5_000),
    st.sampled_from([0.0, 1.0, 5.0, 20.0]), st.sampled_from([75.0, 20.0, 99.0]),
    st.floats(0, 1), st.floats(0, 1),
)  # fmt: skip
def test_where_the_search_sees_no_liquidation_near_there_is_none(
    direction: int,
    cost1: float,
    cost2: float,
    move1: float,
    move2: float,
    width: float,
    capital: float,
    isolated: float,
    buffer: float,
    place1: float,
    place2: float,
) -> None:
    amounts = cost1 / 100, cost2 / 7
    least1, most1 = 100 * move1, 100 * move1 * (1 + width)
    least2, most2 = 7 * move2, 7 * move2 * (1 + width)
    price1, price2 = least1 + place1 * (most1 - least1), least2 + place2 * (most2 - least2)
    near = legs.liquidation_near(
        direction, amounts[0], cost1, amounts[1], cost2, price1, price2, capital, isolated, buffer
    )
    may = liquidation_may_near(
        direction, amounts[0], cost1, amounts[1], cost2, least1, most1, least2, most2,
        capital, isolated, buffer,
    )  # fmt: skip
    move = harmless_move(cost1, cost2, capital, isolated, buffer)
    is_harmless = abs(price1 / 100 - 1) <= move and abs(price2 / 7 - 1) <= move

    assert may or not near
    assert not (is_harmless and near)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("losses", [(18.5, 5.0), (5.0, 18.5)])
@pytest.mark.parametrize(("capital", "near"), [(30.0, True), (40.0, False)])
def test_what_the_other_leg_has_lost_backs_no_leg(
    direction: int, losses: tuple[float, float], capital: float, near: bool
) -> None:
    # 100 each: 30 less 5 leave the larger loser about 24 of room, three quarters of it are 18.
    signs = (-direction, direction)
    amounts = (1.0, 100 / 7)
    prices = [
        entry * (1 - sign * loss / 100)
        for entry, sign, loss in zip((100.0, 7.0), signs, losses, strict=True)
    ]

    exact = legs.liquidation_near(
        direction, amounts[0], 100, amounts[1], 100, *prices, capital, 0.0, 75.0
    )
    may = liquidation_may_near(
        direction, amounts[0], 100, amounts[1], 100,
        prices[0], prices[0], prices[1], prices[1], capital, 0.0, 75.0,
    )  # fmt: skip

    assert (exact, may) == (near, near)
