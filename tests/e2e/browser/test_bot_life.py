"""A bot from the account it trades on to its last order, in the browser alone."""

import csv
import io
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browser.conftest import OpenWindow
from tests.e2e.browser.furnished import FIRST, TickedBot, recording, started_bot
from tests.e2e.browser.pages import Accounts, BotPage, Wizard
from tests.e2e.browser.window import PHONE, Window
from tests.e2e.conftest import Stack, Trader

NAME = "Gala against Chiliz"


def make_bot(window: Window, dataset: str) -> str:
    """Add an account and make a bot, step by step; return the bot's id."""
    Accounts(window).add_replay("Recorded", dataset)
    wizard = Wizard(window)
    wizard.choose_account("Recorded", NAME)
    wizard.choose_pair(("GALA-USDT", "CHZ-USDT"), FIRST.replace("T", " ")[:16])
    wizard.take_ladder()
    wizard.go_on_after_closes()
    return wizard.create()


def downloaded_ids(window: Window) -> set[str]:
    """Return the ids of the orders in the file that the page of orders offers."""
    window.open("/orders")
    window.has_settled()
    name, content = window.with_download(lambda: window.button("action.exportCsv").click())
    assert name.endswith(".csv")
    return {row["id"] for row in csv.DictReader(io.StringIO(content))}


@pytest.mark.parametrize(
    "look",
    [{"language": "en"}, {"language": "zh-CN", "size": PHONE, "theme": "dark"}],
    ids=["desktop-en", "phone-zh"],
)
def test_a_bot_s_life(
    stack: Stack, trader: Trader, open_window: OpenWindow, look: dict[str, object]
) -> None:
    window = open_window(trader, **look)
    bot_id = make_bot(window, recording(stack, trader))
    page = BotPage(window, NAME)
    page.is_now("stopped")
    page.move("start")
    page.is_now("running")
    bot = TickedBot.take(stack, trader, bot_id)

    # What a tick does is seen without a reload.
    window.page.evaluate("window.__stays = true")
    for rows in (1, 2, 0):
        assert bot.tick() == "traded"
        page.has_done(rows)
    bot.tick()
    assert bot.tick() == "traded"
    page.has_done(1)
    assert window.page.evaluate("window.__stays") is True

    page.move("pause")
    page.is_now("paused")
    page.move("close")
    page.has_done(0)
    page.is_now("paused")
    page.move("stop")
    page.is_now("stopped")
    [account] = trader.all_of("/exchanges")
    assert trader.exchange_positions(account["id"]) == {}
    orders = {order["id"] for order in trader.all_of(f"/bots/{bot_id}/orders")}
    assert len(orders) == 2 * 5
    assert downloaded_ids(window) == orders


def leaving(window: Window) -> Callable[[Locator], None]:
    def leave(dialog: Locator) -> None:
        label = window.t("bots.actions.stop.label")
        expect(dialog.get_by_role("button", name=label, exact=True)).to_be_disabled()
        dialog.get_by_text(window.t("bots.actions.stop.leave"), exact=True).click()

    return leave


def test_a_stop_with_a_position_asks_what_becomes_of_it(
    stack: Stack, trader: Trader, open_window: OpenWindow
) -> None:
    bot = started_bot(stack, trader, NAME)
    assert bot.tick() == "traded"
    window = open_window(trader)
    window.open(f"/bots/{bot.id}")
    page = BotPage(window, NAME)
    page.move("stop", leaving(window))
    page.is_now("stopped")
    assert trader.get(f"/bots/{bot.id}")["handed_over"] is not None


def test_a_draft_of_a_bot_outlives_a_reload(trader: Trader, open_window: OpenWindow) -> None:
    trader.account()
    window = open_window(trader)
    wizard = Wizard(window)
    wizard.choose_account("test", "Half done")
    wizard.is_at("pair")
    window.page.reload()
    window.has_settled()
    wizard.is_at("pair")
    window.button("action.back").click()
    name = wizard.main.get_by_label(wizard.label("bot_name"), exact=True)
    expect(name).to_have_value("Half done")
