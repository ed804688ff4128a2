"""How numbers and times travel: money as decimal strings, times as ISO 8601 in UTC."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, PlainSerializer, WithJsonSchema


def plain(value: Decimal) -> str:
    """Return `value` without an exponent, to 12 places: quotients would have 28 digits."""
    return format(round(value, 12).normalize() + 0, "f")


def iso(milliseconds: int) -> str:
    """Return a moment (ms UTC) as ISO 8601, such as 2026-01-31T12:00:00.000Z."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


DecimalText = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "format": "decimal", "examples": ["1250.5"]}),
]
Moment = Annotated[
    int,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00.000Z"]}
    ),
]
"""ms UTC inside, ISO 8601 outside."""


class WarningDetails(BaseModel):
    """Something that is allowed but probably not meant."""

    code: str
    field: str
    message: str
