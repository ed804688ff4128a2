"""One HTML file that shows a result, with nothing to load from anywhere."""

from collections.abc import Callable, Mapping
from typing import Any

from pairtrader.report.backtest_page import backtest_content
from pairtrader.report.comparison_page import comparison_content
from pairtrader.report.content import Content
from pairtrader.report.drawing import asset, plotly_source
from pairtrader.report.markup import Markup, element, embedded, join
from pairtrader.report.outline import outline_content
from pairtrader.report.sweep_page import sweep_content

CONTENTS: Mapping[str | None, Callable[[Mapping[str, Any]], Content]] = {
    None: backtest_content,
    "backtest": backtest_content,
    "comparison": comparison_content,
    "sweep": sweep_content,
}
"""By the `kind` of a document; all others are shown part by part."""
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
"""The page may run what it holds and load nothing."""


def html(document: Mapping[str, Any]) -> str:
    """Return the page of a result document: a backtest, a comparison, a sweep or an analysis.

    Raises:
        NoDrawing: charts are to be drawn and the extra `report` is not installed.
        ValueError: a number in the document is not finite.
    """
    content = CONTENTS.get(document.get("kind"), outline_content)(document)
    scripts = []
    if content.charts:
        scripts.append(element("script", Markup(plotly_source())))
    data = embedded({"charts": content.charts, "tables": content.tables})
    scripts.append(element("script", data, type="application/json", id="page-data"))
    scripts.append(element("script", Markup(asset("page.js"))))
    head = join(
        [
            Markup('<meta charset="utf-8">'),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup('<meta name="color-scheme" content="light dark">'),
            element("title", content.title),
            element("style", Markup(asset("page.css"))),
        ]
    )
    top = [element("h1", content.title)]
    if content.subtitle:
        top.append(element("p", content.subtitle, class_="subtitle"))
    body = join(
        [
            element("header", join(top)),
            element("main", join(content.parts)),
            Markup("<noscript>Charts and long tables need JavaScript.</noscript>"),
            *scripts,
        ]
    )
    whole = element("html", join([element("head", head), element("body", body)]), lang="en")
    return f"<!doctype html>\n{whole}\n"
