"""What moves a bot: start, pause, stop, close, kill. Positions are closed by its ticks alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from functions.api.bots.bots import Bots
from functions.api.bots.edits import is_flat, is_idle
from functions.api.bots.readiness import Readiness, Ready
from functions.api.bots.retries import until_written
from functions.api.identifiers import new_id
from functions.api.ports import BotStore, CapacityStore, ClaimStore, ScheduleStore, Ticks
from functions.api.web.problems import FieldError, Problem, conflict
from pairtrader.model.bot import Bot, BotConfig, BotState, Command, CommandKind, Status
from pairtrader.model.records import LogType, Records
from pairtrader.observability import logger
from pairtrader.storage.bots import NO_RECORDS, Guard
from pairtrader.storage.errors import Superseded
from pairtrader.storage.schedules import SchedulesUnavailable
from pairtrader.storage.transactions import TransactionPart, together
from pairtrader.trading.lifecycle import COMMANDABLE, Move, is_ticking, next_status
from pairtrader.trading.records import cycle_record, log_record, position_records

FIRST_FIRE = timedelta(seconds=60)
"""The first tick is asked for by hand; the schedule takes over after it."""
PositionChoice = Literal["close", "leave"]
Resolution = Literal["accept_exchange", "close"]
_RESOLUTIONS: dict[Resolution, CommandKind] = {
    "accept_exchange": CommandKind.ACCEPT_EXCHANGE,
    "close": CommandKind.CLOSE_AND_ACCEPT,
}
_CLOSING = frozenset({CommandKind.CLOSE, CommandKind.KILL})
"""Commands that close both legs already."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of the bot; `pending`: a tick has yet to carry the rest out."""

    bot: Bot
    pending: bool


class KillOutcome(StrEnum):
    """What a kill has made of a bot."""

    COMMANDED = "commanded"
    """Its next tick closes what is open and stops it."""
    STOPPED = "stopped"
    """It held nothing and is stopped now."""
    ALREADY_STOPPED = "already_stopped"


