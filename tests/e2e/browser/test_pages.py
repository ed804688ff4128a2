"""Every page: readable by everybody, still, quiet, and no wider than a phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import OpenWindow
from tests.e2e.browser.furnished import Furnished, furnish, make_admin
from tests.e2e.browser.window import DESKTOP, PHONE, Window
from tests.e2e.conftest import Stack, Trader

PUBLIC = ("/login", "/register", "/reset")
PAGES = (
    "/dashboard",
    "/bots",
    "/bots/new",
    "/bots/{bot}",
    "/bots/{bot}/edit",
    "/orders",
    "/orders?tab=cycles",
    "/exchanges",
    "/settings?tab=profile",
    "/settings?tab=security",
    "/settings?tab=devices",
    "/settings?tab=tokens",
    "/settings?tab=notifications",
    "/settings?tab=appearance",
    "/audit",
    "/users",
    "/system",
    "/no/such/page",
)
MENU = ("dashboard", "bots", "orders", "exchanges", "settings", "audit", "users", "system")
MOST_SHIFT = 0.1
"""Layout shift that counts as good."""
KEY_OF_A_TEXT = re.compile(r"^[a-z]+(\.[a-zA-Z_]+){1,4}$")
"""What stands where a text is missing."""
DARK_PHONE = ("dark", PHONE)
LIGHT_DESKTOP = ("light", DESKTOP)


class Faults:
    """All that is wrong with the pages that were looked at; one test tells of all."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def note(self, where: str, *faults: str) -> None:
        self._found += [f"{where}: {fault}" for fault in faults]

    def must_be_none(self) -> None:
        if self._found:
            pytest.fail("\n".join(self._found))


@pytest.fixture(scope="module")
def furnished(stack: Stack) -> Furnished:
    found = furnish(stack)
    make_admin(stack, found.trader)
    return found


def load(window: Window, path: str, faults: Faults) -> None:
    window.open(path)
    window.has_settled()
    moved, what = window.shift()
    if moved > MOST_SHIFT:
        faults.note(path, f"the layout shifts by {moved:.2f}: {what}")


def look_at(window: Window, path: str, faults: Faults) -> None:
    """Load a page and look at it in both themes, large and small."""
    load(window, path, faults)
    for theme, size in (LIGHT_DESKTOP, ("dark", DESKTOP), DARK_PHONE, ("light", PHONE)):
        window.look_different(theme, size)
        where = f"{path} ({theme}, {size[0]} px)"
        if theme == "dark" or size == DESKTOP:
            faults.note(where, *window.barriers())
        if (wider := window.overflow()) > 0:
            faults.note(where, f"{wider} px wider than the window")


def test_every_page_is_open_to_everybody(furnished: Furnished, open_window: OpenWindow) -> None:
    faults = Faults()
    stranger = open_window()
    for path in PUBLIC:
        look_at(stranger, path, faults)
        stranger.look_different(*LIGHT_DESKTOP)
    window = open_window(furnished.trader)
    for path in PAGES:
        look_at(window, path.format(bot=furnished.bot.id), faults)
        window.look_different(*LIGHT_DESKTOP)
    faults.must_be_none()


def test_every_page_fits_a_phone_in_chinese(furnished: Furnished, open_window: OpenWindow) -> None:
    faults = Faults()
    window = open_window(furnished.trader, language="zh-CN", size=PHONE)
    for path in PAGES:
        load(window, path.format(bot=furnished.bot.id), faults)
        if (wider := window.overflow()) > 0:
            faults.note(path, f"{wider} px wider than the window")
        untranslated = window.page.get_by_role("main").get_by_text(KEY_OF_A_TEXT)
        faults.note(path, *untranslated.all_inner_texts())
    faults.must_be_none()


def test_nothing_jumps_from_page_to_page(furnished: Furnished, open_window: OpenWindow) -> None:
    window = open_window(furnished.trader)
    window.open("/dashboard")
    window.has_settled()
    window.shift()
    moved = {}
    for page in (*MENU, *MENU):
        entry = window.page.get_by_role("navigation", name=window.t("layout.menu")).get_by_role(
            "link", name=window.t(f"pages.{page}"), exact=True
        )
        # A real click would excuse every shift of the half second after it.
        entry.first.evaluate("link => link.click()")
        window.is_at(f"/{page}")
        window.has_settled()
        moved[page] = window.shift()
    faults = Faults()
    for page, (by, what) in moved.items():
        if by > MOST_SHIFT:
            faults.note(page, f"the layout shifts by {by:.2f}: {what}")
    faults.must_be_none()


def test_a_newcomer_s_pages_are_open_to_everybody(stack: Stack, open_window: OpenWindow) -> None:
    faults = Faults()
    window = open_window(Trader(stack), theme="dark")
    for path in ("/dashboard", "/bots", "/bots/new", "/orders", "/exchanges", "/audit"):
        load(window, path, faults)
        faults.note(path, *window.barriers())
    faults.must_be_none()


def test_pages_of_administrators_are_not_for_others(stack: Stack, open_window: OpenWindow) -> None:
    window = open_window(Trader(stack))
    for path in ("/users", "/system"):
        window.open(path)
        window.is_at("/dashboard")
    window.has_settled()
    menu = window.page.get_by_role("navigation", name=window.t("layout.menu"))
    expect(menu.get_by_role("link", name=window.t("pages.users"), exact=True)).to_have_count(0)


def test_the_page_is_reached_without_a_mouse(furnished: Furnished, open_window: OpenWindow) -> None:
    window = open_window(furnished.trader)
    window.open("/bots")
    window.has_settled()
    window.page.keyboard.press("Tab")
    skip = window.page.get_by_role("link", name=window.t("layout.skip"))
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("main")).to_be_focused()


def test_the_title_says_where_one_is(furnished: Furnished, open_window: OpenWindow) -> None:
    window = open_window(furnished.trader, language="zh-CN")
    window.open("/orders")
    expect(window.page).to_have_title(re.compile(re.escape(window.t("pages.orders"))))
    expect(window.page.locator("html")).to_have_attribute("lang", "zh-CN")
