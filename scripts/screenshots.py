"""Take pictures of the web UI for the documents: every page, most light and dark.

Brings the local stack up, lets a few bots trade on the simulated exchange for some minutes, and
writes docs/screenshots/*.png. MINUTES in the environment says how long they trade.
"""

import os
import secrets
import shutil
import struct
import sys
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from scripts import stack
from scripts.demo import BOT, ApiClient, DemoError
from scripts.emulator import ROOT, EmulatorError
from scripts.gateway_process import GatewayError
from scripts.stack import StackError

FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESKTOP, PHONE = (1440, 900), (390, 844)
MOST_BYTES = 4_000_000
NAME = "showcase"
PAIRS = [("GALA-USDT", "CHZ-USDT"), ("LTC-USDT", "LINK-USDT"), ("XRP-USDT", "XLM-USDT")]
PNG = b"\x89PNG\r\n\x1a\n"


class NotTaken(Exception):
    """There are no pictures; the message says what to do."""


@dataclass(frozen=True)
class Shot:
    """One page, as a picture."""

    name: str
    path: str
    size: tuple[int, int] = DESKTOP
    language: str = "en"
    is_public: bool = False
    themes: tuple[str, ...] = ("light", "dark")


SHOTS = (
    Shot("login", "/login", is_public=True),
    Shot("dashboard", "/dashboard"),
    Shot("bots", "/bots"),
    Shot("bot", "/bots/{bot}"),
    Shot("bot-create", "/bots/new"),
    Shot("bot-edit", "/bots/{bot}/edit", themes=("light",)),
    Shot("orders", "/orders"),
    Shot("exchanges", "/exchanges", themes=("light",)),
    Shot("settings", "/settings?tab=security", themes=("light",)),
    Shot("notifications", "/settings?tab=notifications", themes=("light",)),
    Shot("audit", "/audit", themes=("light",)),
    Shot("users", "/users", themes=("light",)),
    Shot("system", "/system", themes=("light",)),
    Shot("bots-phone", "/bots", PHONE),
    Shot("bot-phone", "/bots/{bot}", PHONE),
    Shot("dashboard-zh", "/dashboard", language="zh-CN", themes=("light",)),
    Shot("bot-zh", "/bots/{bot}", language="zh-CN", themes=("dark",)),
    Shot("backtests", "/backtest", themes=("light",)),
    Shot("backtest", "/backtest/{run}", themes=("light",)),
    Shot("backtest-compare", "/backtest/compare?ids={run},{other_run}", themes=("light",)),
    Shot("pair", "/analysis/{pair}", themes=("light",)),
    Shot("pairs", "/analysis/{finder}", themes=("dark",)),
    Shot("backtest-phone", "/backtest/{run}", PHONE, themes=("light",)),
    Shot("backtest-zh", "/backtest/{run}", language="zh-CN", themes=("dark",)),
)


@dataclass(frozen=True)
class Showcase:
    """A user whose bots have traded, and who has asked history."""

    origin: str
    username: str
    password: str
    ids: Mapping[str, str]
    """Of what is shown, by the name it has in paths."""


def furnish(description: dict[str, Any], seconds: float) -> Showcase:
    """Make an administrator with bots, and let them trade for so long."""
    name, password = f"{NAME}-{secrets.token_hex(3)}", secrets.token_urlsafe(12)
    api = ApiClient(description["api_url"], name, password)
    api.log_in()
    _make_admin(description, api.get("/users/me")["id"])
    account = api.post(
        "/exchanges", {"exchange_name": "simulated", "mode": "paper", "label": "Practice"}
    )
    start = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    bots = []
    for pair in PAIRS:
        settings = BOT | {
            "bot_name": " / ".join(symbol.partition("-")[0] for symbol in pair),
            "exchange_account_id": account["id"],
            "market1_symbol": pair[0],
            "market2_symbol": pair[1],
            "start_time": start,
        }
        bots.append(api.post("/bots", settings))
    for bot in bots:
        api.post(f"/bots/{bot['id']}/start")
    print(f"The bots trade for {seconds / 60:.0f} minutes ...", flush=True)
    time.sleep(seconds)
    api.post(f"/bots/{bots[-1]['id']}/pause")
    jobs = _research(api, account["id"])
    return Showcase(description["ui_url"], name, password, {"bot": bots[0]["id"], **jobs})


