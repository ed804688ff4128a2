"""Whether exposure may rise."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.bot import Bot, BotConfig, BotState
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.records import CycleRecord, SpreadPoint
from pairtrader.model.risk import DayResult, Limits, RecentEntries, day_of
from pairtrader.storage.risk import STACK, bot_owner, user_owner
from pairtrader.trading.risk import MAX_LOOK_AGE_MS, REFUSAL_TEXTS, LimitGate, Refusal
from tests.fakes.memory_bot_store import MemoryBotStore
from tests.fakes.memory_risk import MemoryRisk
from tests.fakes.trading_desk import BOT, USER, TradingDesk

NOW = round(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
MIDNIGHT = round(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)
SECOND, MINUTE = 1_000, 60_000
LIVE, PAPER = AccountMode.LIVE, AccountMode.PAPER


class ClosingMeanwhile(MemoryRisk):
    """Runs something while open cycles are being read, as often as it is told."""

    def __init__(self, bots: MemoryBotStore, happening: Callable[[], None], times: int) -> None:
        super().__init__(bots)
        self._happening, self._times = happening, times

    def open_states(self, user_id: str) -> tuple[tuple[AccountMode, BotState], ...]:
        found = super().open_states(user_id)
        if self._times:
            self._times -= 1
            self._happening()
        return found


class Book:
    """A user's bots, and the gate that judges them."""

    def __init__(self, limit: str | None = None) -> None:
        self.bots = MemoryBotStore()
        self.risk = MemoryRisk(self.bots)
        self.config = self.bot(BOT).config
        if limit is not None:
            self.limit(limit)

    def bot(self, bot_id: str, mode: AccountMode = LIVE, user_id: str = USER) -> Bot:
        config = replace(
            TradingDesk().bot.config,
            bot_id=bot_id,
            user_id=user_id,
            mode=mode,
            exchange_name=ExchangeName.OKX,
        )
        self.bots.put(Bot(config, BotState(bot_id)))
        return self.bots.peek(bot_id)

    def limit(self, amount: str) -> None:
        self.risk.limits[user_owner(USER)] = Limits(daily_loss_limit=Decimal(amount))

    def open(self, bot_id: str, pnl: str | None, looked_at: int = NOW, **changes: Any) -> None:
        cycle = Cycle(1, level=1, legs=(Leg(Decimal(-1)), Leg(Decimal(1))), **changes)
        point = SpreadPoint(looked_at, Decimal(1), Decimal(1), 0.0)
        result = None if pnl is None else Decimal(pnl)
        self.bots.edit(bot_id, cycle=cycle, last_pnl=result, points=(point,))

    def close(
        self, bot_id: str, net_pnl: str, closed_at: int = NOW, number: int = 1
    ) -> CycleRecord:
        config = self.bots.peek(bot_id).config
        row = CycleRecord(
            bot_id=bot_id, user_id=config.user_id, cycle_number=number, direction=1, levels=1,
            first_spread=1.0, last_spread=1.0, close_spread=0.0, invested=Decimal(200),
            realised=Decimal(0), fees=Decimal(0), funding=Decimal(0), net_pnl=Decimal(net_pnl),
            reason="stop_loss", opened_at=0, closed_at=closed_at, mode=config.mode,
        )  # fmt: skip
        self.bots.cycles[bot_id, number] = row
        self.bots.edit(bot_id, cycle=None, last_pnl=None)
        return row

    def refusal(self, now: int = NOW, config: BotConfig | None = None) -> str:
        asking = config or self.config
        state = self.bots.peek(asking.bot_id).state
        return LimitGate(self.risk).refusal(asking, state, now)


def test_a_bot_that_nothing_holds_back_may_enter_and_is_counted() -> None:
    book = Book()
    assert book.refusal() == ""
    assert book.risk.entries == {BOT: RecentEntries((NOW,), "1.0")}


@pytest.mark.parametrize(
    ("halted", "refusal"),
    [
        ([STACK], "stack_halted"),
        ([user_owner(USER)], "user_halted"),
        ([bot_owner(BOT)], "bot_halted"),
        ([bot_owner(BOT), user_owner(USER)], "user_halted"),
        ([bot_owner(BOT), user_owner(USER), STACK], "stack_halted"),
        ([user_owner("somebody"), bot_owner("another")], ""),
    ],
)
def test_a_switch_refuses_what_is_below_it(halted: Sequence[str], refusal: str) -> None:
    book = Book()
    book.risk.limits.update({owner: Limits(halted=True) for owner in halted})
    assert book.refusal() == refusal


def test_a_switch_refuses_before_the_limit_is_judged() -> None:
    book = Book("100")
    book.close(BOT, "-500")
    book.risk.limits[STACK] = Limits(halted=True)
    assert book.refusal() == "stack_halted"


