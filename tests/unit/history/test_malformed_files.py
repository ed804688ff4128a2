"""Files that can't be right: each is refused with file, line, what was found and the way out."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from pairtrader.history import parquet_tables
from pairtrader.history.candles import read_candles
from pairtrader.history.errors import BadData
from pairtrader.history.funding import read_funding
from tests.fakes.candle_text import HEADER, MINUTE, START, lines, row, sound, with_line, write

D, M = START, MINUTE

CELLS: dict[str, tuple[str, int | None, str]] = {
    # Numbers
    "a word for a price": (
        with_line(4, row(2, "abc,101,100,100.75")), 4, "open is 'abc': not a number"),
    "NaN": (
        with_line(4, row(2, "100.5,101,100,NaN")), 4, "close is 'NaN': leave out a bar"),
    "infinity": (with_line(3, row(1, "100.5,inf,100,100.75")), 3, "high is 'inf'"),
    "infinity beyond float": (
        with_line(3, row(1, "100.5,1e999,100,100.75")), 3, "high is infinite"),
    "an empty cell": (with_line(5, row(3, "100.5,101,,100.75")), 5, "low is empty: leave out"),
    "null": (with_line(5, row(3, "100.5,101,null,100.75")), 5, "low is 'null': leave out"),
    "thousands in quotes": (
        with_line(3, row(1, '"1,100.5",1101,1100,1100.75')), 3, "without thousands separators"),
    "thousands by spaces": (
        with_line(3, row(1, "1 100.5,1101,1100,1100.75")), 3, "without thousands separators"),
    "thousands by underscores": (
        with_line(3, row(1, "1_100.5,1101,1100,1100.75")), 3, "without thousands separators"),
    "thousands without quotes": (
        with_line(3, row(1, "1,100.5,1101,1100,1100.75")), 3, "without thousands separators"),
    "a decimal comma in quotes": (
        with_line(3, row(1, '"100,5",101,100,100.75')), 3, "with a decimal point"),
    "a decimal comma": (with_line(3, row(1, "100,5,101,100,100.75")), 3, "has 7 cells, the header"),
    "a currency": (with_line(3, row(1, "$100.5,101,100,100.75")), 3, "open is '$100.5'"),
    "two points": (with_line(3, row(1, "100.5.5,101,100,100.75")), 3, "open is '100.5.5'"),
    "hexadecimal": (with_line(3, row(1, "0x64,101,100,100.75")), 3, "open is '0x64'"),
    "a minus alone": (with_line(3, row(1, "-,101,100,100.75")), 3, "open is '-'"),
    "a fullwidth digit": (
        with_line(3, row(1, "100.5,101,10\uff10,100.75")), 3, "low is '10\uff10'"),
    # Prices
    "a price of zero": (with_line(4, row(2, "100.5,101,0,100.75")), 4, "low is 0, not above zero"),
    "a price below zero": (with_line(4, row(2, "-1,101,-2,100.75")), 4, "open is -1, not above"),
    "low above high": (with_line(4, row(2, "100,99,101,100")), 4, "low 101 is above high 99"),
    "open above high": (with_line(4, row(2, "102,101,99,100")), 4, "open 102 lies outside low 99"),
    "open below low": (with_line(4, row(2, "98,101,99,100")), 4, "open 98 lies outside low 99"),
    "close above high": (with_line(4, row(2, "100,101,99,103")), 4, "close 103 lies outside"),
    "close below low": (with_line(4, row(2, "100,101,99,98.5")), 4, "close 98.5 lies outside"),
    # Times
    "a fraction of a ms": (
        with_line(3, f"{D + M}.5,1,1,1,1,1"), 3, f"timestamp '{D + M}.5' is not a whole number"),
    "seconds": (with_line(2, f"{D // 1000},1,1,1,1,1"), 2, "looks like seconds: multiply by 1000"),
    "microseconds": (with_line(2, f"{D}000,1,1,1,1,1"), 2, "looks like microseconds: divide by"),
    "nanoseconds": (with_line(2, f"{D}000000,1,1,1,1,1"), 2, "looks like nanoseconds: divide"),
    "a time of no unit": (with_line(2, "12345,1,1,1,1,1"), 2, "is no time in ms since 1970"),
    "a time of twenty digits": (
        with_line(2, f"{D}0000000,1,1,1,1,1"), 2, "17463744000000000000 is no time"),
    "a date": (with_line(3, "2025-05-04T16:01:00Z,1,1,1,1,1"), 3, "is a date: write ms since 1970"),
    "a shortened time": (with_line(3, "1.74637E+12,1,1,1,1,1"), 3, "is shortened: write all its"),
    "an empty time": (with_line(3, ",1,1,1,1,1"), 3, "timestamp is empty"),
    "a bar twice": (with_line(4, row(1)), 4, "2025-05-04T16:01:00Z appears twice: keep one"),
    "out of order": (with_line(5, row(0)), 5, "16:00:00Z is earlier than the time before it: sort"),
    "descending": (lines(*reversed(sound())), 3, "is earlier than the time before it: sort"),
    "off the grid": (
        with_line(4, f"{D + 2 * M + 30_000},1,1,1,1,1"), 4, "16:02:30Z is off the grid of 1m bars"),
    "the first bar off the grid": (
        with_line(2, f"{D + 10_000},1,1,1,1,1"), 2, "16:00:10Z is off the grid of 1m bars"),
    "a bar between others": (
        lines(*sound(300), f"{D + 299 * M + 30_000},1,1,1,1,1", row(300), row(301)), 302,
        "20:59:30Z is off the grid of 1m bars"),
    "one bar only": (lines(row(0)), None, "has one candle only: the timeframe can't be told"),
    # Lines
    "a short line": (with_line(4, f"{D + 2 * M},1,1"), 4, "has 3 cells, the header names 6: the"),
    "a line cut off": (lines(*sound(), str(D + 5 * M)[:9]), 7, "has 1 cells, the header names 6"),
    "a long line": (with_line(4, row(2) + ",7"), 4, "has 7 cells, the header names 6"),
    "a comment": (with_line(4, "# outage"), 4, "has 1 cells"),
    "a quote left open": (with_line(4, row(2, '"100.5,101,100,100.75')), 4, "has a quote"),
    "the header again": (with_line(4, HEADER), 4, "timestamp 'timestamp' is not a whole number"),
    "another delimiter in a line": (with_line(4, row(2).replace(",", ";")), 4, "has 1 cells"),
    "a short and a long line": (
        lines(row(0), f"{D + M},1,1,1,1", f"{D + 2 * M},1,1,1,1,1,1", row(3)), 3, "has 5 cells"),
    # Headers
    "no header": (lines(*sound()[1:], header=row(0)), 1, "there is no header: put a first line"),
    "a column missing": (lines(header="timestamp,open,high,low,volume"), 1, "no column close"),
    "a column by another name": (
        lines("1,1,1,1,1", header="time,open,high,low,close"), 1, "no column timestamp: time may"),
    "a column twice": (
        lines(header="timestamp,open,high,low,close,close"), 1, "close is named twi"),
    "semicolons": (lines(header=HEADER.replace(",", ";")), 1, "are parted by semicolons: part"),
    "tabs": (lines(header=HEADER.replace(",", "\t")), 1, "are parted by tabs: part them by commas"),
    "funding rates": ("timestamp,funding_rate\n1,0.1\n", 1, "there is no column open, high, low"),
    "some other text": ("<html><body>Not found</body></html>\n", 1, "there is no column"),
    "a header alone": (lines(), None, "has a header, but no candles"),
    "one endless line": ("x" * 200_000, 1, "is longer than 65536 bytes"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), CELLS.values(), ids=CELLS.keys())
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_each_is_refused_by_name_and_line(
    tmp_path: Path, name: str, text: str, line: int | None, words: str
) -> None:
    path = write(tmp_path, text, name)
    with pytest.raises(BadData) as refused:
        read_candles(path)
    assert words in refused.value.text
    assert refused.value.line == line
    place = str(path) if line is None else f"{path} line {line}"
    assert str(refused.value) == f"{place}: {refused.value.text}"


def test_the_first_wrong_line_is_named_wherever_it_stands(tmp_path: Path) -> None:
    rows = sound(40_000)
    for number in (2, 9_500, 20_000, 39_999):
        wrong = [*rows]
        wrong[number - 2] = row(number - 2, "100.5,99,100,100.75")
        wrong[-1] = "nonsense"
        with pytest.raises(BadData, match=r"low 100 is above high 99") as refused:
            read_candles(write(tmp_path, lines(*wrong)))
        assert refused.value.line == number


def test_lines_are_counted_with_blank_ones_and_quotes(tmp_path: Path) -> None:
    text = lines(row(0), "", '"' + row(1).replace(",", '","') + '"', "", row(2, "1,1,1,2"))
    with pytest.raises(BadData, match="close 2 lies outside") as refused:
        read_candles(write(tmp_path, text))
    assert refused.value.line == 6


WHOLE: dict[str, tuple[str, bytes, str]] = {
    "empty": ("x.csv", b"", "is empty"),
    "not UTF-8 header": ("x.csv", "timestamp,öffnung\n".encode("latin-1"), "is not UTF-8 text"),
    "UTF-16": ("x.csv", HEADER.encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
    "a zip archive": ("x.csv", b"PK\x03\x04rest", "is a zip archive: unpack it"),
    "plain text named gz": ("x.csv.gz", HEADER.encode(), "is not a gzip file: name it .csv"),
    "text named parquet": ("x.parquet", HEADER.encode(), "is not a Parquet file: name it .csv"),
    "a broken gzip file": (
        "x.csv.gz", gzip.compress(lines(*sound(500)).encode())[:200] + b"\0" * 50 + b"x",
        "gzip file"),
    "half a gzip file": (
        "x.csv.gz", gzip.compress(lines(*sound(500)).encode())[:-200], "is not whole, fetch it"),
    "a gzip file with a wrong sum": (
        "x.csv.gz", gzip.compress(lines(*sound()).encode())[:-8] + b"\0" * 8,
        "is not a sound gzip file"),
    "nothing in gzip": ("x.csv.gz", gzip.compress(b""), "is empty"),
    "half a Parquet file": ("x.parquet", b"PAR1" + b"\0" * 100, "is not a sound Parquet file"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "words"), WHOLE.values(), ids=WHOLE.keys())
def test_files_of_another_kind(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadData) as refused:
        read_candles(path)
    assert words in refused.value.text
    assert refused.value.file == str(path)


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    text = with_line(4, row(2)).encode().replace(row(2).encode(), row(2).encode()[:-4] + b"\xff")
    path = tmp_path / "x.csv"
    path.write_bytes(text.replace(b"100.5", b"1\xff0.5", 1))
    with pytest.raises(BadData, match="is not UTF-8 text") as refused:
        read_candles(path)
    assert refused.value.line == 2


def test_places_where_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="there is no such file"):
        read_candles(tmp_path / "x.csv")
    with pytest.raises(BadData, match="is a directory"):
        read_candles(tmp_path)


# Parquet

TIMES = np.arange(START, START + 5 * MINUTE, MINUTE)


def table(**columns: object) -> pa.Table:
    prices = {name: np.full(5, 100.0) for name in ("open", "high", "low", "close")}
    return pa.table({"timestamp": TIMES, **prices, **columns})


TABLES = {
    "NaN": (table(close=[100, 100, np.nan, 100, 100]), 3, "close is not a number"),
    "null": (table(low=pa.array([100.0, None, 100, 100, 100])), 2, "low is not a number"),
    "a null time": (table(timestamp=pa.array([START, None, 3, 4, 5])), 2, "timestamp is empty"),
    "low above high": (table(low=[100, 100, 100, 101, 100]), 4, "low 101 is above high 100"),
    "a bar twice": (table(timestamp=TIMES[[0, 1, 1, 3, 4]]), 3, "appears twice"),
    "off the grid": (table(timestamp=TIMES + np.array([0, 0, 7, 0, 0])), 3, "is off the grid"),
    "half ms": (
        table(timestamp=TIMES + np.array([0, 0.5, 0, 0, 0])),
        2,
        "not a whole number of ms",
    ),
    "text": (table(open=list("abcde")), None, "column open holds string: write numbers"),
    "dates as text": (table(timestamp=list("abcde")), None, "column timestamp holds string"),
    "a column missing": (table().drop(["low"]), None, "there is no column low; it has timestamp"),
    "no rows": (table()[:0], None, "has a header, but no candles"),
}


@pytest.mark.parametrize(("content", "number", "words"), TABLES.values(), ids=TABLES.keys())
def test_parquet_tables_are_refused_by_row(
    tmp_path: Path, content: pa.Table, number: int | None, words: str
) -> None:
    path = tmp_path / "x.parquet"
    parquet.write_table(content, path)
    with pytest.raises(BadData) as refused:
        read_candles(path)
    assert words in refused.value.text
    assert (refused.value.line, refused.value.unit) == (number, "row" if number else "line")


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    path = tmp_path / "x.parquet"
    parquet.write_table(table(), path)
    monkeypatch.setattr(parquet_tables, "import_module", missing)
    with pytest.raises(BadData, match=r"pip install 'pairtrader\[parquet\]'"):
        read_candles(path)


# Funding rates

RATES = {
    "beyond one": ("1746374400000,1.5\n", 2, "is beyond ±1: write fractions"),
    "a percent sign": ("1746374400000,0.01%\n", 2, "is '0.01%': write fractions"),
    "NaN": ("1746374400000,nan\n", 2, "funding_rate is 'nan'"),
    "twice": ("1746374400000,0.0001\n1746374400000,0.0001\n", 3, "appears twice"),
    "seconds": ("1746374400,0.0001\n", 2, "looks like seconds"),
    "nothing": ("", None, "has a header, but no funding rates"),
    "percent": (
        "".join(f"{START + n * 8 * 60 * MINUTE},0.01\n" for n in range(20)), None,
        "look like percent: divide them by 100"),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "line", "words"), RATES.values(), ids=RATES.keys())
def test_funding_rates_are_refused(tmp_path: Path, rows: str, line: int | None, words: str) -> None:
    with pytest.raises(BadData) as refused:
        read_funding(write(tmp_path, "timestamp,funding_rate\n" + rows))
    assert words in refused.value.text
    assert refused.value.line == line
