"""A stack deployed for the tests, and a trader who uses it as anybody would."""

import gzip
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

from pairtrader.storage.bot_items import StateItem
from tests.fakes.venues.markets import FakeMarkets
from tests.fakes.venues.transport import VenueServer
from tests.fakes.venues.wire import FakeVenues
from tests.fakes.wire_desk import venues_of
from tests.recorded import candles

API = "/api/v1"
LADDER = [
    {"times": 1, "spread": 1.0, "multiplier": 1},
    {"times": 2, "spread": 0.8, "multiplier": 1},
    {"times": 3, "spread": 0.5, "multiplier": 1.5},
]


@dataclass
class Stack:
    """Where the stack is, and AWS clients with an operator's rights."""

    facts: dict[str, Any]
    clients: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    def aws(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self["emulator_url"],
                region_name=self["region"],
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(
                    max_pool_connections=40, read_timeout=60, retries={"max_attempts": 0}
                ),
            )
        return self.clients[service]

    def forget_registrations(self) -> None:
        """Let this address register users as if it never had: all tests share it."""
        table, attempts = f"{self['table_prefix']}-login-attempts", self.aws("dynamodb")
        for item in attempts.scan(TableName=table)["Items"]:
            if item["subject"]["S"].startswith("registration#"):
                attempts.delete_item(TableName=table, Key={"subject": item["subject"]})

    def tick(self, bot_id: str, **event: Any) -> dict[str, Any]:
        """Invoke the tick function by hand and return its report."""
        answer = self.aws("lambda").invoke(
            FunctionName=self["functions"]["tick"],
            Payload=json.dumps({"bot_id": bot_id, **event}).encode(),
        )
        report = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, report
        return report  # type: ignore[no-any-return]

    def warm_up(self, pool: ThreadPoolExecutor, processes: int) -> None:
        """Have so many processes of the tick function ready; however long that takes."""
        payload = json.dumps({"bot_id": "nobody"}).encode()
        name = self["functions"]["tick"]
        for _ in range(2):
            list(
                pool.map(
                    lambda _: self.aws("lambda").invoke(FunctionName=name, Payload=payload),
                    range(processes),
                )
            )

    def schedules(self, bot_id: str) -> list[str]:
        """Names of the bot's schedules."""
        pages = self.aws("scheduler").list_schedules(NamePrefix=bot_id)
        return sorted(each["Name"] for each in pages["Schedules"])

    def take_schedule_away(self, bot_id: str) -> None:
        """From here on the bot ticks by hand alone: queued slots count as done."""
        self.set_last_slot(bot_id, 9_999_999_999)
        for each in self.aws("scheduler").list_schedules(NamePrefix=bot_id)["Schedules"]:
            self.aws("scheduler").delete_schedule(Name=each["Name"], GroupName=each["GroupName"])

    def set_last_slot(self, bot_id: str, slot: int) -> None:
        """Have the bot take all slots up to this one for done."""
        self.aws("dynamodb").update_item(
            TableName=f"{self['table_prefix']}-bots",
            Key={"bot_id": {"S": bot_id}, "kind": {"S": "STATE"}},
            UpdateExpression="SET #slot = :slot ADD #revision :one",
            ExpressionAttributeNames={
                "#slot": StateItem.last_slot.attr_name,
                "#revision": StateItem.revision.attr_name,
            },
            ExpressionAttributeValues={":slot": {"N": str(slot)}, ":one": {"N": "1"}},
        )

    def upload_candles(self, dataset: str, symbol: str, rows: Sequence[dict[str, str]]) -> None:
        lines = ["timestamp,open,high,low,close,volume"]
        columns = lines[0].split(",")
        lines += [",".join(row[column] for column in columns) for row in rows]
        body = gzip.compress("\n".join(lines).encode() + b"\n")
        key = f"candles/{dataset}/{symbol}.csv.gz"
        self.aws("s3").put_object(Bucket=self["data_bucket"], Key=key, Body=body)

    def items(self, table: str, key: str, value: str) -> list[dict[str, Any]]:
        """Items of one partition, as DynamoDB stores them."""
        answer = self.aws("dynamodb").query(
            TableName=f"{self['table_prefix']}-{table}",
            KeyConditionExpression="#k = :v",
            ExpressionAttributeNames={"#k": key},
            ExpressionAttributeValues={":v": {"S": value}},
            ConsistentRead=True,
        )
        return answer["Items"]  # type: ignore[no-any-return]


