"""Marked secrets are put in wherever the stack takes one; nothing that it shows may hold a mark."""

import base64
import json
import os
import re
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyotp

from tests.e2e.conftest import API, Stack, Trader
from tests.e2e.test_live import NAMES, keys
from tests.e2e.test_notifications import replayed_bot
from tests.fakes.venues.wire import FakeVenues

MARK = "planted"


def marked() -> str:
    return f"{MARK}{uuid.uuid4().hex}"


@dataclass
class Garden:
    """What was planted, and every answer that has been seen since."""

    stack: Stack
    trader: Trader
    venues: FakeVenues
    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    """Method and path; headers and body."""
    handed_out: set[tuple[str, str]] = field(default_factory=set)
    """Method and path of the answer that hands a secret out, and the secret's name."""

    def __post_init__(self) -> None:
        self.trader.http.event_hooks["response"].append(self.watch)

    def watch(self, answer: httpx.Response) -> None:
        answer.read()
        request = answer.request
        text = f"{answer.status_code} {dict(answer.headers)} {answer.text}"
        self.answers.append((f"{request.method} {request.url.path.removeprefix(API)}", text))

    def plant(self, name: str, secret: str) -> str:
        """Remember a secret that nothing may show."""
        assert len(secret) >= 16, "too short to be told from chance"
        self.secrets[name] = secret
        return secret

    def take(self, name: str, secret: str) -> str:
        """Remember a secret that the last answer, and no other, hands out."""
        place, text = self.answers[-1]
        assert secret in text
        self.handed_out.add((place, name))
        return self.plant(name, secret)

    def post(self, path: str, **kwargs: Any) -> httpx.Response:
        """Send a request whatever comes of it."""
        return self.trader.http.post(f"{API}{path}", **kwargs)

    def finds(self, text: str) -> list[str]:
        """Names of the secrets in `text`, in the clear or in the usual disguises."""
        return [
            name
            for name, secret in self.secrets.items()
            if any(form in text for form in disguises(secret))
        ]


def disguises(secret: str) -> set[str]:
    inner = base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
    return {secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1], inner}


# What is planted: to plant more, add a function to PLANTERS.


def plant_passwords(garden: Garden) -> None:
    trader = garden.trader
    garden.plant("password", trader.password)
    wrong = garden.plant("wrong password", marked())
    assert (
        garden.post("/auth/login", data={"username": trader.name, "password": wrong}).status_code
        == 401
    )
    new = garden.plant("new password", marked())
    weak = {"current_password": wrong, "new_password": new}
    assert garden.post("/auth/password", json=weak).status_code == 403
    unfit = garden.plant("password of a refused registration", marked())
    body = {"username": "a b", "email": "nobody", "password": unfit}
    assert garden.post("/auth/register", json=body).status_code == 422
    malformed = garden.plant("password in a broken body", marked())
    headers = {"Content-Type": "application/json"}
    broken = garden.post("/auth/register", content=f'{{"password":"{malformed}"', headers=headers)
    assert broken.status_code == 400
    assert garden.post("/auth/bootstrap", json={
        "token": garden.plant("wrong bootstrap token", marked()), "username": "root9",
        "email": "root9@example.com", "password": garden.plant("password of no admin", marked()),
    }).status_code in (403, 409)  # fmt: skip
    garden.plant("bootstrap token", garden.stack["bootstrap_token"])


