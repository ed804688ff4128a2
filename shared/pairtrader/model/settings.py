"""What a trader decides about a bot: the settings, their defaults and their bounds."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from pairtrader.model.account import MarginMode
from pairtrader.model.order import OrderType

LEVERAGE_PRESETS = (1, 2, 3, 5, 10, 20)
MAX_LADDER_ROWS = 10


class SpreadMode(StrEnum):
    """How the gap between the two markets is measured."""

    DIFFERENCE = "difference"
    LOG_RATIO = "log_ratio"


class ProfitMode(StrEnum):
    """What `profit_ratio` counts: earnings in percent or the way back of the spread in points."""

    POSITION = "position"
    REGRESSION = "regression"


class ProfitBasis(StrEnum):
    """What percentages of profit and loss are taken of."""

    NOTIONAL = "notional"
    MARGIN = "margin"


class Direction(StrEnum):
    """The side one market may be traded on."""

    AUTO = "auto"
    BUY = "buy"
    SELL = "sell"


class OnBrokenPair(StrEnum):
    """What to do with the other leg when one has gone."""

    CLOSE = "close"
    HOLD = "hold"


def _require_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticCustomError(
            "time_zone", "the time needs a zone: write it in UTC, such as 2026-01-31T12:00:00Z"
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("time_range", "the time lies beyond what UTC can name") from None


UtcTime = Annotated[datetime, AfterValidator(_require_utc)]
Symbol = Annotated[
    str,
    Field(
        pattern=r"^[A-Z0-9]{1,20}-[A-Z0-9]{2,10}$",
        description="A perpetual swap as BASE-QUOTE, such as GALA-USDT.",
        examples=["GALA-USDT"],
    ),
]
Percent = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Money = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=8, allow_inf_nan=False)]


class DcaRow(BaseModel):
    """One step of the ladder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: Annotated[int, Field(ge=1, le=MAX_LADDER_ROWS)]
    """Position in the ladder, 1 is the first entry."""
    spread: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    """Row 1: size of the spread that opens. Later rows: how much further it must have moved
    against the position since the entry before. Percentage points."""
    multiplier: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    """Times `investment_per_order`."""


def _ladder_in_order(rows: tuple[DcaRow, ...]) -> tuple[DcaRow, ...]:
    if [row.times for row in rows] != list(range(1, len(rows) + 1)):
        raise PydanticCustomError(
            "ladder_times", "times must count 1, 2, 3 … without a gap, in order"
        )
    return rows


Ladder = Annotated[
    tuple[DcaRow, ...],
    Field(min_length=1, max_length=MAX_LADDER_ROWS),
    AfterValidator(_ladder_in_order),
]