class BotCommands:
    """Moves bots from one status to another."""

    def __init__(
        self,
        reader: Bots,
        bots: BotStore,
        readiness: Readiness,
        claims: ClaimStore,
        capacity: CapacityStore,
        schedules: ScheduleStore,
        ticks: Ticks,
        now: Callable[[], int],
    ) -> None:
        self._reader = reader
        self._bots = bots
        self._readiness = readiness
        self._claims = claims
        self._capacity = capacity
        self._schedules = schedules
        self._ticks = ticks
        self._now = now

    def start(self, user_id: str, bot_id: str, *, adopt: bool = False) -> Bot:
        """Run the bot: claims and status in one transaction, then its schedule and a first tick.

        With `adopt` it goes on with the position that its last stop has handed over.

        Raises:
            Problem: 404; 409 ``invalid_transition``, ``account_inactive``, ``not_flat``,
                ``open_orders``, ``nothing_to_adopt``, ``adoption_mismatch``, ``symbol_claimed``,
                ``capacity_reached``; 422 ``symbol_not_traded``, or naming ``leverage``;
                503 ``schedule_unavailable``, the bot being as it was before.
            ExchangeFailure: the exchange can't be asked.
        """
        before = self._reader.get(user_id, bot_id)
        next_status(before.state.status, Move.START)
        ready = self._readiness.judge(before, adopt=adopt)
        started = until_written(lambda: self._run(ready))
        self._schedule(before.state, started)
        bot = self._reader.get(user_id, bot_id)
        if bot.state.generation != started.state.generation or not is_ticking(bot.state):
            # Stopped again while the schedule was being made: it came too late to be deleted.
            self._unschedule(started.state)
            return bot
        self._ticks.first_tick(bot_id, started.state.generation, self._now())
        return bot

    def pause(self, user_id: str, bot_id: str) -> Bot:
        """Allow no more entries; the exits of an open cycle are still watched.

        Raises:
            Problem: 404; 409 ``invalid_transition``.
        """

        def write() -> Bot:
            bot = self._reader.get(user_id, bot_id)
            status = next_status(bot.state.status, Move.PAUSE)
            return self._write(bot, replace(bot.state, status=status, status_reason=""), "Paused")

        paused = until_written(write)
        if not is_ticking(paused.state):
            self._unschedule(paused.state)
        return paused

    def stop(self, user_id: str, bot_id: str, position: PositionChoice | None) -> Outcome:
        """Stop at once when flat, else have a tick close the position or hand it over first.

        Raises:
            Problem: 404; 409 ``invalid_transition``, or ``position_required`` when a position is
                open and `position` does not say what to do with it.
        """
        outcome = until_written(lambda: self._stop(self._reader.get(user_id, bot_id), position))
        if outcome.pending:
            self._ticks.tick(bot_id)
        else:
            self._unschedule(outcome.bot.state)
        return outcome

    def close(self, user_id: str, bot_id: str) -> Outcome:
        """Have a tick close the open position; the bot is paused then.

        Raises:
            Problem: 404; 409 ``invalid_transition`` or ``no_open_position``.
        """
        outcome = until_written(lambda: self._close(self._reader.get(user_id, bot_id)))
        self._ticks.tick(bot_id)
        return outcome

    def resolve(self, user_id: str, bot_id: str, action: Resolution) -> Outcome:
        """Have a tick end the error: take the exchange's word, after closing what is left or not.

        Raises:
            Problem: 404; 409 ``invalid_transition``, also while a kill is to be carried out.
        """
        outcome = until_written(lambda: self._resolve(self._reader.get(user_id, bot_id), action))
        self._ticks.tick(bot_id)
        return outcome

    def kill(self, user_id: str, bot_id: str, why: str) -> KillOutcome:
        """Stop the bot at once when flat, else have a tick close its position and stop it.

        In any status, and whatever else was asked for and is not done yet. `why` is for the log.

        Raises:
            Problem: 404; 409 ``invalid_transition`` for a bot that is stopped and yet holds
                something: it has given its markets up, another bot may trade them.
        """
        outcome, bot = until_written(lambda: self._kill(self._reader.get(user_id, bot_id), why))
        if outcome is KillOutcome.COMMANDED:
            self._ticks.tick(bot_id)
        elif outcome is KillOutcome.STOPPED:
            self._unschedule(bot.state)
        return outcome

    def _kill(self, bot: Bot, why: str) -> tuple[KillOutcome, Bot]:
        state = bot.state
        if is_idle(bot):
            return KillOutcome.ALREADY_STOPPED, bot
        stopping = state.status is Status.STOPPING
        if is_flat(bot) and not stopping:
            return KillOutcome.STOPPED, self._stopped(bot, f"Kill asked for: {why}")
        if is_flat(bot) or (stopping and _is_killed(state)):
            return KillOutcome.COMMANDED, bot
        status = state.status if stopping else next_status(state.status, Move.STOP_OPEN)
        command = self._command(CommandKind.KILL)
        doomed = replace(state, status=status, status_reason="", command=command)
        return KillOutcome.COMMANDED, self._write(bot, doomed, f"Kill asked for: {why}")

    def _stopped(self, bot: Bot, message: str) -> Bot:
        """Stop a bot that holds nothing."""
        status = next_status(bot.state.status, Move.STOP)
        stopped = replace(bot.state, status=status, status_reason="", command=None)
        return self._write(bot, stopped, message, self._released(bot.config))

    def _resolve(self, bot: Bot, action: Resolution) -> Outcome:
        next_status(bot.state.status, Move.RESOLVE)
        if _is_killed(bot.state):
            detail = "The bot is being killed; if that does not end the error, resolve it then."
            raise conflict("invalid_transition", detail)
        state = replace(bot.state, command=self._command(_RESOLUTIONS[action]))
        return Outcome(self._write(bot, state, f"Resolve asked for: {action}"), pending=True)

    def _run(self, ready: Ready) -> Bot:
        bot = self._reader.get(ready.bot.config.user_id, ready.bot.config.bot_id)
        status = next_status(bot.state.status, Move.START)
        ready.require_same(bot)
        config = ready.renewed(bot.config)
        fresh = _fresh_start(replace(bot.state, status=status))
        state = replace(fresh, markets_asked_at=ready.checked_at)
        message, records = "Started", Records()
        if ready.adopted is not None:
            state = replace(state, cycle=ready.adopted)
            message, records = "Started with the position handed over", _rows(config, state)
        extra = together(
            self._bots.with_markets(bot.config, config),
            self._claims.take(config),
            self._capacity.take(config),
        )
        try:
            return self._write(replace(bot, config=config), state, message, extra, records)
        except Superseded:
            self._require_unclaimed(config)
            raise

    def _require_unclaimed(self, config: BotConfig) -> None:
        for claim in self._claims.holders(config):
            if claim.owner == config.bot_id:
                continue
            own = claim.user_id == config.user_id
            who = f"your bot {claim.owner}" if own else "another bot"
            symbol = claim.key.rpartition("#")[2]
            leg = [market.symbol for market in config.markets].index(symbol) + 1
            message = f"{symbol} is being traded by {who} on this account"
            raise conflict(
                "symbol_claimed",
                "One bot at a time may trade a market of an account.",
                [FieldError(field=f"market{leg}_symbol", message=message)],
            )

    def _schedule(self, before: BotState, started: Bot) -> None:
        """Create the new schedule, then delete the one before; on failure undo the start."""
        state = started.state
        first_at = datetime.fromtimestamp(self._now() / 1000, UTC) + FIRST_FIRE
        try:
            self._schedules.create(state.bot_id, state.generation, first_at)
        except SchedulesUnavailable as error:
            logger.exception("No schedule: the start is undone", bot_id=state.bot_id)
            until_written(lambda: self._undo_start(before, started))
            self._unschedule(state)
            raise Problem(
                503,
                "schedule_unavailable",
                "The bot could not be scheduled and is as it was before: try again.",
                headers={"Retry-After": "5"},
            ) from error
        if is_ticking(before):
            self._unschedule(before)

    def _undo_start(self, before: BotState, started: Bot) -> None:
        """Put the status back, unless something has happened to the bot meanwhile."""
        bot = self._bots.load(started.config.bot_id)
        if bot is None or bot.state.generation != started.state.generation:
            return
        if bot.state.status is not Status.RUNNING:
            return
        undone, parts = bot, []
        if _is_still_only_adopted(before, bot):
            parts.append(self._bots.without_rows(_rows(started.config, started.state)))
            undone = replace(bot, state=replace(bot.state, cycle=None))
        status, left = Status.PAUSED, None
        if is_flat(undone):
            status, left = before.status, before.handed_over
        state = replace(
            undone.state,
            status=status,
            status_reason=before.status_reason,
            generation=before.generation,
            handed_over=left,
        )
        if status is Status.STOPPED:
            parts.append(self._released(bot.config))
        self._write(bot, state, "Start undone: no schedule", together(*parts))

    def _stop(self, bot: Bot, position: PositionChoice | None) -> Outcome:
        state = bot.state
        if state.status is Status.STOPPING:
            return _already(bot, _stop_command(position) if position else None)
        if is_flat(bot):
            return Outcome(self._stopped(bot, "Stopped"), pending=False)
        status = next_status(state.status, Move.STOP_OPEN)
        if position is None:
            message = "close: close both legs first; leave: hand the position over to you"
            raise conflict(
                "position_required",
                "A position is open: say what to do with it.",
                [FieldError(field="position", message=message)],
            )
        command = self._command(_stop_command(position))
        stopping = replace(state, status=status, status_reason="", command=command)
        return Outcome(self._write(bot, stopping, f"Stop asked for: {position}"), pending=True)

    def _close(self, bot: Bot) -> Outcome:
        state = bot.state
        if state.status not in COMMANDABLE:
            detail = f"A bot that is {state.status} can't close anything."
            raise conflict("invalid_transition", detail)
        if state.status is Status.STOPPING:
            return _already(bot, CommandKind.CLOSE)
        if is_flat(bot):
            raise conflict("no_open_position", "The bot holds no position.")
        if state.command is not None and state.command.kind in _CLOSING:
            return Outcome(bot, pending=True)
        closing = replace(state, command=self._command(CommandKind.CLOSE))
        return Outcome(self._write(bot, closing, "Close asked for"), pending=True)

    def _command(self, kind: CommandKind) -> Command:
        return Command(kind=kind, id=new_id(), requested_at=self._now())

    def _released(self, config: BotConfig) -> TransactionPart:
        return together(self._claims.give_up(config), self._capacity.give_up(config))

    def _write(
        self,
        bot: Bot,
        state: BotState,
        message: str,
        extra: TransactionPart | None = None,
        rows: Records = NO_RECORDS,
    ) -> Bot:
        """Store the new state with a line in the bot's log, all or nothing."""
        line = log_record(bot.config.bot_id, LogType.INFO, message, self._now(), by="user")
        records = replace(rows, logs=(line,))
        self._bots.commit(bot.state, state, Guard.REVISION, records=records, extra=extra)
        return replace(bot, state=replace(state, revision=bot.state.revision + 1))

    def _unschedule(self, state: BotState) -> None:
        """Delete the schedule; one that stays behind only makes ticks that are dropped."""
        try:
            self._schedules.delete(state.bot_id, state.generation)
        except SchedulesUnavailable:
            logger.exception("A schedule may be left over", bot_id=state.bot_id)


