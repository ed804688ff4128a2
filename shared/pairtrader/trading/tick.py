"""One tick that may run: look at the pair, decide, and end with one conditional write.

An idle tick is a query, two quotes and that write. Whatever trades or settles takes the lease
first and goes on as an `Intervention`.
"""

from dataclasses import replace

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import ExchangeError, SkipTick
from pairtrader.model.bot import Bot, BotState, Status
from pairtrader.model.events import EventKind
from pairtrader.model.records import LogType
from pairtrader.model.settings import OnBrokenPair
from pairtrader.trading import reconciliation
from pairtrader.trading.conclusion import UNBALANCED
from pairtrader.trading.incidents import Incident
from pairtrader.trading.intervention import Intervention, acts, is_unfinished, quiet_after
from pairtrader.trading.judgement import HOLDS, judge_look, still_disarmed
from pairtrader.trading.look import NO_MARKS, Look, look, quotes_unfit
from pairtrader.trading.metronome import MINUTE_MS, TickRequest, requested_slot, slots_to_queue
from pairtrader.trading.ports import Ports
from pairtrader.trading.records import log_record
from pairtrader.trading.report import TickReport, TickResult, report
from pairtrader.trading.session import Session, take_lease
from pairtrader.trading.start_prices import start_prices
from pairtrader.trading.store import Guard

SAID_ONCE = frozenset({"over_cap"})
"""Reasons for holding that the log names when they begin."""
USER_MUST_ACT = frozenset({"keys_refused", "user_must_act"})
"""What keeps an account from being read until its owner does something about it."""
BEFORE_START = "before_start_time"
MARKETS_KEPT_MS = 86_400_000
MARKETS_ASKED_EVERY_MS = 3_600_000


