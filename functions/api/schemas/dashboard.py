"""How all bots are doing: money in quote currency, one unit of any currency counting as one."""

from functions.api.records.dashboard import BotLine, Exposure, Overview, PairLine
from functions.api.schemas.performance import DayResponse, SummaryResponse
from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import DecimalText, Moment
from pairtrader.model.account import AccountMode
from pairtrader.model.bot import Status


class ExposureResponse(Schema):
    """What open cycles hold at the last prices seen."""

    cycles: int
    """Open ones."""
    market1_notional: DecimalText
    """On the first markets of the pairs, unsigned."""
    market2_notional: DecimalText
    """On the second markets of the pairs, unsigned."""
    total_notional: DecimalText
    """Of both legs."""
    long_notional: DecimalText
    """Of the legs bought."""
    short_notional: DecimalText
    """Of the legs sold, unsigned."""
    net_pnl: DecimalText
    """Were all closed at the last prices seen: fees paid and still to come and funding included."""
    looked_at: Moment | None
    """When the bot was looked at that was looked at longest ago; null without an open cycle."""

    @classmethod
    def of(cls, exposure: Exposure) -> "ExposureResponse":
        """Return the answer that shows `exposure`."""
        return cls(
            cycles=exposure.cycles,
            market1_notional=exposure.market1,
            market2_notional=exposure.market2,
            total_notional=exposure.total,
            long_notional=exposure.long,
            short_notional=exposure.short,
            net_pnl=exposure.net_pnl,
            looked_at=exposure.looked_at,
        )


class BotCounts(Schema):
    """How many bots there are in each status."""

    total: int
    """All that exist."""
    running: int
    """They may enter and add."""
    paused: int
    """No new exposure; exits still watched."""
    stopping: int
    """Closing, then stopped."""
    stopped: int
    """They do nothing."""
    error: int
    """Their orders or positions could not be proven."""

    @classmethod
    def of(cls, statuses: dict[Status, int]) -> "BotCounts":
        """Return the answer that shows `statuses`."""
        counts = {str(status): statuses.get(status, 0) for status in Status}
        return cls(total=sum(statuses.values()), **counts)


class CurvePoint(Schema):
    """The cumulative net profit at a moment."""

    at: Moment
    """The moment."""
    net_pnl: DecimalText
    """Of all cycles counted that closed before."""
    with_open: bool
    """true for the last point alone, which counts open cycles as if they were closed now."""


class BotLineResponse(Schema):
    """What one bot has closed in the period, and what it has open."""

    bot_id: str
    bot_name: str | None
    """null where it is not known any more."""
    status: Status | None
    """null for a deleted bot, or one that trades in another mode now."""
    totals: SummaryResponse
    """Of the period."""
    open_net_pnl: DecimalText | None
    """Of the open cycle; null while flat."""

    @classmethod
    def of(cls, line: BotLine) -> "BotLineResponse":
        """Return the answer that shows `line`."""
        return cls(
            bot_id=line.bot_id,
            bot_name=line.name or None,
            status=line.status,
            totals=SummaryResponse.of(line.summary),
            open_net_pnl=line.open_net_pnl,
        )


class PairLineResponse(Schema):
    """What a pair has brought in over all bots in the period, and what is open on it."""

    market1_symbol: str
    market2_symbol: str
    totals: SummaryResponse
    """Of the period."""
    open_net_pnl: DecimalText | None
    """Of open cycles; null while flat."""

    @classmethod
    def of(cls, line: PairLine) -> "PairLineResponse":
        """Return the answer that shows `line`."""
        return cls(
            market1_symbol=line.market1_symbol,
            market2_symbol=line.market2_symbol,
            totals=SummaryResponse.of(line.summary),
            open_net_pnl=line.open_net_pnl,
        )


class DashboardResponse(Schema):
    """How all of a user's bots are doing on accounts of one mode, deleted bots included.

    A cycle counts whole at the moment that it closes.
    """

    mode: AccountMode
    """Accounts of this mode alone: modes are never mixed."""
    since: Moment
    """Begin of the period: midnight UTC."""
    at: Moment
    """Now, the period's end."""
    all_time: SummaryResponse
    """Over all cycles."""
    period: SummaryResponse
    """Over those closed in the period."""
    today: SummaryResponse
    """Over those closed on this UTC day."""
    open: ExposureResponse
    """What open cycles hold."""
    bots: BotCounts
    """How many bots there are."""
    equity_curve: list[CurvePoint]
    """From the period's begin on: every end of a UTC day (of an hour where the period is one
    day), then now, then now with open cycles."""
    days: list[DayResponse]
    """Every UTC day of the period, oldest first."""
    by_bot: list[BotLineResponse]
    """Bots that closed something in the period or have something open, the best first."""
    by_pair: list[PairLineResponse]
    """Pairs on which something was closed in the period or is open, the best first."""
    truncated: bool
    """true: only the newest 10,000 cycles and 1,000 bots are counted."""
    counted_since: Moment | None
    """When the oldest cycle counted closed; null without any."""

    @classmethod
    def of(cls, overview: Overview) -> "DashboardResponse":
        """Return the answer that shows `overview`."""
        curve = [
            CurvePoint(at=point.at, net_pnl=point.net, with_open=False) for point in overview.curve
        ]
        last = CurvePoint(at=overview.at, net_pnl=overview.equity, with_open=True)
        return cls(
            mode=overview.mode,
            since=overview.since,
            at=overview.at,
            all_time=SummaryResponse.of(overview.all_time),
            period=SummaryResponse.of(overview.period),
            today=SummaryResponse.of(overview.today),
            open=ExposureResponse.of(overview.exposure),
            bots=BotCounts.of(overview.statuses),
            equity_curve=[*curve, last],
            days=[DayResponse.of(day) for day in overview.days],
            by_bot=[BotLineResponse.of(line) for line in overview.bots],
            by_pair=[PairLineResponse.of(line) for line in overview.pairs],
            truncated=overview.truncated,
            counted_since=overview.counted_since,
        )
