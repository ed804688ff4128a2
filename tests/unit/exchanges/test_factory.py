"""Accounts become adapters; only the exchange asked for is imported."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import UnknownExchange, UserMustAct
from pairtrader.exchanges.factory import create_exchange, exchange_names
from pairtrader.exchanges.hosts import parse_hosts, replace_host
from pairtrader.exchanges.live import LiveExchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.exchanges.simulated.step_replay import StepReplayExchange
from pairtrader.model.account import (
    AccountMode,
    Credentials,
    ExchangeAccount,
    ExchangeName,
    Simulation,
)
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore

SHARED = Path(__file__).resolve().parents[3] / "shared"
ACCOUNT = ExchangeAccount(
    account_id="acc",
    user_id="user",
    exchange_name=ExchangeName.SIMULATED,
    mode=AccountMode.PAPER,
    label="",
    is_active=True,
    created_at=0,
    updated_at=0,
    uid="acc",
)


def create(*, keys: Callable[[], Credentials] | None = None, **changes: Any) -> BaseExchange:
    return create_exchange(
        replace(ACCOUNT, **changes),
        keys=keys,
        clock=lambda: 0,
        account_store=MemoryAccountStore(),
        candle_source=Recordings(MemoryFiles({})),
    )


def test_every_exchange_of_the_model_has_an_adapter_and_no_other() -> None:
    assert set(exchange_names()) == {name.value for name in ExchangeName}


def test_an_unknown_exchange_is_refused_naming_the_known() -> None:
    with pytest.raises(UnknownExchange) as refusal:
        create(exchange_name="kraken")
    for name in ("kraken", "binance", "bybit", "okx", "simulated"):
        assert name in str(refusal.value)


@pytest.mark.parametrize("mode", [AccountMode.LIVE, AccountMode.SANDBOX])
@pytest.mark.parametrize("name", ["okx", "binance", "bybit"])
def test_an_account_with_keys_is_made_without_fetching_them(name: str, mode: AccountMode) -> None:
    def fetch() -> Credentials:
        raise AssertionError("nothing private was asked yet")

    changes = {"exchange_name": ExchangeName(name), "mode": mode}
    assert isinstance(create(keys=fetch, **changes), LiveExchange)
    with pytest.raises(UserMustAct, match=rf"{mode} account on {name} needs keys"):
        create(**changes)


def test_the_simulations_source_and_pace_choose_the_adapter() -> None:
    stepping = create(simulation=Simulation(source="replay", dataset="may"))
    assert isinstance(stepping, StepReplayExchange)
    realtime = Simulation(source="replay", dataset="may", pace="realtime")
    for simulation in (None, Simulation(), realtime):
        assert not isinstance(create(simulation=simulation), StepReplayExchange)


@pytest.mark.parametrize(
    ("name", "imported", "left_out"),
    [
        ("simulated", (), ("ccxt", "aiohttp", "boto3")),
        ("okx", ("ccxt.async_support.okx",), ("ccxt.async_support.bybit", "ccxt.okx", "boto3")),
        ("bybit", ("ccxt.async_support.bybit",), ("ccxt.async_support.okx", "requests")),
    ],
)
def test_only_the_exchange_asked_for_is_imported(
    name: str, imported: tuple[str, ...], left_out: tuple[str, ...]
) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(SHARED)!r})
from pairtrader.exchanges.factory import create_exchange
from pairtrader.model.account import *
account = ExchangeAccount("a", "u", ExchangeName({name!r}), AccountMode.PAPER, "", True, 0, 0, "a")
create_exchange(account, clock=lambda: 0, account_store=None, candle_source=None)
missing = [module for module in {imported!r} if module not in sys.modules]
extra = [module for module in {left_out!r} if module in sys.modules]
assert not missing and not extra, (missing, extra)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_hosts_are_read_from_json() -> None:
    assert parse_hosts("") == parse_hosts("{}") == {}
    text = '{"okx": "http://127.0.0.1:9100/", "bybit": "https://api.bybit.nl"}'
    assert parse_hosts(text) == {"okx": "http://127.0.0.1:9100", "bybit": "https://api.bybit.nl"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("okx=http://x", "not JSON"),
        ('["okx"]', "not a JSON object"),
        ('{"okx": 9100}', "okx needs scheme and host"),
        ('{"okx": "localhost:9100"}', "okx needs scheme and host"),
        ('{"okx": "http://host/path"}', "okx needs scheme and host"),
    ],
)
def test_hosts_that_cannot_be_meant_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_hosts(text)


def test_every_address_keeps_its_path_and_gets_the_host() -> None:
    urls = {
        "rest": "https://{hostname}",
        "fapi": {"public": "https://fapi.binance.com/fapi/v1", "v2": "https://api.{hostname}"},
        "none": None,
    }
    assert replace_host(urls, "http://127.0.0.1:1") == {
        "rest": "http://127.0.0.1:1",
        "fapi": {"public": "http://127.0.0.1:1/fapi/v1", "v2": "http://127.0.0.1:1"},
        "none": None,
    }
