"""What a snapshot of the API function holds, and what a restored copy has forgotten."""

import random
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from functions.api import snapshot
from functions.api.app import create_app
from functions.api.deployed_services import DeployedServices
from functions.api.settings import Settings
from functions.api.web.routes import Subject
from pairtrader.storage.rotating_keys import RotatingKeySource
from pairtrader.storage.transactions import open_connection

SETTINGS = Settings.from_environment(
    {
        name.upper(): "https://unused.example"
        for name, field in Settings.model_fields.items()
        if field.is_required()
    }
)


class FakeRuntime:
    """Takes hooks as the runtime on AWS does, and calls them when a test says so."""

    def __init__(self) -> None:
        self.before: list[Callable[[], None]] = []
        self.after: list[Callable[[], None]] = []

    def register_before_snapshot(self, func: Callable[[], None]) -> None:
        self.before.append(func)

    def register_after_restore(self, func: Callable[[], None]) -> None:
        self.after.append(func)


class FakeSecrets:
    """A secret that changes with every read."""

    def __init__(self) -> None:
        self.reads = 0

    def get_secret_value(self, **_: Any) -> Any:
        self.reads += 1
        return {"SecretString": f'{{"kid": "{self.reads}", "key": "{"k" * 64}"}}'}


@pytest.fixture
def runtime() -> FakeRuntime:
    return FakeRuntime()


@pytest.fixture
def services() -> DeployedServices:
    return DeployedServices(SETTINGS)


@pytest.fixture
def app(services: DeployedServices) -> FastAPI:
    return create_app(services)


def test_nothing_is_registered_where_no_snapshots_are_taken(app: FastAPI) -> None:
    snapshot.register(app, ())
    assert not any("routes" in vars(each) for each in app.router.routes)


def test_the_runtime_s_own_module_is_taken(
    app: FastAPI, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("snapshot_restore_py")
    module.register_before_snapshot = runtime.register_before_snapshot  # type: ignore[attr-defined]
    module.register_after_restore = runtime.register_after_restore  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", module)
    snapshot.register(app, ())
    assert (len(runtime.before), len(runtime.after)) == (1, 1)


def test_a_snapshot_holds_all_routes_and_no_secret(app: FastAPI, runtime: FakeRuntime) -> None:
    client = FakeSecrets()
    keys = RotatingKeySource("arn", client)  # type: ignore[arg-type]
    snapshot.register(app, (keys,), runtime)
    runtime.before[0]()
    subjects = [each for each in app.router.routes if isinstance(each, Subject)]
    assert subjects
    assert all("made" in vars(route) for subject in subjects for route in subject.routes)
    assert client.reads == 0
    assert app.openapi_schema is None


def test_a_copy_reads_secrets_again(app: FastAPI, runtime: FakeRuntime) -> None:
    keys = RotatingKeySource("arn", FakeSecrets())  # type: ignore[arg-type]
    snapshot.register(app, (keys,), runtime)
    assert keys.current().kid == "1"
    runtime.after[0]()
    assert keys.current().kid == "2"


def test_a_copy_makes_its_services_anew(
    app: FastAPI, services: DeployedServices, runtime: FakeRuntime
) -> None:
    snapshot.register(app, (services,), runtime)
    before = (services.sessions, services.second_factor, services.bootstrap, services.exchanges)
    runtime.after[0]()
    after = (services.sessions, services.second_factor, services.bootstrap, services.exchanges)
    assert not any(old is new for old, new in zip(before, after, strict=True))
    assert services.sessions is after[0]


def test_a_copy_opens_connections_of_its_own(
    app: FastAPI, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "unused")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "unused")
    snapshot.register(app, (), runtime)
    connection = open_connection()
    before = connection.client
    assert open_connection().client is before
    runtime.after[0]()
    assert connection.client is not before
    assert open_connection().client is connection.client


def test_copies_differ_in_what_they_draw(app: FastAPI, runtime: FakeRuntime) -> None:
    snapshot.register(app, (), runtime)
    drawn = set()
    for _ in range(2):
        random.seed(7)
        runtime.after[0]()
        drawn.add(random.random())
    assert len(drawn) == 2
