"""Recorded candles on their way to the data bucket."""

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.upload_candles import UploadError, read_recording, upload

CANDLES = "timestamp,open,high,low,close,volume\n1746374400000,1,2,0.5,1.5,10\n"
FUNDING = "timestamp,funding_rate\n1746374400000,0.0001\n"


class Bucket:
    """One bucket of S3 in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": Key}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        self.objects[Key] = Body


@pytest.mark.parametrize(
    ("name", "argument", "key"),
    [
        ("binance_LTC-USDT-PERP_1m.csv", "{}", "candles/may/LTC-USDT.csv.gz"),
        ("LINK-USDT.csv", "{}", "candles/may/LINK-USDT.csv.gz"),
        ("recorded.csv", "XRP-USDT={}", "candles/may/XRP-USDT.csv.gz"),
    ],
)
def test_the_symbol_is_in_the_name_or_before_it(
    tmp_path: Path, name: str, argument: str, key: str
) -> None:
    path = tmp_path / name
    path.write_text(CANDLES)
    recording = read_recording("may", argument.format(path))
    assert (recording.key, recording.rows) == (key, 1)
    assert gzip.decompress(recording.content).decode() == CANDLES


def test_the_header_tells_funding_rates(tmp_path: Path) -> None:
    path = tmp_path / "LTC-USDT-PERP_funding_8h.csv.gz"
    path.write_bytes(gzip.compress(FUNDING.encode()))
    assert read_recording("may", str(path)).key == "funding/may/LTC-USDT.csv.gz"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("LTC-USDT.csv", "time,price\n1,2\n", "neither candles nor funding rates"),
        ("LTC-USDT.csv", "", "neither candles nor funding rates"),
        ("recorded.csv", CANDLES, "does not name a symbol"),
        ("LTC-USDT.csv.gz", "not gzip", "LTC-USDT.csv.gz"),
    ],
)
def test_what_cannot_be_right_is_refused(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UploadError, match=message):
        read_recording("may", str(path))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UploadError, match="NOWHERE-USDT"):
        read_recording("may", "/NOWHERE-USDT.csv")


def test_the_same_data_may_come_twice_and_other_data_may_not(tmp_path: Path) -> None:
    path = tmp_path / "LTC-USDT.csv"
    path.write_text(CANDLES)
    bucket = Bucket()
    for _ in range(2):
        upload(bucket, "data", read_recording("may", str(path)))
    path.write_text(CANDLES + "1746374460000,1,2,0.5,1.5,10\n")
    with pytest.raises(UploadError, match="another data set's name"):
        upload(bucket, "data", read_recording("may", str(path)))
    assert gzip.decompress(bucket.objects["candles/may/LTC-USDT.csv.gz"]).decode() == CANDLES
