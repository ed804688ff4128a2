"""Backtests and analyses, from their forms to what becomes of them."""

import csv
import io
import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browser.conftest import OpenWindow
from tests.e2e.browser.pages import BotPage, Wizard, choose
from tests.e2e.browser.window import DESKTOP, PHONE, Window
from tests.e2e.conftest import LADDER, Trader

PAIR = ("GALA-USDT", "CHZ-USDT")
ID = "[0-9A-Z]{26}"
MINUTES = 3 * 60_000
"""How long a job may take on a machine that does much else, ms."""


@pytest.fixture
def account(trader: Trader) -> str:
    return trader.account()


def _day(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).strftime("%Y-%m-%dT00:00:00Z")


def _backtest(trader: Trader, account: str, name: str, **settings: Any) -> dict[str, Any]:
    """Ask for a backtest as a script would."""
    body = {
        "name": name,
        "settings": {
            "bot_name": name,
            "exchange_account_id": account,
            "market1_symbol": PAIR[0],
            "market2_symbol": PAIR[1],
            "start_time": _day(3),
            "investment_per_order": "100",
            "max_position_value": "2000",
            "dca_config": LADDER,
            "pause_after_close": False,
            **settings,
        },
        "from": _day(3),
        "to": _day(1),
        "timeframe": "1m",
    }
    made: dict[str, Any] = trader.post("/backtests", json=body, expect=201)
    return made


def _done(trader: Trader, path: str) -> dict[str, Any]:
    """Wait until the job at `path` is done."""
    deadline = time.monotonic() + MINUTES / 1000
    while (job := trader.get(path))["status"] in ("queued", "running"):
        assert time.monotonic() < deadline, job
        time.sleep(0.5)
    assert job["status"] == "done", job
    found: dict[str, Any] = job
    return found


class HistoryForm:
    """A form that asks for something of history."""

    def __init__(self, window: Window, path: str, label: str) -> None:
        self.window, self.main = window, window.page.get_by_role("main")
        window.open(path)
        window.has_settled()
        self.main.get_by_role("radio").filter(has_text=label).click()

    def choose_pair(self, *symbols: str) -> None:
        for field, symbol in zip(("market1_symbol", "market2_symbol"), symbols, strict=True):
            box = self.main.get_by_role(
                "combobox", name=self.window.t(f"wizard.fields.{field}.label")
            )
            box.click()
            box.fill(symbol.partition("-")[0])
            offered = self.window.page.locator(f"#{box.get_attribute('aria-controls')}")
            offered.get_by_role("option", name=symbol).click()

    def take_bars(self, period: str, timeframe: str) -> None:
        choose(self.main, self.window.t(f"backtest.periods.{period}"))
        choose(self.main, self.window.t(f"backtest.timeframes.{timeframe}"))

    def run(self, key: str, **values: object) -> None:
        self.window.button(key, **values).click()


def _heading(window: Window, key: str) -> Locator:
    return window.page.get_by_role("heading", level=2, name=window.t(key), exact=True)


def _is_open_to_everybody(window: Window) -> None:
    """Look at the page in both themes, large and small."""
    faults = []
    for theme, size in (("light", DESKTOP), ("dark", DESKTOP), ("dark", PHONE), ("light", PHONE)):
        window.look_different(theme, size)
        faults += [f"{theme} {size[0]}: {each}" for each in window.barriers()]
        if (wider := window.overflow()) > 0:
            faults.append(f"{theme} {size[0]}: {wider} px wider than the window")
    window.look_different("light", DESKTOP)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_backtest_from_its_form_to_a_bot(
    trader: Trader, account: str, open_window: OpenWindow, language: str
) -> None:
    window = open_window(trader, language=language)
    form = HistoryForm(window, "/backtest/new", "test")
    form.choose_pair(*PAIR)
    form.take_bars("days7", "5m")
    _is_open_to_everybody(window)
    form.run("backtest.form.run")
    window.is_at(f"/backtest/{ID}", is_pattern=True)
    expect(_heading(window, "backtest.charts.equityTitle")).to_be_visible(timeout=MINUTES)
    window.has_settled()
    _is_open_to_everybody(window)

    job = trader.get("/backtests")["items"][0]
    assert job["status"] == "done"
    name, text = window.with_download(lambda: window.button("research.downloadJson").click())
    assert name.endswith(".json")
    document = json.loads(text)
    assert document["metrics"]["cycles"] == job["summary"]["cycles"]
    window.page.get_by_role("tab", name=re.compile(re.escape(window.t("orders.orders")))).click()
    _, text = window.with_download(window.button("action.exportCsv").last.click)
    assert len(list(csv.DictReader(io.StringIO(text)))) == job["summary"]["orders"]

    window.button("backtest.createBot").click()
    window.is_at("/bots/new")
    wizard = Wizard.already_open(window)
    wizard.is_at("account")
    wizard.main.get_by_label(wizard.label("bot_name"), exact=True).fill("as tested")
    for step in ("account", "pair", "ladder", "exits"):
        wizard.is_at(step)
        wizard.go_on()
    bot_id = wizard.create()
    BotPage(window, "as tested").is_now("stopped")
    bot = trader.get(f"/bots/{bot_id}")
    tested = job["settings"]
    for field in ("dca_config", "market1_symbol", "market2_symbol", "profit_ratio", "leverage"):
        assert bot[field] == tested[field], field


