"""Downloads page by page: what was fetched is kept, and nothing is asked for twice."""

import asyncio
import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pairtrader.history.candles import read_candles
from pairtrader.history.download import Kind, Outcome, Row, candles, download, funding
from pairtrader.history.errors import BadData
from pairtrader.history.funding import read_funding
from pairtrader.history.journal import Span, journal_of
from tests.fakes.candle_text import MINUTE, START, lines, row, write

PAGE = 10
MINUTES = candles(MINUTE)


def at(minute: int) -> int:
    return START + minute * MINUTE


def span(since: int, until: int) -> Span:
    return Span(at(since), at(until))


class Killed(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Answer:
    rows: Sequence[Row]
    until: int


@dataclass
class FakePast:
    """An exchange that has a candle every minute but for those it lacks."""

    lacks: frozenset[int] = frozenset()
    asked: list[int] = field(default_factory=list)
    """Minutes that pages were asked for from."""
    dies_at: int | None = None
    """The question on which the process is killed."""
    doubles: bool = False
    """Whether pages overlap, and come with rows that were not asked for."""

    async def fetch(self, since: int) -> Answer:
        minute = (since - START) // MINUTE
        if len(self.asked) == self.dies_at:
            raise Killed
        self.asked.append(minute)
        first = minute - 3 if self.doubles else minute
        rows = [self.candle(n) for n in range(first, minute + PAGE) if n not in self.lacks]
        return Answer(rows, at(minute + PAGE))

    @staticmethod
    def candle(minute: int) -> Row:
        return at(minute), ("1.50", "2", "1.25", f"1.{50 + minute % 50}", "12")


def run(
    path: Path, past: FakePast, wanted: Span, kind: Kind = MINUTES, origin: str = "fake"
) -> Outcome:
    return asyncio.run(download(path, kind, wanted, past.fetch, origin=origin))


def minutes(path: Path) -> list[int]:
    return [(time - START) // MINUTE for time in read_candles(path).times.tolist()]


def folder_of(path: Path) -> set[str]:
    return {found.name for found in path.parent.iterdir()}


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet"])
def test_all_pages_make_one_file(tmp_path: Path, name: str) -> None:
    path, past = tmp_path / name, FakePast()
    done = run(path, past, span(0, 35))
    assert (done.rows, done.was_there) == (35, False)
    assert past.asked == [0, 10, 20, 30]
    assert minutes(path) == list(range(35))
    assert read_candles(path).prices[3].tolist() == [(150 + n) / 100 for n in range(35)]
    assert folder_of(path) == {name, f".{name}.journal"}


def test_prices_are_kept_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    run(path, FakePast(), span(0, 2))
    with gzip.open(path, "rt") as file:
        assert file.read() == (
            "timestamp,open,high,low,close,volume\n"
            f"{at(0)},1.50,2,1.25,1.50,12\n{at(1)},1.50,2,1.25,1.51,12\n"
        )


def test_the_same_data_make_the_same_file(tmp_path: Path) -> None:
    one, two = tmp_path / "1.csv.gz", tmp_path / "2.csv.gz"
    for path in (one, two):
        run(path, FakePast(), span(0, 35))
    assert one.read_bytes() == two.read_bytes()


def test_pages_that_overlap_give_each_bar_once(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    run(path, FakePast(doubles=True), span(0, 35))
    assert minutes(path) == list(range(35))


def test_bars_that_the_exchange_lacks_are_no_end(tmp_path: Path) -> None:
    path, past = tmp_path / "x.csv", FakePast(frozenset([*range(5, 33), 36]))
    run(path, past, span(0, 40))
    assert minutes(path) == [*range(5), 33, 34, 35, 37, 38, 39]
    assert past.asked == [0, 10, 20, 30]


def test_a_page_that_leads_nowhere_is_not_asked_for_again(tmp_path: Path) -> None:
    asked: list[int] = []

    async def fetch(since: int) -> Answer:
        asked.append(since)
        return Answer([FakePast.candle((since - START) // MINUTE)], since)

    path = tmp_path / "x.csv"
    asyncio.run(download(path, MINUTES, span(0, 3), fetch, origin="fake"))
    assert asked == [at(0), at(1), at(2)]
    assert minutes(path) == [0, 1, 2]


@pytest.mark.parametrize("dies_at", range(4))
def test_a_killed_download_goes_on_where_it_was(tmp_path: Path, dies_at: int) -> None:
    path, past = tmp_path / "x.csv.gz", FakePast(dies_at=dies_at)
    with pytest.raises(Killed):
        run(path, past, span(0, 35))
    assert not path.exists()
    past.dies_at = None
    run(path, past, span(0, 35))
    assert past.asked == [0, 10, 20, 30]
    assert minutes(path) == list(range(35))


def test_half_a_row_that_was_being_written_is_cut_off(tmp_path: Path) -> None:
    path, past = tmp_path / "x.csv", FakePast(dies_at=2)
    with pytest.raises(Killed):
        run(path, past, span(0, 35))
    with (tmp_path / "x.csv.part").open("a") as file:
        file.write(f"{at(20)},1.5,2,1.")
    past.dies_at = None
    run(path, past, span(0, 35))
    assert past.asked == [0, 10, 20, 30]
    assert minutes(path) == list(range(35))


@pytest.mark.parametrize("journal", ["", "{", "[]", '{"version": 1}', '{"version": 99}'])
def test_without_a_journal_that_can_be_read_it_starts_anew(tmp_path: Path, journal: str) -> None:
    path, past = tmp_path / "x.csv", FakePast(dies_at=2)
    with pytest.raises(Killed):
        run(path, past, span(0, 35))
    journal_of(path).write_text(journal)
    past.dies_at = None
    run(path, past, span(0, 35))
    assert past.asked == [0, 10, 0, 10, 20, 30]
    assert minutes(path) == list(range(35))


def test_another_start_starts_anew(tmp_path: Path) -> None:
    path, past = tmp_path / "x.csv", FakePast(dies_at=2)
    with pytest.raises(Killed):
        run(path, past, span(0, 35))
    past.dies_at = None
    run(path, past, span(5, 35))
    assert minutes(path) == list(range(5, 35))


def test_what_is_there_is_not_asked_for_again(tmp_path: Path) -> None:
    path, past = tmp_path / "x.csv", FakePast(frozenset([0, 34]))
    run(path, past, span(0, 35))
    past.asked.clear()
    for wanted in (span(0, 35), span(10, 20)):
        done = run(path, past, wanted)
        assert (done.rows, done.was_there) == (33, True)
    assert past.asked == []


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet"])
def test_a_file_is_extended_at_both_ends(tmp_path: Path, name: str) -> None:
    path, past = tmp_path / name, FakePast()
    run(path, past, span(20, 40))
    past.asked.clear()
    done = run(path, past, span(5, 55))
    assert past.asked == [5, 15, 40, 50]
    assert minutes(path) == list(range(5, 55))
    assert (done.rows, done.asked) == (50, span(5, 55))


@pytest.mark.parametrize("dies_at", range(5))
def test_an_extension_that_is_killed_goes_on(tmp_path: Path, dies_at: int) -> None:
    path, past = tmp_path / "x.csv", FakePast()
    run(path, past, span(20, 40))
    past.asked.clear()
    past.dies_at = dies_at
    if dies_at < 4:
        with pytest.raises(Killed):
            run(path, past, span(5, 55))
        assert minutes(path) == list(range(20, 40))
    past.dies_at = None
    run(path, past, span(5, 55))
    assert past.asked == [5, 15, 40, 50]
    assert minutes(path) == list(range(5, 55))


def test_a_file_of_ones_own_counts_from_its_first_bar_to_its_last(tmp_path: Path) -> None:
    path = write(tmp_path, lines(*(row(n) for n in range(10, 20))))
    past = FakePast()
    run(path, past, span(10, 30))
    assert past.asked == [20]
    assert minutes(path) == list(range(10, 30))


def test_a_range_that_leaves_something_between_is_refused(tmp_path: Path) -> None:
    path, past = tmp_path / "x.csv", FakePast()
    run(path, past, span(0, 20))
    with pytest.raises(BadData, match="holds 2025-05-04T16:00:00Z to 2025-05-04T16:20:00Z: name"):
        run(path, past, span(30, 40))


def test_data_of_another_origin_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    run(path, FakePast(), span(0, 20), origin="simulated (seed 1)")
    with pytest.raises(BadData, match=r"from simulated \(seed 1\), not from simulated \(seed 2\)"):
        run(path, FakePast(), span(0, 40), origin="simulated (seed 2)")


def test_nothing_there_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    done = run(path, FakePast(frozenset(range(40))), span(0, 40))
    assert done.rows == 0
    assert folder_of(path) == {".x.csv.journal"}
    assert run(path, FakePast(), span(0, 40)).rows == 40


def test_what_can_not_be_right_gets_no_name(tmp_path: Path) -> None:
    async def fetch(since: int) -> Answer:
        return Answer([(since, ("1", "2", "3", "1", "1")), FakePast.candle(1)], at(PAGE))

    path = tmp_path / "x.csv"
    with pytest.raises(BadData, match="what came can't be right: low 3 is above high 2") as refused:
        asyncio.run(download(path, MINUTES, span(0, 10), fetch, origin="fake"))
    assert refused.value.line == 2
    assert not path.exists()


def test_two_at_once_do_not_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"

    async def both() -> None:
        entered, leave = asyncio.Event(), asyncio.Event()

        async def slow(since: int) -> Answer:
            entered.set()
            await leave.wait()
            return await FakePast().fetch(since)

        first = asyncio.create_task(download(path, MINUTES, span(0, 10), slow, origin="fake"))
        await entered.wait()
        with pytest.raises(BadData, match="is being downloaded by another process"):
            await download(path, MINUTES, span(0, 10), FakePast().fetch, origin="fake")
        leave.set()
        assert (await first).rows == 10

    asyncio.run(both())


def test_progress_is_told_by_the_time_that_is_left(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path, past = tmp_path / "x.csv", FakePast()
    report = lambda done, total: told.append((done // MINUTE, total // MINUTE))  # noqa: E731
    asyncio.run(download(path, MINUTES, span(0, 25), past.fetch, origin="fake", report=report))
    assert told == [(10, 25), (20, 25), (25, 25)]


def test_funding_rates_are_downloaded_the_same_way(tmp_path: Path) -> None:
    async def fetch(since: int) -> Answer:
        first = -(-(since - START) // (480 * MINUTE))
        times = [at(480 * n) for n in range(first, first + 2)]
        return Answer([(time, ("-0.0001",)) for time in times], times[-1] + 1)

    path = tmp_path / "f.csv.gz"
    done = asyncio.run(download(path, funding(), span(0, 4801), fetch, origin="fake"))
    assert done.rows == 11
    assert read_funding(path).times.tolist() == [at(480 * n) for n in range(11)]
    assert set(read_funding(path).rates.tolist()) == {-0.0001}
