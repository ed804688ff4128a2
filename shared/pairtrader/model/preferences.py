"""What a user prefers to see, and what a form begins with: nothing here moves a bot."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StringConstraints,
    field_validator,
)
from pydantic_core import PydanticCustomError

from pairtrader.model.account import MarginMode
from pairtrader.model.order import OrderType
from pairtrader.model.settings import (
    Direction,
    Ladder,
    Money,
    OnBrokenPair,
    Percent,
    ProfitBasis,
    ProfitMode,
    SpreadMode,
)

MOST_TEMPLATES = 20


def _plain(value: Decimal) -> str:
    return format(value, "f")


PlainMoney = Annotated[Money, PlainSerializer(_plain, return_type=str, when_used="json")]
"""Without an exponent, whatever it was written with."""
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
]


class Language(StrEnum):
    """What the user reads."""

    AUTO = "auto"
    """As the browser."""
    CHINESE = "zh-CN"
    ENGLISH = "en"


class Theme(StrEnum):
    """Colours of the pages."""

    AUTO = "auto"
    """As the browser."""
    LIGHT = "light"
    DARK = "dark"


class TimeZoneDisplay(StrEnum):
    """Which clock times are shown by."""

    LOCAL = "local"
    UTC = "utc"


class ProfitColours(StrEnum):
    """Colours of profit and loss."""

    GREEN_UP = "green_up"
    RED_UP = "red_up"
    """Profit is red and loss green, as in China."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class BotDefaults(_Part):
    """What the form for a new bot begins with; null leaves a setting to the API's own default."""

    market1_direction: Direction | None = None
    market2_direction: Direction | None = None
    spread_mode: SpreadMode | None = None
    leverage: Literal[1, 2, 3, 5, 10, 20] | None = None
    margin_mode: MarginMode | None = None
    order_type_open: OrderType | None = None
    order_type_close: OrderType | None = None
    investment_per_order: PlainMoney | None = Field(default=None, examples=["100"])
    """Notional per leg of one entry with multiplier 1, quote currency."""
    max_position_value: PlainMoney | None = Field(default=None, examples=["1000"])
    """Cap on the summed entry notional of both legs, quote currency."""
    profit_mode: ProfitMode | None = None
    profit_ratio: Percent | None = None
    """Percent of invested (position) or points of spread (regression)."""
    profit_basis: ProfitBasis | None = None
    regression_requires_profit: StrictBool | None = None
    stop_loss_ratio: Percent | None = None
    """Percent of invested."""
    pause_after_close: StrictBool | None = None
    cooldown_seconds: Annotated[int, Field(ge=0, le=7 * 86_400)] | None = None
    tick_interval_seconds: Annotated[int, Field(ge=1, le=60)] | None = None
    limit_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] | None = None
    leg_timeout_seconds: Annotated[int, Field(ge=1, le=60)] | None = None
    max_slippage: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] | None = None
    """Percent."""
    max_price_jump: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    """Percent between two looks at one market."""
    max_quote_age_seconds: Annotated[int, Field(ge=1, le=120)] | None = None
    max_leg_imbalance: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    """Percent of the larger leg's notional."""
    liquidation_guard: StrictBool | None = None
    liquidation_buffer: Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False)] | None = None
    """Percent of the way from entry to liquidation."""
    on_broken_pair: OnBrokenPair | None = None


class LadderTemplate(_Part):
    """A ladder that the form for a new bot offers, with what else belongs to it."""

    name: Name = Field(examples=["Three steps"])
    """What the form offers it as."""
    dca_config: Ladder
    """The ladder."""
    settings: BotDefaults = BotDefaults()
    """Taken over together with the ladder."""


class Confirmations(_Part):
    """Which actions the pages ask about again before they are carried out."""

    start: StrictBool = True
    """Starts of a bot."""
    pause: StrictBool = True
    """Pauses of a bot."""
    stop: StrictBool = True
    """Stops of a bot."""
    close: StrictBool = True
    """Closes of an open position."""
    edit: StrictBool = True
    """Changes of a bot that holds a position."""


class Preferences(_Part):
    """All preferences of a user."""

    language: Language = Language.AUTO
    """What the pages are written in; auto: as the browser."""
    theme: Theme = Theme.AUTO
    """Colours of the pages; auto: as the browser."""
    time_zone_display: TimeZoneDisplay = TimeZoneDisplay.LOCAL
    """Whether times are shown in UTC or by the browser's clock."""
    profit_colours: ProfitColours = ProfitColours.GREEN_UP
    """red_up: profit is red and loss green, as in China."""
    default_exchange_account_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Exchange account that the form for a new bot begins with."""
    page_size: Annotated[int, Field(ge=10, le=200)] = 50
    """Rows on one page of a table."""
    bot_defaults: BotDefaults = BotDefaults()
    """What the form for a new bot begins with."""
    ladder_templates: Annotated[tuple[LadderTemplate, ...], Field(max_length=MOST_TEMPLATES)] = ()
    """Ladders that the form offers; their names differ."""
    confirmations: Confirmations = Confirmations()
    """Which actions the pages ask about again before they are carried out."""

    @field_validator("ladder_templates")
    @classmethod
    def _names_differ(cls, value: tuple[LadderTemplate, ...]) -> tuple[LadderTemplate, ...]:
        names = [template.name.casefold() for template in value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PydanticCustomError(
                "template_names", "two templates are called {name}", {"name": twice}
            )
        return value