class BotSettings(BaseModel):
    """All settings of a bot; names and defaults are those of the API."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    bot_name: Annotated[str, Field(min_length=1, max_length=100)]
    exchange_account_id: Annotated[str, Field(min_length=1, max_length=64)]
    market1_symbol: Symbol
    market2_symbol: Symbol
    market1_direction: Direction = Direction.AUTO
    market2_direction: Direction = Direction.AUTO
    start_time: UtcTime
    spread_mode: SpreadMode = SpreadMode.DIFFERENCE

    leverage: Annotated[int, Field(ge=1, le=125)] = 10
    margin_mode: MarginMode = MarginMode.CROSS
    order_type_open: OrderType = OrderType.MARKET
    order_type_close: OrderType = OrderType.MARKET
    investment_per_order: Money
    """Notional per leg of one entry with multiplier 1, quote currency."""
    dca_config: Ladder
    max_dca_times: Annotated[int, Field(ge=1, le=MAX_LADDER_ROWS)] = 6
    """Rows of the ladder; follows `dca_config` where it is left out."""
    max_position_value: Money
    """Cap on the summed entry notional of both legs, quote currency."""

    profit_mode: ProfitMode = ProfitMode.POSITION
    profit_ratio: Percent = 1.0
    """Percent of invested (position) or points of spread (regression)."""
    profit_basis: ProfitBasis = ProfitBasis.NOTIONAL
    regression_requires_profit: bool = True
    stop_loss_ratio: Percent = 10.0
    """Percent of invested."""
    pause_after_close: bool = True
    cooldown_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] = 0

    tick_interval_seconds: Annotated[int, Field(ge=1, le=60)] = 5
    limit_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    leg_timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 5
    max_slippage: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 0.5
    """Percent."""
    max_price_jump: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 5.0
    """Percent between two looks at one market."""
    max_quote_age_seconds: Annotated[int, Field(ge=1, le=120)] = 10
    max_leg_imbalance: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 5.0
    """Percent of the larger leg's notional."""
    liquidation_guard: bool = True
    liquidation_buffer: Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False)] = 75.0
    """Percent of the way from entry to liquidation."""
    on_broken_pair: OnBrokenPair = OnBrokenPair.CLOSE

    @model_validator(mode="before")
    @classmethod
    def _ladder_sets_its_length(cls, data: object) -> object:
        if isinstance(data, dict) and data.get("max_dca_times") is None:
            rows = data.get("dca_config")
            if isinstance(rows, list | tuple) and 1 <= len(rows) <= MAX_LADDER_ROWS:
                return {**data, "max_dca_times": len(rows)}
        return data

    @field_validator("market2_symbol")
    @classmethod
    def _two_markets(cls, value: str, info: ValidationInfo) -> str:
        first = info.data.get("market1_symbol")
        if value == first:
            raise PydanticCustomError(
                "equal_symbols", "market2_symbol must differ from market1_symbol: a pair needs two"
            )
        if first is not None and value.partition("-")[2] != first.partition("-")[2]:
            raise PydanticCustomError(
                "quote_currency", "both markets must be quoted in the same currency"
            )
        return value

    @field_validator("market2_direction")
    @classmethod
    def _opposite_directions(cls, value: Direction, info: ValidationInfo) -> Direction:
        first = info.data.get("market1_direction")
        if first is None:
            return value
        if value is first and value is not Direction.AUTO:
            raise PydanticCustomError(
                "directions", "the two directions must be opposite: one buy, one sell"
            )
        if (value is Direction.AUTO) is not (first is Direction.AUTO):
            raise PydanticCustomError("directions", "set both directions or leave both on auto")
        return value

    @field_validator("leverage")
    @classmethod
    def _leverage_preset(cls, value: int) -> int:
        if value not in LEVERAGE_PRESETS:
            raise PydanticCustomError("leverage", "leverage must be one of 1, 2, 3, 5, 10, 20")
        return value

    @field_validator("max_dca_times")
    @classmethod
    def _ladder_length(cls, value: int, info: ValidationInfo) -> int:
        rows = info.data.get("dca_config")
        if rows is not None and value != len(rows):
            raise PydanticCustomError(
                "ladder_length",
                "max_dca_times must equal the number of rows in dca_config ({rows})",
                {"rows": len(rows)},
            )
        return value

    @field_validator("max_position_value")
    @classmethod
    def _first_row_under_the_cap(cls, value: Decimal, info: ValidationInfo) -> Decimal:
        rows, investment = info.data.get("dca_config"), info.data.get("investment_per_order")
        if rows and investment is not None:
            needed = 2 * investment * Decimal(str(rows[0].multiplier))
            if needed > value:
                raise PydanticCustomError(
                    "over_cap",
                    "max_position_value must hold at least row 1 on both legs: {needed}",
                    {"needed": format(needed.normalize(), "f")},
                )
        return value

    def row_notional(self, row: int) -> Decimal:
        """Return the notional of one leg of ladder row `row` (0 is the first), quote currency."""
        return self.investment_per_order * Decimal(str(self.dca_config[row].multiplier))


LIVE_EDITABLE = frozenset(
    {
        "bot_name",
        "profit_ratio",
        "stop_loss_ratio",
        "pause_after_close",
        "cooldown_seconds",
        "tick_interval_seconds",
        "limit_timeout_seconds",
        "leg_timeout_seconds",
        "max_position_value",
    }
)
"""Settings that may change while a cycle is open; of `dca_config`, rows not yet done as well."""
