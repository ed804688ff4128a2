"""A bare emulator on loopback: tables without a stack."""

import os
import signal
from collections.abc import Iterator

import pytest

from scripts import emulator

os.environ.setdefault("TABLE_PREFIX", "integration")
os.environ.setdefault("AWS_REGION", emulator.REGION)
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "integration")


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the emulator; every AWS client of this process talks to it."""
    directory = tmp_path_factory.mktemp("emulator")
    machine = emulator.start(directory)
    os.environ.update(emulator.client_environment(machine.url))
    yield machine.url
    emulator.stop(directory)


@pytest.fixture(scope="session", autouse=True)
def _processes_hear_ctrl_c() -> None:
    """A shell that runs the tests in the background has them, and all they start, ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