class Trader:
    """A registered user with an HTTP client."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.name = f"trader-{uuid.uuid4().hex[:10]}"
        self.password = uuid.uuid4().hex
        self.http = httpx.Client(base_url=stack["api_url"], timeout=60)
        stack.forget_registrations()
        self.post("/auth/register", json={
            "username": self.name, "email": f"{self.name}@example.com", "password": self.password,
        }, expect=201)  # fmt: skip
        self.log_in()

    def log_in(self) -> None:
        credentials = {"username": self.name, "password": self.password}
        login = self.post("/auth/login", data=credentials, expect=200)
        self.http.headers["Authorization"] = f"Bearer {login['access_token']}"

    def request(self, method: str, path: str, *, expect: int | None = None, **kwargs: Any) -> Any:
        answer = self.http.request(method, f"{API}{path}", **kwargs)
        if answer.status_code == httpx.codes.UNAUTHORIZED and expect is None:
            self.log_in()  # a long test outlives its access token
            answer = self.http.request(method, f"{API}{path}", **kwargs)
        wanted = (expect,) if expect else (200, 201, 202, 204)
        assert answer.status_code in wanted, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Any:
        return self.request("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> Any:
        return self.request("PUT", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self.request("DELETE", path, **kwargs)

    def account(self, **simulation: Any) -> str:
        body = {
            "exchange_name": "simulated",
            "mode": "paper",
            "label": "test",
            "simulation": simulation,
        }
        return str(self.post("/exchanges", json=body, expect=201)["id"])

    def bot(self, account_id: str, **changes: Any) -> str:
        body = {
            "bot_name": "test",
            "exchange_account_id": account_id,
            "market1_symbol": "GALA-USDT",
            "market2_symbol": "CHZ-USDT",
            "start_time": "2025-05-10T00:00:00Z",
            "investment_per_order": "100",
            "max_position_value": "2000",
            "dca_config": LADDER,
            "pause_after_close": False,
            **changes,
        }
        return str(self.post("/bots", json=body, expect=201)["id"])

    def all_of(self, path: str) -> list[dict[str, Any]]:
        """Every item of a list, through all its pages."""
        items, cursor = [], None
        while True:
            page = self.get(path, params={"limit": 100, **({"cursor": cursor} if cursor else {})})
            items += page["items"]
            cursor = page["cursor"]
            if cursor is None:
                return items

    def wait(self, bot_id: str, what: Callable[[dict[str, Any]], bool], seconds: float) -> Any:
        """Return the bot once `what` is true of it."""
        deadline = time.monotonic() + seconds
        while True:
            bot = self.get(f"/bots/{bot_id}")
            if what(bot):
                return bot
            assert time.monotonic() < deadline, f"not within {seconds} s: {bot}"
            time.sleep(0.3)

    def exchange_positions(self, account_id: str) -> dict[str, Decimal]:
        """Signed base coins by symbol, from the simulated exchange's own records."""
        for item in self.stack.items("simulated-accounts", "account_id", account_id):
            if item["kind"]["S"] == "BOOKS":
                books = json.loads(item["body"]["S"])
                held = {s: Decimal(h["amount"]) for s, h in books["holdings"].items()}
                return {symbol: amount for symbol, amount in held.items() if amount}
        return {}

    def exchange_orders(self, account_id: str) -> list[str]:
        """Client ids of every order the simulated exchange ever took."""
        items = self.stack.items("simulated-accounts", "account_id", account_id)
        kinds = [item["kind"]["S"] for item in items]
        return sorted(kind.partition("#")[2] for kind in kinds if kind.startswith("ORDER#"))


@pytest.fixture(scope="session")
def stack() -> Stack:
    path = os.environ.get("PAIRTRADER_STACK")
    if not path:
        pytest.fail("PAIRTRADER_STACK names no stack: run `make e2e`")
    return Stack(json.loads(Path(path).read_text()))


@pytest.fixture
def trader(stack: Stack) -> Trader:
    return Trader(stack)


@pytest.fixture(scope="session")
def venues() -> Iterator[FakeVenues]:
    """All three exchanges, where the stack looks for them."""
    port = os.environ.get("PAIRTRADER_EXCHANGE_PORT")
    if port is None:
        pytest.fail("PAIRTRADER_EXCHANGE_PORT names no port: run `make e2e`")
    found = venues_of(FakeMarkets(lambda: time.time_ns() // 1_000_000))
    server = VenueServer(found, int(port))
    yield found
    server.close()


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as threads:
        yield threads


def recorded(coin: str, first: int, count: int) -> list[dict[str, str]]:
    """Candles of a recorded swap; skips the test where the recordings are absent."""
    return candles("perp_1m_2025-05", coin)[first : first + count]


def made_candles(closes: Sequence[float], start: int) -> list[dict[str, str]]:
    """Candles with these closes, a minute apart from `start` (ms UTC) on."""
    return [
        {
            "timestamp": str(start + 60_000 * number),
            **dict.fromkeys(("open", "high", "low", "close"), f"{close:.5f}"),
            "volume": "1",
        }
        for number, close in enumerate(closes)
    ]
