"""What a bot looks like in the table."""

from dataclasses import replace
from decimal import Decimal

from pairtrader.model.bot import BotState, Command, CommandKind, Status
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.records import SpreadPoint
from pairtrader.storage.bot_items import StateItem, state_item, state_of

D = Decimal


def full_state() -> BotState:
    """A running bot in the middle of a cycle, a minute of looks in its pocket."""
    leg = Leg(
        amount=D("-123456.5"),
        cost=D("3024.68419225"),
        entered=D("123456.5"),
        entry_cost=D("3024.68419225"),
        liquidation_price=D("0.0269458"),
        funding_until=1_767_225_600_000,
    )
    points = tuple(
        SpreadPoint(1_767_225_605_000 + n * 5_000, D("0.02451"), D("0.08217"), 1.0965 + n)
        for n in range(12)
    )
    return BotState(
        "01JZZZZZZZZZZZZZZZZZZZZZZZ",
        status=Status.RUNNING,
        generation=12,
        revision=123_456,
        last_slot=353_445_120,
        queued_until=1_767_225_675_000,
        command=Command(CommandKind.CLOSE, "01JZZZZZZZZZZZZZZZZZZZZZZZ", 1_767_225_605_000),
        fence=321,
        start_price1=D("0.02401"),
        start_price2=D("0.08199"),
        current_cycle=41,
        order_rounds=4,
        cycle=Cycle(
            direction=1,
            level=4,
            first_spread=1.2000000000000028,
            last_spread=3.5999999999999943,
            legs=(leg, replace(leg, amount=D("36812"))),
            invested=D("6049.3683845"),
            realised=D("0"),
            fees=D("3.02468419225"),
            funding=D("-0.12345678"),
            opened_at=1_767_225_000_000,
        ),
        disarmed=1,
        close_spread=0.20000000000000018,
        closed_at=1_767_220_000_000,
        last_price1=D("0.02455"),
        last_price2=D("0.082185"),
        last_spread=2.0107842341,
        last_pnl=D("-12.3456789012"),
        last_tick_at=1_767_225_660_000,
        hold_reason="below_ladder",
        points=points,
        reconciled_at=1_767_225_655_000,
        total_profit=D("123.45678901"),
        total_trades=41,
    )


def size_of(item: dict[str, dict[str, str]]) -> int:
    """Bytes as DynamoDB counts them: names, texts, and a byte for every two digits of a number."""
    total = 0
    for name, value in item.items():
        kind, text = next(iter(value.items()))
        total += len(name) + (len(text) // 2 + 2 if kind == "N" else len(text.encode()))
    return total


def test_the_state_comes_back_as_it_was_stored() -> None:
    state = full_state()

    stored = state_item(state).serialize()
    item = StateItem()
    item.deserialize(stored)

    assert state_of(item) == state


def test_the_mark_of_who_watches_is_no_part_of_the_state() -> None:
    stored = state_item(full_state()).serialize() | {"w": {"S": "Zm9vYmFy"}}
    item = StateItem()
    item.deserialize(stored)

    assert item.watched == "Zm9vYmFy"
    assert state_of(item) == full_state()


def handed_over() -> Cycle:
    legs = tuple(
        Leg(amount=amount, cost=D("3024.68419225"), entered=abs(amount), entry_cost=D("3024.684"))
        for amount in (D("-123456.5"), D("36812.25"))
    )
    return Cycle(
        direction=1,
        level=4,
        first_spread=1.2000000000000028,
        last_spread=3.5999999999999943,
        legs=(legs[0], legs[1]),
        invested=D("6049.3683845"),
    )


def test_what_was_handed_over_comes_back_and_stays_in_one_write_unit() -> None:
    state = replace(full_state(), cycle=None, command=None, handed_over=handed_over())

    stored = state_item(state).serialize()
    item = StateItem()
    item.deserialize(stored)

    assert state_of(item) == state
    assert size_of(stored) <= 1024


def test_an_idle_write_stays_in_one_write_unit() -> None:
    """DynamoDB bills writes by the kilobyte of the whole item."""
    watched = {"w": {"S": "Zm9vYmFy"}}
    flat = replace(full_state(), cycle=None, command=None)
    assert size_of(state_item(flat).serialize() | watched) <= 1024
    in_cycle = state_item(replace(full_state(), command=None)).serialize()
    assert size_of(in_cycle | watched) <= 1024
