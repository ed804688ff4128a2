"""What a bot's owner is told of: the events that some lines of its log bear."""

import asyncio
from decimal import Decimal

import pytest

from pairtrader.exchanges.errors import ExchangeError, KeysRefused, RetryLater, UserMustAct
from pairtrader.model.account import MarginMode
from pairtrader.model.bot import CommandKind, Status
from pairtrader.model.events import EventKind
from pairtrader.model.market import Market
from pairtrader.model.order import OrderRequest, OrderType, Side
from pairtrader.model.records import LogRecord
from tests.fakes.faulty_exchange import Fault, FaultyExchange
from tests.fakes.trading_desk import TradingDesk

A, B = "AAA-USDT", "BBB-USDT"


def told(desk: TradingDesk) -> list[EventKind]:
    return [line.event for line in desk.store.logs if line.event is not None]


def last(desk: TradingDesk) -> LogRecord:
    return next(line for line in reversed(desk.store.logs) if line.event is not None)


def faulty(faults: dict[tuple[str, int], Fault], **changes: object) -> TradingDesk:
    desk = TradingDesk(**{"profit_ratio": 0.3, **changes})
    exchange = FaultyExchange(desk.exchange)
    exchange.faults = faults
    desk.exchange = exchange
    return desk


def test_a_round_trip_is_a_fill_an_add_and_a_close() -> None:
    desk = faulty({})
    desk.tick_at(101.5)
    assert (last(desk).event, last(desk).details["level"]) == (EventKind.FILL, 1)
    desk.tick_at(102.5)
    assert (last(desk).event, last(desk).details["level"]) == (EventKind.FILL, 2)
    desk.tick_at(100)
    close = last(desk)
    assert told(desk) == [EventKind.FILL, EventKind.FILL, EventKind.CLOSE]
    assert close.details["reason"] == "take_profit"
    assert Decimal(str(close.details["net_pnl"])) == desk.state.total_profit > 0


def test_nothing_is_told_of_ticks_that_only_look() -> None:
    desk = faulty({})
    for price in (100, 100.5, 100.2):
        desk.tick_at(price)
    assert told(desk) == []


def test_a_stop_loss_is_told_as_one() -> None:
    desk = faulty({}, stop_loss_ratio=0.5)
    desk.tick_at(101.5)
    desk.tick_at(104)
    assert told(desk)[-1] is EventKind.STOP_LOSS
    assert Decimal(str(last(desk).details["net_pnl"])) < 0


def test_a_user_s_close_is_a_close_and_no_pause() -> None:
    desk = faulty({})
    desk.tick_at(101.5)
    desk.command(CommandKind.CLOSE)
    desk.tick()
    assert desk.state.status is Status.PAUSED
    assert told(desk) == [EventKind.FILL, EventKind.CLOSE]


@pytest.mark.parametrize("symbol", [A, B])
def test_an_entry_taken_back_is_one_leg_failure(symbol: str) -> None:
    desk = faulty({(symbol, 1): Fault.REFUSED, (symbol, 2): Fault.REFUSED})
    desk.tick_at(101.5)
    assert desk.state.status is Status.PAUSED
    assert told(desk) == [EventKind.LEG_FAILURE]


def test_a_row_done_in_part_is_a_fill_and_a_leg_failure() -> None:
    desk = faulty({(A, 1): Fault.HALF, (A, 2): Fault.REFUSED})
    desk.tick_at(101.5)
    assert desk.state.status is Status.PAUSED
    assert told(desk) == [EventKind.FILL, EventKind.LEG_FAILURE]


def test_an_entry_refused_whole_is_a_pause_with_the_exchange_s_words() -> None:
    desk = faulty({(A, 1): Fault.REFUSED, (B, 1): Fault.REFUSED})
    desk.tick_at(101.5)
    assert told(desk) == [EventKind.PAUSED]
    assert "no, thank you" in last(desk).message


class NoSuchLeverage(FaultyExchange):
    """Refuses every leverage."""

    async def set_leverage(self, market: Market, leverage: int, margin_mode: MarginMode) -> None:
        raise UserMustAct("leverage 10 is not allowed here")


def test_an_entry_that_can_t_be_made_is_a_pause_told_once() -> None:
    desk = TradingDesk()
    desk.exchange = NoSuchLeverage(desk.exchange)
    desk.tick_at(101.5)
    desk.tick_at(101.5)
    assert told(desk) == [EventKind.PAUSED]


def test_a_close_that_is_refused_for_ever_is_an_error_told_once() -> None:
    desk = faulty({(A, n): Fault.REFUSED for n in range(2, 60)})
    desk.tick_at(101.5)
    desk.tick_at(100)
    for _ in range(10):
        desk.tick()
    assert desk.state.status is Status.ERROR
    assert told(desk) == [EventKind.FILL, EventKind.ERROR]
    assert last(desk).details["reason"] == "unbalanced_legs"


def test_a_broken_pair_is_told_with_both_numbers_and_its_close_too() -> None:
    desk = faulty({}, profit_ratio=500)
    desk.tick_at(101.5)
    request = OrderRequest("byhand", desk.markets[0], Side.BUY, OrderType.MARKET, Decimal("0.98"))
    asyncio.run(desk.new_exchange().place(request))
    for _ in range(20):
        desk.tick()
    assert told(desk) == [EventKind.FILL, EventKind.BROKEN_PAIR]
    assert last(desk).message == "AAA-USDT: books -0.98, exchange 0"
    desk.command(CommandKind.ACCEPT_EXCHANGE)
    desk.tick()
    assert told(desk)[2:] == [EventKind.CLOSE]
    assert last(desk).details["reason"] == "broken_pair"


@pytest.mark.parametrize(
    ("error", "events"),
    [
        (KeysRefused("okx: invalid key"), [EventKind.HELD_UP]),
        (RetryLater("busy"), []),
    ],
    ids=["keys refused", "busy for a moment"],
)
def test_an_account_that_can_t_be_watched_is_told_once_if_its_owner_must_act(
    error: ExchangeError, events: list[EventKind]
) -> None:
    desk = faulty({}, profit_ratio=500)
    desk.tick_at(101.5)
    desk.exchange.raises["positions"] = error  # type: ignore[attr-defined]
    for _ in range(5):
        desk.tick(after=60)
    assert told(desk)[1:] == events
    assert desk.state.status is Status.RUNNING
