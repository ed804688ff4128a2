"""How numbers and times travel: money as decimal strings, times as ISO 8601 in UTC."""

from datetime import UTC, datetime
from decimal import Decimal


def plain(value: Decimal) -> str:
    """Return `value` without an exponent, to 12 places: quotients would have 28 digits."""
    return format(round(value, 12).normalize() + 0, "f")


def iso(milliseconds: int) -> str:
    """Return a moment (ms UTC) as ISO 8601, such as 2026-01-31T12:00:00.000Z."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain_or_none(value: Decimal | None) -> str | None:
    """Return `value` as `plain` does, None for none."""
    return None if value is None else plain(value)


def iso_or_none(milliseconds: int | None) -> str | None:
    """Return a moment as `iso` does, None for none."""
    return None if milliseconds is None else iso(milliseconds)
