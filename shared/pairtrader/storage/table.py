"""What all tables share: their names, time-outs and attribute types."""

import os
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from pynamodb.attributes import Attribute
from pynamodb.constants import NUMBER, STRING

from pairtrader.storage.table_clients import share_clients

_T = TypeVar("_T")

share_clients()


def table_name(suffix: str) -> str:
    """Return the stack's name for the table `suffix`, such as ``pairtrader-local-bots``."""
    return f"{os.environ.get('TABLE_PREFIX', 'pairtrader')}-{suffix}"


class TableMeta:
    """Settings of every table; a table's ``Meta`` inherits them and adds its name.

    The library's own time-outs (15 s and 30 s) are longer than a tick may live.
    """

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    billing_mode = "PAY_PER_REQUEST"
    connect_timeout_seconds = 1
    read_timeout_seconds = 3
    max_retry_attempts = 2


class DecimalAttribute(Attribute[Decimal]):
    """Exact decimal stored as a DynamoDB number (38 digits)."""

    attr_type = NUMBER

    def serialize(self, value: Decimal) -> str:
        """Return plain digits: no exponent, no trailing zeros."""
        return format(value.normalize(), "f")

    def deserialize(self, value: str) -> Decimal:
        """Return the number exactly as stored."""
        return Decimal(value)


class FloatAttribute(Attribute[float]):
    """A float that comes back bit for bit: stored as its shortest exact text."""

    attr_type = STRING

    def serialize(self, value: float) -> str:
        """Return the text that reads back as the same float."""
        return repr(value)

    def deserialize(self, value: str) -> float:
        """Return the stored float."""
        return float(value)


class ValueAttribute(Attribute[_T], Generic[_T]):
    """A value object as JSON, checked when it is read back."""

    attr_type = STRING

    def __init__(self, type_: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._type = type_

    @cached_property
    def _adapter(self) -> TypeAdapter[_T]:
        """Made when first needed: a cold start makes none of those that it does not use."""
        return TypeAdapter(self._type)

    def serialize(self, value: _T) -> str:
        """Return compact JSON; decimals travel as strings."""
        return self._adapter.dump_json(value).decode()

    def deserialize(self, value: str) -> _T:
        """Return the value object.

        Raises:
            pydantic.ValidationError: the item does not hold what the code expects.
        """
        return self._adapter.validate_json(value)