def plant_tokens(garden: Garden) -> None:
    trader = garden.trader
    form = {"username": trader.name, "password": trader.password}
    tokens = garden.post("/auth/login", data=form).json()
    garden.take("refresh token", tokens["refresh_token"].partition(".")[2])
    garden.take("access token", tokens["access_token"].rpartition(".")[2])
    renewed = garden.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
    garden.take("next refresh token", renewed["refresh_token"].partition(".")[2])
    garden.take("next access token", renewed["access_token"].rpartition(".")[2])
    unknown = garden.plant("unknown refresh token", marked())
    assert garden.post("/auth/refresh", json={"refresh_token": unknown}).status_code == 401
    made = garden.post("/auth/tokens", json={"name": "script", "scope": "read"}).json()
    garden.take("API token", made["token"].split("_", 2)[2])
    bearer = garden.plant("unknown API token", marked())
    headers = {"Authorization": f"Bearer pt_01KV3ZQ6T2E8W4N5Y7R9B1C3D0_{bearer}"}
    assert trader.http.get(f"{API}/users/me", headers=headers).status_code == 401
    reset = garden.plant("unknown reset token", marked())
    body = {"token": f"01KV3ZQ6T2E8W4N5Y7R9B1C3D0.{reset}", "new_password": marked()}
    assert garden.post("/auth/reset", json=body).status_code in (401, 422)
    ticket = garden.post("/ws/ticket").json()
    garden.take("ticket", ticket["ticket"])


def plant_second_factor(garden: Garden) -> None:
    trader = Trader(garden.stack)  # whose sessions nobody else needs
    trader.http.event_hooks["response"].append(garden.watch)
    garden.plant("password of another user", trader.password)
    enrolled = trader.post("/auth/totp", json={"password": trader.password})
    garden.take("TOTP secret", enrolled["secret"])
    code = pyotp.TOTP(enrolled["secret"]).now()
    codes = trader.post("/auth/totp/verify", json={"code": code})["recovery_codes"]
    for number, each in enumerate(codes):
        garden.take(f"recovery code {number}", each)
    form = {"username": trader.name, "password": trader.password}
    asked = trader.http.post(f"{API}/auth/login", data=form)
    assert asked.json()["code"] == "totp_required"
    mfa_token = garden.take("mfa token", asked.json()["mfa_token"])
    body = {"mfa_token": mfa_token, "code": codes[0]}
    tokens = trader.post("/auth/login/totp", json=body)
    garden.take("refresh token of two factors", tokens["refresh_token"].partition(".")[2])
    assert trader.http.post(f"{API}/auth/login/totp", json=body).status_code == 401


def plant_exchange_keys(garden: Garden) -> None:
    for name in NAMES:
        account = garden.venues.open_account(name)
        account.uid = f"{name}-{uuid.uuid4().hex[:12]}"
        account.key.api_key = garden.plant(f"{name} key", marked())
        account.key.secret = garden.plant(f"{name} secret", marked())
        if name == "okx":
            account.key.passphrase = garden.plant(f"{name} passphrase", marked())
        good = keys(account)
        bad = {part: garden.plant(f"wrong {name} {part}", marked()) for part in good}
        body = {"exchange_name": name, "mode": "live"}
        assert garden.post("/exchanges", json={**body, **bad}).status_code == 422
        half = {**good, "api_secret": garden.plant(f"{name} other secret", marked())}
        assert garden.post("/exchanges", json={**body, **half}).status_code == 422
        added = garden.trader.post("/exchanges", json={**body, **good}, expect=201)
        place = f"/exchanges/{added['id']}"
        garden.trader.post(f"{place}/test")
        garden.trader.get(f"{place}/balance")
        assert garden.trader.http.patch(f"{API}{place}", json=half).status_code == 422
        account.key.can_trade = False
        garden.post(f"{place}/test")
    unfit = {"api_key": garden.plant("key of the wrong type", marked()), "api_secret": ["x"]}
    body = {"exchange_name": "okx", "mode": "live", **unfit}
    assert garden.post("/exchanges", json=body).status_code == 422


