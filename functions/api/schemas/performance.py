"""What round trips come to: money in quote currency, every percentage with its basis."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from functions.api.records.bot_stats import BotStats
from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import DecimalText, Moment
from pairtrader.analysis.performance import Day, Drawdown, Holding, RoundTrip, Summary, percent_of
from pairtrader.model.account import AccountMode
from pairtrader.model.cycle import CloseReason


class Percentage(Schema):
    """A percentage and what it is taken of."""

    percent: float = Field(examples=[62.5])
    """The percentage."""
    basis: Literal["cycles", "invested", "largest_invested", "span"]
    """cycles: number of closed cycles; invested: summed entry notional of both legs, money that
    was invested again counted again; largest_invested: entry notional of the largest cycle; span:
    time from the first entry to the last close."""

    @classmethod
    def of(
        cls,
        percent: float | None,
        basis: Literal["cycles", "invested", "largest_invested", "span"],
    ) -> "Percentage | None":
        """Return the percentage; nothing of nothing."""
        return None if percent is None else cls(percent=percent, basis=basis)


class SummaryResponse(Schema):
    """Sums over closed cycles."""

    cycles: int
    """Closed cycles."""
    wins: int
    """Those with a net profit."""
    losses: int
    """Those with a net loss."""
    win_rate: Percentage | None
    """Wins; null without a cycle."""
    invested: DecimalText
    """Summed entry notional of both legs; money that was invested again counts again."""
    gross_pnl: DecimalText
    """Price profit, without fees and funding."""
    fees: DecimalText
    """Paid."""
    funding: DecimalText
    """Received less paid."""
    net_pnl: DecimalText
    """gross_pnl less fees, plus funding."""
    net_return: Percentage | None
    """Net profit; null where nothing was invested."""
    profit_factor: DecimalText | None
    """Net profits of the wins ÷ net losses of the losses; null without a loss."""
    expectancy: DecimalText | None
    """Net profit of a cycle in the mean; null without a cycle."""

    @classmethod
    def of(cls, summary: Summary) -> "SummaryResponse":
        """Return the answer that shows `summary`."""
        return cls(
            cycles=summary.cycles,
            wins=summary.wins,
            losses=summary.losses,
            win_rate=Percentage.of(summary.win_rate, "cycles"),
            invested=summary.invested,
            gross_pnl=summary.gross,
            fees=summary.fees,
            funding=summary.funding,
            net_pnl=summary.net,
            net_return=Percentage.of(summary.return_on_invested, "invested"),
            profit_factor=summary.profit_factor,
            expectancy=summary.expectancy,
        )


class DayResponse(Schema):
    """What closed on one UTC day has brought in."""

    day: str = Field(examples=["2026-01-31"])
    """UTC."""
    cycles: int
    """Closed on this day."""
    wins: int
    """Those with a net profit."""
    net_pnl: DecimalText
    """Fees and funding included."""
    fees: DecimalText
    """Paid."""
    funding: DecimalText
    """Received less paid."""

    @classmethod
    def of(cls, day: Day) -> "DayResponse":
        """Return the answer that shows `day`."""
        summary = day.summary
        return cls(
            day=day.day,
            cycles=summary.cycles,
            wins=summary.wins,
            net_pnl=summary.net,
            fees=summary.fees,
            funding=summary.funding,
        )


class NotableCycle(Schema):
    """A cycle that stands out."""

    cycle_number: int
    net_pnl: DecimalText
    """Fees and funding included."""
    closed_at: Moment

    @classmethod
    def of(cls, trip: RoundTrip | None) -> "NotableCycle | None":
        """Return the answer that shows `trip`, if there is one."""
        if trip is None:
            return None
        return cls(cycle_number=trip.number, net_pnl=trip.net, closed_at=trip.closed_at)


class DrawdownResponse(Schema):
    """The largest fall of the cumulative net profit from its highest value until then."""

    amount: DecimalText
    """Unsigned; 0 where it never fell."""
    relative: Percentage | None
    """Of the capital at work at most; null without a cycle."""
    basis_amount: DecimalText | None
    """Entry notional of the largest cycle; null without a cycle."""
    peak: DecimalText
    """Cumulative net profit that it fell from."""
    peak_at: Moment | None
    """When that was reached; null: at the beginning, from zero."""
    bottom_at: Moment | None
    """When the lowest value was reached; null where it never fell."""

    @classmethod
    def of(cls, drawdown: Drawdown, largest: RoundTrip | None) -> "DrawdownResponse":
        """Return the answer that shows `drawdown` against the `largest` cycle."""
        basis = largest.invested if largest else None
        percent = percent_of(drawdown.amount, basis or Decimal(0))
        return cls(
            amount=drawdown.amount,
            relative=Percentage.of(percent, "largest_invested"),
            basis_amount=basis,
            peak=drawdown.peak,
            peak_at=drawdown.peak_at,
            bottom_at=drawdown.bottom_at,
        )


class HoldingResponse(Schema):
    """How long cycles were open."""

    average_seconds: float
    """In the mean."""
    longest_seconds: float
    """At most."""
    in_market_seconds: float
    """Of all cycles together."""
    time_in_market: Percentage | None
    """In the market; null of no time at all."""

    @classmethod
    def of(cls, held: Holding | None) -> "HoldingResponse | None":
        """Return the answer that shows `held`, if there is anything."""
        if held is None:
            return None
        return cls(
            average_seconds=held.average_ms / 1000,
            longest_seconds=held.longest_ms / 1000,
            in_market_seconds=held.in_market_ms / 1000,
            time_in_market=Percentage.of(held.time_in_market, "span"),
        )


class ReasonCount(Schema):
    """How often a reason has closed a cycle."""

    reason: CloseReason
    cycles: int
    """Closed for this reason."""


class StatsResponse(Schema):
    """What a bot's closed cycles come to; a cycle counts whole when it closes."""

    mode: AccountMode
    """Accounts of this mode alone: modes are never mixed."""
    totals: SummaryResponse
    """Over all cycles."""
    best: NotableCycle | None
    """With the highest net profit; null without a cycle."""
    worst: NotableCycle | None
    """With the lowest net profit; null without a cycle."""
    holding: HoldingResponse | None
    """How long cycles were open; null without a cycle."""
    max_drawdown: DrawdownResponse
    """By closed cycles: what an open one was down in between is not seen."""
    reasons: list[ReasonCount]
    """Why cycles were closed, the most frequent first."""
    days: list[DayResponse]
    """UTC days on which a cycle closed, oldest first."""
    truncated: bool
    """true: only the newest 10,000 cycles are counted."""

    @classmethod
    def of(cls, stats: BotStats) -> "StatsResponse":
        """Return the answer that shows `stats`."""
        return cls(
            mode=stats.mode,
            totals=SummaryResponse.of(stats.summary),
            best=NotableCycle.of(stats.best),
            worst=NotableCycle.of(stats.worst),
            holding=HoldingResponse.of(stats.holding),
            max_drawdown=DrawdownResponse.of(stats.drawdown, stats.largest),
            reasons=[
                ReasonCount(reason=CloseReason(reason), cycles=count)
                for reason, count in stats.reasons.items()
            ],
            days=[DayResponse.of(day) for day in stats.days],
            truncated=stats.truncated,
        )
