"""What backtests and analyses have in common: periods, how far they are, where results lie."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from functions.api.schemas.schema import Schema
from functions.api.schemas.texts import Moment
from pairtrader.model.account import ExchangeName
from pairtrader.model.research import Job, JobStatus, Stage
from pairtrader.model.settings import UtcTime

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
Timeframe = Literal["1m", "5m", "15m", "1h"]

FROM_TEXT = "Opening of the first bar, UTC; cut down to whole bars."
TO_TEXT = "End, not within, UTC; later than `from`, not in the future; cut down to whole bars."
TIMEFRAME_TEXT = "Length of a bar."


class PeriodRequest(Schema):
    """A stretch of history."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: UtcTime = Field(alias="from", description=FROM_TEXT, examples=["2026-01-01T00:00:00Z"])
    to: UtcTime = Field(description=TO_TEXT, examples=["2026-01-31T00:00:00Z"])
    timeframe: Timeframe = Field(default="1m", description=TIMEFRAME_TEXT, examples=["5m"])


class NameRequest(Schema):
    """What it shall be called."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(
        min_length=1, description="The user's own name for it.", examples=["wider ladder"]
    )


class JobError(Schema):
    """Why it came to nothing."""

    code: str = Field(examples=["timed_out"])
    """Stable: `timed_out`, `not_started`, `no_candles`, `too_few_bars`, `unknown_symbol`,
    `bad_data`, `exchange_error`, `internal_error` or another code of the exchange."""
    detail: str = Field(examples=["It took longer than 15 minutes: choose a shorter period."])


class JobResponse(Schema):
    """How far a piece of work on history has come."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    name: str = Field(description="The user's own name for it.", examples=["wider ladder"])
    status: JobStatus = Field(description="How far it has come.", examples=["done"])
    stage: Stage = Field(description="What it is doing.", examples=["finished"])
    progress: int = Field(description="Percent.", examples=[100])
    cancel_requested: bool = Field(
        description="Whether it is asked to stop; it does so within seconds.", examples=[False]
    )
    exchange_name: ExchangeName
    from_: Moment = Field(
        alias="from",
        description="Opening of the first bar, UTC.",
        examples=["2026-01-01T00:00:00.000Z"],
    )
    to: Moment = Field(description="End, not within, UTC.", examples=["2026-01-31T00:00:00.000Z"])
    timeframe: Timeframe = Field(description=TIMEFRAME_TEXT, examples=["5m"])
    bars: int = Field(
        description="Bars of one market in the period, were none missing.", examples=[8640]
    )
    error: JobError | None = Field(description="Why it failed; null otherwise.")
    result_bytes: int | None = Field(
        description="Size of the result as it is kept, compressed; null where there is none.",
        examples=[48213],
    )
    created_at: Moment
    started_at: Moment | None = Field(description="When work on it began, UTC; null before.")
    finished_at: Moment | None = Field(description="When it ended, however, UTC; null before.")
    expires_at: Moment = Field(description="When it is removed, UTC: 90 days after it was made.")


class ResultResponse(Schema):
    """Where the whole result lies."""

    url: str = Field(
        description="Good without a credential until `expires_at`: whoever has it may read the "
        "result. JSON, compressed by gzip as its `Content-Encoding` says.",
        examples=["https://bucket.s3.eu-central-1.amazonaws.com/results/…?X-Amz-Signature=…"],
    )
    expires_at: Moment = Field(description="Until when `url` is good, UTC.")
    bytes: int = Field(description="Size of the compressed result.", examples=[48213])

    @classmethod
    def of(cls, address: "ResultAddress") -> "ResultResponse":
        """Return the answer that shows `address`."""
        return cls(url=address.url, expires_at=address.expires_at, bytes=address.bytes)


@dataclass(frozen=True, slots=True)
class ResultAddress:
    """An address that is good for a while."""

    url: str
    expires_at: int
    """ms UTC."""
    bytes: int

    def __repr__(self) -> str:
        return f"ResultAddress(expires_at={self.expires_at})"


def job_values(job: Job) -> dict[str, object]:
    """Return the values of a `JobResponse` that shows `job`, by the fields' names."""
    period, failure = job.period, job.failure
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "stage": job.stage,
        "progress": job.progress,
        "cancel_requested": job.cancel_requested,
        "exchange_name": job.exchange_name,
        "from": period.since,
        "to": period.until,
        "timeframe": period.timeframe,
        "bars": period.bars,
        "error": JobError(code=failure.code, detail=failure.detail) if failure else None,
        "result_bytes": job.result_bytes or None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "expires_at": job.expires_at * 1000,
    }