def test_two_backtests_side_by_side(trader: Trader, account: str, open_window: OpenWindow) -> None:
    runs = [
        _backtest(trader, account, "narrow", profit_ratio=0.2),
        _backtest(trader, account, "wide", profit_ratio=0.6),
    ]
    for run in runs:
        _done(trader, f"/backtests/{run['id']}")
    window = open_window(trader)
    window.open("/backtest")
    window.has_settled()
    _is_open_to_everybody(window)
    for run in runs:
        name = window.t("backtest.list.choose", name=run["name"])
        window.page.get_by_role("checkbox", name=name).locator("xpath=../..").click()
    window.button("backtest.list.compareChosen", count=2, most=5).click()
    window.is_at("/backtest/compare")
    settings = window.page.get_by_role("table", name=window.t("backtest.compare.settings"))
    target = settings.get_by_role("row").filter(
        has_text=window.t("wizard.fields.profit_ratio.label")
    )
    expect(target).to_contain_text("0.2")
    expect(target).to_contain_text("0.6")
    figures = window.page.get_by_role("table", name=window.t("backtest.compare.figures"))
    expect(figures.get_by_role("row")).not_to_have_count(0)
    window.has_settled()
    _is_open_to_everybody(window)


def test_a_backtest_is_deleted_with_its_result(
    trader: Trader, account: str, open_window: OpenWindow
) -> None:
    run = _backtest(trader, account, "short-lived")
    window = open_window(trader)
    window.open(f"/backtest/{run['id']}")
    expect(window.heading("short-lived")).to_be_visible()
    _done(trader, f"/backtests/{run['id']}")
    delete = window.button("research.deleteOf", name="short-lived")
    expect(delete).to_be_visible(timeout=MINUTES)
    delete.click()
    dialog = window.page.get_by_role(
        "dialog", name=window.t("research.deleteTitle", name="short-lived")
    )
    dialog.get_by_role("button", name=window.t("action.delete"), exact=True).click()
    window.is_at("/backtest")
    window.sees(window.t("backtest.list.empty"))
    assert trader.get("/backtests")["items"] == []


def test_a_bot_s_settings_are_tried_first(
    trader: Trader, account: str, open_window: OpenWindow
) -> None:
    bot_id = trader.bot(account, bot_name="to try", profit_ratio=0.7)
    window = open_window(trader)
    window.open(f"/backtest/new?bot={bot_id}")
    window.has_settled()
    expect(window.field("wizard.fields.profit_ratio.label")).to_have_value("0.7")
    for symbol in PAIR:
        expect(
            window.page.get_by_role("main").get_by_text(symbol, exact=True).first
        ).to_be_visible()


def test_a_pair_is_analysed(trader: Trader, account: str, open_window: OpenWindow) -> None:
    window = open_window(trader)
    form = HistoryForm(window, "/analysis/pair", "test")
    form.choose_pair(*PAIR)
    form.take_bars("days7", "5m")
    _is_open_to_everybody(window)
    form.run("analysis.pair.run")
    window.is_at(f"/analysis/{ID}", is_pattern=True)
    expect(_heading(window, "analysis.zscore.title")).to_be_visible(timeout=MINUTES)
    window.has_settled()
    window.sees(re.compile(re.escape(window.t("analysis.honest"))))
    _is_open_to_everybody(window)
    window.button("analysis.pair.backtest").click()
    window.is_at("/backtest/new")


def test_pairs_are_found(trader: Trader, account: str, open_window: OpenWindow) -> None:
    window = open_window(trader)
    form = HistoryForm(window, "/analysis/finder", "test")
    first = window.page.get_by_role("button", name=re.compile("Take the first"))
    expect(first).to_be_enabled()
    first.click()
    chosen = window.page.get_by_role("list", name=window.t("analysis.finder.chosenTitle"))
    count = chosen.get_by_role("listitem").count()
    window.field("analysis.filters.min_correlation.label").fill("-1")
    window.field("analysis.filters.max_p_value.label").fill("1")
    window.page.keyboard.press("Tab")
    form.take_bars("days7", "1h")
    _is_open_to_everybody(window)
    form.run("analysis.finder.run", count=count * (count - 1) // 2)
    window.is_at(f"/analysis/{ID}", is_pattern=True)
    expect(_heading(window, "analysis.finder.ranked")).to_be_visible(timeout=MINUTES)
    window.has_settled()
    _is_open_to_everybody(window)
    ranked = window.page.get_by_role("table", name=window.t("analysis.finder.ranked"))
    expect(ranked.get_by_role("row").nth(1)).to_be_visible()
    ranked.get_by_role("button", name=window.t("analysis.columns.correlation")).click()
    head = ranked.get_by_role("columnheader", name=window.t("analysis.columns.correlation"))
    expect(head).to_have_attribute("aria-sort", "descending")


def test_newcomers_are_told_what_the_pages_are_for(trader: Trader, open_window: OpenWindow) -> None:
    window = open_window(trader)
    for path, key in (("/backtest", "backtest.list.empty"), ("/analysis", "analysis.list.empty")):
        window.open(path)
        window.has_settled()
        window.sees(window.t(key))
        _is_open_to_everybody(window)
