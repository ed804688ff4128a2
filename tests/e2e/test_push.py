"""Live push on the deployed stack: fifty watchers, a bot that trades, and clients that die."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.e2e.conftest import Stack, Trader, made_candles

WATCHERS = 50
AT_ONCE = 4
"""Connections that are opened at the same time."""
QUIET_SECONDS = 0.7
START = 1_747_000_020_000
GALA = [0.0200, 0.0203, 0.0206, 0.0200, 0.0200]
"""Of the first tick and those by hand: market 1 runs away and comes back."""


def trading_bot(stack: Stack, trader: Trader) -> str:
    """A running bot that ticks by hand; the next three ticks enter, add and close."""
    dataset = f"push-{trader.name}"
    stack.upload_candles(dataset, "GALA-USDT", made_candles(GALA, START))
    stack.upload_candles(dataset, "CHZ-USDT", made_candles([0.05] * len(GALA), START))
    account = trader.account(source="replay", dataset=dataset, pace="step", funding=False)
    start_time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START / 1000))
    bot_id = trader.bot(account, start_time=start_time, tick_interval_seconds=60, profit_ratio=0.3)
    trader.post(f"/bots/{bot_id}/start")
    trader.wait(bot_id, lambda bot: bot["last_tick_at"] is not None, 30)
    stack.take_schedule_away(bot_id)
    return bot_id


class Watcher:
    """A client that writes down when it heard what."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def of(cls, stack: Stack, trader: Trader) -> "Watcher":
        ticket = (await asyncio.to_thread(trader.post, "/ws/ticket"))["ticket"]
        return cls(await connect(f"{stack['ws_url']}?ticket={ticket}", open_timeout=60))

    async def ask(self, **request: Any) -> dict[str, Any]:
        """Send a frame and return the next message that is no news."""
        before = len(self.heard)
        await self.socket.send(json.dumps(request))
        await until(lambda: bool(self.answers(before)))
        return self.answers(before)[0]

    def answers(self, before: int) -> list[dict[str, Any]]:
        return [message for _, message in self.heard[before:] if "at" not in message]

    def news(self, type_: str) -> list[tuple[float, dict[str, Any]]]:
        return [each for each in self.heard if each[1]["type"] == type_]

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):
            async for frame in self.socket:
                self.heard.append((time.time(), json.loads(frame)))


async def until(what: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.02)


def connections(stack: Stack, topic: str) -> int:
    members = [item["member"]["S"] for item in stack.items("websocket-connections", "topic", topic)]
    return sum(member.startswith("connection#") for member in members)


def is_marked(stack: Stack, bot_id: str) -> bool:
    [state] = [i for i in stack.items("bots", "bot_id", bot_id) if i["kind"]["S"] == "STATE"]
    return "w" in state


async def fifty_watchers(stack: Stack, trader: Trader, bot_id: str) -> list[Watcher]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> Watcher:
        async with gate:
            watcher = await Watcher.of(stack, trader)
            answer = await watcher.ask(action="subscribe", bot_id=bot_id)
            assert (answer["type"], answer["bot_id"]) == ("subscribed", bot_id)
            return watcher

    return list(await asyncio.gather(*(one() for _ in range(WATCHERS))))


async def watched_trades(stack: Stack, trader: Trader, bot_id: str) -> None:
    watchers = await fifty_watchers(stack, trader, bot_id)
    results = []
    for orders in (2, 4, 6):
        results.append((await asyncio.to_thread(stack.tick, bot_id))["result"])
        await until(partial(all_have_heard, watchers, "order_update", orders))
        await until(partial(all_is_quiet, watchers))  # bots do not tick at once again
    assert results == ["traded"] * 3
    assert all_have_heard(watchers, "position_update", 6)
    check_latency(watchers)
    check_contents(watchers, trader, bot_id)
    await check_dead_connections(stack, watchers, bot_id)


def all_have_heard(watchers: list[Watcher], type_: str, count: int) -> bool:
    return all(len(watcher.news(type_)) == count for watcher in watchers)


def all_is_quiet(watchers: list[Watcher]) -> bool:
    return time.time() - max(watcher.heard[-1][0] for watcher in watchers) > QUIET_SECONDS


def check_latency(watchers: list[Watcher]) -> None:
    """Orders are stamped before they are written: what is measured is longer than what counts."""
    ages = sorted(
        heard_at - datetime.fromisoformat(order["updated_at"]).timestamp()
        for watcher in watchers
        for heard_at, order in watcher.news("order_update")
    )
    p95 = ages[int(len(ages) * 0.95)]
    assert p95 < 1.0, f"median {ages[len(ages) // 2]:.3f} s, 95 % within {p95:.3f} s"


def check_contents(watchers: list[Watcher], trader: Trader, bot_id: str) -> None:
    for watcher in watchers:
        numbers = sorted(m["seq"] for _, m in watcher.heard if "at" in m)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    heard = [watchers[0].news(kind)[-1][1] for kind in ("bot_update", "spread_update")]
    bot = trader.get(f"/bots/{bot_id}")
    assert heard[0]["current_cycle"] == bot["current_cycle"] == 1
    assert heard[1]["market1_price"] == bot["last_price1"]
    orders = {order["id"]: order for order in trader.all_of(f"/bots/{bot_id}/orders")}
    for _, order in watchers[0].news("order_update"):
        assert orders[order["id"]].items() <= order.items()
    assert {m["log_type"] for _, m in watchers[0].news("log")} >= {"trade"}


async def check_dead_connections(stack: Stack, watchers: list[Watcher], bot_id: str) -> None:
    assert connections(stack, f"bot#{bot_id}") == WATCHERS
    for watcher in watchers[:5]:
        watcher.socket.transport.abort()
    await asyncio.gather(*(watcher.socket.close() for watcher in watchers[5:]))
    await until(lambda: connections(stack, f"bot#{bot_id}") == 0)
    assert is_marked(stack, bot_id)
    await asyncio.to_thread(stack.tick, bot_id)
    await until(lambda: not is_marked(stack, bot_id))


def test_fifty_watchers_hear_of_every_order_within_a_second(stack: Stack, trader: Trader) -> None:
    asyncio.run(watched_trades(stack, trader, trading_bot(stack, trader)))


async def refusals(stack: Stack, trader: Trader, stranger: Trader, bot_id: str) -> None:
    ticket = trader.post("/ws/ticket")["ticket"]
    async with connect(f"{stack['ws_url']}?ticket={ticket}", open_timeout=60) as socket:
        await socket.send('{"action": "ping"}')
        assert json.loads(await socket.recv()) == {"type": "pong", "bot_ids": [], "topics": []}
        for query in (f"?ticket={ticket}", "?ticket=guessed", ""):
            with pytest.raises(InvalidStatus):
                await connect(f"{stack['ws_url']}{query}", open_timeout=60)
    other = await Watcher.of(stack, stranger)
    answer = await other.ask(action="subscribe", bot_id=bot_id)
    assert answer["code"] == "bot_not_found"
    assert connections(stack, f"bot#{bot_id}") == 0
    stranger.post("/auth/logout-everywhere", expect=204)
    assert (await other.ask(action="ping"))["code"] == "session_ended"
    await asyncio.wait_for(other.socket.wait_closed(), 10)


def test_strangers_used_tickets_and_ended_logins_hear_nothing(stack: Stack, trader: Trader) -> None:
    bot_id = trader.bot(trader.account())
    asyncio.run(refusals(stack, trader, Trader(stack), bot_id))
