"""How all bots are doing, against plain recomputations of the tables."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from functions.api.records import dashboard
from pairtrader.model.account import AccountMode
from pairtrader.model.bot import Status
from pairtrader.model.records import CycleRecord
from pairtrader.model.risk import day_begin, day_of
from pairtrader.views.texts import plain
from tests.fakes.api_world import NOW, ApiWorld, Caller
from tests.fakes.ledger_rows import cycle_row
from tests.fakes.traded_history import open_state, traded_cycles

D = Decimal
HOUR = 3_600_000
DAY = 24 * HOUR
MIDNIGHT = day_begin(day_of(NOW))


@pytest.fixture
def ada_id(ada: Caller) -> str:
    return str(ada("GET", "/users/me").json()["id"])


@pytest.fixture
def bot_id(ada: Caller) -> str:
    return ada.bot(ada.account())


def shown(ada: Caller, **query: Any) -> Any:
    answer = ada("GET", "/dashboard", params={"mode": "paper", **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def table(ada: Caller, **query: Any) -> list[dict[str, Any]]:
    """Every row of the table of cycles, as it is shown."""
    found: list[dict[str, Any]] = []
    asked = {"mode": "paper", "limit": 7, **query}
    while True:
        page = ada("GET", "/cycles", params=asked).json()
        found += page["items"]
        if page["cursor"] is None:
            return found
        asked["cursor"] = page["cursor"]


def add_up(rows: list[dict[str, Any]], name: str) -> str:
    return plain(sum((D(row[name]) for row in rows), D(0)))


def test_every_figure_is_the_sum_of_the_rows_in_the_table(
    world: ApiWorld, ada: Caller, ada_id: str, bot_id: str
) -> None:
    moments = [NOW - n * 7 * HOUR - 1 for n in range(40, -1, -1)]
    world.cycles.rows = traded_cycles(ada_id, bot_id, moments)
    assert len({row.reason for row in world.cycles.rows}) > 1
    assert any(row.net_pnl < 0 for row in world.cycles.rows)

    found = shown(ada, days=5)

    rows = table(ada)
    in_period = [row for row in rows if row["closed_at"] >= found["since"]]
    today = [row for row in rows if row["closed_at"] >= "2026-06-01T00:00:00.000Z"]
    assert found["since"] == "2026-05-28T00:00:00.000Z"
    for part, counted in (("all_time", rows), ("period", in_period), ("today", today)):
        figures = found[part]
        nets = [D(row["net_pnl"]) for row in counted]
        won, lost = sum(n for n in nets if n > 0), -sum(n for n in nets if n < 0)
        wins = sum(net > 0 for net in nets)
        assert figures["cycles"] == len(counted) > 1
        assert figures["net_pnl"] == add_up(counted, "net_pnl")
        assert figures["gross_pnl"] == add_up(counted, "realised")
        assert figures["fees"] == add_up(counted, "fees")
        assert figures["funding"] == add_up(counted, "funding")
        assert figures["invested"] == add_up(counted, "invested")
        assert figures["wins"] == wins
        assert figures["win_rate"]["basis"] == "cycles"
        assert figures["win_rate"]["percent"] == pytest.approx(100 * wins / len(counted))
        assert figures["profit_factor"] == (plain(won / lost) if lost else None)
        assert figures["expectancy"] == plain(sum(nets) / len(nets))
    assert len(found["days"]) == 5
    for day in found["days"]:
        of_day = [row for row in rows if row["closed_at"][:10] == day["day"]]
        assert (day["cycles"], day["net_pnl"]) == (len(of_day), add_up(of_day, "net_pnl"))
    assert plain(sum(D(day["net_pnl"]) for day in found["days"])) == found["period"]["net_pnl"]


def test_the_curve_ends_with_all_that_was_earned_and_what_is_open(
    world: ApiWorld, ada: Caller, ada_id: str, bot_id: str
) -> None:
    moments = [NOW - n * 7 * HOUR for n in range(30, -1, -1)]
    world.cycles.rows = traded_cycles(ada_id, bot_id, moments)
    state = open_state()
    world.bots.edit(
        bot_id,
        current_cycle=31,
        **{
            name: getattr(state, name)
            for name in ("cycle", "last_pnl", "last_price1", "last_price2", "last_tick_at")
        },
    )

    found = shown(ada, days=3)

    rows = table(ada)
    *closed, last = found["equity_curve"]
    days = [f"2026-0{each}T00:00:00.000Z" for each in ("5-30", "5-31", "6-01")]
    assert [point["at"] for point in closed] == [*days, "2026-06-01T12:00:00.000Z"]
    for point in closed[:-1]:
        before = [row for row in rows if row["closed_at"] < point["at"]]
        assert point["net_pnl"] == add_up(before, "net_pnl")
    assert closed[-1]["net_pnl"] == found["all_time"]["net_pnl"] == add_up(rows, "net_pnl")
    assert [point["with_open"] for point in closed] == [False] * 4
    assert state.cycle is not None
    assert state.last_pnl is not None
    assert last["with_open"] is True
    assert last["net_pnl"] == plain(D(closed[-1]["net_pnl"]) + state.last_pnl)

    first, second = state.cycle.legs
    price1, price2 = state.last_price1 or D(0), state.last_price2 or D(0)
    assert first.amount < 0 < second.amount
    opened = found["open"]
    assert opened["cycles"] == 1
    assert opened["market1_notional"] == plain(-first.amount * price1) == opened["short_notional"]
    assert opened["market2_notional"] == plain(second.amount * price2) == opened["long_notional"]
    assert opened["total_notional"] == plain(second.amount * price2 - first.amount * price1)
    assert opened["net_pnl"] == plain(state.last_pnl)
    (line,) = found["by_bot"]
    assert line["open_net_pnl"] == plain(state.last_pnl)
    assert line["totals"] == found["period"]


def test_a_day_is_shown_hour_by_hour(
    world: ApiWorld, ada: Caller, ada_id: str, bot_id: str
) -> None:
    world.cycles.rows = [
        cycle_row(ada_id, bot_id, 1, MIDNIGHT - 1, "5"),
        cycle_row(ada_id, bot_id, 2, MIDNIGHT, "1"),
        cycle_row(ada_id, bot_id, 3, NOW, "2"),
    ]
    found = shown(ada, days=1)
    curve = [(point["at"][11:16], point["net_pnl"]) for point in found["equity_curve"]]
    assert curve[:2] == [("00:00", "5"), ("01:00", "6")]
    assert curve[-3:] == [("11:00", "6"), ("12:00", "8"), ("12:00", "8")]
    assert len(curve) == 14
    assert found["period"] == found["today"]
    assert (found["all_time"]["net_pnl"], found["period"]["net_pnl"]) == ("8", "3")


def test_modes_are_never_mixed(world: ApiWorld, ada: Caller, ada_id: str, bot_id: str) -> None:
    live = AccountMode.LIVE
    world.cycles.rows = [
        cycle_row(ada_id, bot_id, 7, NOW, "1"),
        cycle_row(ada_id, bot_id, 8, NOW, "100", mode=live),
    ]
    world.open_cycle(bot_id)
    assert shown(ada)["all_time"]["net_pnl"] == "1"
    assert shown(ada)["open"]["cycles"] == 1
    of_live = ada("GET", "/dashboard").json()
    assert (of_live["mode"], of_live["all_time"]["net_pnl"]) == ("live", "100")
    assert (of_live["open"]["cycles"], of_live["bots"]["total"]) == (0, 0)


def test_others_are_not_counted(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    bob = world.user("bob")
    bob_id = str(bob("GET", "/users/me").json()["id"])
    world.cycles.rows = [cycle_row(bob_id, "bobs", 1, NOW, "7")]
    found = shown(ada)
    assert found["all_time"]["cycles"] == 0
    assert found["all_time"]["win_rate"] is found["all_time"]["profit_factor"] is None
    assert found["counted_since"] is None
    assert found["by_bot"] == found["by_pair"] == []
    assert {point["net_pnl"] for point in found["equity_curve"]} == {"0"}


def test_a_cycle_that_closes_meanwhile_is_counted_once(
    world: ApiWorld, ada: Caller, ada_id: str, bot_id: str
) -> None:
    world.open_cycle(bot_id)
    assert shown(ada)["open"]["cycles"] == 1
    number = world.bots.peek(bot_id).state.cycle_number
    world.cycles.rows = [cycle_row(ada_id, bot_id, number, NOW, "0.9")]
    found = shown(ada)
    assert (found["open"]["cycles"], found["open"]["net_pnl"]) == (0, "0")
    assert found["equity_curve"][-1]["net_pnl"] == "0.9"


def test_bots_are_counted_by_what_they_do(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    account = world.bots.peek(bot_id).config.settings.exchange_account_id
    statuses = (Status.RUNNING, Status.RUNNING, Status.ERROR)
    for status in statuses:
        world.bots.edit(ada.bot(account), status=status)
    assert shown(ada)["bots"] == {
        "total": 4,
        "running": 2,
        "paused": 0,
        "stopping": 0,
        "stopped": 1,
        "error": 1,
    }


def test_tables_by_bot_and_by_pair_make_up_the_period(
    world: ApiWorld, ada: Caller, ada_id: str, bot_id: str
) -> None:
    moments = [NOW - n * 5 * HOUR for n in range(20, -1, -1)]
    world.cycles.rows = [
        *traded_cycles(ada_id, bot_id, moments),
        *traded_cycles(ada_id, "gone", moments[3:9], market1_symbol="XXX-USDT", bot_name="old"),
    ]
    found = shown(ada, days=3)
    for name in ("by_bot", "by_pair"):
        lines = found[name]
        assert len(lines) == 2
        assert (
            plain(sum(D(line["totals"]["net_pnl"]) for line in lines))
            == (found["period"]["net_pnl"])
        )
        nets = [D(line["totals"]["net_pnl"]) for line in lines]
        assert nets == sorted(nets, reverse=True)
    names = {line["bot_id"]: (line["bot_name"], line["status"]) for line in found["by_bot"]}
    assert names == {bot_id: ("gala against chz", "stopped"), "gone": ("old", None)}


def test_too_many_cycles_are_said_to_be_too_many(
    world: ApiWorld, ada: Caller, ada_id: str, bot_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "MOST_CYCLES", 3)
    world.cycles.rows = [cycle_row(ada_id, bot_id, n, NOW - n * HOUR, "1") for n in range(3)]
    assert shown(ada)["truncated"] is False
    world.cycles.rows.append(cycle_row(ada_id, bot_id, 9, NOW - DAY, "100"))
    found = shown(ada)
    assert found["truncated"] is True
    assert found["all_time"]["net_pnl"] == "3"
    assert found["counted_since"] == "2026-06-01T10:00:00.000Z"


@pytest.mark.parametrize(
    "query", [{"days": 0}, {"days": 366}, {"days": "x"}, {"mode": "all"}, {"mode": "\x00"}]
)
def test_bad_questions_name_the_parameter(ada: Caller, query: dict[str, Any]) -> None:
    answer = ada("GET", "/dashboard", params=query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(query)


# Statistics of one bot


def stats(ada: Caller, bot_id: str, **query: Any) -> Any:
    answer = ada("GET", f"/bots/{bot_id}/stats", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_statistics_are_those_of_the_bots_table(
    world: ApiWorld, ada: Caller, ada_id: str, bot_id: str
) -> None:
    moments = [NOW - n * 7 * HOUR for n in range(25, -1, -1)]
    rows: list[CycleRecord] = traded_cycles(ada_id, bot_id, moments)
    still_open = replace(rows[0], cycle_number=99, closed_at=None, reason="")
    world.cycles.rows = [*rows, still_open, *traded_cycles(ada_id, "another", moments)]

    found = stats(ada, bot_id)

    listed = ada("GET", f"/bots/{bot_id}/cycles", params={"limit": 200}).json()["items"]
    listed = [row for row in listed if row["closed_at"]]
    nets = [D(row["net_pnl"]) for row in reversed(listed)]
    assert found["totals"]["cycles"] == len(rows) == len(listed)
    assert found["totals"]["net_pnl"] == plain(sum(nets))
    assert found["best"]["net_pnl"] == plain(max(nets))
    assert found["worst"]["net_pnl"] == plain(min(nets))
    held = [(row.closed_at or 0) - row.opened_at for row in rows]
    assert found["holding"]["longest_seconds"] == max(held) / 1000
    assert found["holding"]["time_in_market"]["basis"] == "span"
    level, peak, fall = D(0), D(0), D(0)
    for net in nets:
        level += net
        peak = max(peak, level)
        fall = max(fall, peak - level)
    drawdown = found["max_drawdown"]
    assert drawdown["amount"] == plain(fall)
    assert fall > 0
    largest = max(D(row["invested"]) for row in listed)
    assert drawdown["basis_amount"] == plain(largest)
    assert drawdown["relative"]["basis"] == "largest_invested"
    assert drawdown["relative"]["percent"] == pytest.approx(float(fall / largest * 100))
    counted = {each["reason"]: each["cycles"] for each in found["reasons"]}
    assert counted == {
        reason: sum(row["reason"] == reason for row in listed)
        for reason in {row["reason"] for row in listed}
    }
    assert sum(day["cycles"] for day in found["days"]) == len(rows)
    assert plain(sum(D(day["net_pnl"]) for day in found["days"])) == found["totals"]["net_pnl"]


def test_statistics_of_a_new_bot_are_empty(ada: Caller, bot_id: str) -> None:
    found = stats(ada, bot_id)
    assert found["totals"]["cycles"] == 0
    assert found["best"] is found["worst"] is found["holding"] is None
    assert found["max_drawdown"]["relative"] is None
    assert found["reasons"] == found["days"] == []


def test_a_bot_that_went_live_does_not_boast_with_its_paper_profits(
    world: ApiWorld, ada: Caller, ada_id: str, bot_id: str
) -> None:
    world.cycles.rows = [
        cycle_row(ada_id, bot_id, 1, NOW, "1"),
        cycle_row(ada_id, bot_id, 2, NOW, "-3", mode=AccountMode.LIVE),
    ]
    assert stats(ada, bot_id)["totals"]["net_pnl"] == "1"
    assert stats(ada, bot_id, mode="live")["totals"]["net_pnl"] == "-3"


def test_statistics_of_others_are_not_there(world: ApiWorld, ada: Caller, bot_id: str) -> None:
    bob = world.user("bob")
    for each in (bot_id, "nobody"):
        assert bob("GET", f"/bots/{each}/stats").status_code == 404
