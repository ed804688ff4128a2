"""Documents of bots, and what is made of them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import ConfigDict, Field

from functions.api.schemas.schema import Schema
from pairtrader.model.account import ExchangeName
from pairtrader.model.bot import BotConfig
from pairtrader.model.settings import UtcTime
from pairtrader.views.texts import plain

FORMAT: Literal["pairtrader.bot/1"] = "pairtrader.bot/1"
_CHANGES = "Settings that are to differ, as in `PUT /bots/{bot_id}`."


class BotDocument(Schema):
    """A bot's settings, without the account that it trades on."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["pairtrader.bot/1"] = Field(
        description="What kind of document this is, and of which version.", examples=[FORMAT]
    )
    exported_at: UtcTime = Field(
        description="When it was made, UTC.", examples=["2026-06-01T12:00:00Z"]
    )
    exchange_name: ExchangeName = Field(
        description="Where the bot traded; the document may be imported elsewhere."
    )
    settings: dict[str, Any] = Field(
        description="The fields of `POST /bots` but for `exchange_account_id`.",
        examples=[
            {
                "bot_name": "gala against chz",
                "market1_symbol": "GALA-USDT",
                "market2_symbol": "CHZ-USDT",
                "start_time": "2026-05-31T12:00:00Z",
                "investment_per_order": "100",
                "max_position_value": "1000",
                "dca_config": [{"times": 1, "spread": 1.0, "multiplier": 1.0}],
            }
        ],
    )

    @classmethod
    def of(cls, config: BotConfig, now: int) -> "BotDocument":
        """Return the document of a bot, made at `now` (ms UTC)."""
        settings = config.settings.model_dump(mode="json", exclude={"exchange_account_id"})
        for name, value in config.settings:
            if isinstance(value, Decimal):
                settings[name] = plain(value)
        return cls(
            format=FORMAT,
            exported_at=datetime.fromtimestamp(now / 1000, UTC),
            exchange_name=config.exchange_name,
            settings=settings,
        )


class BotImport(Schema):
    """A document and the account that its bot is to trade on."""

    model_config = ConfigDict(extra="forbid")

    document: BotDocument = Field(description="As `GET /bots/{bot_id}/export` gives it.")
    exchange_account_id: str = Field(
        min_length=1, max_length=64, description="Your account that the bot is to trade on."
    )
    changes: dict[str, Any] = Field(
        default_factory=dict, description=_CHANGES, examples=[{"leverage": 5}]
    )


class BotClone(Schema):
    """How a copy is to differ."""

    model_config = ConfigDict(extra="forbid")

    bot_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Default: the name with ` (2)`, or the next number.",
        examples=["gala against chz, wider"],
    )
    changes: dict[str, Any] = Field(
        default_factory=dict, description=_CHANGES, examples=[{"leverage": 5}]
    )