def _fresh_start(state: BotState) -> BotState:
    """Return the state a start begins with: a new generation, nothing held against entries."""
    fresh = replace(
        state,
        status_reason="",
        generation=state.generation + 1,
        command=None,
        last_slot=0,
        queued_until=0,
        disarmed=0,
        closed_at=0,
        hold_reason="",
        skipped=0,
        reconciled_at=0,
        mismatch="",
        handed_over=None,
    )
    # Prices from before the start are no measure of a jump.
    return replace(fresh, last_price1=None, last_price2=None) if state.is_flat else fresh


def _rows(config: BotConfig, state: BotState) -> Records:
    """Return the rows of a cycle that was adopted."""
    cycle = state.cycle
    if cycle is None:
        raise AssertionError("nothing was adopted")
    return Records(
        positions=position_records(config, state, cycle, cycle.opened_at),
        cycles=(cycle_record(config, state, cycle),),
    )


def _is_still_only_adopted(before: BotState, bot: Bot) -> bool:
    """Whether the cycle that the start adopted is open and no order was written for it."""
    state = bot.state
    untraded = state.operation is None and not bot.intents and not state.order_rounds
    adopted = before.handed_over is not None and before.cycle is None
    return adopted and untraded and state.cycle is not None


def _is_killed(state: BotState) -> bool:
    """Whether a kill was asked for and no tick has carried it out or given it up yet."""
    return state.command is not None and state.command.kind is CommandKind.KILL


def _stop_command(position: PositionChoice) -> CommandKind:
    return CommandKind.CLOSE if position == "close" else CommandKind.HAND_OVER


def _already(bot: Bot, wanted: CommandKind | None) -> Outcome:
    """Answer a request that is being carried out already; one against it is refused."""
    command = bot.state.command
    under_way = command.kind if command is not None else CommandKind.CLOSE
    if under_way in _CLOSING:
        under_way = CommandKind.CLOSE
    if wanted not in (None, under_way):
        raise conflict("invalid_transition", "The bot is being stopped in another way already.")
    return Outcome(bot, pending=True)
