"""The deployed API under requests that nobody would send: few of each, most are sent in process."""

from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis

from tests.api_fuzz import CHECKS, aim, budget, draw, schema
from tests.e2e.conftest import API, Stack, Trader

SPARED = {
    "POST /kill": "as an administrator it would stop the bots of all other tests",
    "PUT /risk/stack": "it would hold back the entries of all other tests",
}
"""Sent by the user alone, who is refused."""


def document() -> dict[str, Any]:
    """The description without what is throttled by address: all tests come from one.

    Those operations are sent in process, by tests/unit/api/test_fuzz.py, like all others.
    """
    whole: dict[str, Any] = schema_of_the_code()
    paths = {
        path: {m: each for m, each in item.items() if "429" not in each["responses"]}
        for path, item in whole["paths"].items()
    }
    return {**whole, "paths": {path: item for path, item in paths.items() if item}}


def schema_of_the_code() -> dict[str, Any]:
    return schema(coverage=False).raw_schema  # type: ignore[no-any-return]


SCHEMA = schema(document(), coverage=False)


@dataclass
class Sender:
    """Somebody with an account and a bot."""

    trader: Trader
    ids: dict[str, str]

    @classmethod
    def of(cls, stack: Stack) -> "Sender":
        trader = Trader(stack)
        account_id = trader.account()
        return cls(trader, {"account_id": account_id, "bot_id": trader.bot(account_id)})


@pytest.fixture(scope="module")
def senders(stack: Stack) -> list[Sender]:
    """A user and an administrator."""
    made = [Sender.of(stack), Sender.of(stack)]
    user_id = made[1].trader.get("/users/me")["id"]
    stack.aws("dynamodb").update_item(
        TableName=f"{stack['table_prefix']}-users",
        Key={"id": {"S": user_id}},
        UpdateExpression="SET #role = :admin",
        ExpressionAttributeNames={"#role": "role"},
        ExpressionAttributeValues={":admin": {"S": "admin"}},
    )
    made[1].trader.get("/users")
    return made


def send(case: Any, stack: Stack, trader: Trader) -> schemathesis.Response:
    headers = {"Authorization": trader.http.headers["Authorization"]}
    return case.call(base_url=stack["api_url"], headers=headers)


@SCHEMA.parametrize()
@budget(3)
def test_any_request_is_answered_as_described(
    case: Any, stack: Stack, senders: list[Sender]
) -> None:
    choice = draw(case, 4)
    place = f"{case.method} {case.path.removeprefix(API)}"
    sender = senders[0 if place in SPARED else choice % 2]
    if choice < 2:
        aim(case, sender.ids)
    answer = send(case, stack, sender.trader)
    if answer.status_code == 401:  # an earlier request has ended the session
        sender.trader.log_in()
        answer = send(case, stack, sender.trader)
    case.validate_response(answer, checks=CHECKS)


def test_the_stack_describes_itself_as_the_code_does(stack: Stack, trader: Trader) -> None:
    told = trader.http.get(f"{API}/openapi.json").json()
    assert told == schema_of_the_code()
    missing = {
        f"{method.upper()} {path.removeprefix(API)}"
        for path, item in told["paths"].items()
        for method in item
    }
    assert set(SPARED) <= missing
