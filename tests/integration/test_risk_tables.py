"""Limits, days and fuses on the risk table."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from pynamodb.models import Model

from pairtrader.model.account import AccountMode, ExchangeName
from pairtrader.model.bot import Bot, BotConfig, BotState
from pairtrader.model.cycle import Cycle, Leg
from pairtrader.model.records import CycleRecord, Records, SpreadPoint
from pairtrader.model.risk import DayResult, Limits, RecentEntries, day_of
from pairtrader.storage.bot_items import BotItem
from pairtrader.storage.bots import BotRepository, Guard
from pairtrader.storage.cycles import CycleItem
from pairtrader.storage.errors import Superseded
from pairtrader.storage.risk import (
    LIMITS,
    STACK,
    RiskItem,
    RiskRepository,
    RiskUnknown,
    bot_owner,
    user_owner,
)
from pairtrader.trading.risk import LimitGate
from tests.fakes.trading_desk import USER, TradingDesk

TABLES: tuple[type[Model], ...] = (BotItem, CycleItem, RiskItem)
NOW = round(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
TODAY = "2026-11-24"
RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"


@pytest.fixture(scope="module")
def tables(aws: str) -> str:
    for table in TABLES:
        if not table.exists():
            table.create_table(wait=False)
    return aws


@pytest.fixture(autouse=True)
def _clean(tables: str) -> Iterator[None]:
    yield
    dynamodb = boto3.client("dynamodb")
    for table in TABLES:
        # Not by the models: some tests leave items that those can't read.
        for item in dynamodb.scan(TableName=table.Meta.table_name)["Items"]:
            keys = {each["AttributeName"] for each in table._get_schema()["key_schema"]}
            key = {name: item[name] for name in keys}
            dynamodb.delete_item(TableName=table.Meta.table_name, Key=key)


@pytest.fixture
def bots() -> BotRepository:
    return BotRepository()


def new_bot(
    bots: BotRepository, bot_id: str, mode: AccountMode = AccountMode.LIVE, user_id: str = USER
) -> Bot:
    config = replace(
        TradingDesk().bot.config,
        bot_id=bot_id,
        user_id=user_id,
        mode=mode,
        exchange_name=ExchangeName.OKX,
    )
    bots.create(config, BotState(bot_id))
    return Bot(config, BotState(bot_id))


def opened(bots: BotRepository, bot: Bot, pnl: str, looked_at: int = NOW) -> BotState:
    point = SpreadPoint(looked_at, Decimal(1), Decimal(1), 0.0)
    cycle = Cycle(1, level=1, legs=(Leg(Decimal(-1)), Leg(Decimal(1))))
    wanted = replace(bot.state, cycle=cycle, last_pnl=Decimal(pnl), points=(point,))
    return bots.change(bot.state, wanted, Guard.REVISION)


def row(config: BotConfig, net_pnl: Decimal, number: int, closed_at: int | None) -> CycleRecord:
    return CycleRecord(
        bot_id=config.bot_id, user_id=config.user_id, cycle_number=number, direction=1, levels=1,
        first_spread=1.0, last_spread=1.0, close_spread=0.0, invested=Decimal(200),
        realised=Decimal(0), fees=Decimal(0), funding=Decimal(0), net_pnl=net_pnl,
        reason="stop_loss", opened_at=0, closed_at=closed_at, mode=config.mode,
    )  # fmt: skip


def close(
    bots: BotRepository, config: BotConfig, net_pnl: Decimal | str, closed_at: int = NOW
) -> None:
    """Close a cycle as a tick does: the state, the row and the day at once."""
    state = stored(bots, config.bot_id)
    done = replace(state, cycle=None, last_pnl=None, current_cycle=state.current_cycle + 1)
    closed = row(config, Decimal(net_pnl), done.current_cycle, closed_at)
    bots.commit(state, done, Guard.REVISION, records=Records(cycles=(closed,)))


def stored(bots: BotRepository, bot_id: str) -> BotState:
    bot = bots.load(bot_id)
    assert bot is not None
    return bot.state


def refusal(bot: Bot, now: int = NOW) -> str:
    return LimitGate(RiskRepository()).refusal(bot.config, bot.state, now)


def limit(amount: str) -> None:
    RiskRepository().change_limits(user_owner(USER), {"daily_loss_limit": Decimal(amount)})


def put(item: dict[str, Any]) -> None:
    boto3.client("dynamodb").put_item(TableName=RiskItem.Meta.table_name, Item=item)


def test_cycles_closed_at_the_same_time_sum_exactly(bots: BotRepository) -> None:
    results = {
        "one": [Decimal("0.1"), Decimal("-1234567.000000000001"), Decimal("1e-12"), Decimal(7)],
        "two": [Decimal("0.2"), Decimal("99999999.999999999999"), Decimal("-0.3"), Decimal("-7")],
    }

    def trade(name: str) -> None:
        config = new_bot(bots, name).config
        for result in results[name]:
            while True:
                try:
                    close(bots, config, result)
                except Superseded:
                    continue
                break

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(trade, results))

    expected = sum((each for group in results.values() for each in group), Decimal(0))
    assert expected == Decimal("98765432.999999999999")
    assert RiskRepository().day(USER, TODAY) == DayResult(TODAY, {AccountMode.LIVE: expected}, 8)


def test_many_bots_closing_at_once_all_count(bots: BotRepository) -> None:
    made = [new_bot(bots, f"bot{n:02}").config for n in range(12)]

    def close_one(config: BotConfig) -> None:
        while True:
            try:
                close(bots, config, "-0.1")
            except Superseded:
                continue
            return

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(close_one, made))

    assert RiskRepository().day(USER, TODAY).of(AccountMode.LIVE) == Decimal("-1.2")


def test_endless_fractions_are_summed_to_twelve_places(bots: BotRepository) -> None:
    config = new_bot(bots, "thirds").config
    for _ in range(3):
        close(bots, config, Decimal(100_000) / 3)
    close(bots, config, Decimal(-1) / 10**20)
    total = RiskRepository().day(USER, TODAY).of(AccountMode.LIVE)
    assert total == Decimal("99999.999999999999")


def test_a_close_that_is_not_carried_out_is_not_counted(bots: BotRepository) -> None:
    bot = new_bot(bots, "late")
    closed = Records(cycles=(row(bot.config, Decimal(-5), 1, NOW),))
    done = replace(bot.state, current_cycle=1)
    bots.commit(bot.state, done, Guard.REVISION, records=closed)

    with pytest.raises(Superseded):
        bots.commit(bot.state, done, Guard.REVISION, records=closed)

    assert RiskRepository().day(USER, TODAY) == DayResult(TODAY, {AccountMode.LIVE: Decimal(-5)}, 1)


def test_a_cycle_that_goes_on_is_not_counted(bots: BotRepository) -> None:
    bot = new_bot(bots, "open")
    going_on = Records(cycles=(row(bot.config, Decimal(-5), 1, None),))
    bots.commit(bot.state, bot.state, Guard.REVISION, records=going_on)
    assert RiskRepository().day(USER, TODAY) == DayResult(TODAY)


def test_a_day_ages_out_after_forty_days(bots: BotRepository) -> None:
    close(bots, new_bot(bots, "any").config, "-5")
    [day] = RiskItem.query(user_owner(USER))
    assert day.kind == f"DAY#{TODAY}"
    assert datetime.fromtimestamp(day.expires_at, UTC) == datetime(2027, 1, 3, tzinfo=UTC)


def test_modes_and_users_are_counted_apart(bots: BotRepository) -> None:
    for name, mode, user in (
        ("live", AccountMode.LIVE, USER),
        ("sandbox", AccountMode.SANDBOX, USER),
        ("paper", AccountMode.PAPER, USER),
        ("theirs", AccountMode.LIVE, "somebody"),
    ):
        close(bots, new_bot(bots, name, mode, user).config, str(-len(name)))
    assert RiskRepository().day(USER, TODAY).realised == {
        AccountMode.LIVE: Decimal(-4),
        AccountMode.SANDBOX: Decimal(-7),
        AccountMode.PAPER: Decimal(-5),
    }


def test_the_gate_shuts_when_the_limit_is_reached_and_opens_with_the_next_day(
    bots: BotRepository,
) -> None:
    asking, other = new_bot(bots, "asking"), new_bot(bots, "other")
    limit("100")
    close(bots, other.config, "-60.5")
    assert refusal(asking) == ""

    state = stored(bots, "other")
    opened(bots, Bot(other.config, state), "-39.5")
    assert refusal(asking) == "daily_loss_limit"

    opened(bots, Bot(other.config, stored(bots, "other")), "-39.49")
    assert refusal(asking) == ""
    close(bots, other.config, "-39.5")
    assert refusal(asking) == "daily_loss_limit"
    assert refusal(asking, NOW + 86_400_000) == ""

    limit("100.01")
    assert refusal(asking) == ""


def test_a_position_not_looked_at_refuses_only_where_a_limit_is_set(bots: BotRepository) -> None:
    asking, silent = new_bot(bots, "asking"), new_bot(bots, "silent")
    opened(bots, silent, "5", looked_at=NOW - 3_600_000)
    assert refusal(asking) == ""
    limit("100")
    assert refusal(asking) == "risk_unknown"


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        (user_owner(USER), "user_halted"),
        (bot_owner("asking"), "bot_halted"),
        (user_owner("somebody"), ""),
        (bot_owner("another"), ""),
    ],
)
def test_switches_hold_what_they_are_for(bots: BotRepository, owner: str, code: str) -> None:
    asking, risk = new_bot(bots, "asking"), RiskRepository()
    risk.change_limits(owner, {"halted": True, "halted_reason": "why"})
    assert refusal(asking) == code
    risk.change_limits(owner, {"halted": False, "halted_reason": ""})
    assert refusal(asking) == ""


def test_limits_are_changed_one_by_one() -> None:
    risk, owner = RiskRepository(), user_owner(USER)

    def shown() -> Limits:
        return risk.read(USER, None, TODAY).user

    assert shown() == Limits()
    risk.change_limits(owner, {"daily_loss_limit": Decimal("250.75")})
    risk.change_limits(owner, {"halted": True, "halted_reason": "why"})
    risk.change_limits(owner, {})
    assert shown() == Limits(True, "why", Decimal("250.75"))
    risk.change_limits(owner, {"halted_reason": "", "daily_loss_limit": None})
    assert shown() == Limits(True)


def runbook(command: str, option: str) -> dict[str, Any]:
    """What the runbook tells operators to type after `option`."""
    [line] = [line for line in RUNBOOK.read_text().splitlines() if f"dynamodb {command} " in line]
    assert "--table-name pairtrader-prod-risk " in line
    found = re.search(rf"{option} '([^']+)'", line)
    assert found is not None
    return dict(json.loads(found[1]))


def test_the_operator_s_line_stops_the_stack_until_the_api_frees_it(bots: BotRepository) -> None:
    asking = new_bot(bots, "asking")
    put(runbook("put-item", "--item"))
    assert refusal(asking) == "stack_halted"
    assert RiskRepository().read(USER, None, TODAY).stack == Limits(True, "exchange incident")

    RiskRepository().change_limits(STACK, {"halted": False, "halted_reason": ""})
    assert refusal(asking) == ""


@pytest.mark.parametrize(
    "attributes",
    [{"halted": {"S": "true"}}, {"halted": {"N": "1"}}, {"daily_loss_limit": {"S": "100"}}],
)
def test_limits_that_can_not_be_understood_refuse(
    bots: BotRepository, attributes: dict[str, Any]
) -> None:
    asking = new_bot(bots, "asking")
    put({"owner": {"S": STACK}, "kind": {"S": LIMITS}, **attributes})
    assert refusal(asking) == "risk_unknown"


def test_a_table_out_of_reach_refuses(
    bots: BotRepository, tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = new_bot(bots, "asking")
    assert refusal(asking) == ""
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        patch.setattr(RiskItem, "_connection", None)
        assert refusal(asking) == "risk_unknown"
        with pytest.raises(RiskUnknown):
            RiskRepository().change_limits(user_owner(USER), {"halted": True})
    assert refusal(asking) == ""


def test_positions_out_of_reach_refuse_where_a_limit_is_set(
    bots: BotRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = new_bot(bots, "asking")
    limit("100")
    assert refusal(asking) == ""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(BotItem.Meta, "max_retry_attempts", 0)
    for model in BotItem.__subclasses__():
        monkeypatch.setattr(model, "_connection", None)
    assert refusal(asking) == "risk_unknown"


def entered(bots: BotRepository, bot: Bot) -> Bot:
    """The bot after the orders of an entry were written."""
    state = bots.change(
        bot.state, replace(bot.state, order_rounds=bot.state.order_rounds + 1), Guard.REVISION
    )
    return replace(bot, state=state)


def test_the_fuse_outlives_processes_and_cools_down(bots: BotRepository) -> None:
    asking = new_bot(bots, "asking")
    for n in range(12):
        assert refusal(asking, NOW + n) == ""
        asking = entered(bots, asking)
    assert [refusal(asking, NOW + n) for n in (12, 59_999)] == ["order_rate"] * 2
    assert [refusal(asking, NOW + n) for n in (60_000, 60_001)] == ["", ""]

    assert RiskRepository().read(USER, "asking", TODAY).entries == RecentEntries(
        (*(NOW + n for n in range(12)), NOW + 60_001), "1.12"
    )


def test_of_entries_noted_at_once_only_one_is_let_through(bots: BotRepository) -> None:
    risk, none = RiskRepository(), RecentEntries()
    first, second = none.with_entry("1.0", NOW), none.with_entry("1.0", NOW + 1)
    risk.note_entry("asking", none, first)

    for before in (none, second):
        with pytest.raises(RiskUnknown):
            risk.note_entry("asking", before, before.with_entry("1.1", NOW + 2))

    assert risk.read(USER, "asking", TODAY).entries == first
    risk.note_entry("asking", first, first.with_entry("1.1", NOW + 3))
    assert risk.read(USER, "asking", TODAY).entries == RecentEntries((NOW, NOW + 3), "1.1")


def test_an_hour_of_entries_stays_a_small_item(bots: BotRepository) -> None:
    risk, entries = RiskRepository(), RecentEntries()
    for n in range(61):
        after = entries.with_entry(f"1.{n}", NOW + n)
        risk.note_entry("busy", entries, after)
        entries = after
    [item] = RiskItem.query(bot_owner("busy"))
    assert item.entries == RecentEntries(tuple(NOW + n for n in range(1, 61)), "1.60")
    assert len(json.dumps(item.serialize())) < 1_024


def test_a_judgement_is_one_read_and_one_note(
    bots: BotRepository, count_requests: Callable[[], dict[str, int]]
) -> None:
    asking = new_bot(bots, "asking")
    refusal(asking)
    before = count_requests()
    refusal(asking)
    after = count_requests()
    asked = {name: after[name] - before.get(name, 0) for name in after}
    assert {name: n for name, n in asked.items() if n} == {"BatchGetItem": 1, "UpdateItem": 1}


@pytest.fixture
def count_requests(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, int]]:
    from botocore.client import BaseClient  # noqa: PLC0415

    counted: dict[str, int] = {}
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counting(client: Any, operation: str, arguments: Any) -> Any:
        counted[operation] = counted.get(operation, 0) + 1
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", counting)
    return lambda: dict(counted)


def test_the_day_of_a_cycle_is_that_of_its_close(bots: BotRepository) -> None:
    config = new_bot(bots, "nightly").config
    midnight = round(datetime(2026, 11, 25, tzinfo=UTC).timestamp() * 1000)
    for result, closed_at in (("-1", midnight - 1), ("-2", midnight)):
        close(bots, config, result, closed_at)
    days = {day_of(at): RiskRepository().day(USER, day_of(at)) for at in (NOW, midnight)}
    assert {day: result.of(AccountMode.LIVE) for day, result in days.items()} == {
        "2026-11-24": Decimal(-1),
        "2026-11-25": Decimal(-2),
    }