def plant_notifications(garden: Garden) -> None:
    path = "/notifications/channels"
    hook = {"kind": "webhook", "url": "http://127.0.0.1:9/nobody-listens"}
    made = garden.trader.post(path, json=hook, expect=201)
    garden.take("webhook key", secret_of(made))
    renewed = garden.trader.post(f"{path}/{made['id']}/secret")
    garden.take("renewed webhook key", secret_of(renewed))
    token = f"123456789:{garden.plant('telegram token', marked())}"
    telegram = {"kind": "telegram", "bot_token": token, "chat_id": "42"}
    made = garden.trader.post(path, json=telegram, expect=201)
    garden.post(f"{path}/{made['id']}/test")
    unfit = {"kind": "telegram", "bot_token": garden.plant("unfit telegram token", marked())}
    assert garden.post(path, json=unfit).status_code == 422


def secret_of(channel: dict[str, Any]) -> str:
    return str(channel["signing_secret"])


PLANTERS: tuple[Callable[[Garden], None], ...] = (
    plant_passwords,
    plant_tokens,
    plant_second_factor,
    plant_exchange_keys,
    plant_notifications,
)


# Where is looked


def log_lines(stack: Stack) -> Iterator[tuple[str, str]]:
    logs = stack.aws("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for name in (group["logGroupName"] for group in groups["logGroups"]):
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                yield from ((name, event["message"]) for event in page["events"])


def log_files() -> Iterator[tuple[str, str]]:
    for path in Path(os.environ["PAIRTRADER_STACK"]).parent.glob("*.log"):
        for line in path.read_text(errors="replace").splitlines():
            yield path.name, line


def table_items(stack: Stack) -> Iterator[tuple[str, str]]:
    dynamodb = stack.aws("dynamodb")
    names = dynamodb.list_tables(Limit=100)["TableNames"]
    for name in (each for each in names if each.startswith(stack["table_prefix"])):
        for page in dynamodb.get_paginator("scan").paginate(TableName=name):
            yield from ((name, json.dumps(item, default=repr)) for item in page["Items"])


def dead_letters(stack: Stack) -> Iterator[tuple[str, str]]:
    """Messages that were given up; those under way can't be read without being taken away."""
    sqs = stack.aws("sqs")
    for url in sqs.list_queues(MaxResults=100).get("QueueUrls", []):
        if re.search(r"dlq|dead", url, re.IGNORECASE):
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
            yield from ((url, json.dumps(each)) for each in got.get("Messages", []))


def settings_of_functions(stack: Stack) -> Iterator[tuple[str, str]]:
    functions = stack.aws("lambda").get_paginator("list_functions").paginate()
    for page in functions:
        for each in page["Functions"]:
            yield each["FunctionName"], json.dumps(each.get("Environment", {}))


def test_no_mark_comes_up_anywhere(stack: Stack, trader: Trader, venues: FakeVenues) -> None:
    garden = Garden(stack, trader, venues)
    for plant in PLANTERS:
        plant(garden)
    bot_id = replayed_bot(stack, trader)
    for _ in range(5):
        stack.tick(bot_id)
    assert trader.all_of(f"/bots/{bot_id}/cycles")
    for path in ("/exchanges", "/notifications/channels", "/audit", "/auth/sessions",
                 "/auth/tokens", "/orders", f"/bots/{bot_id}/logs"):  # fmt: skip
        trader.all_of(path)

    shown = [
        (place, name)
        for place, text in garden.answers
        for name in garden.finds(text)
        if (place, name) not in garden.handed_out
    ]
    assert shown == []
    lines = [*log_lines(stack), *log_files()]
    assert any("/auth/login" in line for _, line in lines), "there are no logs to look at"
    items = list(table_items(stack))
    assert any(trader.name in item for _, item in items), "there are no items to look at"
    found = [
        (where, name, text[:300])
        for where, text in (*lines, *items, *dead_letters(stack), *settings_of_functions(stack))
        for name in garden.finds(text)
    ]
    assert found == []


def test_a_mark_that_is_there_is_found() -> None:
    secret = marked()
    texts = (secret, json.dumps({"a": f"{secret}!"}), base64.b64encode(secret.encode()).decode())
    assert all(any(form in text for form in disguises(secret)) for text in texts)
    assert not any(form in marked() for form in disguises(secret))
