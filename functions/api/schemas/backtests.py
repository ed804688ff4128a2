"""Backtests as they are asked for and shown."""

from typing import Annotated

from pydantic import ConfigDict, Field

from functions.api.schemas.research import JobResponse, Name, PeriodRequest, job_values
from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import DecimalText
from pairtrader.backtest.config import BacktestConfig, BacktestTerms, FillAt, Fraction
from pairtrader.model.research import Job
from pairtrader.model.settings import BotSettings, Money

MakerFee = Annotated[float, Field(gt=-1, lt=1, allow_inf_nan=False)]

_FILL_TEXT = (
    "Where market orders fill: at the open of the bar after the one whose close decided, or at "
    "that close itself."
)
_SLIPPAGE_TEXT = "By which fraction a market order fills beyond the price."
_FUNDING_TEXT = "Whether open positions pay and receive funding by the exchange's recorded rates."
_STEPS_TEXT = "Whether amounts are cut to the exchange's steps, and its minimums hold."
_PAUSE_TEXT = "Whether `pause_after_close` ends the run at the first close; else it is passed over."


class TermsRequest(Schema):
    """How orders fill and what they cost; fees and slippage are fractions of the notional."""

    model_config = ConfigDict(extra="forbid")

    fill_at: FillAt = Field(
        default=FillAt.NEXT_OPEN, description=_FILL_TEXT, examples=["next_open"]
    )
    taker_fee: Fraction | None = Field(
        default=None, description="null: what the account pays for its markets.", examples=[0.0005]
    )
    maker_fee: MakerFee | None = Field(
        default=None,
        description="Negative where resting orders are paid for; null: what the account pays.",
        examples=[0.0002],
    )
    slippage: Fraction = Field(default=0.0001, description=_SLIPPAGE_TEXT, examples=[0.0001])
    funding: bool = Field(default=False, description=_FUNDING_TEXT, examples=[False])
    lot_steps: bool = Field(default=False, description=_STEPS_TEXT, examples=[True])
    honour_pause: bool = Field(default=False, description=_PAUSE_TEXT, examples=[False])
    initial_capital: Money | None = Field(
        default=None,
        description="Quote currency; null: `max_position_value` ÷ `leverage`.",
        examples=["100"],
    )


class BacktestCreate(PeriodRequest):
    """A bot's settings, the history to try them on, and how orders fill there."""

    name: Name = Field(
        default="",
        description="The user's own name for it; left out: the bot's.",
        examples=["wider ladder"],
    )
    settings: BotSettings = Field(
        description="As `POST /bots` takes them. A `start_time` before `from` counts as `from`; "
        "prices are those of the account's exchange, of real markets for sandbox accounts too."
    )
    terms: TermsRequest = Field(
        default_factory=TermsRequest, description="How orders fill and what they cost."
    )


class TestedSettings(BotSettings):
    """The settings that were tried."""

    __test__ = False
    model_config = ConfigDict(extra="ignore", defer_build=True)

    investment_per_order: DecimalText
    max_position_value: DecimalText


class TermsResponse(Schema):
    """How orders fill and what they cost; fees and slippage are fractions of the notional."""

    fill_at: FillAt = Field(description=_FILL_TEXT, examples=["next_open"])
    taker_fee: float = Field(examples=[0.0005])
    maker_fee: float = Field(examples=[0.0002])
    slippage: float = Field(description=_SLIPPAGE_TEXT, examples=[0.0001])
    funding: bool = Field(description=_FUNDING_TEXT, examples=[False])
    lot_steps: bool = Field(description=_STEPS_TEXT, examples=[True])
    honour_pause: bool = Field(description=_PAUSE_TEXT, examples=[False])
    initial_capital: DecimalText | None = Field(
        description="Quote currency; null: `max_position_value` ÷ `leverage`."
    )

    @classmethod
    def of(cls, terms: BacktestTerms) -> "TermsResponse":
        """Return the answer that shows `terms`."""
        return cls.model_construct(**{name: getattr(terms, name) for name in cls.model_fields})


class BacktestSummary(Schema):
    """The most important figures; all are in the result, where they are called the same.

    Backtests are kept in binary floating point: these are numbers, not texts. null: there is no
    such figure.
    """

    initial_capital: float | None = Field(description="Quote currency.", examples=[100.0])
    final_equity: float | None = Field(
        description="At the last bar, an open cycle at its mark, quote currency.", examples=[112.4]
    )
    net_pnl: float | None = Field(
        description="After fees, slippage and funding, quote currency.", examples=[12.4]
    )
    return_on_margin: float | None = Field(
        description="Net profit in percent of `initial_capital`.", examples=[12.4]
    )
    return_on_notional: float | None = Field(
        description="Net profit in percent of what was invested.", examples=[0.6]
    )
    cagr: float | None = Field(description="Percent a year.", examples=[88.1])
    max_drawdown: float | None = Field(
        description="Percent of the equity's peak, marked on every bar.", examples=[3.2]
    )
    volatility: float | None = Field(
        description="Of daily returns, percent a year of 365 days.", examples=[21.0]
    )
    sharpe: float | None = Field(examples=[2.1])
    """Of daily returns, a year of 365 days."""
    sortino: float | None = Field(examples=[3.4])
    """Of daily returns, a year of 365 days."""
    calmar: float | None = Field(examples=[27.5])
    """`cagr` ÷ the largest drawdown of daily equity."""
    win_rate: float | None = Field(description="Percent of closed cycles.", examples=[81.5])
    profit_factor: float | None = Field(examples=[2.4])
    """Gains ÷ losses of closed cycles; null without a loss."""
    exposure: float | None = Field(description="Percent of the time in the market.", examples=[34])
    fees: float | None = Field(description="Paid, quote currency.", examples=[4.1])
    funding: float | None = Field(
        description="Received (paid: negative), quote currency.", examples=[-0.3]
    )
    cycles: int = Field(description="Closed round trips.", examples=[27])
    entries: int = Field(description="Pairs of orders that opened or added.", examples=[41])
    orders: int = Field(description="Orders of single legs.", examples=[136])
    warnings: int = Field(
        description="How many warnings the result holds: look before you trust.", examples=[1]
    )


class BacktestResponse(JobResponse):
    """A backtest: what was asked for, how far it is, and what came out."""

    settings: TestedSettings = Field(description="The bot's settings.")
    terms: TermsResponse = Field(description="How orders fill and what they cost.")
    summary: BacktestSummary | None = Field(
        description="The most important figures; null until it is done."
    )

    @classmethod
    def of(cls, job: Job) -> "BacktestResponse":
        """Return the answer that shows `job`."""
        config = BacktestConfig.of(job.parameters)
        summary = None if job.summary is None else BacktestSummary.model_validate(job.summary)
        return cls.model_validate(
            {
                **job_values(job),
                "settings": dict(config.settings),
                "terms": TermsResponse.of(config.terms),
                "summary": summary,
            }
        )
