"""What a page consists of, whatever it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pairtrader.backtest.config import NAMELESS
from pairtrader.report.charts import Spec
from pairtrader.report.markup import DASH, Markup, element, join, number, section, table

APART = ("dca_config", "markets")
"""Parts of a configuration that have tables of their own."""
MOST_ROWS = 20_000
"""Rows that a sortable table holds; the rest stays in the result."""


@dataclass(slots=True)
class Content:
    """The parts of a page in their order, and what its script needs for them."""

    title: str
    subtitle: str = ""
    parts: list[Markup] = field(default_factory=list)
    charts: list[Spec] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    """Spreads to mark in charts of the bot's spread, points from zero."""

    def add(self, part: Markup) -> None:
        """Put a part at the end of the page."""
        if part:
            self.parts.append(part)

    def draw(self, spec: Spec) -> Markup:
        """Return the place where a chart will be drawn."""
        self.charts.append(spec)
        return element(
            "div",
            class_="chart",
            id=spec["id"],
            role="img",
            aria_label=spec["label"],
            style=f"height:{spec['height']}px",
        )

    def sortable(
        self, name: str, columns: Sequence["Column"], rows: Sequence[Sequence[Any]]
    ) -> Markup:
        """Return the place of a table that the reader can sort by any column."""
        self.tables.append(
            {
                "id": name,
                "columns": [
                    {"label": column.label, "kind": column.kind, "title": column.title}
                    for column in columns
                ],
                "rows": [list(row) for row in rows[:MOST_ROWS]],
            }
        )
        place = element("div", class_="scroll sortable", id=name)
        if len(rows) <= MOST_ROWS:
            return place
        note = f"The first {MOST_ROWS:,} of {len(rows):,}; the result holds all of them."
        return join([element("p", note, class_="note"), place])


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sortable table."""

    label: str
    kind: str = "text"
    """text, count, number, money, percent, duration or time: how the script writes a value."""
    title: str = ""
    """What it is taken of, shown on pointing."""


def warnings_part(document: Mapping[str, Any]) -> Markup:
    """Return the warnings of a document, nothing where there are none."""
    rows = [
        element("li", each["text"], data_code=each["code"]) for each in document.get("warnings", ())
    ]
    if not rows:
        return Markup("")
    return element("aside", element("ul", join(rows)), class_="warnings", aria_label="Warnings")


def tiles(pairs: Sequence[tuple[str, str, float | None]]) -> Markup:
    """Return the figures to see first: label, text, and a number whose sign colours it."""
    cells = []
    for label, text, sign in pairs:
        tone = "" if not sign else " gain" if sign > 0 else " loss"
        value = element("span", text, class_=f"value{tone}")
        cells.append(
            element("div", join([element("span", label, class_="label"), value]), class_="tile")
        )
    return element("div", join(cells), class_="tiles")


def settings_part(config: Mapping[str, Any], title: str = "Settings") -> Markup:
    """Return a configuration: its ladder as a table, all else by name."""
    rows = [
        (name, setting_text(value))
        for name, value in config.items()
        if name not in APART and value not in (None, NAMELESS)
    ]
    third = -(-len(rows) // 3)
    parts = [
        table(("", ""), rows[begin : begin + third], class_="settings")
        for begin in range(0, len(rows), third or 1)
    ]
    if config.get("dca_config"):
        ladder = [
            (row["times"], number(row["spread"]), number(row["multiplier"]))
            for row in config["dca_config"]
        ]
        parts.append(table(("row", "spread (points)", "multiplier"), ladder))
    for symbol, steps in (config.get("markets") or {}).items():
        facts = [(name, setting_text(value)) for name, value in steps.items()]
        parts.append(element("div", join([element("h3", symbol), table(("", ""), facts)])))
    return section(title, element("div", join(parts), class_="columns"))


def setting_text(value: Any) -> str:
    """Return a setting as it is written."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return DASH if value is None else str(value)
