"""Bots and the marks of who watches them, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from pairtrader.model.bot import Bot, BotConfig


@dataclass
class FakeWatchedBots:
    """`BotRepository` and `WatchedBots`, as far as socket and push function go."""

    bots: dict[str, Bot] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    reads: int = 0
    """Configurations read so far."""
    before_mark: Callable[[], None] | None = None
    _numbers: count = field(default_factory=lambda: count(1))  # type: ignore[type-arg]

    def config(self, bot_id: str) -> BotConfig | None:
        self.reads += 1
        bot = self.bots.get(bot_id)
        return bot.config if bot else None

    def load(self, bot_id: str) -> Bot | None:
        return self.bots.get(bot_id)

    def ids_of(self, user_id: str, limit: int) -> list[str]:
        own = [key for key, bot in sorted(self.bots.items()) if bot.config.user_id == user_id]
        return own[:limit]

    def mark(self, bot_id: str) -> bool:
        if self.before_mark is not None:
            first, self.before_mark = self.before_mark, None
            first()
        if bot_id not in self.bots:
            return False
        self.marks[bot_id] = f"mark{next(self._numbers)}"
        return True

    def clear(self, bot_id: str, mark: str) -> bool:
        if self.marks.get(bot_id) != mark:
            return False
        del self.marks[bot_id]
        return True
