"""What is told of a bot before there is one."""

from pydantic import Field

from functions.api.bots.bot_warnings import settings_warnings
from functions.api.bots.previews import BotPreview, PairSpread, SpreadAt
from functions.api.schemas.accounts import SymbolResponse
from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import DecimalText, Moment, WarningDetails
from functions.api.web.problems import FieldError
from pairtrader.model.settings import BotSettings
from pairtrader.strategy.commitment import Commitment, Level, commitment


class PairSpreadPoint(Schema):
    """Both prices, quote currency, and the spread at one moment."""

    at: Moment = Field(description="Close of the candles, UTC; of the last ones: now.")
    market1_price: DecimalText
    market2_price: DecimalText
    spread: float = Field(description="Percentage points.")

    @classmethod
    def of(cls, point: SpreadAt) -> "PairSpreadPoint":
        """Return the answer that shows `point`."""
        return cls(
            at=point.at,
            market1_price=point.price1,
            market2_price=point.price2,
            spread=point.spread,
        )


class PairSpreadResponse(Schema):
    """How far market 1 has outrun market 2 since the start time, oldest point first."""

    start_prices: list[DecimalText] | None = Field(
        description="Of both markets, quote currency; null while the start time is not over."
    )
    points: list[PairSpreadPoint] = Field(description="At most 500.")
    resolution: int = Field(description="Seconds from one point to the next.", examples=[300])

    @classmethod
    def of(cls, drawn: PairSpread) -> "PairSpreadResponse":
        """Return the answer that shows `drawn`."""
        return cls(
            start_prices=list(drawn.start_prices) if drawn.start_prices else None,
            points=[PairSpreadPoint.of(point) for point in drawn.points],
            resolution=drawn.resolution_ms // 1000,
        )


class LevelResponse(Schema):
    """One row of the ladder, entered while the spread widens steadily: summed up to it."""

    times: int = Field(description="Position in the ladder, 1 is the first entry.")
    trigger: float = Field(description="Spread that it trades at, points without a sign.")
    reached: bool = Field(
        description="false from the first row on that `max_position_value` leaves no room for."
    )
    amounts: list[DecimalText] = Field(description="Of both legs, base coins on the markets' grid.")
    residual: DecimalText = Field(description="How much more one leg is worth, quote currency.")
    invested: DecimalText = Field(description="Entry notional of both legs, quote currency.")
    margin: DecimalText = Field(description="Quote currency.")
    average: float = Field(description="Mean spread of the entries by their notional, points.")
    fees: DecimalText = Field(description="Of entering and closing all of it, quote currency.")
    break_even: float = Field(description="Spread at which a close would earn nothing, points.")
    take_profit: float = Field(description="Spread at the target, points.")
    stop_loss: float = Field(description="Spread at the stop, points.")
    liquidation: float = Field(description="Spread at which the margin is used up, points.")

    @classmethod
    def of(cls, level: Level) -> "LevelResponse":
        """Return the answer that shows `level`."""
        return cls(
            times=level.times,
            trigger=level.trigger,
            reached=level.reached,
            amounts=list(level.amounts),
            residual=level.residual,
            invested=level.invested,
            margin=level.margin,
            average=level.average,
            fees=level.fees,
            break_even=level.break_even,
            take_profit=level.take_profit,
            stop_loss=level.stop_loss,
            liquidation=level.liquidation,
        )


class CommitmentResponse(Schema):
    """What the whole ladder commits its trader to."""

    levels: list[LevelResponse] = Field(description="The ladder, row by row.")
    max_loss: DecimalText = Field(
        description="Net loss at the stop with every reachable row, quote currency; slippage extra."
    )
    target: DecimalText = Field(description="Net profit at row 1's target, quote currency.")
    fee_share: float = Field(description="Percent of row 1's gross profit that its fees eat up.")

    @classmethod
    def of(cls, committed: Commitment) -> "CommitmentResponse":
        """Return the answer that shows `committed`."""
        return cls(
            levels=[LevelResponse.of(level) for level in committed.levels],
            max_loss=committed.max_loss,
            target=committed.target,
            fee_share=committed.fee_share,
        )


class BotPreviewResponse(Schema):
    """What becomes of these settings; nothing is stored."""

    commitment: CommitmentResponse | None = Field(
        description="At `prices`; null where the exchange has none."
    )
    warnings: list[WarningDetails]
    errors: list[FieldError] = Field(
        description="What `POST /bots` would refuse; empty where it would create the bot."
    )
    prices: list[DecimalText] | None = Field(
        description="What amounts are judged by, quote currency; null where there are none."
    )
    markets: list[SymbolResponse] = Field(description="Both, or none where one is not known.")

    @classmethod
    def of(cls, settings: BotSettings, preview: BotPreview) -> "BotPreviewResponse":
        """Return the answer that shows `preview`."""
        facts = preview.facts
        if facts is None:
            errors = list(preview.errors)
            return cls(commitment=None, warnings=[], errors=errors, prices=None, markets=[])
        committed = None
        if facts.prices is not None:
            committed = CommitmentResponse.of(commitment(settings, facts.markets, facts.prices))
        return cls(
            commitment=committed,
            warnings=settings_warnings(settings, facts.markets),
            errors=list(preview.errors),
            prices=list(facts.prices) if facts.prices else None,
            markets=[SymbolResponse.of(market) for market in facts.markets],
        )
