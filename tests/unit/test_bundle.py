"""What goes into a bundle, and what a machine needs to build one."""

from pathlib import Path, PurePosixPath

import pytest

from scripts import bundle
from scripts.bundle import BuildError


@pytest.mark.parametrize(
    "path",
    [
        "ccxt/base/exchange.py",
        "ccxt/async_support/base/ws/client.py",
        "ccxt/async_support/okx.py",
        "ccxt/abstract/bybit.py",
        "ccxt/__init__.py",
        "botocore/data/endpoints.json",
        "botocore/data/dynamodb/2012-08-10/service-2.json.gz",
        "opentelemetry_api-1.0.dist-info/entry_points.txt",
        "pydantic/main.py",
        "six.py",
    ],
)
def test_what_runs_is_kept(path: str) -> None:
    assert bundle.is_needed(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    [
        "ccxt/async_support/kraken.py",
        "ccxt/async_support/okxus.py",
        "ccxt/okx.py",
        "ccxt/pro/okx.py",
        "ccxt/test/base.py",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "boto3/data/ec2/2016-11-15/resources-1.json",
        "aiohttp/_http_parser.c",
        "yarl/_quoting.pyi",
        "ecdsa/tests/curves.py",
        "six-1.17.0.dist-info/RECORD",
        "bin/normalizer",
        ".lock",
    ],
)
def test_what_never_runs_is_left_out(path: str) -> None:
    assert not bundle.is_needed(PurePosixPath(path))


def test_a_machine_without_the_deployed_python_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.delenv("PYTHON313", raising=False)
    with pytest.raises(BuildError, match=r"needs python3\.13"):
        bundle.deployed_python()
