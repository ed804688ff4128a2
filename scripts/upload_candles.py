"""Upload recorded candles and funding rates to the data bucket, for replays.

A CSV file (plain or gzipped) is told by its header: ``timestamp,open,high,low,close,...`` are
candles, ``timestamp,funding_rate`` are funding rates; timestamps are ms UTC. Its symbol is looked
for in its name, or given before it: ``LTC-USDT=recorded.csv``.
"""

import argparse
import gzip
import re
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from scripts import stack
from scripts.stack import StackError

DATASET = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
SYMBOL = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{1,20}-[A-Z0-9]{2,10}(?![A-Z0-9])")
CANDLE_COLUMNS = {"timestamp", "open", "high", "low", "close"}
FUNDING_COLUMNS = {"timestamp", "funding_rate"}


class UploadError(Exception):
    """A file cannot be uploaded; the message says why."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file on its way to the bucket."""

    key: str
    content: bytes
    """Gzipped CSV."""
    rows: int


def read_recording(dataset: str, argument: str) -> Recording:
    """Return the recording that ``[SYMBOL=]FILE`` names.

    Raises:
        UploadError: the file is not there, or not one of candles or funding rates.
    """
    symbol, _, name = argument.rpartition("=")
    path = Path(name)
    try:
        content = path.read_bytes()
        text = gzip.decompress(content) if path.suffix == ".gz" else content
        lines = text.decode("utf-8-sig").splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UploadError(f"{name}: {error}") from error
    symbol = symbol or _symbol_in(path.name)
    columns = set(lines[0].split(",")) if lines else set()
    if columns >= CANDLE_COLUMNS:
        folder = "candles"
    elif columns >= FUNDING_COLUMNS:
        folder = "funding"
    else:
        raise UploadError(f"{name}: the header names neither candles nor funding rates")
    # No time in the gzip header: the same data are the same bytes.
    packed = gzip.compress(text, mtime=0)
    return Recording(f"{folder}/{dataset}/{symbol}.csv.gz", packed, len(lines) - 1)


def _symbol_in(name: str) -> str:
    found = SYMBOL.search(name)
    if found is None:
        raise UploadError(f"{name} does not name a symbol; write SYMBOL={name}")
    return found.group()


def upload(client: Any, bucket: str, recording: Recording) -> None:
    """Put the recording into the bucket; one that is there already is success.

    Raises:
        UploadError: other data are there under its name: bots may have read them.
    """
    try:
        present = client.get_object(Bucket=bucket, Key=recording.key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
            raise
        client.put_object(Bucket=bucket, Key=recording.key, Body=recording.content)
        return
    if gzip.decompress(present) != gzip.decompress(recording.content):
        raise UploadError(f"{recording.key} holds other data already; use another data set's name")


def _destination(bucket: str | None) -> tuple[Any, str]:
    """Return client and bucket: the local stack's, unless a bucket on AWS is named."""
    if bucket:
        return boto3.client("s3"), bucket
    description = stack.read_description()
    return stack.client("s3", description["emulator_url"]), description["data_bucket"]


def main() -> int:
    """Upload the files that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", help="name of the data set: a-z, 0-9 and -")
    parser.add_argument("files", nargs="+", help="[SYMBOL=]FILE, CSV or CSV.gz")
    parser.add_argument("--bucket", help="data bucket of a stack on AWS; else the local stack's")
    arguments = parser.parse_args()
    if not DATASET.fullmatch(arguments.dataset):
        parser.error("the data set's name may hold a-z, 0-9 and -")
    try:
        client, bucket = _destination(arguments.bucket)
        for argument in arguments.files:
            recording = read_recording(arguments.dataset, argument)
            upload(client, bucket, recording)
            print(f"{recording.key}  {recording.rows} rows")
    except (UploadError, StackError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
