"""Renews the markets that a bot's configuration carries: steps, minimums, limits, fees, trading."""

from dataclasses import replace
from typing import Any, Protocol

from functions.exchange.shelf import OpenAccount
from pairtrader.model.bot import BotConfig


class BotNotFound(Exception):
    """The account has no bot of this id."""


class Bots(Protocol):
    """Where bots' configurations are."""

    def config(self, bot_id: str) -> BotConfig | None:
        """Return the bot's configuration, strongly consistent."""

    def refresh_markets(self, old: BotConfig, new: BotConfig) -> None:
        """Put `new` in place of `old`, or raise `Superseded`."""


async def refresh_markets(bot_id: str, opened: OpenAccount, bots: Bots) -> dict[str, Any]:
    """Store both markets as the exchange describes them now, and say which have changed.

    One that the exchange does not list any more is kept as it was, not to be traded.

    Raises:
        BotNotFound: the account has no such bot.
        Superseded: the user has changed the bot meanwhile, so that it is fresh anyway.
        ExchangeError: the exchange did not answer.
    """
    account = opened.account
    config = bots.config(bot_id)
    if config is None or config.user_id != account.user_id:
        raise BotNotFound(bot_id)
    if config.settings.exchange_account_id != account.account_id:
        raise BotNotFound(bot_id)
    first, second = [await opened.renewed(market) for market in config.markets]
    renewed = replace(config, market1=first, market2=second, markets_checked_at=opened.clock())
    bots.refresh_markets(config, renewed)
    pairs = zip(config.markets, renewed.markets, strict=True)
    return {"changed": [new.symbol for old, new in pairs if new != old]}
