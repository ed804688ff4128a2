"""The page of several runs side by side."""

from collections.abc import Mapping
from typing import Any

from pairtrader.report.content import Content, setting_text, warnings_part
from pairtrader.report.figures import BY_NAME, GROUPS, figure_of
from pairtrader.report.markup import Markup, element, number, section, table


def comparison_content(document: Mapping[str, Any]) -> Content:
    """Return the page of a comparison."""
    names = document["results"]
    content = Content(f"{len(names)} backtests side by side")
    content.add(warnings_part(document))
    content.add(
        section("Data", table(("", *names), _data_rows(document.get("data", ())), class_="wide"))
    )
    content.add(section("Figures", _figures(document)))
    settings = [
        (name, *(setting_text(value) for value in values))
        for name, values in document.get("settings", {}).items()
    ]
    if settings:
        content.add(section("Settings that differ", table(("", *names), settings, class_="wide")))
    return content


def _data_rows(data: Any) -> list[tuple[str, ...]]:
    pairs = [f"{each['market1']['symbol']} / {each['market2']['symbol']}" for each in data]
    return [
        ("pair", *pairs),
        ("first bar", *(each["first"] for each in data)),
        ("last bar", *(each["last"] for each in data)),
        ("bars", *(number(each["bars"]) for each in data)),
    ]


def _figures(document: Mapping[str, Any]) -> Markup:
    metrics, names = document["metrics"], document["results"]
    groups = [
        (title, [figure for figure in figures if figure.name in metrics])
        for title, figures in GROUPS
    ]
    groups.append(("Others", [figure_of(name) for name in metrics if name not in BY_NAME]))
    rows: list[tuple[object, ...]] = []
    for title, figures in groups:
        if figures:
            rows.append((element("strong", title), *("" for _ in names), ""))
        rows += [
            (figure.label, *(figure.text(value) for value in metrics[figure.name]), figure.basis)
            for figure in figures
        ]
    return table(("", *names, ""), rows, class_="wide compared")
