"""The emulator of a local stack: started once, on loopback, with a memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import emulator, stack
from scripts.emulator import EmulatorError


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    emulator.stop(tmp_path)


def test_state_and_port_outlive_a_stop(directory: Path) -> None:
    first = emulator.start(directory)
    stack.client("s3", first.url).create_bucket(Bucket="kept")
    assert emulator.start(directory) == first
    assert emulator.stop(directory)
    assert emulator.running(directory) is None
    second = emulator.start(directory)
    assert second.port == first.port
    buckets = stack.client("s3", second.url).list_buckets()["Buckets"]
    assert [each["Name"] for each in buckets] == ["kept"]


def test_a_taken_port_is_not_taken_over(directory: Path, tmp_path: Path) -> None:
    first = emulator.start(directory)
    with pytest.raises(EmulatorError, match=f"Port {first.port} is taken"):
        emulator.start(tmp_path / "other", first.port)


def test_stopping_what_does_not_run_is_success(tmp_path: Path) -> None:
    assert not emulator.stop(tmp_path)