@pytest.mark.parametrize(
    ("closed", "opened", "refusal"),
    [
        ("0", "0", ""),
        ("-99.999999", "0", ""),
        ("-100", "0", "daily_loss_limit"),
        ("0", "-99.999999", ""),
        ("0", "-100", "daily_loss_limit"),
        ("-60", "-40", "daily_loss_limit"),
        ("-60", "-39.99", ""),
        ("50", "-149.99", ""),
        ("50", "-150", "daily_loss_limit"),
        ("-150", "50", "daily_loss_limit"),
        ("-150", "50.01", ""),
        ("1000", "1000", ""),
    ],
)
def test_the_limit_counts_what_is_closed_and_what_is_open(
    closed: str, opened: str, refusal: str
) -> None:
    book = Book("100")
    book.bot("other")
    book.close("other", closed)
    book.open("other", opened)
    assert book.refusal() == refusal


def test_an_add_counts_the_bot_s_own_position_as_the_tick_has_just_seen_it() -> None:
    book = Book("100")
    book.open(BOT, "-60")
    stored = book.bots.peek(BOT).state
    gate = LimitGate(book.risk)
    assert gate.refusal(book.config, stored, NOW) == ""
    fallen = replace(stored, last_pnl=Decimal(-100))
    assert gate.refusal(book.config, fallen, NOW) == "daily_loss_limit"


def test_all_bots_of_the_user_count_and_no_others() -> None:
    book = Book("100")
    for name in ("second", "third"):
        book.bot(name)
        book.open(name, "-50")
    assert book.refusal() == "daily_loss_limit"

    stranger = Book("100")
    stranger.bot("theirs", user_id="somebody")
    stranger.close("theirs", "-500")
    stranger.open("theirs", "-500")
    assert stranger.refusal() == ""


def test_paper_profit_hides_no_real_loss_and_paper_loss_stops_no_real_entry() -> None:
    book = Book("100")
    paper = book.bot("rehearsal", PAPER).config
    book.close(BOT, "-100")
    book.close("rehearsal", "900")
    assert book.refusal() == "daily_loss_limit"
    assert book.refusal(config=paper) == ""

    book.close(BOT, "1")
    book.open("rehearsal", "-5000")
    assert book.refusal() == ""
    assert book.refusal(config=paper) == "daily_loss_limit"


@pytest.mark.parametrize(
    ("closed_at", "now", "refusal"),
    [
        (MIDNIGHT - 1, MIDNIGHT - 1, "daily_loss_limit"),
        (MIDNIGHT - 1, MIDNIGHT, ""),
        (MIDNIGHT, MIDNIGHT, "daily_loss_limit"),
        (MIDNIGHT, MIDNIGHT + 86_400_000 - 1, "daily_loss_limit"),
        (MIDNIGHT, MIDNIGHT + 86_400_000, ""),
    ],
)
def test_the_day_begins_at_midnight_utc(closed_at: int, now: int, refusal: str) -> None:
    book = Book("100")
    book.close(BOT, "-100", closed_at)
    assert book.refusal(now) == refusal


def test_without_a_limit_open_positions_are_not_even_read() -> None:
    book = Book()
    book.open(BOT, "-5000", looked_at=0)

    def fail(user_id: str) -> Any:
        raise AssertionError(user_id)

    book.risk.open_states = fail  # type: ignore[method-assign]
    assert book.refusal() == ""


@pytest.mark.parametrize(
    ("age", "refusal"), [(MAX_LOOK_AGE_MS, ""), (MAX_LOOK_AGE_MS + 1, "risk_unknown")]
)
def test_a_position_that_nobody_looks_at_may_have_lost_anything(age: int, refusal: str) -> None:
    book = Book("100")
    book.bot("silent")
    book.open("silent", "5", looked_at=NOW - age)
    assert book.refusal() == refusal


def test_of_a_cycle_just_opened_what_is_booked_counts() -> None:
    book = Book("100")
    book.bot("other")
    book.open("other", None, fees=Decimal(3), realised=Decimal(-97))
    assert book.refusal() == "daily_loss_limit"
    book.open("other", None, fees=Decimal(2), realised=Decimal(-97))
    assert book.refusal() == ""


def test_what_can_not_be_read_refuses_and_counts_nothing() -> None:
    book = Book()
    book.risk.unreachable = True
    assert book.refusal() == "risk_unknown"
    assert book.risk.entries == {}


def test_a_loss_that_is_realised_while_it_is_being_read_is_counted_once() -> None:
    for limit, refusal in (("100", "daily_loss_limit"), ("101", ""), ("150", "")):
        book = Book()
        book.bot("other")
        book.open("other", "-99")
        risk = ClosingMeanwhile(book.bots, lambda book=book: book.close("other", "-100"), 1)  # type: ignore[misc]
        book.risk = risk
        book.limit(limit)
        assert book.refusal() == refusal, limit


