"""Limits and switches of risk; money in quote currency."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from functions.api.bots.risk import BotRisk, UserRisk
from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import DecimalText, Moment
from pairtrader.model.account import AccountMode
from pairtrader.model.risk import DAY_MS, Limits, day_begin
from pairtrader.model.settings import Money
from pairtrader.trading.risk import REFUSAL_TEXTS, Refusal, Standing

ZERO = Decimal(0)
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
]


class BotRiskUpdate(Schema):
    """A bot's switch; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    halted: StrictBool = Field(
        default=False, description="true: no entries and no adds; exits go on."
    )
    halted_reason: Reason = Field(default="", description="Why; goes with `halted: true` only.")

    @field_validator("halted_reason")
    @classmethod
    def _reason_of_a_halt(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("halted") is False:
            raise PydanticCustomError(
                "halted_reason", "halted_reason goes with halted: true, send both"
            )
        return value

    def changes(self) -> dict[str, Any]:
        """Return the limits to be set; a switch moved without a reason loses the old one."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return {**given, "halted_reason": self.halted_reason} if "halted" in given else given


class RiskUpdate(BotRiskUpdate):
    """A user's limits; what is left out stays."""

    daily_loss_limit: Money | None = Field(
        default=None,
        description="Loss of a UTC day, open positions included, at which entries of all bots end; "
        "null: no limit.",
        examples=["250"],
    )


class RefusalDetails(Schema):
    """Something that refuses entries now."""

    code: Refusal
    message: str

    @classmethod
    def of(cls, refusal: Refusal) -> "RefusalDetails":
        """Return the answer that tells `refusal`."""
        text = REFUSAL_TEXTS[refusal]
        return cls(code=refusal, message=f"{text[0].upper()}{text[1:]}.")


class StandingResponse(Schema):
    """How the day stands on accounts of one mode."""

    mode: AccountMode
    realised: DecimalText
    """Of the cycles closed today, net of fees and funding."""
    unrealised: DecimalText | None
    """Of all open cycles; null while it is not known."""
    loss_left: DecimalText | None
    """What may still be lost today; null without a limit, or while it is not known."""
    refusals: list[RefusalDetails]
    """What refuses entries on these accounts besides the switches."""

    @classmethod
    def of(cls, mode: AccountMode, standing: Standing, risk: UserRisk) -> "StandingResponse":
        """Return the answer that shows `standing`."""
        limit = risk.limits.daily_loss_limit
        left = standing.loss_left(limit) if limit is not None else None
        refusal = standing.refusal(limit)
        return cls(
            mode=mode,
            realised=standing.realised,
            unrealised=standing.unrealised,
            loss_left=max(left, ZERO) if left is not None else None,
            refusals=[RefusalDetails.of(refusal)] if refusal is not None else [],
        )


class RiskResponse(Schema):
    """A user's limits and how the day stands against them."""

    daily_loss_limit: DecimalText | None
    halted: bool
    """Whether the user has stopped the entries of all bots."""
    halted_reason: str
    day: str
    """UTC, such as 2026-11-24."""
    day_ends_at: Moment
    results: list[StandingResponse]
    """One for each mode of accounts: a profit on paper makes up for no real loss."""
    refusals: list[RefusalDetails]
    """Switches that refuse entries of all bots now."""

    @classmethod
    def of(cls, risk: UserRisk) -> "RiskResponse":
        """Return the answer that shows `risk`."""
        return cls(
            daily_loss_limit=risk.limits.daily_loss_limit,
            halted=risk.limits.halted,
            halted_reason=risk.limits.halted_reason,
            day=risk.day,
            day_ends_at=day_begin(risk.day) + DAY_MS,
            results=[StandingResponse.of(mode, s, risk) for mode, s in risk.standings.items()],
            refusals=[RefusalDetails.of(refusal) for refusal in risk.halts],
        )


class StackRiskResponse(Schema):
    """The switch over the bots of all users."""

    halted: bool
    """Whether entries are stopped."""
    halted_reason: str
    """Why; traders are not told."""

    @classmethod
    def of(cls, limits: Limits) -> "StackRiskResponse":
        """Return the answer that shows `limits`."""
        return cls(halted=limits.halted, halted_reason=limits.halted_reason)


class BotRiskResponse(Schema):
    """A bot's switch and what refuses its entries."""

    halted: bool
    """Whether the entries of this bot are stopped."""
    halted_reason: str
    refusals: list[RefusalDetails]
    """All that would refuse an entry now, those of the user and of the whole stack included."""

    @classmethod
    def of(cls, risk: BotRisk) -> "BotRiskResponse":
        """Return the answer that shows `risk`."""
        return cls(
            halted=risk.limits.halted,
            halted_reason=risk.limits.halted_reason,
            refusals=[RefusalDetails.of(refusal) for refusal in risk.refusals],
        )
