"""Any document, part by part: scalars as lists, rows as tables, series as charts."""

from collections.abc import Mapping, Sequence
from typing import Any

from pairtrader.report.charts import (
    SERIES,
    TIME_AXIS,
    Spec,
    axis,
    bins,
    chart,
    heat_map,
    level,
    line,
    upright,
)
from pairtrader.report.content import Column, Content, warnings_part
from pairtrader.report.markup import Markup, duration, element, join, number, section, table

Document = Mapping[str, Any]
TITLES = {"analysis": "Analysis", "finder": "Pair finder"}
ASIDE = frozenset({"version", "kind", "warnings", "market1", "market2"})
BOT_SPREAD = "bot_spread"
"""The part whose charts show the ladder's distances from zero."""
SORTED_FROM = 8
"""Tables with at least so many rows can be sorted."""
SECONDS = "_seconds"
WORDS = {
    "adf": "ADF",
    "ols": "OLS",
    "sd": "standard deviation",
    "market1": "market 1",
    "market2": "market 2",
    "zscore": "z-score",
    "seconds": "time",
}
"""Words of field names that are written otherwise."""


def outline_content(document: Document) -> Content:
    """Return a page of all parts of a document."""
    kind = str(document.get("kind", "Result"))
    sides = [str(document[side]) for side in ("market1", "market2") if document.get(side)]
    title = " ".join([TITLES.get(kind, kind), *(["of"] if sides else []), " / ".join(sides)])
    data = document.get("data") or {}
    period = f"{data['first']} to {data['last']}" if data.get("first") else ""
    content = Content(title.strip(), period)
    ladder = document.get("ladder") or {}
    content.levels = [row["distance"] for row in ladder.get("rows", ()) if "distance" in row]
    content.add(warnings_part(document))
    names = [name for name in document if name not in ASIDE]
    last = [name for name in ("settings", "data", "rejected") if name in names]
    for name in [*(name for name in names if name not in last), *last]:
        content.add(section(_label(name), _part(content, name, document[name])))
    return content


def _label(name: str) -> str:
    words = " ".join(WORDS.get(word, word) for word in _bare(name).split("_"))
    return words[:1].upper() + words[1:]


def _bare(name: str) -> str:
    return name.removesuffix(SECONDS)


def _is_span(name: str) -> bool:
    return name.endswith(SECONDS) or name.rpartition(".")[2] == "seconds"


def _part(content: Content, path: str, value: Any) -> Markup:
    if isinstance(value, Mapping):
        return _mapping(content, path, value)
    if _is_rows(value):
        return _rows(content, path, value)
    return element("p", _text(path, value))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        each is None or (isinstance(each, int | float) and not isinstance(each, bool))
        for each in value
    )


def _mapping(content: Content, path: str, value: Document) -> Markup:
    drawn = _drawn(content, path, value)
    if drawn is not None:
        return drawn
    scalars = [
        (_label(name), _text(name, each))
        for name, each in value.items()
        if each is not None and not isinstance(each, Mapping) and not _is_rows(each)
    ]
    parts = [_facts(scalars)] if scalars else []
    for name, each in value.items():
        if isinstance(each, Mapping) or _is_rows(each):
            inner = _part(content, f"{path}-{name}", each)
            if inner:
                deep = "-" in path
                head = element("h4" if deep else "h3", _label(name))
                parts.append(element("div", join([head, inner]), class_="deep" if deep else None))
    return join(parts)


def _facts(pairs: Sequence[tuple[str, str]]) -> Markup:
    """Return single values side by side."""
    cells = [
        element("div", join([element("dt", label), element("dd", text)])) for label, text in pairs
    ]
    return element("dl", join(cells), class_="facts")


def _drawn(content: Content, path: str, value: Document) -> Markup | None:
    """Return a chart where the fields are those of a series, a histogram or a matrix."""
    label = _label(path.rpartition("-")[2])
    if {"times"} < value.keys() and all(_is_numbers(each) for each in value.values()):
        levels = _both_ways(content.levels) if path.startswith(BOT_SPREAD) else []
        return join([content.draw(spec) for spec in _series(path, value, levels)])
    if value.keys() == {"edges", "counts"} and value["counts"]:
        bars, layout = bins(value["counts"], value["edges"], label, "")
        if path.startswith(BOT_SPREAD):
            shapes = [upright(each) for each in _both_ways(content.levels)]
            layout = {**layout, "xaxis": axis("points"), "shapes": shapes}
        return content.draw(chart(path, label, bars, layout, 280))
    if value.keys() == {"symbols", "values"} and value["symbols"]:
        symbols = value["symbols"]
        picture = heat_map(symbols, symbols, value["values"], ("", ""))
        return content.draw(chart(path, label, *picture, 120 + 18 * max(12, len(symbols))))
    return None


def _both_ways(levels: Sequence[float]) -> list[float]:
    return [sign * each for each in levels for sign in (1, -1)]


def _series(path: str, value: Document, levels: Sequence[float]) -> list[Spec]:
    """Return one chart for each series: they rarely share a scale."""
    shapes = [level(each) for each in levels]
    names = [name for name in value if name != "times" and len(value[name]) == len(value["times"])]
    return [
        chart(
            f"{path}-{name}",
            _label(name),
            [line(value["times"], value[name], _label(name), SERIES[place % len(SERIES)])],
            {"xaxis": dict(TIME_AXIS), "yaxis": axis(_label(name)), "shapes": shapes},
            240,
        )
        for place, name in enumerate(names)
        if any(each is not None for each in value[name])
    ]


def _rows(content: Content, path: str, rows: Sequence[Document]) -> Markup:
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    shown = [name for name in names if any(row.get(name) is not None for row in flat)]
    if len(rows) >= SORTED_FROM:
        columns = [Column(_heading(name), _kind(name, flat)) for name in shown]
        return content.sortable(path, columns, [[row.get(name) for name in shown] for row in flat])
    cells = [[_text(name, row.get(name)) for name in shown] for row in flat]
    return table([_heading(name) for name in shown], cells)


def _flat(row: Document, before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[before + name] = _text(name, value) if isinstance(value, list) else value
    return found


def _heading(name: str) -> str:
    return ": ".join(_label(part) for part in name.split("."))


def _kind(name: str, rows: Sequence[Document]) -> str:
    values = [row[name] for row in rows if row.get(name) is not None]
    if _is_span(name):
        return "duration"
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return "count"
    return "number" if all(isinstance(value, int | float) for value in values) else "text"


def _text(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(name, each) for each in value)
    if _is_span(name) and isinstance(value, int | float):
        return duration(value)
    return number(value, 4)
