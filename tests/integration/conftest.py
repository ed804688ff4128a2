"""A bare emulator on loopback: tables without a stack."""

import os
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
