"""Analyses as they are asked for and shown: statistics of a pair, and the pair finder."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from functions.api.schemas.research import JobResponse, Name, PeriodRequest, job_values
from functions.api.schemas.schema import Schema
from pairtrader.model.research import MAX_SYMBOLS, Job
from pairtrader.model.settings import Ladder, SpreadMode, Symbol

Kind = Literal["pair", "finder"]
Sort = Literal["score", "p_value", "correlation", "half_life_seconds", "out_of_sample"]
PAIR = 2

_SYMBOLS_TEXT = (
    f"Swaps of the account's exchange, each once: two for a pair, 2 to {MAX_SYMBOLS} for the "
    "finder."
)


class FinderFilters(Schema):
    """What pairs must be like to be shown."""

    model_config = ConfigDict(extra="forbid")

    min_correlation: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] = Field(
        default=0.5,
        description="Least correlation of returns; others are not tested any further.",
        examples=[0.5],
    )
    max_p_value: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = Field(
        default=0.05, description="Of the test for cointegration.", examples=[0.05]
    )
    max_adjusted_p_value: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = Field(
        default=None,
        description="Of the same after Benjamini and Hochberg, who heed how many pairs were "
        "tried; null: any.",
        examples=[0.2],
    )
    min_half_life_seconds: Annotated[int, Field(ge=0, le=10**9)] | None = Field(
        default=None, description="null: any.", examples=[3600]
    )
    max_half_life_seconds: Annotated[int, Field(gt=0, le=10**9)] | None = Field(
        default=None, description="null: any.", examples=[604800], validate_default=True
    )
    max_hedge_deviation: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = Field(
        default=None,
        description="By how much the hedge ratio may differ from 1, as the bot trades equal "
        "notionals; null: any.",
        examples=[0.5],
    )
    sort: Sort = Field(default="score", description="What the ranks go by.", examples=["score"])
    limit: Annotated[int, Field(ge=1, le=500)] = Field(
        default=100, description="Pairs shown at most.", examples=[100]
    )

    @field_validator("max_half_life_seconds")
    @classmethod
    def _a_range(cls, value: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("min_half_life_seconds")
        if value is not None and least is not None and value < least:
            raise PydanticCustomError(
                "half_life", "max_half_life_seconds must not be below min_half_life_seconds"
            )
        return value


class AnalysisCreate(PeriodRequest):
    """Two markets to look at closely, or many to find pairs among."""

    kind: Kind = Field(
        description="pair: statistics of one pair; finder: all pairs of the symbols, ranked.",
        examples=["pair"],
    )
    name: Name = Field(
        default="",
        description="The user's own name for it; left out: the symbols.",
        examples=["GALA and CHZ, January"],
    )
    exchange_account_id: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        description="Id of the exchange account whose market it is."
    )
    symbols: Annotated[list[Symbol], Field(min_length=2, max_length=MAX_SYMBOLS)] = Field(
        description=_SYMBOLS_TEXT, examples=[["GALA-USDT", "CHZ-USDT"]]
    )
    spread_mode: SpreadMode = Field(
        default=SpreadMode.DIFFERENCE,
        description="Of a pair: how the bot's spread is measured.",
        examples=["difference"],
    )
    dca_config: Ladder | None = Field(
        default=None,
        description="Of a pair: the ladder whose levels are looked at; null: one that the "
        "spread's own distribution suggests.",
    )
    filters: FinderFilters | None = Field(
        default=None, description="Of the finder; null: the defaults.", examples=[None]
    )

    @field_validator("symbols")
    @classmethod
    def _as_many_as_needed(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if len(set(value)) < len(value):
            raise PydanticCustomError("symbols", "every symbol may be named once")
        if info.data.get("kind") == "pair" and len(value) != PAIR:
            raise PydanticCustomError("symbols", "a pair has two symbols")
        if len({symbol.partition("-")[2] for symbol in value}) > 1:
            raise PydanticCustomError(
                "quote_currency", "all symbols must be quoted in the same currency"
            )
        return value

    @field_validator("dca_config")
    @classmethod
    def _ladder_of_a_pair(cls, value: Ladder | None, info: ValidationInfo) -> Ladder | None:
        if value is not None and info.data.get("kind") == "finder":
            raise PydanticCustomError("dca_config", "is for a pair alone: leave it out")
        return value

    @field_validator("filters")
    @classmethod
    def _filters_of_a_finder(
        cls, value: FinderFilters | None, info: ValidationInfo
    ) -> FinderFilters | None:
        if value is not None and info.data.get("kind") == "pair":
            raise PydanticCustomError("filters", "is for the finder alone: leave it out")
        return value


class AnalysisSummary(Schema):
    """The most important figures; of a finder some belong to the best pair. null: there is none."""

    correlation: float | None = Field(default=None, examples=[0.81])
    """Of returns."""
    p_value: float | None = Field(default=None, examples=[0.012])
    """Of the test for cointegration, the better way round."""
    cointegrated: bool | None = Field(default=None, examples=[True])
    """Of a pair: whether the test says so; a statistic of the past."""
    hedge_ratio: float | None = Field(default=None, examples=[0.94])
    """Notional of market 2 for each of market 1."""
    half_life_seconds: float | None = Field(default=None, examples=[20520.0])
    """After which half of a gap is gone."""
    hurst: float | None = Field(default=None, examples=[0.41])
    """Below 0.5: the spread tends to come back."""
    z: float | None = Field(default=None, examples=[1.7])
    """Where the spread is now, in standard deviations from its mean."""
    market1: str | None = Field(default=None, examples=["GALA-USDT"])
    """Of the pair, or of the finder's best."""
    market2: str | None = Field(default=None, examples=["CHZ-USDT"])
    """Of the pair, or of the finder's best."""
    score: float | None = Field(default=None, examples=[71.5])
    """Of the finder's best pair, 0 to 100."""
    pairs: int | None = Field(default=None, examples=[190])
    """Of a finder: pairs tried."""
    tested: int | None = Field(default=None, examples=[44])
    """Of a finder: pairs that were correlated enough to be tested."""
    found: int | None = Field(default=None, examples=[6])
    """Of a finder: pairs that have passed all filters."""
    warnings: int = Field(default=0, examples=[1])
    """How many warnings the result holds."""


class AnalysisResponse(JobResponse):
    """An analysis: what was asked for, how far it is, and what came out."""

    kind: Kind = Field(description="Statistics of a pair, or a pair finder.", examples=["pair"])
    exchange_account_id: str = Field(description="Id of the exchange account whose market it is.")
    symbols: list[str] = Field(
        description="Swaps that are looked at.", examples=[["GALA-USDT", "CHZ-USDT"]]
    )
    spread_mode: SpreadMode = Field(description="Of a pair: how the bot's spread is measured.")
    dca_config: Ladder | None = Field(description="Of a pair: the ladder that was given.")
    filters: FinderFilters | None = Field(description="Of the finder.", examples=[None])
    summary: AnalysisSummary | None = Field(
        description="The most important figures; null until it is done."
    )

    @classmethod
    def of(cls, job: Job) -> "AnalysisResponse":
        """Return the answer that shows `job`."""
        return cls.model_validate(
            {
                **job_values(job),
                **job.parameters,
                "kind": job.kind.value,
                "exchange_account_id": job.exchange_account_id,
                "symbols": list(job.symbols),
                "summary": job.summary,
            }
        )
