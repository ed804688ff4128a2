"""The slim import of CCXT behaves as the whole one, also where only the needed files exist."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"
CLASSES = ("okx", "binanceusdm", "bybit")
NEEDED = {
    "okx": ("okx",),
    "binanceusdm": ("binance", "binanceusdm"),
    "bybit": ("bybit",),
}
BODIES = {
    "okx": [
        '{"code":"51001","msg":"","data":[]}',
        '{"code":"1","msg":"","data":[{"sCode":"51016","sMsg":""}]}',
        '{"code":"1","msg":"","data":[{"sCode":"51008","sMsg":""}]}',
        '{"code":"50004","msg":"","data":[]}',
        '{"code":"50011","msg":"","data":[]}',
    ],
    "binanceusdm": [
        '{"code":-1121,"msg":"Invalid symbol."}',
        '{"code":-4116,"msg":"ClientOrderId is duplicated."}',
        '{"code":-2019,"msg":"Margin is insufficient."}',
        '{"code":-1007,"msg":"Timeout"}',
        '{"code":-2022,"msg":"ReduceOnly Order is rejected."}',
    ],
    "bybit": [
        '{"retCode":10001,"retMsg":"","result":{}}',
        '{"retCode":110072,"retMsg":"","result":{}}',
        '{"retCode":110007,"retMsg":"","result":{}}',
        '{"retCode":10006,"retMsg":"","result":{}}',
        '{"retCode":999999,"retMsg":"","result":{}}',
    ],
}
PORTRAIT = """
def portrait(exchange, bodies):
    addresses = exchange.urls["api"]
    url = addresses.get("fapiPublic") or next(iter(addresses.values()))
    errors = []
    for status, body in [(200, b) for b in bodies] + [(429, "{}"), (451, ""), (503, ""), (404, "")]:
        try:
            answer = json.loads(body) if body else None
            exchange.handle_errors(status, "", url, "GET", {}, body, answer, {}, "")
            exchange.handle_http_status_code(status, "", url, "GET", body)
            errors.append(None)
        except Exception as error:
            errors.append([str(cls) for cls in type(error).__mro__])
    # The default header that only CCXT's synchronous classes send; ours names itself.
    state = {k: v for k, v in vars(exchange).items() if k != "userAgent"}
    return {
        "describe": json.dumps(exchange.describe(), sort_keys=True, default=str),
        "attributes": sorted(dir(exchange)),
        "state": sorted(state),
        "mro": [str(cls) for cls in type(exchange).__mro__],
        "errors": errors,
    }
"""


def run(script: str, *paths: Path) -> Any:
    head = "import json, sys\n" + "".join(f"sys.path.insert(0, {str(path)!r})\n" for path in paths)
    done = subprocess.run(
        [sys.executable, "-c", head + script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout)


SLIM = (
    PORTRAIT
    + f"""
from pairtrader.exchanges.ccxt_slim import exchange_class
bodies = {BODIES!r}
portraits = {{name: portrait(exchange_class(name)(), bodies[name]) for name in {CLASSES!r}}}
print(json.dumps([portraits, "ccxt.kraken" in sys.modules, "requests" in sys.modules]))
"""
)


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    script = f"""
import ccxt.async_support as ccxt
bodies = {BODIES!r}
print(json.dumps({{n: portrait(getattr(ccxt, n)(), bodies[n]) for n in {CLASSES!r}}}))
"""
    found: dict[str, Any] = run(PORTRAIT + script)
    return found


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing of CCXT but what the slim import says it needs."""
    spec = find_spec("ccxt")
    assert spec is not None
    assert spec.origin is not None
    source, target = Path(spec.origin).parent, tmp_path_factory.mktemp("bundle") / "ccxt"
    for folder in ("base", "async_support/base"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source / folder, target / folder, ignore=ignore)
    names = {name for needed in NEEDED.values() for name in needed}
    files = ["__init__.py", "async_support/__init__.py"]
    files += [f"{folder}/{name}.py" for folder in ("abstract", "async_support") for name in names]
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / file, target / file)
    return target.parent


@pytest.mark.parametrize("bundle", ["installed", "pruned"])
def test_the_slim_import_makes_the_same_exchanges(
    whole: dict[str, Any], bundle: str, request: pytest.FixtureRequest
) -> None:
    extra = [request.getfixturevalue("pruned")] if bundle == "pruned" else []
    portraits, others_imported, requests_imported = run(SLIM, SHARED, *extra)
    assert (others_imported, requests_imported) == (False, False)
    for name in CLASSES:
        for part in whole[name]:
            assert portraits[name][part] == whole[name][part], f"{name}: {part}"
        assert len(whole[name]["attributes"]) > 1_000
        assert sum(errors is not None for errors in whole[name]["errors"]) >= 8


def test_a_whole_import_made_before_is_kept() -> None:
    script = """
import requests
import ccxt.async_support
from pairtrader.exchanges.ccxt_slim import exchange_class
same = exchange_class("okx") is ccxt.async_support.okx
print(json.dumps([same, requests is sys.modules["requests"], hasattr(ccxt, "kraken")]))
"""
    assert run(script, SHARED) == [True, True, True]


def test_what_is_not_there_is_named() -> None:
    script = """
from pairtrader.exchanges.ccxt_slim import exchange_class
try:
    exchange_class("nosuchexchange")
except ModuleNotFoundError as error:
    print(json.dumps(error.name))
"""
    assert run(script, SHARED) == "ccxt.async_support.nosuchexchange"


def test_the_import_leaves_certificates_and_requests_as_they_were() -> None:
    script = """
import ssl
load = ssl.SSLContext.load_default_certs
from pairtrader.exchanges.ccxt_slim import exchange_class
exchange = exchange_class("okx")()
import requests
print(json.dumps([
    ssl.SSLContext.load_default_certs is load,
    hasattr(requests, "get"),
    issubclass(requests.exceptions.Timeout, requests.exceptions.RequestException),
]))
"""
    assert run(script, SHARED) == [True, True, True]


def test_connections_verify_against_certifis_bundle() -> None:
    script = """
import asyncio
from pairtrader.exchanges.ccxt_slim import exchange_class

async def main():
    exchange = exchange_class("okx")({"timeout_on_exit": 0})
    exchange.open()
    context = exchange.ssl_context
    found = [len(context.get_ca_certs()) > 50, context.verify_mode.name, context.check_hostname]
    await exchange.close()
    return found

print(json.dumps(asyncio.run(main())))
"""
    assert run(script, SHARED) == [True, "CERT_REQUIRED", True]
