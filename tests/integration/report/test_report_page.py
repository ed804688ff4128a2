"""The page of a result in a real browser: charts, sorting, both themes, and nothing loaded."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from pairtrader.backtest.result import result_of
from pairtrader.report.page import html
from tests.made_runs import made_run

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SWEEP = {
    "version": 1,
    "kind": "sweep",
    "objective": "sharpe",
    "parameters": [{"name": name, "values": [1, 2]} for name in ("profit_ratio", "leverage")],
    "runs": [
        {"settings": {"profit_ratio": ratio, "leverage": leverage}, "metrics": {"sharpe": ratio}}
        for ratio in (1, 2)
        for leverage in (1, 2)
    ],
}
FINDER = {
    "kind": "finder",
    "correlation_matrix": {"symbols": ["A", "B"], "values": [[1.0, 0.5], [0.5, 1.0]]},
    "curve": {"times": [0, 60_000], "spread": [0.5, 1.0]},
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.fail("There is no Chromium: `apt-get install chromium` (or Google Chrome)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def show(chromium, tmp_path):
    """Opens the page of a document; whatever it complains about or asks for fails the test."""
    complaints, contexts = [], []

    def opened(document, **look):
        file = tmp_path / "report.html"
        file.write_text(html(document), encoding="utf-8")
        context = chromium.new_context(**look)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None if request.url == file.as_uri() else complaints.append(request.url)
            ),
        )
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def result_document():
    run = made_run(2, 6000, funding_hours=1)
    return result_of(run.series, run.config, run.outcome).document()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_result_is_drawn_in_both_themes(show, theme):
    page = show(result_document(), color_scheme=theme)

    expect(page.locator(".js-plotly-plot")).to_have_count(5)
    assert page.locator("#equity path.js-line").count() >= 2
    assert page.locator("#spread .points path").count() > 100
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 31)"}[theme]


def test_charts_follow_a_change_of_theme(show):
    page = show(result_document(), color_scheme="light")
    line = page.locator("#equity path.js-line").first
    before = line.evaluate("each => each.style.stroke")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "before => document.querySelector('#equity path.js-line').style.stroke !== before",
        arg=before,
    )


def test_cycles_are_sorted_by_a_click(show):
    document = result_document()
    page = show(document)
    nets = sorted(row["net_pnl"] for row in document["cycles"])
    button = page.get_by_role("button", name="net PnL", exact=True)
    cell = page.locator("#cycles tbody tr").first.locator("td").nth(11)
    labels = page.locator("#cycles thead th").all_text_contents()

    assert labels.index("net PnL") == 12
    button.click()
    assert cell.text_content() == f"{nets[0]:,.2f}"
    button.click()
    assert cell.text_content() == f"{nets[-1]:,.2f}"
    expect(page.locator("#cycles th[aria-sort=descending]")).to_have_count(1)


def test_a_long_table_is_shown_whole_on_demand(show):
    document = result_document()
    page = show(document)
    rows = page.locator("#cycles tbody tr")

    assert len(document["cycles"]) > 200
    assert rows.count() == 200
    page.get_by_role("button", name="Show all").click()
    assert rows.count() == len(document["cycles"])


def test_a_phone_has_to_scroll_tables_only(show):
    page = show(result_document(), viewport={"width": 390, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("document", "charts"), [(SWEEP, 3), (FINDER, 2)], ids=["sweep", "finder"])
def test_other_documents_are_drawn(show, document, charts):
    expect(show(document).locator(".js-plotly-plot")).to_have_count(charts)
