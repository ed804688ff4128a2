"""What the API function costs a cold process, against the least that such a function can be.

The least is one route of FastAPI behind Mangum, with PynamoDB and the logger of Powertools: what
any function on these libraries imports. Each figure is the median of processes of their own, both
kinds taking turns; bytecode is compiled before. The ratio counts, not the seconds.
"""

import json
import sys
from pathlib import Path

import pytest

from tests.benchmarks.api_scene import VARIABLES, event, put_scene, stubbed_aws
from tests.benchmarks.cold_process import Cost, Measure, compare

MAX_RATIO = 1.3
MAX_FIRST_RATIO = 2.0
SETTINGS = f"import os; os.environ.update({VARIABLES!r})\n"
BARE = (
    SETTINGS
    + """
from typing import Any
from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import correlation_paths
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel
from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

class Item(Model):
    class Meta:
        table_name = "items"
    id = UnicodeAttribute(hash_key=True)

class Answer(BaseModel):
    id: str

app = FastAPI()

@app.get("/items/{item_id}")
def get_item(item_id: str) -> Answer:
    return Answer(id=Item.get(item_id).id)

logger = Logger()
serve = Mangum(app, lifespan="off")

@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return serve(event, context)
"""
)
OURS = SETTINGS + "from functions.api.handler import handler\n"


FIRST = """
from tests.benchmarks.stubbed_aws import StubbedAws
import json
tables, event = json.load(open({0!r}))
StubbedAws(tables).install()
class Context:
    function_name, memory_limit_in_mb, invoked_function_arn = "api", 1024, "arn:api"
    aws_request_id = "invocation"
answer = handler(event, Context())
assert answer["statusCode"] == 200, answer
"""


def test_the_api_starts_hardly_slower_than_a_bare_one(
    measure: Measure, capsys: pytest.CaptureFixture[str]
) -> None:
    bare, ours = compare(measure, BARE, OURS)
    _show(capsys, {"bare": bare, "api": ours})
    assert ours.milliseconds <= MAX_RATIO * bare.milliseconds


def test_the_first_request_does_not_wait_for_what_the_start_has_put_off(
    measure: Measure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stubbed_aws() as aws:
        scene = put_scene(aws)
        aws.tables["items"] = [{"id": {"S": "one"}}]
        asked = {
            "bare, GET /items/{id}": (BARE, event("/items/one")),
            "api, GET /health": (OURS, event("/api/v1/health")),
            "api, GET /users/me": (OURS, event("/api/v1/users/me", scene.token)),
            "api, GET /bots": (OURS, event("/api/v1/bots", scene.token)),
        }
        scripts = []
        for number, (start, request) in enumerate(asked.values()):
            file = tmp_path / f"{number}.json"
            file.write_text(json.dumps([aws.tables, request]))
            scripts.append(start + FIRST.format(str(file)))
    costs = dict(zip(asked, compare(measure, *scripts), strict=True))
    _show(capsys, costs)
    bare, *ours = (cost.milliseconds for cost in costs.values())
    assert max(ours) <= MAX_FIRST_RATIO * bare


def _show(capsys: pytest.CaptureFixture[str], costs: dict[str, Cost]) -> None:
    bare = next(iter(costs.values()))
    with capsys.disabled():
        sys.stdout.write(f"\n{'':<22}{'time':>10}{'ratio':>8}  modules\n")
        for label, cost in costs.items():
            sys.stdout.write(
                f"{label:<22}{cost.milliseconds:>7.0f} ms"
                f"{cost.milliseconds / bare.milliseconds:>8.2f}"
                f"{cost.modules:>9}\n"
            )
