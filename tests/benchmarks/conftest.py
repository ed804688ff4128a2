"""What several benchmarks measure with."""

import pytest

from tests.benchmarks.cold_process import Measure, measuring


@pytest.fixture(scope="module")
def measure(tmp_path_factory: pytest.TempPathFactory) -> Measure:
    """Run a script in a process of its own."""
    return measuring(tmp_path_factory.mktemp("bytecode"))
