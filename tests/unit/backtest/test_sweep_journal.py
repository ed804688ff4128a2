import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pairtrader.backtest.series import FundingRates, PairSeries
from pairtrader.backtest.sweep.journal import (
    BadJournal,
    Journal,
    digest_of_config,
    digest_of_data,
)
from pairtrader.backtest.sweep.runs import Answer, Failure, Window
from tests.unit.backtest.sweeps import series, task

HEAD: dict[str, Any] = {"data": "d", "config": "c", "figures": "daily"}


def test_what_is_written_is_known_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "sweep.jsonl"
    done = Answer(task(0), {"net_pnl": 1.25, "sharpe": None})
    refused = Answer(task(1), None, Failure.REFUSED, "no bar at the start")
    with Journal(path, **HEAD) as journal:
        journal.add([done, refused])
        assert journal.known(task(2)) is None
    with Journal(path, **HEAD) as journal:
        assert len(journal) == 2
        assert journal.known(task(0)) == done
        assert journal.known(task(1)) == refused
        assert journal.known(task(0, Window(0, 10))) is None
        assert journal.known(task(0, profit_ratio=1.5)) is None


def test_the_number_of_a_run_is_not_what_it_is_known_by(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", **HEAD) as journal:
        journal.add([Answer(task(0, profit_ratio=2, leverage=3), {"net_pnl": 1.0})])
        found = journal.known(task(7, leverage=3, profit_ratio=2))
    assert found is not None
    assert found.task.number == 7


def test_what_could_go_otherwise_the_next_time_is_not_kept(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", **HEAD) as journal:
        journal.add([Answer(task(0), None, Failure.DIED, "SIGKILL")])
        journal.add([Answer(task(1), None, Failure.INVALID, "leverage")])
        assert len(journal) == 0


@pytest.mark.parametrize("torn", ['{"key":"x","met', '{"key":"x","metrics":{}}'])
def test_a_torn_last_line_is_done_again(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "j"
    with Journal(path, **HEAD) as journal:
        journal.add([Answer(task(0), {"net_pnl": 1.0})])
    whole = path.read_bytes()
    path.write_bytes(whole + torn.encode())
    with Journal(path, **HEAD) as journal:
        assert len(journal) == 1
        journal.add([Answer(task(1), {"net_pnl": 2.0})])
    assert path.read_bytes().startswith(whole)
    assert [json.loads(line) for line in path.read_text().splitlines()][-1]["metrics"]


def test_a_torn_first_line_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_bytes(b'{"journal":"pairtr')
    with Journal(path, **HEAD) as journal:
        assert len(journal) == 0
    with Journal(path, **HEAD):
        pass


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("data", "the candles or the period have changed"),
        ("config", "the configuration has changed"),
        ("figures", "other figures"),
    ],
)
def test_a_journal_of_something_else_is_refused_and_left_alone(
    tmp_path: Path, field: str, text: str
) -> None:
    path = tmp_path / "j"
    with Journal(path, **HEAD) as journal:
        journal.add([Answer(task(0), {"net_pnl": 1.0})])
    before = path.read_bytes()
    with pytest.raises(BadJournal, match=text):
        Journal(path, **{**HEAD, field: "other"})
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ['{"leverage": 1}', "a,b\n1,2\n3,", '{"journal":"x"}\n', "\n"])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bot.json"
    path.write_text(content)
    with pytest.raises(BadJournal, match="is no journal of a sweep"):
        Journal(path, **HEAD)
    assert path.read_text() == content


def test_a_line_within_that_is_no_run_is_named(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, **HEAD) as journal:
        journal.add([Answer(task(0), {"net_pnl": 1.0})])
    path.write_text(path.read_text() + "nonsense\n")
    with pytest.raises(BadJournal, match="line 3: is no run"):
        Journal(path, **HEAD)


def test_two_sweeps_dont_write_to_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, **HEAD), pytest.raises(BadJournal, match="another sweep is writing"):
        Journal(path, **HEAD)
    with Journal(path, **HEAD):
        pass


def _other_close(prices: PairSeries) -> None:
    prices.market2.close[7] += 1e-9


def _other_time(prices: PairSeries) -> None:
    prices.times[-1] += 1


@pytest.mark.parametrize("change", [_other_close, _other_time])
def test_the_digest_of_data_changes_with_any_of_it(change: Any) -> None:
    one, other = series(), series()
    assert digest_of_data(one) == digest_of_data(other)
    change(other)
    assert digest_of_data(one) != digest_of_data(other)


def test_the_digest_of_data_knows_rates() -> None:
    plain = series()
    rates = FundingRates(np.array([60_000], dtype=np.int64), np.array([0.0001]))
    paid = PairSeries(plain.times, plain.timeframe_ms, plain.market1, plain.market2, rates, rates)
    assert digest_of_data(plain) != digest_of_data(paid)


def test_the_digest_of_a_configuration_does_not_depend_on_the_order_of_fields() -> None:
    assert digest_of_config({"a": 1, "b": [2]}) == digest_of_config({"b": [2], "a": 1})
    assert digest_of_config({"a": 1}) != digest_of_config({"a": 2})
