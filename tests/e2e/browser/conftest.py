"""Chromium in front of the deployed stack."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.browser.window import SECONDS, Look, Window
from tests.e2e.conftest import Stack, Trader

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OpenWindow = Callable[..., Window]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for a module's tests: for longer it would keep others from running event loops."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.fail("There is no Chromium: `apt-get install chromium` (or Google Chrome)")
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_window(
    chromium: Browser, stack: Stack, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[OpenWindow]:
    """Opens windows; what they have complained about fails the test."""
    opened: list[Window] = []

    def make(trader: Trader | None = None, **look: object) -> Window:
        looks = Look(**look)  # type: ignore[arg-type]
        width, height = looks.size
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=looks.language,
            color_scheme="dark" if looks.theme == "dark" else "light",
            reduced_motion="reduce",
            timezone_id="Asia/Shanghai",
            has_touch=looks.is_phone,
            accept_downloads=True,
        )
        window = Window(context, stack["ui_url"], looks)
        if trader is not None:
            window.log_in_as(trader)
        opened.append(window)
        return window

    failed_before = request.session.testsfailed
    yield make
    for number, window in enumerate(opened):
        if request.session.testsfailed > failed_before:
            window.page.screenshot(path=tmp_path / f"window-{number}.png")
        window.context.close()
    if complaints := [each for window in opened for each in window.complaints]:
        pytest.fail("\n".join(["what browsers complained about:", *complaints]))


@pytest.fixture
def window(open_window: OpenWindow) -> Window:
    """A desktop window in English of nobody who is logged in."""
    return open_window()
