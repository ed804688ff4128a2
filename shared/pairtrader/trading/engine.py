"""Whose turn it is: the gate that every tick passes before it may look or trade."""

from dataclasses import replace

from pairtrader.exchanges.errors import SkipTick
from pairtrader.model.bot import Bot
from pairtrader.trading.metronome import TickRequest, TickSource, drop_reason, slots_to_queue
from pairtrader.trading.ports import Ports
from pairtrader.trading.report import TickReport, TickResult, report
from pairtrader.trading.session import LeaseLost
from pairtrader.trading.store import Guard, Superseded
from pairtrader.trading.tick import Tick


class TickEngine:
    """Runs ticks; holds nothing between them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def run(self, request: TickRequest) -> TickReport:
        """Run one tick and say how it ended; raises only for what nobody foresaw."""
        bot = self._ports.bots.load(request.bot_id)
        now = self._ports.clock.now()
        if bot is None:
            self._remove_orphan(request)
            return TickReport(request.bot_id, TickResult.DROPPED, "deleted")
        try:
            return await self._run(request, bot, now)
        except (Superseded, LeaseLost):
            return report(bot.state, TickResult.DROPPED, "superseded")
        except SkipTick:
            return report(bot.state, TickResult.DROPPED, "market_moment_taken")

    async def _run(self, request: TickRequest, bot: Bot, now: int) -> TickReport:
        interval = bot.config.settings.tick_interval_seconds
        dropped = drop_reason(request, bot.state, now, interval)
        if dropped in ("not_ticking", "other_generation"):
            self._remove_orphan(request)
        elif dropped is None and bot.state.lease_until > now:
            dropped = "busy"
        if dropped is None:
            return await Tick(self._ports, request, bot, now).run()
        self._queue_only(request, bot, now)
        return report(bot.state, TickResult.DROPPED, dropped)

    def _remove_orphan(self, request: TickRequest) -> None:
        """A schedule whose bot does not tick in its generation is left over: take it away."""
        if request.source is TickSource.SCHEDULE and request.generation is not None:
            self._ports.retirement.remove_schedule(request.bot_id, request.generation)

    def _queue_only(self, request: TickRequest, bot: Bot, now: int) -> None:
        """A schedule's event queues its minute even when its own slot has been ticked."""
        state, interval = bot.state, bot.config.settings.tick_interval_seconds
        dues, mark = slots_to_queue(request, state, now, interval)
        if dues:
            self._ports.bots.change(state, replace(state, queued_until=mark), Guard.REVISION)
            self._ports.slots.send(state.bot_id, state.generation, dues, now)
