"""A user with twenty bots and a history, as the API's tables hold them; events that ask for it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import botocore.endpoint
import pytest

from functions.api.identifiers import new_id
from functions.api.identity.access_tokens import AccessTokens
from functions.api.identity.sessions import REFRESH_SECONDS
from functions.api.settings import Settings
from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.bot import BotConfig, BotState, Status
from pairtrader.model.settings import BotSettings
from pairtrader.storage.bots import BotRepository
from pairtrader.storage.orders import OrderItem
from pairtrader.storage.refresh_tokens import RefreshTokenRepository, TokenFamily
from pairtrader.storage.rotating_keys import RotatingKey, RotatingKeys
from pairtrader.storage.users import Role, User, UserRepository
from tests.benchmarks.stubbed_aws import SIGNING_SECRET, StubbedAws
from tests.fakes.api_gateways import market
from tests.fakes.api_world import bot_body
from tests.fakes.ledger_rows import order_row

BOTS = 20
ORDERS = 50
PREFIX = "pairtrader"
"""Of the tables, and issuer of access tokens."""
VARIABLES = {
    name.upper(): "https://unused.example"
    for name, field in Settings.model_fields.items()
    if field.is_required()
} | {
    "TABLE_PREFIX": PREFIX,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "unused",
    "AWS_SECRET_ACCESS_KEY": "unused",
}
"""The function's environment."""


@contextmanager
def stubbed_aws() -> Iterator[StubbedAws]:
    """Have AWS answered in the process, in the function's environment."""
    endpoint = botocore.endpoint.Endpoint
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        patch.setattr(endpoint, "make_request", endpoint.make_request)
        patch.setattr(endpoint, "_send", endpoint._send)
        stubbed = StubbedAws()
        stubbed.install()
        yield stubbed


@dataclass(frozen=True)
class Scene:
    """Who asks, and for what there is."""

    token: str
    bot_id: str


def put_scene(aws: StubbedAws) -> Scene:
    """Fill the tables of `aws`, which is installed."""
    now = round(time.time() * 1000)
    user, session, account = new_id(), new_id(), new_id()
    UserRepository().add(User(user, "ada", "ada@example.com", "unused", Role.USER, True, now, now))
    end = now // 1000 + REFRESH_SECONDS
    family = TokenFamily(session, user, "unused", "", now, now, end, 0, "browser", "192.0.2.1")
    RefreshTokenRepository().add(family)
    ids = [new_id() for _ in range(BOTS)]
    for bot_id in ids:
        _put_bot(user, account, bot_id, now)
    for number in range(ORDERS):
        OrderItem.of(order_row(user, ids[0], number, now)).save()
    token = AccessTokens(_Keys(), PREFIX).issue(user, session, now)
    return Scene(token, ids[0])


def _put_bot(user_id: str, account_id: str, bot_id: str, now: int) -> None:
    settings = BotSettings.model_validate(bot_body(account_id))
    config = BotConfig(
        bot_id=bot_id,
        user_id=user_id,
        exchange_name=ExchangeName.SIMULATED,
        mode=AccountMode.PAPER,
        account_uid="1",
        settings=settings,
        market1=market(settings.market1_symbol),
        market2=market(settings.market2_symbol),
        created_at=now,
        updated_at=now,
    )
    BotRepository().create(config, BotState(bot_id, status=Status.RUNNING, generation=1))


def event(path: str, token: str = "", body: Any = None) -> dict[str, Any]:
    """Return API Gateway's event of a request; one with a body is a POST."""
    headers = {"host": "api.example.com", "content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    method = "GET" if body is None else "POST"
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"requestId": "gateway-id", "http": http},
        "isBase64Encoded": False,
        **({} if body is None else {"body": json.dumps(body)}),
    }


class Context:
    """What the runtime tells of an invocation."""

    function_name = "api"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:api"
    aws_request_id = "invocation"


class _Keys:
    def current(self) -> RotatingKeys:
        return RotatingKeys.model_validate_json(SIGNING_SECRET)

    def find(self, kid: str) -> RotatingKey | None:
        return self.current().find(kid)