def _research(api: ApiClient, account_id: str) -> dict[str, str]:
    """Ask history for what its pages show, wait for it and return the jobs' ids by name."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    past = {"from": (today - timedelta(days=14)).isoformat(), "to": today.isoformat()}
    settings = BOT | {
        "exchange_account_id": account_id,
        "market1_symbol": PAIRS[0][0],
        "market2_symbol": PAIRS[0][1],
        "start_time": past["from"],
    }
    common = {"exchange_account_id": account_id, **past}
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "run": ("/backtests", {"name": "As it is", "settings": settings, **past}),
        "other_run": (
            "/backtests",
            {"name": "Wider", "settings": settings | {"profit_ratio": 0.5}, **past},
        ),
        "pair": ("/analyses", {"kind": "pair", "symbols": list(PAIRS[0]), **common}),
        "finder": (
            "/analyses",
            {"kind": "finder", "symbols": [symbol for pair in PAIRS for symbol in pair], **common},
        ),
    }
    ids = {}
    for name, (path, body) in asked.items():
        job = api.post(path, body | {"timeframe": "5m"})
        while job["status"] in ("queued", "running"):
            time.sleep(1)
            job = api.get(f"{path}/{job['id']}")
        if job["status"] != "done":
            raise NotTaken(f"{path} has ended as {job['status']}: {job['error']}")
        ids[name] = job["id"]
    return ids


def _make_admin(description: dict[str, Any], user_id: str) -> None:
    stack.client("dynamodb", description["emulator_url"]).update_item(
        TableName=f"{description['table_prefix']}-users",
        Key={"id": {"S": user_id}},
        UpdateExpression="SET #role = :admin",
        ExpressionAttributeNames={"#role": "role"},
        ExpressionAttributeValues={":admin": {"S": "admin"}},
    )


def take(browser: Browser, showcase: Showcase, folder: Path) -> Iterator[Path]:
    """Yield every picture's file, taken anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for shot in SHOTS:
        for theme in shot.themes:
            context = _context(browser, shot, theme)
            if not shot.is_public:
                _log_in(context, showcase)
            path = folder / f"{shot.name}-{theme}.png"
            page = context.new_page()
            page.goto(showcase.origin + shot.path.format(**showcase.ids))
            _settle(page)
            path.write_bytes(smaller(page.screenshot(animations="disabled")))
            context.close()
            yield path


def _context(browser: Browser, shot: Shot, theme: str) -> BrowserContext:
    width, height = shot.size
    return browser.new_context(
        viewport={"width": width, "height": height},
        locale=shot.language,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        timezone_id="UTC",
    )


def _log_in(context: BrowserContext, showcase: Showcase) -> None:
    answer = context.request.post(
        f"{showcase.origin}/api/v1/auth/login",
        form={"username": showcase.username, "password": showcase.password},
        headers={"X-Refresh-Token": "cookie", "Origin": showcase.origin},
    )
    if not answer.ok:
        raise NotTaken(f"The showcase's user cannot log in: {answer.status} {answer.text()}")


def _settle(page: Page) -> None:
    """Wait until nothing loads any more and charts have been drawn."""
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_function("!document.querySelector('[aria-busy=true]')")
    page.wait_for_timeout(1500)


def smaller(picture: bytes) -> bytes:
    """Return the same PNG, packed as tightly as zlib can; what is not pixels is left out."""
    pixels, head = b"", b""
    for kind, data in _chunks(picture):
        if kind == b"IHDR":
            head = data
        elif kind == b"IDAT":
            pixels += data
    packed = zlib.compress(zlib.decompress(pixels), 9)
    parts = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG)
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def _chromium() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        raise NotTaken("There is no Chromium: `apt-get install chromium` (or Google Chrome).")
    return found


def main() -> int:
    """Take all pictures."""
    try:
        executable = _chromium()
        seconds = 60 * float(os.environ.get("MINUTES", "8"))
        showcase = furnish(stack.up(), seconds)
        total = 0
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            for path in take(browser, showcase, FOLDER):
                total += path.stat().st_size
                print(f"{path.stat().st_size / 1000:6.0f} kB  {path.relative_to(ROOT)}")
            browser.close()
        if total > MOST_BYTES:
            raise NotTaken(f"{total / 1e6:.1f} MB of pictures are too many for the repository.")
    except (
        BrowserError, DemoError, EmulatorError, GatewayError, NotTaken, StackError, httpx.HTTPError,
    ) as error:  # fmt: skip
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
