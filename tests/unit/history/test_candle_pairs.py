"""Two files as one series: the bars both have, and what to say where they do not fit."""

from pathlib import Path

import numpy as np
import pytest

from pairtrader.history import candle_files
from pairtrader.history.candle_files import read_pair
from pairtrader.history.errors import BadData
from tests.fakes.candle_text import MINUTE, START, lines, row, write

HOUR = 60 * MINUTE


def candles(folder: Path, name: str, bars: list[int], step: int = 1, shift: int = 0) -> Path:
    rows = []
    for bar in bars:
        time = START + bar * step * MINUTE + shift
        rows.append(f"{time},{bar + 1},{bar + 3},{bar + 1},{bar + 2},1")
    return write(folder, lines(*rows), name)


def rates(folder: Path, name: str, hours: list[int]) -> Path:
    rows = "".join(f"{START + hour * HOUR},0.000{1 + hour % 8}\n" for hour in hours)
    return write(folder, "timestamp,funding_rate\n" + rows, name)


def test_files_of_the_same_bars_are_taken_as_they_are(tmp_path: Path) -> None:
    one = candles(tmp_path, "a.csv", [0, 1, 2, 3])
    two = candles(tmp_path, "b.csv.gz", [0, 1, 2, 3])
    series, facts = read_pair(one, two, extremes=True)
    assert series.times.tolist() == [START + n * MINUTE for n in range(4)]
    assert series.timeframe_ms == MINUTE
    assert series.market1.open.tolist() == [1, 2, 3, 4]
    assert series.market2.close.tolist() == [2, 3, 4, 5]
    assert series.market1.high is not None
    assert series.market1.high.tolist() == [3, 4, 5, 6]
    assert (facts.bars, facts.gaps, facts.unpaired_bars, facts.warnings) == (4, 0, 0, ())
    assert (facts.market1.file, facts.market2.file) == ("a.csv", "b.csv.gz")


def test_highs_and_lows_are_kept_only_when_asked_for(tmp_path: Path) -> None:
    path = candles(tmp_path, "a.csv", [0, 1])
    series, _ = read_pair(path, path, extremes=False)
    assert series.market1.high is series.market2.low is None


def test_bars_that_one_market_lacks_are_left_out_and_counted(tmp_path: Path) -> None:
    one = candles(tmp_path, "a.csv", [0, 1, 2, 4, 5, 9])
    two = candles(tmp_path, "b.csv", [1, 2, 3, 4, 9, 10])
    series, facts = read_pair(one, two, extremes=True)
    common = [1, 2, 4, 9]
    assert series.times.tolist() == [START + n * MINUTE for n in common]
    for bars in (series.market1, series.market2):
        assert bars.open.tolist() == [n + 1 for n in common]
        assert bars.low is not None
        assert bars.low.tolist() == [n + 1 for n in common]
        assert bars.close.flags.c_contiguous
    assert (facts.bars, facts.gaps, facts.missing_bars, facts.unpaired_bars) == (4, 2, 5, 4)
    assert (facts.market1.bars, facts.market1.gaps, facts.market1.missing_bars) == (6, 2, 4)
    assert [warning.code for warning in facts.warnings] == ["gaps", "unpaired_bars"]
    assert facts.warnings[0].text == (
        "5 bars are missing in 2 gaps: 2025-05-04T16:03:00Z (1), 2025-05-04T16:05:00Z (4)"
    )


def test_gaps_are_an_error_when_none_are_allowed(tmp_path: Path) -> None:
    one, two = candles(tmp_path, "a.csv", [0, 1, 2, 5]), candles(tmp_path, "b.csv", [0, 1, 2, 5])
    with pytest.raises(BadData, match=r"2 bars are missing in 1 gaps, the first 2 from .*16:03"):
        read_pair(one, two, extremes=False, strict=True)


def test_another_timeframe_names_both(tmp_path: Path) -> None:
    one, two = candles(tmp_path, "a.csv", [0, 1, 2]), candles(tmp_path, "b.csv", [0, 1, 2], step=5)
    with pytest.raises(BadData, match=r"has bars of 5m, .*a\.csv of 1m: take files of one") as no:
        read_pair(one, two, extremes=False)
    assert no.value.file == str(two)


def test_ranges_without_a_common_bar_are_both_named(tmp_path: Path) -> None:
    one, two = candles(tmp_path, "a.csv", [0, 1, 2]), candles(tmp_path, "b.csv", [60, 61])
    with pytest.raises(BadData) as refused:
        read_pair(one, two, extremes=False)
    text = refused.value.text
    assert "2025-05-04T16:00:00Z to 2025-05-04T16:02:00Z there" in text
    assert "2025-05-04T17:00:00Z to 2025-05-04T17:01:00Z here" in text


def test_bars_that_open_at_other_moments_are_told_apart(tmp_path: Path) -> None:
    one = candles(tmp_path, "a.csv", [0, 1, 2])
    two = candles(tmp_path, "b.csv", [0, 1, 2], shift=30_000)
    with pytest.raises(BadData, match="their bars open at other moments"):
        read_pair(one, two, extremes=False)


def test_funding_is_cut_to_the_bars(tmp_path: Path) -> None:
    path = candles(tmp_path, "a.csv", list(range(600)))
    funding = rates(tmp_path, "f.csv", list(range(-16, 25, 1)))
    series, facts = read_pair(path, path, funding, None, extremes=False)
    assert series.funding2 is None
    assert series.funding1 is not None
    # From the first open to the last close, both included.
    assert series.funding1.times.tolist() == [START + n * HOUR for n in range(11)]
    assert series.funding1.rates.tolist() == [float(f"0.000{1 + n % 8}") for n in range(11)]
    assert facts.warnings == ()


@pytest.mark.parametrize("hours", [range(4), range(4, 12), range(40, 60), range(-60, -40)])
def test_funding_for_a_part_of_the_bars_is_a_warning(tmp_path: Path, hours: range) -> None:
    path = candles(tmp_path, "a.csv", list(range(600)))
    _, facts = read_pair(path, path, None, rates(tmp_path, "f.csv", list(hours)), extremes=False)
    (warning,) = facts.warnings
    assert warning.code == "funding_incomplete"
    assert "f.csv has rates from" in warning.text


@pytest.mark.parametrize("wrong", ["a.csv", "b.csv"])
def test_large_files_are_read_side_by_side_and_errors_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setattr(candle_files, "_WORTH_A_THREAD", 1)
    paths = [candles(tmp_path, name, list(range(50))) for name in ("a.csv", "b.csv")]
    series, _ = read_pair(*paths, extremes=False)
    assert np.array_equal(series.market1.close, series.market2.close)
    (tmp_path / wrong).write_text(lines(row(0), row(0)))
    with pytest.raises(BadData, match="appears twice") as refused:
        read_pair(*paths, extremes=False)
    assert refused.value.file == str(tmp_path / wrong)
