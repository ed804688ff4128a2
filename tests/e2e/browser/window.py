"""A browser window: what it shows, what it complains about, how it measures."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response, expect

from tests.e2e.browser.texts import FRONTEND, text
from tests.e2e.conftest import API, Trader

SECONDS = 20
"""How long a page may take to show something, on a machine that does much else."""
DESKTOP, PHONE = (1440, 900), (390, 844)
AT_REST = "*, *::before, *::after { transition: none !important; animation: none !important; }"
"""Colours that are on their way from one theme to the other are nobody's fault."""
LAYOUT_SHIFTS = """
window.__shifts = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (!shift.hadRecentInput) {
      const moved = shift.sources.map(({ node }) => node?.outerHTML?.slice(0, 160) ?? '');
      window.__shifts.push({ value: shift.value, moved });
    }
  }
}).observe({ type: 'layout-shift', buffered: true });
"""
BAD = {"serious", "critical"}
NETWORK_COMPLAINT = "Failed to load resource"


@dataclass(frozen=True)
class Look:
    """How a window looks."""

    language: str = "en"
    theme: str = "light"
    size: tuple[int, int] = DESKTOP

    @property
    def is_phone(self) -> bool:
        return self.size == PHONE


@lru_cache
def _axe() -> str:
    return (FRONTEND / "node_modules" / "axe-core" / "axe.min.js").read_text()


class Window:
    """One page of the UI in a browser."""

    def __init__(self, context: BrowserContext, origin: str, look: Look) -> None:
        context.add_init_script(LAYOUT_SHIFTS)
        self.context, self.origin, self.look = context, origin, look
        self.page: Page = context.new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        self.complaints: list[str] = []
        # Whether somebody has a session is found out by trying to renew it.
        self._expected = [
            re.compile(r"^401 /auth/refresh$"),
            # Whoever leaves a page at once gives its connection up.
            re.compile(r"^warning: WebSocket .* closed before the connection is established"),
        ]
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("response", self._note_response)

    def expects(self, *complaints: str) -> None:
        """Do not complain of answers such as ``500 /bots``, or of such messages, from here on."""
        self._expected += [re.compile(rf"^{each}$") for each in complaints]

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            path = re.sub(r"\?.*", "", response.url).removeprefix(f"{self.origin}{API}")
            self._note(f"{response.status} {path}")

    def _note_console(self, message: ConsoleMessage) -> None:
        # Failed requests are noted as answers, with their status.
        if message.type in {"error", "warning"} and NETWORK_COMPLAINT not in message.text:
            self._note(f"{message.type}: {message.text}")

    def _note(self, complaint: str) -> None:
        if not any(each.search(complaint) for each in self._expected):
            self.complaints.append(complaint)

    # What it shows

    def t(self, key: str, **values: object) -> str:
        """Return a text of the UI in the window's language."""
        return text(self.look.language, key, **values)

    def open(self, path: str) -> None:
        """Load a page anew, as from a bookmark."""
        self.page.goto(f"{self.origin}{path}")

    def button(self, key: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.t(key, **values), exact=True)

    def heading(self, name: str) -> Locator:
        return self.page.get_by_role("heading", level=1, name=name)

    def field(self, key: str, **values: object) -> Locator:
        """The input with that label; groups and regions may have the same one."""
        labelled = self.page.get_by_label(self.t(key, **values), exact=True)
        return labelled.and_(self.page.locator("input, textarea"))

    def has_settled(self) -> None:
        """Wait until the page shows its content: one heading, nothing that is still loading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_count(1)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        self.page.wait_for_load_state("networkidle")

    def is_at(self, path: str, *, is_pattern: bool = False) -> None:
        """Wait until the address is `path`, whatever its query."""
        wanted = path if is_pattern else re.escape(path)
        address = re.compile(rf"^{re.escape(self.origin)}{wanted}([?#].*)?$")
        expect(self.page).to_have_url(address)

    def sees(self, shown: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(shown).first).to_be_visible()

    def with_download(self, act: Callable[[], None]) -> tuple[str, str]:
        """Return name and content of the file that `act` downloads."""
        with self.page.expect_download() as download:
            act()
        return download.value.suggested_filename, download.value.path().read_text("utf-8-sig")

    def look_different(self, theme: str, size: tuple[int, int]) -> None:
        """Change theme and size of the window, as the system or a turn of the phone would."""
        dark = theme == "dark"
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        is_dark = self.page.locator("html.dark")
        expect(is_dark).to_have_count(1 if dark else 0)

    # Who sits before it

    def log_in_as(self, trader: Trader) -> None:
        """Have the session of a trader, as if the form had been filled in."""
        answer = self.context.request.post(
            f"{self.origin}{API}/auth/login",
            form={"username": trader.name, "password": trader.password},
            headers={"X-Refresh-Token": "cookie", "Origin": self.origin},
        )
        assert answer.ok, answer.text()

    # How it measures

    def barriers(self) -> list[str]:
        """What axe finds that keeps people out, seriously or critically."""
        self.page.add_style_tag(content=AT_REST)
        self.page.evaluate(_axe())
        found: dict[str, Any] = self.page.evaluate(
            "axe.run(document, { resultTypes: ['violations'] })"
        )
        return [
            f"{violation['id']}: {node['target']} {node['html'][:160]} {_why(node)}"
            for violation in found["violations"]
            if violation["impact"] in BAD
            for node in violation["nodes"]
        ]

    def shift(self) -> tuple[float, list[str]]:
        """Return how much the layout has moved by itself since it was last asked, and what."""
        shifts = self.page.evaluate("window.__shifts.splice(0)")
        return sum(each["value"] for each in shifts), [m for each in shifts for m in each["moved"]]

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        wider: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider


def _why(node: dict[str, Any]) -> str:
    return "; ".join(each["message"] for each in node["any"][:1])
