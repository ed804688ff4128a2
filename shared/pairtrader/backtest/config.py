"""What a backtest is asked for: a bot's settings, and the terms that an exchange would set."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from pairtrader.model.settings import BotSettings, Money, Symbol

Fraction = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Step = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
AtLeastNothing = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]

NAMELESS = "backtest"
"""Name and account of a bot that exists on history only."""
FROM_THE_FIRST_BAR = datetime(1970, 1, 1, tzinfo=UTC)


class FillAt(StrEnum):
    """Where a market order fills."""

    NEXT_OPEN = "next_open"
    """At the open of the bar after the one whose close decided."""
    SIGNAL_CLOSE = "signal_close"
    """At that close itself, as a replay in steps does."""


class MarketSteps(BaseModel):
    """The grid of one market, as its exchange sets it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    amount_step: Step
    """Base coins."""
    min_amount: AtLeastNothing = Decimal(0)
    """Base coins."""
    min_notional: AtLeastNothing = Decimal(0)
    """Quote currency."""
    max_market_amount: Step | None = None
    """Base coins."""
    price_step: Step | None = None
    """Quote currency; limit orders rest on it."""


class BacktestTerms(BaseModel):
    """How orders fill and what they cost; fees and slippage are fractions of the notional."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    fill_at: FillAt = FillAt.NEXT_OPEN
    taker_fee: Fraction = 0.0005
    maker_fee: Annotated[float, Field(gt=-1, lt=1, allow_inf_nan=False)] = 0.0002
    """Negative where the exchange pays for resting orders."""
    slippage: Fraction = 0.0001
    """By how much a market order fills beyond the price."""
    funding: bool = False
    """Whether open positions pay and receive funding by the recorded rates."""
    lot_steps: bool = False
    """Whether amounts are cut to whole steps of `markets`, and its minimums hold."""
    markets: dict[Symbol, MarketSteps] = {}
    honour_pause: bool = False
    """Whether `pause_after_close` ends the run at the first close; else it is passed over."""
    initial_capital: Money | None = None
    """Quote currency; left out: `max_position_value` ÷ `leverage`."""

    @model_validator(mode="before")
    @classmethod
    def _markets_by_symbol(cls, data: object) -> object:
        """Take a list of markets as well, each naming its `symbol`."""
        if isinstance(data, Mapping) and isinstance(data.get("markets"), list | tuple):
            rows = data["markets"]
            if all(isinstance(row, Mapping) and "symbol" in row for row in rows):
                return {**data, "markets": {row["symbol"]: row for row in rows}}
        return data


class BacktestConfig(BaseModel):
    """One run: settings and terms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: BotSettings
    terms: BacktestTerms

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "BacktestConfig":
        """Return the run that a flat document stands for: settings and terms side by side.

        Name, account and start time may be left out; without a start time the first bar is it.

        Raises:
            ValidationError: naming each field that can't be right.
        """
        terms = {k: v for k, v in document.items() if k in BacktestTerms.model_fields}
        settings = {
            "bot_name": NAMELESS,
            "exchange_account_id": NAMELESS,
            "start_time": FROM_THE_FIRST_BAR,
            **{k: v for k, v in document.items() if k not in BacktestTerms.model_fields},
        }
        return cls.model_validate({"settings": settings, "terms": terms})

    @model_validator(mode="after")
    def _possible(self) -> "BacktestConfig":
        settings, terms = self.settings, self.terms
        if terms.slippage * 100 > settings.max_slippage:
            raise PydanticCustomError(
                "slippage",
                "slippage ({slippage} %) is beyond max_slippage ({bound} %): no entry would fill",
                {"slippage": terms.slippage * 100, "bound": settings.max_slippage},
            )
        if terms.lot_steps:
            symbols = (settings.market1_symbol, settings.market2_symbol)
            missing = [symbol for symbol in symbols if symbol not in terms.markets]
            if missing:
                raise PydanticCustomError(
                    "markets",
                    "lot_steps needs the steps of {symbols} in markets, or lot_steps: false",
                    {"symbols": " and ".join(missing)},
                )
        return self

    @property
    def initial_capital(self) -> float:
        """Quote currency."""
        given, settings = self.terms.initial_capital, self.settings
        if given is not None:
            return float(given)
        return float(settings.max_position_value / settings.leverage)
