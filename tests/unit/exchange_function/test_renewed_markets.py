"""Markets in bots' configurations are renewed, with the fees that the account really pays."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from functions.exchange.answers import respond
from functions.exchange.shelf import FEES_KEPT_MS, MARKETS_KEPT_MS, ExchangeShelf
from pairtrader.exchanges.base import BaseExchange
from pairtrader.exchanges.errors import RetryLater
from pairtrader.model.account import AccountMode, ExchangeAccount, ExchangeName
from pairtrader.model.bot import Bot, BotConfig
from pairtrader.model.market import Market
from tests.fakes.clock import FakeClock
from tests.fakes.faulty_exchange import FaultyExchange
from tests.fakes.memory_api_stores import MemoryBots
from tests.fakes.trading_desk import ACCOUNT, BOT, USER, TradingDesk, market

ASK = {"action": "refresh_markets", "user_id": USER, "account_id": ACCOUNT, "bot_id": BOT}
D = Decimal


class ListingExchange(FaultyExchange):
    """An exchange whose list of markets and whose fees a test sets."""

    def __init__(self, inner: BaseExchange, listed: Sequence[Market]) -> None:
        super().__init__(inner)
        self.listed = {each.symbol: each for each in listed}
        self.fees = {each.symbol: (each.taker_fee, each.maker_fee) for each in listed}
        self.asked: Counter[str] = Counter()
        self.is_down = False

    async def load_markets(self) -> Sequence[Market]:
        self.asked["markets"] += 1
        if self.is_down:
            raise RetryLater("no answer")
        return list(self.listed.values())

    async def fee_rates(self, market: Market) -> tuple[Decimal, Decimal]:
        self.asked["fees"] += 1
        return self.fees[market.symbol]


class Desk:
    """The exchange function with one account and one bot."""

    def __init__(self, mode: AccountMode = AccountMode.LIVE) -> None:
        trading = TradingDesk()
        self.clock = FakeClock()
        self.account = ExchangeAccount(
            ACCOUNT, USER, ExchangeName.OKX, mode, "", True, 1, 1, ACCOUNT
        )
        self.exchange = ListingExchange(trading.exchange, trading.markets)
        self.bots = MemoryBots()
        self.bots.put(Bot(replace(trading.bot.config, updated_at=1), trading.state))
        self.shelf = ExchangeShelf(self, lambda _: self.exchange, self.clock.now)

    def get(self, user_id: str, account_id: str) -> ExchangeAccount | None:
        own = (user_id, account_id) == (self.account.user_id, self.account.account_id)
        return self.account if own else None

    @property
    def config(self) -> BotConfig:
        return self.bots.peek(BOT).config

    def ask(self, **changes: Any) -> dict[str, Any]:
        return asyncio.run(respond({**ASK, **changes}, self.shelf, self.bots))


def test_what_the_exchange_has_changed_is_stored() -> None:
    desk = Desk()
    before = desk.config
    coarser = market("AAA-USDT", amount_step=D("0.1"), max_leverage=5)
    desk.exchange.listed["AAA-USDT"] = coarser

    answer = desk.ask()

    assert answer == {"ok": True, "result": {"changed": ["AAA-USDT"]}}
    expected = replace(before, market1=coarser, markets_checked_at=desk.clock.now())
    assert desk.config == expected


def test_markets_that_have_not_changed_are_noted_as_checked() -> None:
    desk = Desk()
    before = desk.config
    assert desk.ask()["result"] == {"changed": []}
    assert desk.config == replace(before, markets_checked_at=desk.clock.now())


def test_the_list_is_asked_for_once_an_hour() -> None:
    desk = Desk()
    for _ in range(3):
        desk.ask()
    assert desk.exchange.asked["markets"] == 1
    desk.clock.advance(MARKETS_KEPT_MS / 1000)
    desk.ask()
    assert desk.exchange.asked["markets"] == 2


def test_a_market_that_is_gone_is_kept_and_not_traded() -> None:
    desk = Desk()
    before = desk.config
    del desk.exchange.listed["BBB-USDT"]
    assert desk.ask()["result"] == {"changed": ["BBB-USDT"]}
    assert desk.config.market2 == replace(before.market2, active=False)
    desk.exchange.listed["BBB-USDT"] = before.market2
    desk.clock.advance(MARKETS_KEPT_MS / 1000)
    desk.ask()
    assert desk.config.market2.active


def test_an_exchange_that_does_not_answer_changes_nothing() -> None:
    desk = Desk()
    desk.exchange.is_down, before = True, desk.config
    assert desk.ask()["error"]["code"] == "retry_later"
    assert desk.config == before


def test_what_the_user_changes_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    load = desk.exchange.load_markets
    edited = replace(desk.config, updated_at=2, exchange_name=ExchangeName.BYBIT)

    async def slow() -> Sequence[Market]:
        desk.bots.put(replace(desk.bots.peek(BOT), config=edited))
        return await load()

    monkeypatch.setattr(desk.exchange, "load_markets", slow)
    assert desk.ask()["error"]["code"] == "changed_meanwhile"
    assert desk.config == edited


@pytest.mark.parametrize(
    ("story", "change"),
    [
        ("no such bot", lambda d: d.bots.bots.clear()),
        ("another user's", lambda d: put(d, user_id="somebody")),
        ("of another account", lambda d: set_account(d, "account2")),
    ],
)
def test_bots_of_others_are_not_there(story: str, change: Callable[[Desk], None]) -> None:
    desk = Desk()
    change(desk)
    before = dict(desk.bots.bots)
    assert desk.ask()["error"]["code"] == "bot_not_found"
    assert desk.bots.bots == before


def put(desk: Desk, **changes: Any) -> None:
    bot = desk.bots.peek(BOT)
    desk.bots.put(replace(bot, config=replace(bot.config, **changes)))


def set_account(desk: Desk, account_id: str) -> None:
    settings = desk.config.settings.model_copy(update={"exchange_account_id": account_id})
    put(desk, settings=settings)


def test_the_account_s_own_fees_are_asked_for_once_a_day() -> None:
    desk = Desk(AccountMode.SANDBOX)
    desk.exchange.fees["AAA-USDT"] = (D("0.0003"), D("-0.0001"))
    desk.ask()
    assert (desk.config.market1.taker_fee, desk.config.market1.maker_fee) == (
        D("0.0003"),
        D("-0.0001"),
    )
    assert desk.exchange.asked["fees"] == 2
    named = {"action": "symbols", "symbols": ["AAA-USDT"]}
    event = {**{k: v for k, v in ASK.items() if k != "bot_id"}, **named}
    answer = asyncio.run(respond(event, desk.shelf, desk.bots))
    assert answer["result"]["markets"][0]["taker_fee"] == "0.0003"
    assert desk.exchange.asked["fees"] == 2
    desk.clock.advance(FEES_KEPT_MS / 1000)
    desk.ask()
    assert desk.exchange.asked["fees"] == 4


def test_a_search_through_all_markets_asks_for_no_fees() -> None:
    desk = Desk()
    event = {**{k: v for k, v in ASK.items() if k != "bot_id"}, "action": "symbols"}
    asyncio.run(respond(event, desk.shelf, desk.bots))
    assert not desk.exchange.asked["fees"]


def test_paper_accounts_keep_the_fees_of_their_simulation() -> None:
    desk = Desk(AccountMode.PAPER)
    desk.exchange.fees["AAA-USDT"] = (D("0.0003"), D("0.0001"))
    desk.ask()
    assert desk.config.market1.taker_fee == D("0.0005")
    assert not desk.exchange.asked["fees"]
