"""Bots that trade by schedule, and ticks that come twice, late, or after the end."""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.e2e.conftest import Stack, Trader, made_candles

START = 1_746_835_200_000
START_TIME = "2025-05-10T00:00:00Z"
FLAT, WIDE = 0.0241, 0.0246
"""Prices of GALA: no spread, and 2 points of it."""


@pytest.fixture(scope="module", autouse=True)
def scheduled_bots(stack: Stack) -> tuple[Trader, list[str]]:
    """Bots on markets of their own; they trade by schedule while the other tests run.

    When a market gives a reason to trade is chance: of four, one does so in good time.
    """
    trader = Trader(stack)
    now = time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime())
    bots = []
    for seed in range(1, 5):
        account = trader.account(seed=seed, funding=False)
        bots.append(trader.bot(account, start_time=now, profit_ratio=0.2))
        trader.post(f"/bots/{bots[-1]}/start")
    return trader, bots


def replayed(trader: Trader, name: str, gala: list[float]) -> str:
    """An account whose GALA takes these closes, one a tick; CHZ stands still."""
    trader.stack.upload_candles(name, "GALA-USDT", made_candles(gala, START))
    trader.stack.upload_candles(name, "CHZ-USDT", made_candles([0.08] * len(gala), START))
    return trader.account(source="replay", dataset=name, pace="step", funding=False, slippage="0")


def started(trader: Trader, account: str, **changes: object) -> str:
    """A bot that has made its first tick and has no schedule any more."""
    bot_id = trader.bot(account, start_time=START_TIME, tick_interval_seconds=60, **changes)
    trader.post(f"/bots/{bot_id}/start")
    trader.wait(bot_id, lambda bot: bot["last_tick_at"] is not None, 30)
    trader.stack.take_schedule_away(bot_id)
    return bot_id


def books(trader: Trader, bot_id: str) -> dict[str, Decimal]:
    """Signed base coins by symbol, from the bot's books."""
    position = trader.get(f"/bots/{bot_id}")["position"]
    if position is None:
        return {}
    signs = {"long": 1, "short": -1, "flat": 0}
    return {leg["symbol"]: signs[leg["side"]] * Decimal(leg["amount"]) for leg in position["legs"]}


