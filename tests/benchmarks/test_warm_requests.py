"""What a request costs a warm API function beside the tables: events in, answers out, no network.

Processor time of the real handler, of which that of AWS's library is told apart: requests made and
signed, answers read. Tables answer from memory. Each figure is a median.
"""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest

from tests.benchmarks.api_scene import Context, event, put_scene, stubbed_aws
from tests.benchmarks.stubbed_aws import StubbedAws

ROUNDS = 100
MOST_MILLISECONDS = 50.0
"""Of any of these requests on a machine of two shared processors: far above what was measured."""


@dataclass(frozen=True)
class Cost:
    """Medians of one request, in milliseconds, and how often it asks AWS."""

    whole: float
    library: float
    asked: int

    @property
    def own(self) -> float:
        """All but the library."""
        return self.whole - self.library


@pytest.fixture
def aws() -> Iterator[StubbedAws]:
    with stubbed_aws() as stubbed:
        yield stubbed


def test_a_warm_request_costs_little(aws: StubbedAws, capsys: pytest.CaptureFixture[str]) -> None:
    scene = put_scene(aws)
    handler = importlib.import_module("functions.api.handler").handler
    requests = {
        "GET /health": (event("/api/v1/health"), 200, ""),
        "GET /users/me": (event("/api/v1/users/me", scene.token), 200, ""),
        "GET /bots (20)": (event("/api/v1/bots", scene.token), 200, 20),
        "GET /bots/{id}": (event(f"/api/v1/bots/{scene.bot_id}", scene.token), 200, ""),
        "GET …/orders (50)": (
            event(f"/api/v1/bots/{scene.bot_id}/orders", scene.token),
            200,
            50,
        ),
        "POST /bots, refused": (event("/api/v1/bots", scene.token, {"leverage": 7}), 422, ""),
    }
    costs = {}
    for name, (asked, status, items) in requests.items():
        answer = handler(asked, Context())
        assert answer["statusCode"] == status, answer["body"]
        if items:
            assert len(json.loads(answer["body"])["items"]) == items
        costs[name] = _cost(aws, handler, asked)
    with capsys.disabled():
        sys.stdout.write(f"\n{'':<22}{'handler':>9}{'library':>9}{'rest':>9}  asks of AWS\n")
        for name, cost in costs.items():
            sys.stdout.write(
                f"{name:<22}{cost.whole:>6.1f} ms{cost.library:>6.1f} ms{cost.own:>6.1f} ms"
                f"{cost.asked:>6}\n"
            )
    assert all(cost.own <= MOST_MILLISECONDS for cost in costs.values())


def _cost(aws: StubbedAws, handler: Any, asked: dict[str, Any]) -> Cost:
    whole, library = [], []
    aws.requests = 0
    for _ in range(ROUNDS):
        aws.seconds, began = 0.0, time.process_time()
        handler(asked, Context())
        whole.append(1000 * (time.process_time() - began))
        library.append(1000 * aws.seconds)
    return Cost(median(whole), median(library), aws.requests // ROUNDS)
