"""Files of candles as people have them: read to the last bit, whatever their dress."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from pairtrader.history import csv_tables
from pairtrader.history.candles import Gap, gaps, read_candles
from pairtrader.history.csv_tables import line_of_row
from pairtrader.history.decimals import plain_rows
from pairtrader.history.errors import BadData
from tests.fakes.candle_text import HEADER, MINUTE, START, lines, row, sound, write

PRICES = (100.5, 101.0, 100.0, 100.75)
RECORDED = Path("../shared/data")

DRESSES = {
    "plain": lines(*sound()),
    "no line feed at the end": lines(*sound())[:-1],
    "Windows lines": lines(*sound()).replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + lines(*sound()),
    "blank lines": lines(row(0), "", row(1), "  ", row(2), row(3), row(4)) + "\n\n",
    "quoted cells": lines(*('"' + r.replace(",", '","') + '"' for r in sound())),
    "a quoted header": lines(*sound(), header='"' + HEADER.replace(",", '","') + '"'),
    "upper case": lines(*sound(), header=HEADER.upper()),
    "spaces around": lines(*(r.replace(",", " , ") for r in sound()), header=" " + HEADER),
    "exponents": lines(*(row(n, "1.005E2,101e0,+100,100.75") for n in range(5))),
    "a time of .0": lines(*(r.replace(",", ".0,", 1) for r in sound())),
    "no point, leading zeros": lines(*(row(n, "0100.50,101.,100,100.750") for n in range(5))),
    "no volume": lines(
        *(r.rpartition(",")[0] for r in sound()), header="timestamp,open,high,low,close"
    ),
    "other columns": lines(
        *(f'x,"a, b",{r},' for r in sound()), header=f"symbol,note,{HEADER},trades"
    ),
    "another order": lines(
        *(f"100.75,100,101,100.5,{START + n * MINUTE}" for n in range(5)),
        header="close,low,high,open,timestamp",
    ),
    "noise of float": lines(*(row(n, f"100.5,101,{100 + 2**-40!r},100.75") for n in range(5))),
}


@pytest.mark.parametrize("text", DRESSES.values(), ids=DRESSES.keys())
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_the_same_candles_in_every_dress(tmp_path: Path, name: str, text: str) -> None:
    found = read_candles(write(tmp_path, text, name))
    assert found.times.tolist() == [START + n * MINUTE for n in range(5)]
    assert found.timeframe_ms == MINUTE
    assert [column[0] for column in found.prices] == pytest.approx(PRICES, abs=1e-11)
    assert all(column.flags.c_contiguous for column in (found.times, *found.prices))


def decimals() -> st.SearchStrategy[str]:
    whole = st.integers(0, 10**9).map(str)
    part = st.text("0123456789", min_size=0, max_size=16)
    return st.tuples(whole, part, st.booleans()).map(
        lambda made: made[0] + (f".{made[1]}" if made[1] or made[2] else "")
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(decimals(), decimals()), min_size=1, max_size=20))
def test_plain_decimals_mean_what_float_says(cells: list[tuple[str, str]]) -> None:
    text = "".join(f"{START + n},{one},{two},x\n" for n, (one, two) in enumerate(cells))
    found = plain_rows(text.encode(), 4, 0, (2, 1))
    if found is None:
        # Too long to be exact: for the other readers.
        parts = [cell.partition(".") for pair in cells for cell in pair]
        assert max(len(p[0]) for p in parts) + max(len(p[2]) for p in parts) > 15
        return
    assert found.whole.tolist() == [START + n for n in range(len(cells))]
    assert found.numbers.tolist() == [
        [float(two) for _, two in cells],
        [float(one) for one, _ in cells],
    ]


NOT_PLAIN = ["1,2,3\n", "1,2,3,4,5\n", "1,-2,3,4\n", "1,2e5,3,4\n", "1,,3,4\n", "1,.5,3,4\n",
             "1,2.3.4,3,4\n", "1.5,2,3,4\n", "x,2,3,4\n", "1,2, 3,4\n", "\n", "1,2,3,4\n\n",
             '1,"2",3,4\n', "1,2:3,4,5\n", "1," + "2" * 17 + ",3,4\n", "1,2/3,3,4\n"]  # fmt: skip


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_what_is_no_plain_decimal_is_left_to_others(text: str) -> None:
    assert plain_rows(text.encode(), 4, 0, (1, 2)) is None
    assert plain_rows(("1,2,3,4\n" + text).encode(), 4, 0, (1, 2)) is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(1e-12, 1e12, allow_subnormal=False).map(repr), min_size=2, max_size=30),
    st.booleans(),
)
def test_any_price_that_python_writes_is_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, prices: list[str], packed: bool
) -> None:
    rows = [row(n, ",".join([price] * 4)) for n, price in enumerate(prices)]
    folder = tmp_path_factory.mktemp("prices")
    found = read_candles(write(folder, lines(*rows), "x.csv.gz" if packed else "x.csv"))
    for column in found.prices:
        assert column.tolist() == [float(price) for price in prices]


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_long_files_are_read_over_all_blocks(tmp_path: Path, name: str) -> None:
    rows = [row(n, f"{100 + n / 8},{200 + n},{50 + n / 16},{100 + n / 4}") for n in range(60_000)]
    rows[30_000] = rows[30_000].replace("3850.0", "3.85e3")
    found = read_candles(write(tmp_path, lines(*rows), name), extremes=False)
    assert len(found) == 60_000
    assert not found.has_extremes
    assert found.prices[0].tolist() == [100 + n / 8 for n in range(60_000)]
    assert found.prices[3].tolist() == [100 + n / 4 for n in range(60_000)]
    assert found.times.tolist() == [START + n * MINUTE for n in range(60_000)]


def test_gzip_files_of_several_members_are_one_text(tmp_path: Path) -> None:
    text = lines(*sound(1000)).encode()
    path = tmp_path / "x.csv.gz"
    path.write_bytes(b"".join(gzip.compress(part) for part in (text[:999], text[999:])) + b"\0" * 9)
    assert len(read_candles(path)) == 1000


def test_gzip_is_told_by_content(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(gzip.compress(lines(*sound()).encode()))
    assert len(read_candles(path)) == 5


TIME_TYPES = {
    "ms": pa.int64(),
    "timestamps without a zone": pa.timestamp("ms"),
    "timestamps of ns": pa.timestamp("ns", "UTC"),
    "timestamps of s elsewhere": pa.timestamp("s", "Asia/Shanghai"),
    "floats": pa.float64(),
}


@pytest.mark.parametrize("kind", TIME_TYPES.values(), ids=TIME_TYPES.keys())
def test_parquet_times_of_any_type(tmp_path: Path, kind: pa.DataType) -> None:
    times = [START + n * MINUTE for n in range(5)]
    if pa.types.is_timestamp(kind):
        moments = [datetime.fromtimestamp(time / 1000, UTC) for time in times]
        column = pa.array(moments, pa.timestamp("ms", "UTC")).cast(kind)
    else:
        column = pa.array(times, pa.int64()).cast(kind)
    names = ("Open", "high", "low", "close")
    prices = {name: pa.array([p] * 5) for name, p in zip(names, PRICES, strict=True)}
    path = tmp_path / "x.parquet"
    parquet.write_table(pa.table({**prices, "note": list("abcde"), "Timestamp": column}), path)
    found = read_candles(path)
    assert found.times.tolist() == times
    assert [column.tolist() for column in found.prices] == [[p] * 5 for p in PRICES]


ODD = ["", "x", "-", "-1", "1e2", ".5", "5.", "nan", "inf", '"1"', '"1', " 1 ", "1_0", "0x1",
       "1,2", "1.2.3", "0", "00", "\r", "\n", "\n\n", "\0", "1" * 25, "0." + "1" * 25, "é",
       "\xa01", "\u0661", "100.625", "1.00625e2", '"100.625"', " 100.625",
       "100.62500000000000000"]  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 4), st.integers(0, 5), st.sampled_from(ODD), st.sampled_from("=+-")
        ),
        max_size=3,
    )
)
def test_the_fast_ways_say_what_the_slow_one_says(
    tmp_path_factory: pytest.TempPathFactory, oddities: list[tuple[int, int, str, str]]
) -> None:
    table = [line.split(",") for line in sound()]
    for line, column, odd, how in oddities:
        cell = table[line][column]
        table[line][column] = {"=": odd, "+": cell + odd, "-": odd + cell}[how]
    path = write(tmp_path_factory.mktemp("odd"), lines(*map(",".join, table)))
    with pytest.MonkeyPatch.context() as patch:
        fast = said(path)
        for way in ("_plain", "_any_numbers"):
            patch.setattr(csv_tables, way, lambda *_: None)
        assert fast == said(path)


def said(path: Path) -> object:
    try:
        found = read_candles(path)
    except BadData as error:
        return str(error)
    return [column.tolist() for column in (found.times, *found.prices)]


def test_gaps_are_counted_and_named() -> None:
    times = START + MINUTE * np.array([0, 1, 4, 5, 6, 16])
    assert gaps(times, MINUTE) == (
        2, 11, (Gap(START + 2 * MINUTE, 2), Gap(START + 7 * MINUTE, 9))
    )  # fmt: skip


def test_a_market_with_more_gaps_than_bars_keeps_its_timeframe(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    bars = np.flatnonzero(rng.random(3000) < 0.3)
    found = read_candles(write(tmp_path, lines(*map(row, bars.tolist()))))
    assert found.timeframe_ms == MINUTE
    assert len(found) == len(bars)


def test_rows_are_found_again_by_line(tmp_path: Path) -> None:
    path = write(tmp_path, lines(row(0), "", row(1), row(2)))
    assert [line_of_row(path, index) for index in range(3)] == [2, 4, 5]


def test_recorded_files_are_read_as_the_standard_library_reads_them() -> None:
    folder = RECORDED / "spot_5m_2020-12"
    if not folder.is_dir():
        pytest.skip("needs the recorded candles in ../shared/data")
    for path in sorted(folder.glob("*ETH*.csv.gz")):
        with gzip.open(path, "rt") as file:
            _, *rows = [line.split(",") for line in file]
        found = read_candles(path)
        assert found.times.tolist() == [int(cells[0]) for cells in rows]
        for number, column in enumerate(found.prices, 1):
            assert column.tolist() == [float(cells[number]) for cells in rows]
        count, missing, _ = gaps(found.times, found.timeframe_ms)
        assert (count, missing) == (4, 91)


def test_facts_are_ready_for_json() -> None:
    assert json.dumps(Gap(START, 3).document()) == '{"first": "2025-05-04T16:00:00Z", "bars": 3}'
