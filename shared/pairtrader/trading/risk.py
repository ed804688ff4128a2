"""Whether a bot's exposure may rise: asked before an entry or an add, never before a way out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.bot import BotConfig, BotState
from pairtrader.model.cycle import Cycle
from pairtrader.model.risk import DayResult, RecentEntries, RiskBook, day_of
from pairtrader.observability import logger
from pairtrader.storage.risk import RiskUnknown
from pairtrader.trading.records import net_profit

ZERO = Decimal(0)
MAX_LOOK_AGE_MS = 300_000
"""A running bot looks at least once a minute; what an open cycle was worth longer ago than this
says nothing of its loss now."""
SNAPSHOT_TRIES = 3
UNPACED = frozenset({ExchangeName.SIMULATED})
"""Exchanges whose market does not run by the clock: a replay serves a candle at every tick, however
fast they follow one another, and no fees are real."""


class Refusal(StrEnum):
    """Why exposure must not rise; in the order in which they are judged."""

    STACK_HALTED = "stack_halted"
    USER_HALTED = "user_halted"
    BOT_HALTED = "bot_halted"
    DAILY_LOSS_LIMIT = "daily_loss_limit"
    ORDER_RATE = "order_rate"
    RISK_UNKNOWN = "risk_unknown"


REFUSAL_TEXTS = {
    Refusal.STACK_HALTED: "the operator has stopped all entries",
    Refusal.USER_HALTED: "entries of all your bots are stopped",
    Refusal.BOT_HALTED: "entries of this bot are stopped",
    Refusal.DAILY_LOSS_LIMIT: (
        "the loss of this UTC day, open positions included, has reached daily_loss_limit"
    ),
    Refusal.ORDER_RATE: "too many entries within a minute or an hour: more may follow in a while",
    Refusal.RISK_UNKNOWN: (
        "the limits, or the day's loss with all open positions, are not known at the moment"
    ),
}
"""What a trader is told of each refusal."""


class RiskGate(Protocol):
    """Judges each pair of legs that would raise exposure."""

    def refusal(self, config: BotConfig, state: BotState, now: int) -> str:
        """Return why the bot must not enter or add at `now` (ms UTC), empty if it may.

        To be asked once per pair of legs, under the lease, before its first order; never before
        a close, an unwind or the completion of a leg. An empty answer counts as an entry, once
        however often it is given before orders are written.
        """


class RiskStore(Protocol):
    """What is stored about risk; every method raises `RiskUnknown`."""

    def read(self, user_id: str, bot_id: str | None, day: str) -> RiskBook:
        """Return all that is stored for a bot, or for a user's bots in general."""

    def day(self, user_id: str, day: str) -> DayResult:
        """Return what the user's cycles of that day have brought in."""

    def open_states(self, user_id: str) -> Sequence[tuple[AccountMode, BotState]]:
        """Return the user's bots with an open cycle, each after the mode of its account."""

    def note_entry(self, bot_id: str, before: RecentEntries, after: RecentEntries) -> None:
        """Put the bot's entries `after` in place of those that were read `before`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a user's day stands on accounts of one mode, quote currency."""

    realised: Decimal
    unrealised: Decimal | None
    """Of open cycles; None when it is not known."""

    def loss_left(self, limit: Decimal) -> Decimal | None:
        """Return what may still be lost before the day's loss reaches `limit`, None if not known.

        Zero and less: it has been reached.
        """
        if self.unrealised is None:
            return None
        return limit + self.realised + self.unrealised

    def refusal(self, limit: Decimal | None) -> Refusal | None:
        """Return why `limit` forbids entries, None if it does not."""
        if limit is None:
            return None
        left = self.loss_left(limit)
        if left is None:
            return Refusal.RISK_UNKNOWN
        return Refusal.DAILY_LOSS_LIMIT if left <= 0 else None


class LimitGate:
    """Judges entries by the limits that are stored; what can't be known refuses."""

    def __init__(self, store: RiskStore) -> None:
        self._store = store

    def refusal(self, config: BotConfig, state: BotState, now: int) -> str:
        """Return why the bot must not enter or add at `now` (ms UTC), empty if it may.

        An empty answer is noted as an entry before it is given: orders that leave after it are
        counted whatever becomes of the process.
        """
        try:
            return self._judge(config, state, now) or ""
        except RiskUnknown as error:
            logger.warning("risk is not known: no entry", reason=str(error))
            return Refusal.RISK_UNKNOWN

    def _judge(self, config: BotConfig, state: BotState, now: int) -> Refusal | None:
        book = self._store.read(config.user_id, config.bot_id, day_of(now))
        halted, limit = halts(book), book.user.daily_loss_limit
        if halted:
            return halted[0]
        if limit is not None:
            refusal = self._standing(config, state, book.day, now).refusal(limit)
            if refusal is not None:
                return refusal
        if config.exchange_name in UNPACED:
            return None
        entry = entry_name(state)
        if book.entries.too_many(entry, now):
            return Refusal.ORDER_RATE
        self._store.note_entry(config.bot_id, book.entries, book.entries.with_entry(entry, now))
        return None

    def _standing(self, config: BotConfig, own: BotState, day: DayResult, now: int) -> Standing:
        day, found = snapshot(self._store, config.user_id, day)
        others = [each for each in found if each[1].bot_id != own.bot_id]
        return day_standing(day, [*others, (config.mode, own)], config.mode, now)


def halts(book: RiskBook) -> tuple[Refusal, ...]:
    """Return the switches that stop the bot's entries, the widest first."""
    switches = (
        (Refusal.STACK_HALTED, book.stack),
        (Refusal.USER_HALTED, book.user),
        (Refusal.BOT_HALTED, book.bot),
    )
    return tuple(refusal for refusal, limits in switches if limits.halted)


def entry_name(state: BotState) -> str:
    """Return what tells the bot's next entry from all others whose orders were written."""
    return f"{state.cycle_number}.{state.order_rounds}"


def snapshot(
    store: RiskStore, user_id: str, before: DayResult
) -> tuple[DayResult, Sequence[tuple[AccountMode, BotState]]]:
    """Return the day's result and the open cycles as they were at one moment.

    A cycle that closes while both are read would be counted twice or not at all: they are read
    again until none did.

    Args:
        store: to read from.
        user_id: whose bots.
        before: the day's result, just read.

    Raises:
        RiskUnknown: cycles kept closing.
    """
    for _ in range(SNAPSHOT_TRIES):
        states = store.open_states(user_id)
        after = store.day(user_id, before.day)
        if after == before:
            return after, states
        before = after
    raise RiskUnknown("cycles were closing all the time")


def day_standing(
    day: DayResult,
    states: Iterable[tuple[AccountMode, BotState]],
    mode: AccountMode,
    now: int,
) -> Standing:
    """Return how the day stands at `now` (ms UTC) on accounts of `mode`.

    `states` are those of the user's bots, each after the mode of its account.
    """
    unrealised: Decimal | None = ZERO
    for of_mode, state in states:
        if of_mode is not mode or state.cycle is None or unrealised is None:
            continue
        result = _result(state, state.cycle, now)
        unrealised = None if result is None else unrealised + result
    return Standing(day.of(mode), unrealised)


def _result(state: BotState, cycle: Cycle, now: int) -> Decimal | None:
    """Net PnL of an open cycle, None when nobody has looked at it lately.

    Where none was told since it opened, what is booked is all there is to know.
    """
    looked_at = state.points[-1].recorded_at if state.points else 0
    if now - looked_at > MAX_LOOK_AGE_MS:
        return None
    return state.last_pnl if state.last_pnl is not None else net_profit(cycle)