def test_a_profit_that_is_realised_while_it_is_being_read_makes_up_for_a_loss_once() -> None:
    book = Book()
    book.bot("winner")
    book.open("winner", "60")
    book.bot("loser")
    book.open("loser", "-165")
    book.risk = ClosingMeanwhile(book.bots, lambda: book.close("winner", "60") and None, 1)
    book.limit("100")
    assert book.refusal() == "daily_loss_limit"


def test_results_that_never_hold_still_are_not_known() -> None:
    book = Book()
    book.bot("other")
    numbers = iter(range(100))
    book.risk = ClosingMeanwhile(
        book.bots, lambda: book.close("other", "1", number=next(numbers)) and None, 100
    )
    book.limit("100")
    assert book.refusal() == "risk_unknown"


def enter(book: Book, at: int = NOW) -> str:
    """Ask, and write the orders of an entry if they may leave."""
    refusal = book.refusal(at)
    if not refusal:
        book.bots.edit(BOT, order_rounds=book.bots.peek(BOT).state.order_rounds + 1)
    return refusal


def enter_all(book: Book, moments: Sequence[int]) -> list[str]:
    return [enter(book, at) for at in moments]


def test_a_whole_ladder_may_be_climbed_within_a_minute_and_not_much_more() -> None:
    book = Book()
    moments = [NOW + n * SECOND for n in range(20)]
    assert enter_all(book, moments) == [""] * 12 + ["order_rate"] * 8
    assert enter(book, NOW + MINUTE - 1) == "order_rate"
    assert enter(book, NOW + MINUTE) == ""
    assert enter(book, NOW + MINUTE) == "order_rate"


def test_one_entry_a_minute_may_go_on_for_an_hour() -> None:
    book = Book()
    one_a_minute = [NOW + n * 59 * SECOND for n in range(60)]
    assert enter_all(book, one_a_minute) == [""] * 60
    assert enter(book, NOW + 60 * MINUTE - 1) == "order_rate"
    assert enter(book, NOW + 60 * MINUTE) == ""


def test_cycles_that_follow_one_another_share_the_fuse() -> None:
    book = Book()
    refusals = []
    for number in range(14):
        refusals.append(enter(book))
        book.bots.edit(BOT, current_cycle=number + 1, order_rounds=0)
    assert refusals == [""] * 12 + ["order_rate"] * 2


def test_an_entry_prepared_in_vain_time_after_time_counts_once() -> None:
    book = Book()
    enter_all(book, [NOW] * 11)
    assert [book.refusal(NOW + n * SECOND) for n in range(30)] == [""] * 30
    assert enter(book, NOW + 30 * SECOND) == ""
    assert enter(book, NOW + 31 * SECOND) == "order_rate"


def test_every_bot_has_a_fuse_of_its_own() -> None:
    book = Book()
    other = book.bot("other").config
    enter_all(book, [NOW] * 13)
    assert book.refusal() == "order_rate"
    assert book.refusal(config=other) == ""


def test_refused_entries_do_not_wear_the_fuse_down() -> None:
    book = Book("100")
    book.close(BOT, "-100")
    assert enter_all(book, [NOW] * 50) == ["daily_loss_limit"] * 50
    book.limit("200")
    assert book.refusal() == ""
    assert book.risk.entries[BOT].moments == (NOW,)


def test_of_two_who_enter_at_once_one_is_refused() -> None:
    book = Book()
    read = book.risk.read

    def overtaken(user_id: str, bot_id: str | None, day: str) -> Any:
        found = read(user_id, bot_id, day)
        book.risk.entries[BOT] = RecentEntries((NOW - 1,), "1.0")
        return found

    book.risk.read = overtaken  # type: ignore[method-assign]
    assert book.refusal() == "risk_unknown"
    assert book.risk.entries[BOT].moments == (NOW - 1,)


def test_a_simulated_market_is_as_fast_as_its_ticks() -> None:
    book = Book()
    simulated = replace(book.config, exchange_name=ExchangeName.SIMULATED)
    assert {book.refusal(config=simulated) for _ in range(200)} == {""}
    book.risk.limits[bot_owner(BOT)] = Limits(halted=True)
    assert book.refusal(config=simulated) == "bot_halted"


def test_cycles_closed_by_ticks_make_the_day_s_result() -> None:
    desk = TradingDesk(profit_ratio=0.3)
    for price in (101.5, 102.4, 100.0, 99.0, 97.0, 100.0):
        desk.tick_at(price)
    day = MemoryRisk(desk.store).day(USER, day_of(desk.clock.now()))
    assert desk.state.total_trades == 2
    assert day == DayResult(day.day, {PAPER: desk.state.total_profit}, 2)


def test_every_refusal_is_explained() -> None:
    assert set(REFUSAL_TEXTS) == set(Refusal)
