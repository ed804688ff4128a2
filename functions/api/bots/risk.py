"""Limits and switches that keep exposure from rising, and how the day stands against them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from functions.api.bots.bots import Bots
from functions.api.web.problems import Problem
from pairtrader.model.account import AccountMode
from pairtrader.model.bot import Bot, BotState
from pairtrader.model.risk import DayResult, Limits, RecentEntries, RiskBook, day_of
from pairtrader.observability import logger
from pairtrader.storage.risk import STACK, RiskUnknown, bot_owner, user_owner
from pairtrader.trading.risk import (
    UNPACED,
    Refusal,
    Standing,
    day_standing,
    entry_name,
    halts,
    snapshot,
)

LimitChanges = Mapping[str, bool | str | Decimal | None]
"""Fields of `Limits` to be set; None and "" take one away."""


class RiskStore(Protocol):
    """The risk table; every method raises `RiskUnknown`."""

    def read(self, user_id: str, bot_id: str | None, day: str) -> RiskBook:
        """Return all that is stored for a bot, or for a user's bots in general."""

    def limits_of(self, owner: str) -> Limits:
        """Return the limits of `owner` alone."""

    def day(self, user_id: str, day: str) -> DayResult:
        """Return what the user's cycles of that day have brought in."""

    def open_states(self, user_id: str) -> Sequence[tuple[AccountMode, BotState]]:
        """Return the user's bots with an open cycle, each after the mode of its account."""

    def note_entry(self, bot_id: str, before: RecentEntries, after: RecentEntries) -> None:
        """Note an entry; the API never makes one."""

    def change_limits(self, owner: str, changes: LimitChanges) -> None:
        """Set the limits of `owner` that are named in `changes`."""


@dataclass(frozen=True, slots=True)
class UserRisk:
    """A user's limits, and how the day stands against them on accounts of each mode."""

    limits: Limits
    halts: tuple[Refusal, ...]
    """Switches that stop entries of all the user's bots."""
    day: str
    """UTC, such as ``2026-11-24``."""
    standings: Mapping[AccountMode, Standing]


@dataclass(frozen=True, slots=True)
class BotRisk:
    """A bot's switch, and all that would refuse an entry of it now."""

    limits: Limits
    refusals: tuple[Refusal, ...]


class Risk:
    """Shows and changes what entries are judged by."""

    def __init__(self, bots: Bots, store: RiskStore, now: Callable[[], int]) -> None:
        self._bots = bots
        self._store = store
        self._now = now

    def of_user(self, user_id: str) -> UserRisk:
        """Return the user's limits and the day's results.

        Raises:
            Problem: 503 ``risk_unknown``.
        """
        now = self._now()
        book = self._read(user_id, None, now)
        return UserRisk(book.user, halts(book), book.day.day, self._standings(user_id, book, now))

    def change_user(self, user_id: str, changes: LimitChanges) -> UserRisk:
        """Set the user's limits named in `changes`, the others stay; return as `of_user`.

        Raises:
            Problem: 503 ``risk_unknown``.
        """
        self._change(user_owner(user_id), changes)
        return self.of_user(user_id)

    def of_stack(self) -> Limits:
        """Return the switch that stops the entries of all users' bots.

        Raises:
            Problem: 503 ``risk_unknown``.
        """
        try:
            return self._store.limits_of(STACK)
        except RiskUnknown as error:
            raise _unknown("The switch can't be read: entries are refused.") from error

    def change_stack(self, changes: LimitChanges) -> Limits:
        """Set the limits of the stack named in `changes`, the others stay; return as `of_stack`.

        Raises:
            Problem: 503 ``risk_unknown``.
        """
        self._change(STACK, changes)
        return self.of_stack()

    def of_bot(self, user_id: str, bot_id: str) -> BotRisk:
        """Return the bot's switch and what would refuse its next entry.

        Raises:
            Problem: 404 ``bot_not_found``, 503 ``risk_unknown``.
        """
        return self._of_bot(self._bots.get(user_id, bot_id))

    def change_bot(self, user_id: str, bot_id: str, changes: LimitChanges) -> BotRisk:
        """Set the bot's limits named in `changes`, the others stay; return as `of_bot`.

        Raises:
            Problem: 404 ``bot_not_found``, 503 ``risk_unknown``.
        """
        bot = self._bots.get(user_id, bot_id)
        self._change(bot_owner(bot_id), changes)
        return self._of_bot(bot)

    def _of_bot(self, bot: Bot) -> BotRisk:
        config, now = bot.config, self._now()
        book = self._read(config.user_id, config.bot_id, now)
        refusals = [*halts(book)]
        limit = book.user.daily_loss_limit
        if limit is not None:
            by_loss = self._standings(config.user_id, book, now)[config.mode].refusal(limit)
            refusals += [by_loss] if by_loss is not None else []
        paced = config.exchange_name not in UNPACED
        if paced and book.entries.too_many(entry_name(bot.state), now):
            refusals.append(Refusal.ORDER_RATE)
        return BotRisk(book.bot, tuple(refusals))

    def _standings(self, user_id: str, book: RiskBook, now: int) -> dict[AccountMode, Standing]:
        """How the day stands in each mode; not known where cycles keep closing."""
        try:
            day, states = snapshot(self._store, user_id, book.day)
        except RiskUnknown as error:
            logger.warning("open results are not known", reason=str(error))
            return {mode: Standing(book.day.of(mode), None) for mode in AccountMode}
        return {mode: day_standing(day, states, mode, now) for mode in AccountMode}

    def _read(self, user_id: str, bot_id: str | None, now: int) -> RiskBook:
        try:
            return self._store.read(user_id, bot_id, day_of(now))
        except RiskUnknown as error:
            raise _unknown("Limits can't be read at the moment: entries are refused.") from error

    def _change(self, owner: str, changes: LimitChanges) -> None:
        try:
            self._store.change_limits(owner, changes)
        except RiskUnknown as error:
            raise _unknown("The change may not have been stored: try again.") from error
        logger.info("limits changed", owner=owner, fields=sorted(changes))


def _unknown(detail: str) -> Problem:
    logger.exception("the risk table does not answer")
    return Problem(503, "risk_unknown", detail, headers={"Retry-After": "5"})
