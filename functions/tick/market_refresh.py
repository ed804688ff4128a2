"""Asks the exchange function to renew a bot's markets, without waiting for it."""

import json
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pairtrader.model.bot import BotConfig
from pairtrader.observability import logger

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


class MarketRefresh:
    """Renews markets while bots tick; one that can't be asked for is left to a later tick."""

    def __init__(self, function: str, client: "LambdaClient | None" = None) -> None:
        self._function = function
        self._given = client

    @cached_property
    def _client(self) -> "LambdaClient":
        if self._given is not None:
            return self._given
        import boto3  # noqa: PLC0415 - most ticks need no Lambda client
        from botocore.config import Config  # noqa: PLC0415

        config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})
        return boto3.client("lambda", config=config)

    def ask(self, config: BotConfig) -> None:
        """Have both markets in the bot's configuration renewed; never fails."""
        event = {
            "action": "refresh_markets",
            "user_id": config.user_id,
            "account_id": config.settings.exchange_account_id,
            "bot_id": config.bot_id,
        }
        try:
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event)
            )
        except (ClientError, BotoCoreError):
            logger.exception("markets could not be renewed", bot_id=config.bot_id)
