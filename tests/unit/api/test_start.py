"""What a start asks of the exchange, and how a handed-over position is adopted."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.bot import Status
from pairtrader.model.cycle import Cycle, Leg
from tests.fakes.api_gateways import market
from tests.fakes.api_world import NOW, ApiWorld, Caller

D = Decimal
LEFT = Cycle(
    direction=1,
    level=2,
    first_spread=1.2,
    last_spread=2.1,
    legs=(
        Leg(amount=D(-5000), cost=D(110), entered=D(5000), entry_cost=D(110)),
        Leg(amount=D(1250), cost=D(90), entered=D(1250), entry_cost=D(90)),
    ),
    invested=D(200),
)


@pytest.fixture
def bot_id(ada: Caller) -> str:
    return ada.bot(ada.account())


@pytest.fixture
def left_bot(world: ApiWorld, bot_id: str) -> str:
    """A bot that has handed its first cycle over, all of it still on the exchange."""
    world.bots.edit(bot_id, handed_over=LEFT, current_cycle=1, generation=3, total_trades=1)
    world.exchanges.held = {"GALA-USDT": D(-5000), "CHZ-USDT": D("1250.0")}
    return bot_id


def state(world: ApiWorld, bot_id: str) -> Any:
    return world.bots.bots[bot_id].state


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def complaints(answer: Any) -> dict[str, str]:
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def adopt(caller: Caller, bot_id: str) -> Any:
    return caller("POST", f"/bots/{bot_id}/start", params={"adopt": "true"})


def nothing_happened(world: ApiWorld, bot_id: str, before: Any) -> bool:
    quiet = not (world.claims.claims or world.schedules.existing or world.ticks.asked)
    return quiet and world.bots.bots[bot_id] == before


# Adoption


def test_an_equal_position_is_adopted(world: ApiWorld, ada: Caller, left_bot: str) -> None:
    world.exchanges.liquidation_price = D("0.031")
    world.bots.edit(left_bot, last_price1=D(9), last_pnl=D(9))

    answer = adopt(ada, left_bot)

    assert answer.status_code == 200, answer.text
    after = state(world, left_bot)
    legs = tuple(replace(leg, liquidation_price=D("0.031"), funding_until=NOW) for leg in LEFT.legs)
    assert after.cycle == replace(LEFT, legs=legs, opened_at=NOW)
    assert (after.status, after.generation, after.cycle_number) == (Status.RUNNING, 4, 2)
    assert (after.handed_over, after.last_price1, after.order_rounds) == (None, None, 0)
    assert len(world.claims.claims) == 2
    assert world.ticks.asked == [(left_bot, 4, NOW)]


def test_an_adopted_position_is_shown_and_logged(
    world: ApiWorld, ada: Caller, left_bot: str
) -> None:
    shown = adopt(ada, left_bot).json()
    assert shown["handed_over"] is None
    position = shown["position"]
    assert (position["cycle_number"], position["level"], position["invested"]) == (2, 2, "200")
    assert (position["first_spread"], position["last_spread"]) == (1.2, 2.1)
    assert [leg["amount"] for leg in position["legs"]] == ["5000", "1250"]
    (line,) = ada("GET", f"/bots/{left_bot}/logs").json()["items"]
    assert line["message"] == "Started with the position handed over"
    row = world.bots.cycles[left_bot, 2]
    assert (row.closed_at, row.opened_at, row.invested, row.net_pnl) == (None, NOW, 200, 0)
    legs = [world.bots.positions[left_bot, 2, leg] for leg in (0, 1)]
    assert [(leg.side, leg.amount, leg.entry_price) for leg in legs] == [
        ("short", 5000, D("0.022")),
        ("long", 1250, D("0.072")),
    ]


@pytest.mark.parametrize(
    ("held", "opposite", "fields"),
    [
        ({"GALA-USDT": D(-4999), "CHZ-USDT": D(1250)}, {}, ["market1_symbol"]),
        ({"GALA-USDT": D(5000), "CHZ-USDT": D(1250)}, {}, ["market1_symbol"]),
        ({"GALA-USDT": D(-5000)}, {}, ["market2_symbol"]),
        ({}, {}, ["market1_symbol", "market2_symbol"]),
        (
            {"GALA-USDT": D(-5000), "CHZ-USDT": D(1250)},
            {"CHZ-USDT": D(-7)},
            ["market2_symbol"],
        ),
    ],
)
def test_a_position_that_is_not_equal_is_not_adopted(
    world: ApiWorld,
    ada: Caller,
    left_bot: str,
    held: dict[str, Decimal],
    opposite: dict[str, Decimal],
    fields: list[str],
) -> None:
    world.exchanges.held, world.exchanges.held_opposite = held, opposite
    before = world.bots.bots[left_bot]
    answer = adopt(ada, left_bot)
    assert code(answer) == (409, "adoption_mismatch")
    assert list(complaints(answer)) == fields
    assert nothing_happened(world, left_bot, before)


def test_a_mismatch_names_both_numbers(world: ApiWorld, ada: Caller, left_bot: str) -> None:
    world.exchanges.held = {"GALA-USDT": D(-4999)}
    assert complaints(adopt(ada, left_bot)) == {
        "market1_symbol": "-5000 were handed over, the account holds -4999",
        "market2_symbol": "1250 were handed over, the account holds nothing",
    }


def test_in_hedge_mode_the_own_way_counts_whichever_comes_first(
    world: ApiWorld, ada: Caller, left_bot: str
) -> None:
    world.exchanges.held = {"GALA-USDT": D(0), "CHZ-USDT": D(1250)}
    world.exchanges.held_opposite = {"GALA-USDT": D(-5000), "CHZ-USDT": D(0)}
    assert adopt(ada, left_bot).status_code == 200


def test_a_bot_that_left_nothing_adopts_nothing(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.exchanges.held["GALA-USDT"] = D(-5000)
    before = world.bots.bots[bot_id]
    assert code(adopt(ada, bot_id)) == (409, "nothing_to_adopt")
    assert nothing_happened(world, bot_id, before)


def test_an_open_cycle_needs_no_adoption(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.open_cycle(bot_id)
    ada("POST", f"/bots/{bot_id}/pause")
    assert code(adopt(ada, bot_id)) == (409, "nothing_to_adopt")
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 200


def test_a_plain_start_on_what_was_left_says_how_to_adopt_it(
    world: ApiWorld, ada: Caller, left_bot: str
) -> None:
    answer = ada("POST", f"/bots/{left_bot}/start")
    assert code(answer) == (409, "not_flat")
    assert "adopt=true" in answer.json()["detail"]
    assert list(complaints(answer)) == ["market1_symbol", "market2_symbol"]
    world.exchanges.held["GALA-USDT"] = D(-1)
    assert "adopt=true" not in ada("POST", f"/bots/{left_bot}/start").text
    assert state(world, left_bot).handed_over == LEFT


def test_a_plain_start_on_a_flat_account_forgets_what_was_left(
    world: ApiWorld, ada: Caller, left_bot: str
) -> None:
    world.exchanges.held = {}
    assert ada("POST", f"/bots/{left_bot}/start").status_code == 200
    after = state(world, left_bot)
    assert (after.handed_over, after.cycle) == (None, None)
    ada("POST", f"/bots/{left_bot}/stop")
    assert code(adopt(ada, left_bot)) == (409, "nothing_to_adopt")


def test_an_adoption_that_can_not_be_scheduled_is_undone(
    world: ApiWorld, ada: Caller, left_bot: str
) -> None:
    world.schedules.is_down = True
    before = state(world, left_bot)
    assert code(adopt(ada, left_bot)) == (503, "schedule_unavailable")
    after = state(world, left_bot)
    assert (after.status, after.generation, after.cycle_number) == (Status.STOPPED, 3, 2)
    assert (after.cycle, after.handed_over) == (None, before.handed_over)
    assert not world.claims.claims
    assert not world.bots.cycles
    assert not world.bots.positions
    world.schedules.is_down = False
    assert adopt(ada, left_bot).status_code == 200


def test_a_plain_start_that_can_not_be_scheduled_forgets_nothing(
    world: ApiWorld, ada: Caller, left_bot: str
) -> None:
    world.exchanges.held, world.schedules.is_down = {}, True
    assert code(ada("POST", f"/bots/{left_bot}/start")) == (503, "schedule_unavailable")
    assert state(world, left_bot).handed_over == LEFT


def test_an_undone_adoption_that_has_traded_meanwhile_keeps_its_position(
    world: ApiWorld, ada: Caller, left_bot: str
) -> None:
    world.schedules.on_create.append(lambda: world.bots.edit(left_bot, order_rounds=1))
    world.schedules.is_down = True
    assert code(adopt(ada, left_bot)) == (503, "schedule_unavailable")
    after = state(world, left_bot)
    assert after.cycle is not None
    assert after.status is Status.PAUSED
    assert len(world.claims.claims) == 2


def test_what_changes_while_the_exchange_is_asked_is_noticed(
    world: ApiWorld, ada: Caller, left_bot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = world.exchanges.holdings

    def slow(*asked: Any) -> Any:
        ada("PUT", f"/bots/{left_bot}", {"market1_symbol": "BTC-USDT"})
        return real(*asked)

    monkeypatch.setattr(world.exchanges, "holdings", slow)
    assert code(adopt(ada, left_bot)) == (409, "changed_meanwhile")
    assert state(world, left_bot).status is Status.STOPPED
    assert not world.claims.claims


# Orders and positions of others


def test_open_orders_of_others_are_in_the_way(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    world.exchanges.open_orders["CHZ-USDT"] = 2
    before = world.bots.bots[bot_id]
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert code(answer) == (409, "open_orders")
    assert complaints(answer) == {"market2_symbol": "the account has 2 open orders"}
    assert nothing_happened(world, bot_id, before)


def test_open_orders_are_in_the_way_of_an_adoption_too(
    world: ApiWorld, ada: Caller, left_bot: str
) -> None:
    world.exchanges.open_orders["GALA-USDT"] = 1
    assert code(adopt(ada, left_bot)) == (409, "open_orders")


def test_a_bot_with_a_position_is_not_asked_for_its_own_orders(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    ada("POST", f"/bots/{bot_id}/start")
    world.open_cycle(bot_id)
    ada("POST", f"/bots/{bot_id}/pause")
    world.exchanges.open_orders["GALA-USDT"] = 1
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 200


def test_a_position_held_either_way_is_in_the_way(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.exchanges.held_opposite["GALA-USDT"] = D(-7)
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert code(answer) == (409, "not_flat")
    assert complaints(answer) == {"market1_symbol": "the account holds -7"}


# Markets


def test_a_start_renews_the_markets(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    before = world.bots.bots[bot_id].config
    coarser = market("GALA-USDT", amount_step=D(10))
    world.exchanges.all_markets["GALA-USDT"] = coarser
    world.clock.advance(600)
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 200
    now = world.clock.now()
    assert world.bots.bots[bot_id].config == replace(
        before, market1=coarser, markets_checked_at=now
    )
    assert state(world, bot_id).markets_asked_at == now


def test_a_start_that_fails_leaves_the_markets_as_they_were(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    other = ada.bot(ada("GET", f"/bots/{bot_id}").json()["exchange_account_id"])
    assert ada("POST", f"/bots/{other}/start").status_code == 200
    before = world.bots.bots[bot_id]
    world.clock.advance(60)
    assert code(ada("POST", f"/bots/{bot_id}/start")) == (409, "symbol_claimed")
    assert world.bots.bots[bot_id] == before


@pytest.mark.parametrize("status", [Status.STOPPED, Status.PAUSED])
def test_a_market_that_is_not_traded_any_more_is_not_started_on(
    world: ApiWorld, ada: Caller, bot_id: str, status: Status
) -> None:
    world.exchanges.all_markets["CHZ-USDT"] = market("CHZ-USDT", active=False)
    world.bots.edit(bot_id, status=status)
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert code(answer) == (422, "symbol_not_traded")
    assert list(complaints(answer)) == ["market2_symbol"]
    assert state(world, bot_id).status is status


def test_a_market_that_is_gone_is_not_started_on(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    del world.exchanges.all_markets["CHZ-USDT"]
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert code(answer) == (422, "unknown_symbol")
    assert list(complaints(answer)) == ["market2_symbol"]


def test_leverage_that_a_market_does_not_allow_any_more_is_not_started_with(
    world: ApiWorld, ada: Caller, bot_id: str
) -> None:
    world.exchanges.all_markets["GALA-USDT"] = market("GALA-USDT", max_leverage=5)
    answer = ada("POST", f"/bots/{bot_id}/start")
    assert code(answer) == (422, "invalid_request")
    assert complaints(answer) == {"leverage": "GALA-USDT allows 5"}
    ada("PUT", f"/bots/{bot_id}", {"leverage": 5})
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 200


def test_markets_renewed_by_a_tick_meanwhile_do_not_stop_a_start(
    world: ApiWorld, ada: Caller, bot_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = world.exchanges.holdings

    def slow(*asked: Any) -> Any:
        config = world.bots.bots[bot_id].config
        world.bots.refresh_markets(config, replace(config, markets_checked_at=7))
        return real(*asked)

    monkeypatch.setattr(world.exchanges, "holdings", slow)
    assert ada("POST", f"/bots/{bot_id}/start").status_code == 200
