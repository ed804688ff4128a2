"""The API and the exchange function understand each other; between them is JSON."""

import asyncio
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from functions.api.accounts.exchange_failure import ExchangeFailure
from functions.api.accounts.exchange_gateway import ExchangeGateway
from functions.api.bots.feasibility import find_facts
from functions.api.web.problems import Problem
from functions.exchange.answers import respond
from functions.exchange.shelf import ExchangeShelf
from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.factory import create_exchange
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.model.account import AccountMode, ExchangeAccount, ExchangeName, Simulation
from pairtrader.model.settings import BotSettings
from tests.fakes.api_world import NOW, bot_body
from tests.fakes.local_files import MemoryFiles
from tests.fakes.memory_account_store import MemoryAccountStore
from tests.fakes.memory_api_stores import MemoryAccounts, MemoryBots

ACCOUNT = ExchangeAccount(
    "acc", "user", ExchangeName.SIMULATED, AccountMode.PAPER, "", True, 1, 1, "acc",
    simulation=Simulation(),
)  # fmt: skip
PAIR = ["CHZ-USDT", "GALA-USDT"]


class ExchangeFunction:
    """Invoked as Lambda would: bytes in, bytes out."""

    def __init__(self) -> None:
        accounts, store = MemoryAccounts(), MemoryAccountStore()
        recordings = Recordings(MemoryFiles({}))
        accounts.add(ACCOUNT)

        def create(account: ExchangeAccount) -> BaseExchange:
            return create_exchange(
                account, clock=lambda: NOW, account_store=store, candle_source=recordings
            )

        self._shelf, self._bots = ExchangeShelf(accounts, create, lambda: NOW), MemoryBots()

    def invoke(self, **call: Any) -> dict[str, Any]:
        answer = asyncio.run(respond(json.loads(call["Payload"]), self._shelf, self._bots))
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def gateway() -> ExchangeGateway:
    return ExchangeGateway("exchange", ExchangeFunction())  # type: ignore[arg-type]


def test_every_question_is_answered(gateway: ExchangeGateway) -> None:
    assert [market.symbol for market in gateway.markets(ACCOUNT, PAIR)] == PAIR
    assert len(gateway.search(ACCOUNT, "USDT", 2)) == 2
    test = gateway.test(ACCOUNT)
    assert test.uid
    assert not test.can_withdraw
    assert gateway.balance(ACCOUNT).total == Decimal(10_000)
    held = gateway.holdings(ACCOUNT, PAIR)
    assert [(each.symbol, each.amount) for each in held.positions] == [(s, 0) for s in PAIR]
    assert held.open_orders == dict.fromkeys(PAIR, 0)
    assert gateway.start_price(ACCOUNT, "GALA-USDT", NOW - 86_400_000) > 0


def test_unknown_symbols_are_told_apart(gateway: ExchangeGateway) -> None:
    body = bot_body("acc", market2_symbol="NOPE-USDT")
    with pytest.raises(Problem) as refused:
        find_facts(gateway, ACCOUNT, BotSettings.model_validate(body), NOW)
    assert refused.value.code == "unknown_symbol"
    assert [error.field for error in refused.value.errors] == ["market2_symbol"]


def test_foreign_accounts_are_refused(gateway: ExchangeGateway) -> None:
    stranger = ExchangeAccount(
        "acc", "other", ExchangeName.SIMULATED, AccountMode.PAPER, "", True, 1, 1, "acc"
    )
    with pytest.raises(ExchangeFailure) as failure:
        gateway.balance(stranger)
    assert failure.value.code == "account_not_found"