class Tick:
    """One tick of one bot whose turn it is."""

    def __init__(self, ports: Ports, request: TickRequest, bot: Bot, now: int) -> None:
        self._ports = ports
        self._bot = bot
        self._now = now
        interval = bot.config.settings.tick_interval_seconds
        self._broken = ""
        self._unread = ""
        """Why the account could not be compared with the books."""
        self._slot = requested_slot(request, now, interval)
        self._dues, self._mark = slots_to_queue(request, bot.state, now, interval)

    async def run(self) -> TickReport:
        """Settle what is unfinished, else look and decide.

        Raises:
            Superseded: another tick wrote first.
            LeaseLost: another tick took over.
            SkipTick: another tick consumes this moment of the market.
        """
        bot = self._bot
        unfinished = is_unfinished(bot)
        if self._now < bot.state.quiet_until and not unfinished:
            return self._skip(bot.state, "asked_to_wait")
        try:
            exchange = await self._ports.exchange_of(bot.config)
        except ExchangeError as error:
            return self._skip(bot.state, error.code)
        if bot.state.status is Status.ERROR and not unfinished:
            return await self._watch(exchange)
        seen, state, unfit = await self._look(exchange)
        if unfinished:
            session = self._lease(state, exchange)
            await self._intervention(session, seen).settle()
            return report(session.state, TickResult.SETTLED, incidents=session.incidents)
        if self._broken:
            return await self._meet_broken_pair(exchange, state, seen)
        if seen is None:
            return self._skip(state, unfit)
        return await self._decide(exchange, state, seen)

    async def _watch(self, exchange: BaseExchange) -> TickReport:
        """In error: compare with the exchange, and close what an earlier tick could not."""
        config = self._bot.config
        state = replace(self._bot.state, hold_reason="error", last_tick_at=self._now)
        if not reconciliation.is_due(state, self._now):
            return self._idle(state, TickResult.IDLE)
        looked = await reconciliation.reconcile(config, state, exchange, self._now)
        self._unread = looked.failure
        left = looked.broken or _legs_differ(looked.state)
        if left and looked.closable and config.settings.on_broken_pair is OnBrokenPair.CLOSE:
            self._broken = left
            return await self._meet_broken_pair(exchange, looked.state, None)
        return self._idle(looked.state, TickResult.IDLE)

    async def _meet_broken_pair(
        self, exchange: BaseExchange, state: BotState, seen: Look | None
    ) -> TickReport:
        session = self._lease(state, exchange)
        await self._intervention(session, seen).meet_broken_pair(self._broken)
        return report(session.state, TickResult.SETTLED, incidents=session.incidents)

    async def _look(self, exchange: BaseExchange) -> tuple[Look | None, BotState, str]:
        """Return what is seen, the state with it, and else why nothing may be decided."""
        config, state, marks = self._bot.config, self._bot.state, NO_MARKS
        try:
            starts = await start_prices(config, state, exchange, self._now)
            if starts is None:
                return None, state, BEFORE_START
            quotes = await exchange.quote_pair(*config.markets)
        except SkipTick:
            raise
        except ExchangeError as error:
            waiting = replace(state, quiet_until=quiet_after(error, self._ports.clock.now()))
            return None, waiting, error.code
        state = replace(state, start_price1=starts[0], start_price2=starts[1], quiet_until=0)
        now = self._ports.clock.now()
        if reconciliation.is_due(state, now) and not is_unfinished(self._bot):
            reconciled = await reconciliation.reconcile(config, state, exchange, now)
            state, self._broken, marks = reconciled.state, reconciled.broken, reconciled.marks
            self._unread = reconciled.failure
        seen = look(config, state, quotes, starts, now, marks)
        unfit = quotes_unfit(quotes, state, config.settings, now)
        if unfit is not None:
            price1, price2 = seen.prices
            return None, replace(state, last_price1=price1, last_price2=price2), unfit
        return seen, self._with(state, seen), ""

    def _with(self, state: BotState, seen: Look) -> BotState:
        """The state with the look in it; looks of a finished minute go to the history."""
        points = state.points
        if points and seen.at // MINUTE_MS != points[0].recorded_at // MINUTE_MS:
            self._ports.history.add(state.bot_id, points)
            points = ()
        return replace(
            state,
            points=(*points, seen.point),
            disarmed=still_disarmed(self._bot.config, state, seen.spread),
            last_price1=seen.prices[0],
            last_price2=seen.prices[1],
            last_spread=seen.spread,
            last_pnl=seen.pnl,
            last_tick_at=seen.at,
            skipped=0,
        )

    async def _decide(self, exchange: BaseExchange, state: BotState, seen: Look) -> TickReport:
        action = judge_look(self._bot.config.settings, state, seen)
        if not acts(action):
            return self._hold(state, seen, HOLDS[action])
        session = self._lease(state, exchange)
        await self._intervention(session, seen).act(action)
        return report(session.state, TickResult.TRADED, incidents=session.incidents)

    def _intervention(self, session: Session, seen: Look | None) -> Intervention:
        return Intervention(session, self._ports.retirement, self._ports.risk, seen)

    def _hold(self, state: BotState, seen: Look, reason: str) -> TickReport:
        reason = self._unread or reason
        if reason in SAID_ONCE and reason != state.hold_reason:
            level = state.cycle.level if state.cycle else 0
            text = f"row {level + 1} skipped: it would lift the position over its cap"
            line = log_record(state.bot_id, LogType.INFO, text, seen.at, spread=seen.spread)
            self._ports.logs.add(line)
        if reason in USER_MUST_ACT and reason != state.hold_reason:
            text = f"held up: the account can't be read: {reason}"
            self._ports.logs.add(
                log_record(
                    state.bot_id, LogType.WARNING, text, seen.at, EventKind.HELD_UP, reason=reason
                )
            )
        return self._idle(replace(state, hold_reason=reason), TickResult.IDLE)

    def _skip(self, state: BotState, reason: str) -> TickReport:
        waits = reason == BEFORE_START  # as it was told to, until its time has come
        skipped = replace(
            state,
            skipped=0 if waits else state.skipped + 1,
            hold_reason=reason,
            last_tick_at=self._now,
        )
        return self._idle(skipped, TickResult.SKIPPED)

    def _idle(self, state: BotState, result: TickResult) -> TickReport:
        stored = self._ports.bots.change(self._bot.state, self._marked(state), Guard.REVISION)
        self._after_write(stored)
        incidents = (Incident.HELD_UP,) if self._unread else ()
        return report(stored, result, incidents=incidents)

    def _marked(self, state: BotState) -> BotState:
        slot = state.last_slot if self._slot is None else self._slot
        asked_at = self._now if self._markets_are_old() else state.markets_asked_at
        return replace(state, last_slot=slot, queued_until=self._mark, markets_asked_at=asked_at)

    def _markets_are_old(self) -> bool:
        """Whether both markets' records should be checked; simulated ones never change.

        A check that was asked for and has not come is asked for again after a while.
        """
        config, asked_at = self._bot.config, self._bot.state.markets_asked_at
        if not config.market1.native:
            return False
        old = self._now - config.markets_checked_at >= MARKETS_KEPT_MS
        doubted = asked_at == 0 and config.markets_checked_at > 0
        return (old or doubted) and self._now - asked_at >= MARKETS_ASKED_EVERY_MS

    def _after_write(self, stored: BotState) -> None:
        """What others are asked for is noted before: a crash between loses, never doubles."""
        if stored.markets_asked_at != self._bot.state.markets_asked_at:
            self._ports.refresh_markets(self._bot.config)
        self._send_slots()

    def _send_slots(self) -> None:
        """The mark is stored before the messages leave: a crash between loses, never doubles."""
        state = self._bot.state
        if self._dues:
            now = self._ports.clock.now()
            self._ports.slots.send(state.bot_id, state.generation, self._dues, now)

    def _lease(self, state: BotState, exchange: BaseExchange) -> Session:
        leased = take_lease(self._marked(state), self._ports.clock.now())
        stored = self._ports.bots.change(self._bot.state, leased, Guard.REVISION)
        self._after_write(stored)
        bot = replace(self._bot, state=stored)
        return Session(bot, self._ports.bots, exchange, self._ports.clock)


def _legs_differ(state: BotState) -> str:
    """Why the bot is in error, where it holds one leg that the other does not match."""
    return state.status_reason if state.status_reason == UNBALANCED else ""
