"""The demo: a local stack with a user whose bot trades on the simulated exchange, and a live view.

Ctrl-C stops the stack; its state is kept and the next demo goes on from there.
"""

import json
import os
import secrets
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import httpx

from scripts import stack
from scripts.emulator import EmulatorError
from scripts.gateway_process import GatewayError
from scripts.stack import StackError

NAME = "demo"
POLL_SECONDS = 1.0
STARTABLE = {"stopped", "paused"}
LADDER: list[dict[str, float]] = [
    {"times": 1, "spread": 0.8, "multiplier": 1},
    *({"times": times, "spread": 0.5, "multiplier": 1} for times in range(2, 9)),
]
BOT: dict[str, Any] = {
    "bot_name": NAME,
    "market1_symbol": "GALA-USDT",
    "market2_symbol": "CHZ-USDT",
    "investment_per_order": "100",
    "max_position_value": "2000",
    "dca_config": LADDER,
    "profit_ratio": 0.15,
    "stop_loss_ratio": 5.0,
    "pause_after_close": False,
}
"""Tuned to the simulated market's swings: a round trip takes about a minute."""


class DemoError(Exception):
    """The API did not answer as it should; the message holds its answer."""


class ApiClient:
    """The management API as the demo's user."""

    def __init__(
        self,
        api_url: str,
        username: str,
        password: str,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=f"{api_url}/api/v1", timeout=30, trust_env=False, transport=transport
        )
        self._login = {"username": username, "password": password}

    def log_in(self) -> None:
        """Log in, as a new user if there is none of this name yet."""
        answer = self._http.post("/auth/login", data=self._login)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            registration = self._login | {"email": f"{NAME}@example.com"}
            _json(self._http.post("/auth/register", json=registration))
            answer = self._http.post("/auth/login", data=self._login)
        self._http.headers["Authorization"] = f"Bearer {_json(answer)['access_token']}"

    def get(self, path: str) -> Any:
        """Return what the API has at `path`."""
        answer = self._http.get(path)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self.log_in()
            answer = self._http.get(path)
        return _json(answer)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Post `body`; return the answer."""
        return _json(self._http.post(path, json=body))


def _json(answer: httpx.Response) -> Any:
    if answer.is_error:
        request = answer.request
        raise DemoError(f"{request.method} {request.url.path}: {answer.status_code} {answer.text}")
    return answer.json()


class LiveView:
    """Prints one line for every tick, and what the bot did between two of them."""

    def __init__(self, api: ApiClient, bot: dict[str, Any]) -> None:
        self._api = api
        self._path = f"/bots/{bot['id']}"
        self._last_tick: str | None = bot["last_tick_at"]
        self._known = {key for key, _ in self._events()}

    def poll(self) -> None:
        """Print what is new."""
        bot = self._api.get(self._path)
        if bot["last_tick_at"] in (None, self._last_tick):
            return
        self._last_tick = bot["last_tick_at"]
        for key, line in self._events():
            if key not in self._known:
                self._known.add(key)
                print(f"          {line}", flush=True)
        print(_tick_line(bot), flush=True)

    def _events(self) -> list[tuple[str, str]]:
        """Return key and text of the newest orders and closed cycles, oldest first."""
        orders = self._api.get(f"{self._path}/orders?limit=20")["items"]
        cycles = self._api.get(f"{self._path}/cycles?limit=2")["items"]
        closed = [cycle for cycle in reversed(cycles) if cycle["closed_at"]]
        return [(order["id"], _order_line(order)) for order in reversed(orders)] + [
            (f"cycle {cycle['cycle_number']}", _cycle_line(cycle)) for cycle in closed
        ]


def _order_line(order: dict[str, Any]) -> str:
    price = f"{float(order['price']):.6g}" if order["price"] else "-"
    return (
        f"{order['purpose']:<6} {order['side']:<4} {order['filled_amount']} {order['symbol']}"
        f" at {price}  fee {float(order['fee']):.4f}"
    )


def _cycle_line(cycle: dict[str, Any]) -> str:
    return (
        f"cycle {cycle['cycle_number']} closed by {cycle['reason']} after {cycle['levels']} levels:"
        f" {float(cycle['net_pnl']):+.4f} USDT"
    )


def _tick_line(bot: dict[str, Any]) -> str:
    at = datetime.fromisoformat(bot["last_tick_at"]).astimezone().strftime("%H:%M:%S")
    spread = "      -" if bot["spread"] is None else f"{bot['spread']:+7.3f}"
    line = (
        f"{at}  {bot['status']:<8} spread {spread}  level {bot['level']}/{len(bot['dca_config'])}"
    )
    if bot["pnl"] is not None and bot["position"]:
        line += f"  PnL {float(bot['pnl']):+8.4f} USDT ({bot['pnl_percent'] or 0:+.3f} %)"
    line = f"{line:<82} cycles {bot['current_cycle']}"
    return f"{line}  earned {float(bot['total_profit']):+.4f} USDT  {bot['status_reason']}".rstrip()


def _password(directory: Path) -> str:
    """Return the demo user's password, made up when the stack is new."""
    path = directory / "demo.json"
    if not path.exists():
        path.write_text(json.dumps({"password": secrets.token_urlsafe(12)}))
        path.chmod(0o600)
    password: str = json.loads(path.read_text())["password"]
    return password


def _account(api: ApiClient) -> Any:
    for account in api.get("/exchanges")["items"]:
        if account["label"] == NAME:
            return account
    return api.post("/exchanges", {"exchange_name": "simulated", "mode": "paper", "label": NAME})


def ensure_running_bot(api: ApiClient) -> Any:
    """Return the demo's bot, made and started where needed."""
    for bot in api.get("/bots")["items"]:
        if bot["bot_name"] == NAME:
            break
    else:
        bot = api.post(
            "/bots",
            BOT
            | {
                "exchange_account_id": _account(api)["id"],
                "start_time": datetime.now(UTC).isoformat(),
            },
        )
    if bot["status"] in STARTABLE:
        bot = api.post(f"/bots/{bot['id']}/start")
    return bot


def _watch(seconds: float | None) -> None:
    """Bring everything up and print until `seconds` have passed, or for ever."""
    description = stack.up()
    password = _password(stack.local_directory())
    api = ApiClient(description["api_url"], NAME, password)
    api.log_in()
    bot = ensure_running_bot(api)
    print(
        f"\n  open      {description['ui_url']}"
        f"\n  docs      {description['api_url']}/api/v1/docs"
        f"\n  user      {NAME}"
        f"\n  password  {password}"
        f"\n  bot       {bot['id']} ({bot['market1_symbol']} against {bot['market2_symbol']})"
        "\n\nCtrl-C stops it; `make demo` goes on from there.\n",
        flush=True,
    )
    view = LiveView(api, bot)
    end = None if seconds is None else time.monotonic() + seconds
    while end is None or time.monotonic() < end:
        view.poll()
        time.sleep(POLL_SECONDS)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo; DEMO_SECONDS ends it by itself."""
    signal.signal(signal.SIGTERM, _interrupt)
    seconds = os.environ.get("DEMO_SECONDS")
    status = 0
    try:
        _watch(float(seconds) if seconds else None)
    except KeyboardInterrupt:
        pass
    except (DemoError, EmulatorError, GatewayError, StackError, httpx.HTTPError) as error:
        print(error, file=sys.stderr)
        status = 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("\nStopping; the state is kept ...", flush=True)
    stack.down()
    return status


if __name__ == "__main__":
    sys.exit(main())
