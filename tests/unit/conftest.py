"""Unit tests open no sockets and see no table."""

import os

import pytest
from pytest_socket import disable_socket

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
os.environ.setdefault("TABLE_PREFIX", "unit")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "unit")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "unit")


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    disable_socket(allow_unix_socket=True)
