"""HTML from values: whatever is not markup already is escaped."""

import json
import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

DASH = "\u2013"
NOTHING = 1e-12
"""What is smaller is a rounding error."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def join(parts: Iterable[Markup]) -> Markup:
    """Return pieces of HTML one after the other."""
    return Markup("\n".join(parts))


def element(name: str, content: object = "", **attributes: object) -> Markup:
    """Return an element; `content` is escaped unless it is markup.

    Attributes are written as Python names: a trailing underscore is dropped, others become hyphens.
    """
    inner = content if isinstance(content, Markup) else escape(str(content))
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{inner}</{name}>")


def section(title: str, *parts: Markup, note: str = "") -> Markup:
    """Return a headed part of a page, nothing where there are no parts."""
    shown = [part for part in parts if part]
    if not shown:
        return Markup("")
    lead = [element("p", note, class_="note")] if note else []
    return element("section", join([element("h2", title), *lead, *shown]))


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], class_: str = "") -> Markup:
    """Return a table; the first cell of each row heads it."""
    head = element("tr", join(element("th", each, scope="col") for each in headers))
    body = [
        element(
            "tr",
            join(
                element("td", cell) if place else element("th", cell, scope="row")
                for place, cell in enumerate(row)
            ),
        )
        for row in rows
    ]
    parts = [element("thead", head)] if any(headers) else []
    inner = element("table", join([*parts, element("tbody", join(body))]), class_=class_ or None)
    return element("div", inner, class_="scroll")


def number(value: object, places: int = 2) -> str:
    """Return a value for reading: large numbers with separators, small ones with their digits."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        plain = abs(value) >= 1 or abs(value) < NOTHING
        return f"{value if abs(value) >= 1 else 0:,.{places}f}" if plain else f"{value:.4g}"
    return str(value)


def percent(value: float | None) -> str:
    """Return a percentage for reading."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:,.2f} %"


def duration(seconds: float | None) -> str:
    """Return a span of time in its two largest units."""
    if seconds is None:
        return DASH
    left = round(seconds)
    for size, unit, below, smaller in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min")):
        if left >= size:
            rest = left % size // below
            return f"{left // size} {unit} {rest} {smaller}" if rest else f"{left // size} {unit}"
    return f"{left // MINUTE} min" if left >= MINUTE else f"{left} s"


def embedded(value: Any) -> Markup:
    """Return `value` as JSON that can stand in a script element, whatever texts it holds.

    Raises:
        ValueError: a number in it is not finite.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
