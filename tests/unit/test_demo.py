"""The demo's way through the API, and what it prints, against a scripted API."""

import json
from typing import Any

import httpx
import pytest

from scripts.demo import ApiClient, DemoError, LiveView, ensure_running_bot

BOT = {
    "id": "bot-1",
    "bot_name": "demo",
    "status": "running",
    "status_reason": "",
    "last_tick_at": None,
    "spread": None,
    "level": 0,
    "dca_config": [{}, {}],
    "position": None,
    "pnl": None,
    "pnl_percent": None,
    "current_cycle": 0,
    "total_profit": "0",
}
OPEN = {
    "last_tick_at": "2026-01-31T12:00:05.000Z",
    "spread": 1.25,
    "level": 1,
    "position": {"level": 1},
    "pnl": "-0.1234",
    "pnl_percent": -0.061,
}
ORDER = {
    "id": "order-1",
    "purpose": "entry",
    "side": "sell",
    "symbol": "GALA-USDT",
    "filled_amount": "5529.0",
    "price": "0.018081191700",
    "fee": "0.05",
}
CYCLE = {
    "cycle_number": 1,
    "closed_at": "2026-01-31T12:00:10.000Z",
    "reason": "take_profit",
    "levels": 1,
    "net_pnl": "0.5",
}


class ScriptedApi:
    """Answers like the API with one user, whose objects the test sets."""

    def __init__(self, *, registered: bool = False) -> None:
        self.registered = registered
        self.valid_tokens: set[str] = set()
        self.accounts: list[dict[str, Any]] = []
        self.bots: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []
        self.cycles: list[dict[str, Any]] = []
        self.requests: list[str] = []

    def client(self) -> ApiClient:
        return ApiClient("http://api", "demo", "secret", httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        self.requests.append(f"{request.method} {path}")
        if path.startswith("/auth"):
            return self._auth(path)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.valid_tokens:
            return httpx.Response(401)
        if request.method == "POST":
            return self._post(path, json.loads(request.content or b"{}"))
        lists = {
            "/exchanges": self.accounts,
            "/bots": self.bots,
            "/bots/bot-1/orders": self.orders,
            "/bots/bot-1/cycles": self.cycles,
        }
        if path in lists:
            return httpx.Response(200, json={"items": lists[path], "cursor": None})
        return httpx.Response(200, json=self.bots[0])

    def _auth(self, path: str) -> httpx.Response:
        if path == "/auth/register":
            self.registered = True
            return httpx.Response(201, json={})
        if not self.registered:
            return httpx.Response(401, json={"code": "bad_credentials"})
        token = f"token-{len(self.valid_tokens)}"
        self.valid_tokens = {token}
        return httpx.Response(200, json={"access_token": token})

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        if path == "/exchanges":
            self.accounts.append({"id": "account-1", **body})
            return httpx.Response(201, json=self.accounts[0])
        if path == "/bots":
            self.bots.append({**BOT, **body, "status": "stopped"})
            return httpx.Response(201, json=self.bots[0])
        self.bots[0] = {**self.bots[0], "status": "running"}
        return httpx.Response(200, json=self.bots[0])


def test_a_new_stack_gets_user_account_and_running_bot() -> None:
    api = ScriptedApi()
    client = api.client()
    client.log_in()
    bot = ensure_running_bot(client)
    assert bot["status"] == "running"
    assert bot["exchange_account_id"] == "account-1"
    assert api.accounts[0]["exchange_name"] == "simulated"


def test_a_known_stack_goes_on_with_the_bot_it_has() -> None:
    api = ScriptedApi(registered=True)
    api.bots = [dict(BOT)]
    client = api.client()
    client.log_in()
    ensure_running_bot(client)
    assert [each for each in api.requests if each.startswith("POST")] == ["POST /auth/login"]


def test_a_paused_bot_is_started_again() -> None:
    api = ScriptedApi(registered=True)
    api.bots = [{**BOT, "status": "paused"}]
    client = api.client()
    client.log_in()
    assert ensure_running_bot(client)["status"] == "running"


def test_an_ended_session_is_renewed() -> None:
    api = ScriptedApi(registered=True)
    api.bots = [dict(BOT)]
    client = api.client()
    client.log_in()
    api.valid_tokens = {"another"}
    assert client.get("/bots/bot-1")["id"] == "bot-1"


def test_a_refusal_is_told_with_the_api_s_words() -> None:
    api = ScriptedApi(registered=True)
    client = api.client()
    with pytest.raises(DemoError, match="POST /api/v1/bots/bot-1/start: 401"):
        client.post("/bots/bot-1/start")


@pytest.fixture
def watched() -> tuple[ScriptedApi, LiveView]:
    api = ScriptedApi(registered=True)
    api.bots = [dict(BOT)]
    client = api.client()
    client.log_in()
    return api, LiveView(client, BOT)


def test_every_tick_is_one_line(
    watched: tuple[ScriptedApi, LiveView], capsys: pytest.CaptureFixture[str]
) -> None:
    api, view = watched
    view.poll()
    assert capsys.readouterr().out == ""
    api.bots[0] |= OPEN
    view.poll()
    view.poll()
    [line] = capsys.readouterr().out.splitlines()
    for part in ("running", "spread  +1.250", "level 1/2", "PnL  -0.1234 USDT (-0.061 %)"):
        assert part in line


def test_orders_and_closed_cycles_come_once_before_their_tick(
    watched: tuple[ScriptedApi, LiveView], capsys: pytest.CaptureFixture[str]
) -> None:
    api, view = watched
    api.orders, api.cycles = [ORDER], [CYCLE]
    api.bots[0] |= OPEN
    view.poll()
    api.bots[0] |= {"last_tick_at": "2026-01-31T12:00:10.000Z"}
    view.poll()
    order, cycle, *ticks = (line.strip() for line in capsys.readouterr().out.splitlines())
    assert order == "entry  sell 5529.0 GALA-USDT at 0.0180812  fee 0.0500"
    assert cycle == "cycle 1 closed by take_profit after 1 levels: +0.5000 USDT"
    assert len(ticks) == 2


def test_what_happened_before_is_not_told_again(capsys: pytest.CaptureFixture[str]) -> None:
    api = ScriptedApi(registered=True)
    api.bots, api.orders, api.cycles = [dict(BOT)], [ORDER], [CYCLE]
    client = api.client()
    client.log_in()
    view = LiveView(client, BOT)
    api.bots[0] |= OPEN
    view.poll()
    assert len(capsys.readouterr().out.splitlines()) == 1
