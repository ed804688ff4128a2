"""Bots: made, read, changed and deleted; what moves them is in `bot_commands`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.api.accounts.accounts import refuse
from functions.api.bots.edits import (
    PAIR_FIELDS,
    SIZE_FIELDS,
    changed_fields,
    is_idle,
    may_still_adopt,
    merge,
    require_editable,
)
from functions.api.bots.effects import Effect, effects_of
from functions.api.bots.feasibility import PairFacts, account_of, find_facts, size_errors
from functions.api.bots.retries import until_written
from functions.api.identifiers import is_id, new_id
from functions.api.ports import AccountStore, BotStore, CapacityStore, Exchanges, ScheduleStore
from functions.api.web.problems import Problem, conflict, not_found
from pairtrader.model.account import ExchangeAccount
from pairtrader.model.bot import Bot, BotConfig, BotState, Status
from pairtrader.model.settings import BotSettings
from pairtrader.observability import logger
from pairtrader.storage.cursor import Page
from pairtrader.storage.schedules import SchedulesUnavailable


@dataclass(frozen=True, slots=True)
class Updated:
    """A bot after a change of its settings, and from when on each new setting counts."""

    bot: Bot
    effects: tuple[Effect, ...]


class Bots:
    """A user's bots."""

    def __init__(
        self,
        bots: BotStore,
        accounts: AccountStore,
        exchanges: Exchanges,
        schedules: ScheduleStore,
        capacity: CapacityStore,
        now: Callable[[], int],
    ) -> None:
        self._bots = bots
        self._accounts = accounts
        self._exchanges = exchanges
        self._schedules = schedules
        self._capacity = capacity
        self._now = now

    def get(self, user_id: str, bot_id: str) -> Bot:
        """Return the user's bot.

        Raises:
            Problem: 404 ``bot_not_found``.
        """
        bot = self._bots.load(bot_id) if is_id(bot_id) else None
        if bot is None or bot.config.user_id != user_id:
            raise not_found("bot")
        return bot

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        """Return the user's bots, oldest first."""
        return self._bots.list_by_user(user_id, limit, cursor)

    def get_ever(self, user_id: str, bot_id: str) -> Bot:
        """Return the user's bot, a deleted one too: what it has done can still be looked at.

        Raises:
            Problem: 404 ``bot_not_found``.
        """
        try:
            return self.get(user_id, bot_id)
        except Problem:
            bot = self._bots.load_deleted(bot_id) if is_id(bot_id) else None
            if bot is None or bot.config.user_id != user_id:
                raise
            return bot

    def list_deleted(self, user_id: str, limit: int, cursor: str | None) -> Page[Bot]:
        """Return the bots that the user has deleted, oldest first."""
        return self._bots.list_deleted(user_id, limit, cursor)

    def create(self, user_id: str, settings: BotSettings) -> Bot:
        """Store a new bot, stopped, after asking the exchange about its pair.

        Raises:
            Problem: 422 naming the fields that the exchange can't do, 404 for the account.
            ExchangeFailure: the exchange can't be asked.
        """
        account, facts = self._pair(user_id, settings)
        now = self._now()
        config = _config(new_id(), account, settings, facts, now, now)
        state = _with_start_prices(BotState(bot_id=config.bot_id), facts)
        self._bots.create(config, state)
        return Bot(config, state)

    def update(self, user_id: str, bot_id: str, changes: Mapping[str, Any]) -> Updated:
        """Change the settings named in `changes`; what a running bot holds decides what may.

        Raises:
            Problem: 404, 409 ``not_editable_now`` or ``capacity_reached``, 422.
            ExchangeFailure: the exchange can't be asked.
        """

        def write() -> Updated:
            before = self.get(user_id, bot_id)
            bot = self._update(before, changes)
            return Updated(bot, effects_of(before.config.settings, bot))

        return until_written(write)

    def delete(self, user_id: str, bot_id: str) -> None:
        """Remove the bot; its history stays.

        Raises:
            Problem: 404; 409 ``bot_not_stopped``.
        """

        def remove() -> BotState:
            bot = self.get(user_id, bot_id)
            if not is_idle(bot):
                raise conflict("bot_not_stopped", "Stop the bot first; it must hold no position.")
            self._bots.delete(bot, self._now())
            return bot.state

        state = until_written(remove)
        try:
            self._schedules.delete(bot_id, state.generation)
        except SchedulesUnavailable:
            logger.exception("A schedule may be left over", bot_id=bot_id)

    def _update(self, bot: Bot, changes: Mapping[str, Any]) -> Bot:
        old = bot.config.settings
        settings = merge(old, changes)
        require_editable(bot, settings)
        changed = changed_fields(old, settings)
        if not changed:
            return bot
        # Two changes within a millisecond must not look like one.
        now = max(self._now(), bot.config.updated_at + 1)
        state = _with_interval(bot.state, old, settings)
        if not may_still_adopt(state.handed_over, old, settings):
            state = replace(state, handed_over=None)
        if changed & PAIR_FIELDS:
            account, facts = self._pair(bot.config.user_id, settings)
            created = bot.config.created_at
            config = _config(bot.config.bot_id, account, settings, facts, created, now)
            state = _with_start_prices(state, facts)
        else:
            if changed & SIZE_FIELDS:
                refuse(size_errors(settings, bot.config.markets, _prices_of(state)))
            config = replace(bot.config, settings=settings, updated_at=now)
        # A bot that is stopped counts from its next start on.
        counts = bot.state.status is not Status.STOPPED and "tick_interval_seconds" in changed
        extra = self._capacity.take(config) if counts else None
        self._bots.reconfigure(config, bot.state, state, extra=extra)
        return Bot(config, replace(state, revision=bot.state.revision + 1), bot.intents)

    def _pair(self, user_id: str, settings: BotSettings) -> tuple[ExchangeAccount, PairFacts]:
        account = account_of(self._accounts, user_id, settings)
        facts = find_facts(self._exchanges, account, settings, self._now())
        refuse(size_errors(settings, facts.markets, facts.prices))
        return account, facts


def _config(
    bot_id: str,
    account: ExchangeAccount,
    settings: BotSettings,
    facts: PairFacts,
    created_at: int,
    updated_at: int,
) -> BotConfig:
    return BotConfig(
        bot_id=bot_id,
        user_id=account.user_id,
        exchange_name=account.exchange_name,
        mode=account.mode,
        account_uid=account.uid,
        settings=settings,
        market1=facts.markets[0],
        market2=facts.markets[1],
        created_at=created_at,
        updated_at=updated_at,
        markets_checked_at=updated_at,
    )


def _with_start_prices(state: BotState, facts: PairFacts) -> BotState:
    first, second = facts.start_prices or (None, None)
    return replace(
        state,
        start_price1=first,
        start_price2=second,
        last_price1=None,
        last_price2=None,
        last_spread=None,
    )


def _prices_of(state: BotState) -> tuple[Any, Any] | None:
    first, second = state.last_price1, state.last_price2
    if first is None or second is None:
        first, second = state.start_price1, state.start_price2
    return None if first is None or second is None else (first, second)


def _with_interval(state: BotState, old: BotSettings, new: BotSettings) -> BotState:
    """Slots are counted in intervals: another interval needs another count."""
    slot = state.last_slot * old.tick_interval_seconds // new.tick_interval_seconds
    return replace(state, last_slot=slot)