def test_twenty_equal_ticks_at_once_leave_one_set_of_orders(
    stack: Stack, trader: Trader, pool: ThreadPoolExecutor
) -> None:
    account = replayed(trader, f"storm-{trader.name}", [FLAT, FLAT] + [WIDE] * 60)
    bot_id = started(trader, account)
    stack.tick(bot_id)
    stack.warm_up(pool, 20)
    stack.set_last_slot(bot_id, 0)
    event = {"generation": 1, "scheduled_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}

    reports = list(pool.map(lambda _: stack.tick(bot_id, **event), range(20)))

    assert sorted({report["result"] for report in reports}) == ["dropped", "traded"]
    assert [report["result"] for report in reports].count("traded") == 1
    assert len(trader.exchange_orders(account)) == 2
    assert books(trader, bot_id) == trader.exchange_positions(account) != {}


def test_stopped_and_started_again_within_a_second(stack: Stack, trader: Trader) -> None:
    account = replayed(trader, f"again-{trader.name}", [FLAT] * 200)
    bot_id = trader.bot(account, start_time=START_TIME)

    for _ in range(3):
        trader.post(f"/bots/{bot_id}/start")
        trader.post(f"/bots/{bot_id}/stop")
    trader.post(f"/bots/{bot_id}/start")

    bot = trader.get(f"/bots/{bot_id}")
    assert bot["status"] == "running"
    assert stack.schedules(bot_id) == [f"{bot_id}-{bot['generation']}"]
    old = stack.tick(bot_id, generation=bot["generation"] - 1)
    assert (old["result"], old["reason"]) == ("dropped", "other_generation")

    trader.post(f"/bots/{bot_id}/stop")
    assert stack.schedules(bot_id) == []


def test_stopped_while_a_tick_runs(stack: Stack, trader: Trader, pool: ThreadPoolExecutor) -> None:
    account = replayed(trader, f"stop-{trader.name}", [FLAT, FLAT] + [WIDE] * 60)
    bot_id = started(trader, account)
    stack.tick(bot_id)

    ticking = pool.submit(stack.tick, bot_id)
    trader.request("POST", f"/bots/{bot_id}/stop", params={"position": "close"})
    ticking.result()

    trader.wait(bot_id, lambda bot: bot["status"] == "stopped" or stack.tick(bot_id) is None, 60)
    assert trader.exchange_positions(account) == books(trader, bot_id) == {}
    assert len(trader.exchange_orders(account)) in (0, 4)
    assert stack.schedules(bot_id) == []


def test_deleted_while_messages_are_queued(stack: Stack, trader: Trader) -> None:
    account = replayed(trader, f"gone-{trader.name}", [FLAT] * 200)
    bot_id = trader.bot(account, start_time=START_TIME)
    trader.post(f"/bots/{bot_id}/start")
    trader.wait(bot_id, lambda bot: bot["last_tick_at"] is not None, 30)
    trader.post(f"/bots/{bot_id}/stop")

    trader.delete(f"/bots/{bot_id}", expect=204)

    trader.get(f"/bots/{bot_id}", expect=404)
    report = stack.tick(bot_id)
    assert (report["result"], report["reason"]) == ("dropped", "deleted")
    assert stack.schedules(bot_id) == []
    assert trader.exchange_orders(account) == []


def test_stopping_an_open_position_needs_a_choice(stack: Stack, trader: Trader) -> None:
    account = replayed(trader, f"choice-{trader.name}", [FLAT, FLAT] + [WIDE] * 60)
    bot_id = started(trader, account)
    stack.tick(bot_id)
    stack.tick(bot_id)
    held = trader.exchange_positions(account)
    assert len(held) == 2

    refused = trader.post(f"/bots/{bot_id}/stop", expect=409)
    trader.post(f"/bots/{bot_id}/stop", json={"position": "leave"}, expect=202)
    trader.wait(bot_id, lambda bot: bot["status"] == "stopped", 30)

    assert refused["code"] == "position_required"
    assert trader.exchange_positions(account) == held
    assert trader.get(f"/bots/{bot_id}/cycles")["items"][0]["reason"] == "handed_over"


def test_close_now_closes_and_pauses(stack: Stack, trader: Trader) -> None:
    account = replayed(trader, f"close-{trader.name}", [FLAT, FLAT] + [WIDE] * 60)
    bot_id = started(trader, account)
    stack.tick(bot_id)
    stack.tick(bot_id)

    trader.post(f"/bots/{bot_id}/close", expect=202)
    bot = trader.wait(bot_id, lambda each: each["status"] == "paused", 30)

    assert trader.exchange_positions(account) == {}
    assert bot["current_cycle"] == 1
    assert trader.get(f"/bots/{bot_id}/cycles")["items"][0]["reason"] == "user"


def test_the_functions_roles_forbid_what_they_need_not(stack: Stack) -> None:
    """The emulator enforces the policies: the API can't read exchange keys."""
    policy = stack.aws("iam")
    role = stack.aws("lambda").get_function(FunctionName=stack["functions"]["api"])
    name = role["Configuration"]["Role"].rsplit("/", 1)[-1]
    allowed = policy.simulate_principal_policy(
        PolicySourceArn=role["Configuration"]["Role"],
        ActionNames=["secretsmanager:GetSecretValue"],
        ResourceArns=[f"arn:aws:secretsmanager:{stack['region']}:000000000000:secret:x"],
    )
    assert name
    assert allowed["EvaluationResults"][0]["EvalDecision"] != "allowed"


def test_zz_a_scheduled_bot_has_completed_a_cycle(
    scheduled_bots: tuple[Trader, list[str]],
) -> None:
    """Last in the file: the bots have been trading by schedule all the while."""
    trader, bots = scheduled_bots

    def has_closed(_: object) -> bool:
        return any(trader.get(f"/bots/{bot_id}")["current_cycle"] for bot_id in bots)

    trader.wait(bots[0], has_closed, 240)

    states = [trader.get(f"/bots/{bot_id}") for bot_id in bots]
    bot = next(state for state in states if state["current_cycle"])
    cycle = trader.all_of(f"/bots/{bot['id']}/cycles")[-1]
    orders = [o for o in trader.all_of(f"/bots/{bot['id']}/orders") if o["cycle_number"] == 1]
    assert {state["status"] for state in states} == {"running"}
    assert cycle["reason"] in ("take_profit", "stop_loss")
    assert {o["side"] for o in orders if o["purpose"] == "entry"} == {"buy", "sell"}
    assert {o["side"] for o in orders if o["purpose"] == "close"} == {"buy", "sell"}
    assert bot["current_cycle"] > 1 or Decimal(cycle["net_pnl"]) == Decimal(bot["total_profit"])
    assert trader.get(f"/bots/{bot['id']}/spread-history")["items"]
