"""Recorded candles: what is read, and what is refused with file and line."""

import gzip

import pytest

from pairtrader.exchanges.errors import NoMarketData
from pairtrader.exchanges.simulated.candle_table import parse_candles, parse_funding
from pairtrader.exchanges.simulated.recordings import Recordings
from tests.fakes.local_files import MemoryFiles

HEADER = "timestamp,open,high,low,close,volume"
GOOD = f"{HEADER}\n60000,10,12,9,11,5\n120000,11,13,10.5,12.25,0\n\n300000,12,12,12,12,1\n"


def test_candles_are_read_exactly() -> None:
    table = parse_candles("f", GOOD)
    assert list(table.times) == [60_000, 120_000, 300_000]
    assert table.timeframe == 60_000
    candle = table.candle(1)
    assert [str(v) for v in (candle.open, candle.high, candle.low, candle.close)] == [
        "11", "13", "10.5", "12.25",
    ]  # fmt: skip
    assert (table.find(120_000), table.find(180_000)) == (1, None)
    assert [table.first_from(t) for t in (0, 60_000, 60_001, 300_001)] == [0, 0, 1, 3]
    closed = [candle.open_time for candle in table.closed_between(120_000, 360_000)]
    assert closed == [120_000, 300_000]


def test_columns_are_found_by_name_and_endings_may_be_windows() -> None:
    text = "Close,LOW,high,open,timestamp\r\n11,9,12,10,60000\r\n"
    candle = parse_candles("f", text).candle(0)
    assert [int(v) for v in (candle.open, candle.high, candle.low, candle.close)] == [10, 12, 9, 11]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: no column timestamp, open, high, low, close"),
        ("timestamp,open,high,low\n1,1,1,1", "line 1: no column close"),
        (HEADER, "no candles"),
        (f"{HEADER}\n60000,1,1,1,1,1\n60000,1,1,1,1,1", "line 3: 1970-01-01T00:01:00Z appears"),
        (f"{HEADER}\n60000,1,1,1,1,1\n0,1,1,1,1,1", "line 3: 1970-01-01T00:00:00Z is earlier"),
        (f"{HEADER}\n60000,1,1,1,nan,1", "line 2: close is nan"),
        (f"{HEADER}\n60000,1,inf,1,1,1", "line 2: high is inf"),
        (f"{HEADER}\n60000,,1,1,1,1", "line 2: open is not a number"),
        (f"{HEADER}\n60000,1,1", "line 2: low is not a number"),
        (f"{HEADER}\n6e4,1,1,1,1,1", "line 2: timestamp is not a whole number"),
        (f"{HEADER}\n60000,1,1,0,1,1", "line 2: low is not above zero"),
        (f"{HEADER}\n60000,1,2,1,3,1", "line 2: open or close lies outside low and high"),
        (f"{HEADER}\n60000,1,3,2,3,1", "line 2: open or close lies outside low and high"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(NoMarketData) as refusal:
        parse_candles("candles/may/LTC-USDT.csv", text)
    assert str(refusal.value).startswith("candles/may/LTC-USDT.csv")
    assert complaint in str(refusal.value)


def test_funding_rates_are_read_and_checked() -> None:
    table = parse_funding("f", "timestamp,funding_rate\n8,-0.00003603\n16,0.0001\n")
    assert [(time, str(rate)) for time, rate in table.between(8, 16)] == [(16, "0.0001")]
    assert [time for time, _ in table.between(0, 15)] == [8]
    with pytest.raises(NoMarketData, match="line 3: funding_rate is not a number"):
        parse_funding("f", "timestamp,funding_rate\n8,0.1\n16,x")
    with pytest.raises(NoMarketData, match=r"line 3: .* twice"):
        parse_funding("f", "timestamp,funding_rate\n8,0.1\n8,0.1")


def test_files_are_found_packed_or_plain_and_read_once() -> None:
    files = MemoryFiles(
        {
            "candles/may/LTC-USDT.csv.gz": gzip.compress(GOOD.encode()),
            "candles/may/XLM-USDT.csv": b"\xef\xbb\xbf" + GOOD.encode(),
            "funding/may/XLM-USDT.csv": b"timestamp,funding_rate\n60000,0.1\n",
            "candles/may/readme.txt": b"",
            "candles/june/BTC-USDT.csv": b"",
        }
    )
    recordings = Recordings(files)
    assert recordings.symbols("may") == ["LTC-USDT", "XLM-USDT"]
    for _ in range(3):
        assert len(recordings.candles("may", "LTC-USDT")) == 3
        assert len(recordings.candles("may", "XLM-USDT")) == 3
        assert list(recordings.funding("may", "LTC-USDT").times) == []
        assert list(recordings.funding("may", "XLM-USDT").times) == [60_000]
    assert len(files.reads) == len(set(files.reads))


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "data set may has no candles of LTC-USDT"),
        ({"candles/may/LTC-USDT.csv.gz": GOOD.encode()}, "not a whole gzip file"),
        ({"candles/may/LTC-USDT.csv.gz": gzip.compress(GOOD.encode())[:-12]}, "not a whole gzip"),
        ({"candles/may/LTC-USDT.csv": b"\xff\xfe"}, "not UTF-8"),
    ],
)
def test_files_that_are_missing_or_damaged_are_named(
    files: dict[str, bytes], complaint: str
) -> None:
    with pytest.raises(NoMarketData, match=complaint):
        Recordings(MemoryFiles(files)).candles("may", "LTC-USDT")
