"""Recorded candles in the data bucket of an emulator."""

import gzip
import uuid
from typing import Any

import boto3
import pytest

from pairtrader.exchanges.errors import NoMarketData, RetryLater
from pairtrader.exchanges.simulated.recordings import Recordings
from pairtrader.exchanges.simulated.s3_files import S3Files

CANDLES = b"timestamp,open,high,low,close,volume\n60000,10,12,9,11,5\n"


@pytest.fixture
def bucket(aws: str) -> str:
    name = f"data-{uuid.uuid4().hex[:12]}"
    client: Any = boto3.client("s3")
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="candles/may/LTC-USDT.csv.gz", Body=gzip.compress(CANDLES))
    client.put_object(Bucket=name, Key="candles/may/XLM-USDT.csv", Body=CANDLES)
    client.put_object(Bucket=name, Key="candles/june/BTC-USDT.csv", Body=CANDLES)
    return name


def test_candles_packed_and_plain_are_found(bucket: str) -> None:
    recordings = Recordings(S3Files(bucket))
    assert recordings.symbols("may") == ["LTC-USDT", "XLM-USDT"]
    for symbol in ("LTC-USDT", "XLM-USDT"):
        assert list(recordings.candles("may", symbol).times) == [60_000]
        assert list(recordings.funding("may", symbol).times) == []


def test_what_is_not_there_is_no_market_data(bucket: str) -> None:
    recordings = Recordings(S3Files(bucket))
    with pytest.raises(NoMarketData, match="data set may has no candles of BTC-USDT"):
        recordings.candles("may", "BTC-USDT")
    assert recordings.symbols("july") == []


def test_without_a_bucket_there_are_no_recordings() -> None:
    for call in (S3Files("").read, S3Files("").names):
        with pytest.raises(NoMarketData, match="no data bucket"):
            call("candles/may/LTC-USDT.csv")


def test_a_bucket_that_cannot_be_reached_means_retry_later(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(RetryLater):
        S3Files("bucket").read("candles/may/LTC-USDT.csv")
    with pytest.raises(RetryLater):
        S3Files("bucket").names("candles/")
