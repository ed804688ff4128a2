"""Local bundles, built and imported with nothing but the standard library beside them."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import bundle

FUNCTIONS = ("tick", "exchange", "api", "research", "socket", "push", "publish")
UNCHECKED_HASH = 0b01
WEB = {"fastapi", "starlette", "mangum", "jose"}
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "test",
    **dict.fromkeys(
        (
            "STAGE", "TABLE_PREFIX", "SECRET_PREFIX", "DATA_BUCKET", "TICK_FUNCTION",
            "EXCHANGE_FUNCTION", "RESEARCH_FUNCTION",
            "TICK_QUEUE_URL", "SCHEDULE_GROUP", "SCHEDULER_ROLE_ARN",
            "SCHEDULER_DLQ_ARN", "JWT_SECRET_ARN", "SEALING_SECRET_ARN", "BOOTSTRAP_SECRET_ARN",
            "WEBSOCKET_ENDPOINT", "NOTIFICATION_QUEUE_URL",
        ),
        "test",
    ),
}  # fmt: skip


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bundles")
    site = tmp_path_factory.mktemp("site")
    (site / "index.html").write_text("<html>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "DIST", site)
        return _built(folder)


def _built(folder: Path) -> dict[str, Path]:
    for function in FUNCTIONS:
        bundle.build(function, folder / function, "local")
    return {function: folder / function for function in FUNCTIONS}


def run_in(folder: Path, script: str) -> Any:
    """Return what `script` prints (JSON) where nothing can be imported but from `folder`."""
    start = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start + script],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def imported_by(folder: Path, function: str) -> set[str]:
    modules = run_in(
        folder,
        f"import json, functions.{function}.handler as entry\n"
        "assert callable(entry.handler)\n"
        "print(json.dumps(list(sys.modules)))",
    )
    return set(modules)


def tops(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_bundle_holds_all_that_its_handler_imports(
    bundles: dict[str, Path], function: str
) -> None:
    assert f"functions.{function}.handler" in imported_by(bundles[function], function)


def test_the_api_has_neither_exchange_library_nor_exchanges(bundles: dict[str, Path]) -> None:
    for name in ("ccxt", "numpy", "aiohttp", "pairtrader/exchanges"):
        assert not (bundles["api"] / name).exists(), name


@pytest.mark.parametrize("function", ["tick", "exchange"])
def test_a_trading_function_has_no_web_framework(bundles: dict[str, Path], function: str) -> None:
    present = {path.name for path in bundles[function].iterdir()}
    assert not WEB & present


@pytest.mark.parametrize("function", ["socket", "push"])
def test_what_only_tells_people_can_not_trade(bundles: dict[str, Path], function: str) -> None:
    for name in (*WEB, "ccxt", "aiohttp", "pairtrader/exchanges", "pairtrader/trading"):
        assert not (bundles[function] / name).exists(), name


@pytest.mark.parametrize("function", ["tick", "exchange"])
def test_a_trading_function_loads_no_exchange_before_it_knows_which(
    bundles: dict[str, Path], function: str
) -> None:
    assert not {"ccxt", "aiohttp", "numpy"} & tops(imported_by(bundles[function], function))


@pytest.mark.parametrize("function", ["tick", "exchange"])
def test_of_the_exchange_library_only_supported_exchanges_are_there(
    bundles: dict[str, Path], function: str
) -> None:
    exchanges = {path.stem for path in (bundles[function] / "ccxt/async_support").glob("*.py")}
    assert exchanges - {"__init__"} == set(bundle.SUPPORTED_EXCHANGES)
    assert not list((bundles[function] / "ccxt").glob("[!_]*.py"))


PRIVATE_CALLS = {
    "okx": "private_get_account_config",
    "binance": "fapiprivatev2_get_account",
    "binanceusdm": "fapiprivatev2_get_account",
    "bybit": "private_get_v5_user_query_api",
}


@pytest.mark.parametrize("name", bundle.SUPPORTED_EXCHANGES)
def test_a_supported_exchange_signs_from_the_bundle(bundles: dict[str, Path], name: str) -> None:
    url, headers = run_in(
        bundles["tick"],
        "import asyncio, json\n"
        "from pairtrader.exchanges.ccxt_slim import exchange_class\n"
        "sent = []\n"
        "async def record(url, method='GET', headers=None, body=None):\n"
        "    sent.extend((url, headers))\n"
        "    return {}\n"
        "async def ask():\n"
        f"    exchange = exchange_class({name!r})"
        "({'apiKey': 'a', 'secret': 'b', 'password': 'c'})\n"
        "    exchange.fetch = record\n"
        f"    await exchange.{PRIVATE_CALLS[name]}()\n"
        "    await exchange.close()\n"
        "asyncio.run(ask())\n"
        "print(json.dumps(sent))",
    )
    assert url.startswith("https://")
    assert any("SIGN" in key.upper() for key in [*headers, url])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bytecode_ships_and_is_loaded_as_it_is(bundles: dict[str, Path], function: str) -> None:
    for source in bundles[function].rglob("*.py"):
        compiled = Path(importlib.util.cache_from_source(str(source)))
        header = compiled.read_bytes()[:8]
        assert header[:4] == importlib.util.MAGIC_NUMBER, source
        assert int.from_bytes(header[4:], "little") == UNCHECKED_HASH, source


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bytecode_names_no_folder_of_this_machine(bundles: dict[str, Path], function: str) -> None:
    for compiled in bundles[function].rglob("*.pyc"):
        content = compiled.read_bytes()
        assert str(bundle.CACHE).encode() not in content, compiled
        assert str(bundles[function]).encode() not in content, compiled
