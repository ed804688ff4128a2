"""What a bot that stops gives back: its schedule and its claims on symbols."""

from typing import Protocol

from pairtrader.model.bot import BotConfig


class Retirement(Protocol):
    """Gives back what a ticking bot holds; doing it twice does no harm."""

    def remove_schedule(self, bot_id: str, generation: int) -> None:
        """Delete the schedule of this generation; none there is success."""

    def release_claims(self, config: BotConfig) -> None:
        """Give up the bot's claims on both symbols."""
