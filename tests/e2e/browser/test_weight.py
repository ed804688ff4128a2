"""What a browser loads before it shows anything."""

import gzip

import pytest
from playwright.sync_api import Response

from tests.e2e.browser.conftest import OpenWindow
from tests.e2e.browser.window import Window
from tests.e2e.conftest import Stack, Trader

MOST_KILOBYTES = 300


class Scripts:
    """Scripts that a window has loaded, as CloudFront would send them."""

    def __init__(self, window: Window) -> None:
        self.responses: list[Response] = []
        window.page.on("response", self._note)

    def _note(self, response: Response) -> None:
        if response.request.resource_type == "script":
            self.responses.append(response)

    def kilobytes(self) -> dict[str, float]:
        return {
            each.url.rpartition("/")[2]: len(gzip.compress(each.body(), 6)) / 1000
            for each in self.responses
        }


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    "path", ["/login", "/bots", "/bots/new", "/backtest", "/backtest/new", "/analysis/finder"]
)
def test_the_first_page_needs_few_scripts(
    stack: Stack, open_window: OpenWindow, path: str, language: str
) -> None:
    window = open_window(None if path == "/login" else Trader(stack), language=language)
    scripts = Scripts(window)
    window.open(path)
    window.has_settled()
    weights = scripts.kilobytes()
    assert sum(weights.values()) < MOST_KILOBYTES, weights


def test_hashed_files_are_kept_and_the_page_is_asked_for_again(
    open_window: OpenWindow,
) -> None:
    window = open_window()
    caching: dict[str, str] = {}

    def note(answer: Response) -> None:
        caching[answer.url] = answer.headers.get("cache-control", "")

    window.page.on("response", note)
    window.open("/login")
    window.has_settled()
    for url, cache_control in caching.items():
        if "/assets/" in url:
            assert "immutable" in cache_control, url
        elif url.endswith(("/login", "/config.json")):
            assert cache_control == "no-cache", url
