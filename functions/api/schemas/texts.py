"""How numbers and times travel: money as decimal strings, times as ISO 8601 in UTC."""

from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from functions.api.schemas.schema import Schema
from pairtrader.views.texts import iso, plain

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


class WarningDetails(Schema):
    """Something that is allowed but probably not meant."""

    code: str
    field: str
    message: str
